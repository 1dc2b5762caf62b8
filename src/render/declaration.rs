//! Variables that a template or root module declares, against those that it is given.
//!
//! Terraform and Packer only warn about a value for a variable that is not declared, in the middle of
//! their other output; most often it is a misspelt name. And both find a missing one only when they
//! run, after everything before them has been done.

use crate::config::{Place, Problem};

/// A variable that is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub name: String,
    /// It has no default.
    pub required: bool,
    pub sensitive: bool,
    /// Its declared type holds one text, or none is declared: a value from the environment arrives
    /// unchanged. The tools parse one for any other type as an expression.
    pub takes_text: bool,
    pub place: Option<Place>,
}

/// A variable that gets a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<'a> {
    pub name: &'a str,
    /// Where the stack file says so.
    pub place: Option<&'a Place>,
    /// The value is a credential and travels through the environment.
    pub secret: bool,
}

/// Finds the hint for a name that is not known: `(name, known names)`.
pub type Suggest<'a> = &'a dyn Fn(&str, &[&str]) -> Option<String>;

/// Compares `given` with what `what` (`packer/web`, as shown to the user) declares.
///
/// `set_elsewhere` names variables with a value in a variable file of the user's own.
pub fn check(
    what: &str,
    declared: &[Declaration],
    given: &[Given],
    set_elsewhere: &[String],
    suggest: Suggest,
) -> Vec<Problem> {
    let names: Vec<&str> = declared.iter().map(|known| known.name.as_str()).collect();
    let mut problems = Vec::new();
    for value in given {
        match declared.iter().find(|known| known.name == value.name) {
            None => problems.push(Problem {
                message: format!("{what} declares no variable `{}`", value.name),
                place: value.place.cloned(),
                hint: suggest(value.name, &names),
            }),
            Some(known) if value.secret && !known.takes_text => problems.push(Problem {
                message: format!(
                    "the variable `{}` of {what} is not a string, so no credential can be its value",
                    known.name
                ),
                place: value.place.cloned(),
                hint: Some("declare it with `type = string`".to_owned()),
            }),
            Some(_) => {}
        }
    }
    for missing in declared.iter().filter(|known| {
        known.required
            && !given.iter().any(|value| value.name == known.name)
            && !set_elsewhere.contains(&known.name)
    }) {
        problems.push(Problem {
            message: format!("{what} needs a value for its variable `{}`", missing.name),
            place: missing.place.clone(),
            hint: Some(format!(
                "set it in `variables` of the stack file: {} = ...",
                missing.name
            )),
        });
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, required: bool, takes_text: bool) -> Declaration {
        Declaration {
            name: name.to_owned(),
            required,
            sensitive: false,
            takes_text,
            place: None,
        }
    }

    fn given(name: &str, secret: bool) -> Given<'_> {
        Given {
            name,
            place: None,
            secret,
        }
    }

    #[test]
    fn misspelt_and_missing_names_and_credentials_for_lists_are_reported() {
        let known = [
            declared("region", true, true),
            declared("zone", true, true),
            declared("tags", false, false),
            declared("from_file", true, true),
        ];
        let problems = check(
            "terraform/x",
            &known,
            &[
                given("regoin", false),
                given("zone", true),
                given("tags", true),
            ],
            &["from_file".to_owned()],
            &|wrong, names| Some(format!("{wrong} of {}", names.join(","))),
        );
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "terraform/x declares no variable `regoin`\nhint: regoin of region,zone,tags,from_file",
                "the variable `tags` of terraform/x is not a string, so no credential can be its value\n\
                 hint: declare it with `type = string`",
                "terraform/x needs a value for its variable `region`\n\
                 hint: set it in `variables` of the stack file: region = ...",
            ]
        );
    }
}
