//! The functions of expressions: one table, with Terraform's names and rules.

mod collection;
mod conversion;
mod encoding;
mod file;
mod format;
mod graphemes;
mod numeric;
mod text;

use camino::Utf8Path;
use serde_json::{Map, Number, Value};

use super::{convert, eval::Budget, fault::Fault};

/// A function that expressions may call.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// `name` is needed, `[name]` is not, `name...` stands for one or more, `[name...]` for any number.
    pub(super) parameters: &'static str,
    pub(super) summary: &'static str,
    pub(super) call: fn(&Arguments) -> Outcome,
}

/// What a function gives.
pub(super) type Outcome = Result<Value, Complaint>;

/// What a function says about its arguments.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) fault: Fault,
    /// Index of the argument that is wrong, `None` when it is not one alone.
    pub(super) argument: Option<usize>,
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            argument: None,
        }
    }
}

/// A complaint about all arguments together.
fn complain<T>(message: impl Into<String>) -> Result<T, Complaint> {
    Err(Fault::new(message).into())
}

/// A complaint about one argument.
fn complain_of<T>(argument: usize, message: impl Into<String>) -> Result<T, Complaint> {
    Err(Complaint {
        fault: Fault::new(message),
        argument: Some(argument),
    })
}

/// Functions whose arguments may fail.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lenient {
    Try,
    Can,
}

impl Function {
    /// A fault when a call with `count` arguments cannot be right.
    pub(super) fn wrong_count(&self, count: usize) -> Option<Fault> {
        let (least, most) = self.counts();
        if count >= least && most.is_none_or(|most| count <= most) {
            return None;
        }
        let some = |count: usize| match count {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        let takes = match most {
            Some(most) if most == least => some(least),
            Some(most) => format!("{least} to {}", some(most)),
            None => format!("at least {}", some(least)),
        };
        let given = match count {
            0 => "none".to_owned(),
            count => count.to_string(),
        };
        Some(
            Fault::new(format!("`{}` takes {takes}, not {given}", self.name))
                .hint(format!("it is called {}", self.signature())),
        )
    }

    pub(super) fn signature(&self) -> String {
        format!("{}({})", self.name, self.parameters)
    }

    pub(super) fn lenient(&self) -> Option<Lenient> {
        match self.name {
            "try" => Some(Lenient::Try),
            "can" => Some(Lenient::Can),
            _ => None,
        }
    }

    /// The smallest and the greatest number of arguments, the latter `None` when there is no limit.
    fn counts(&self) -> (usize, Option<usize>) {
        let parameters = self.parameters.split(", ").filter(|name| !name.is_empty());
        parameters.fold((0, Some(0)), |(least, most), name| {
            let needed = usize::from(!name.starts_with('['));
            let most = most.filter(|_| !name.contains("...")).map(|most| most + 1);
            (least + needed, most)
        })
    }
}

/// The functions by topic, in the order of the documentation.
pub(super) fn groups() -> [(&'static str, &'static [Function]); 6] {
    [
        ("Text", text::FUNCTIONS),
        ("Lists and objects", collection::FUNCTIONS),
        ("Numbers", numeric::FUNCTIONS),
        ("Types", conversion::FUNCTIONS),
        ("Encoding", encoding::FUNCTIONS),
        ("Files", file::FUNCTIONS),
    ]
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    groups()
        .into_iter()
        .flat_map(|(_, functions)| functions.iter().map(|function| function.name))
}

pub(super) fn find(name: &str) -> Option<&'static Function> {
    groups()
        .into_iter()
        .flat_map(|(_, functions)| functions)
        .find(|function| function.name == name)
}

/// What to do instead of calling a function that Terraform has and stack files do not.
pub(super) fn why_not(name: &str) -> String {
    match name {
        "timestamp" | "plantimestamp" | "uuid" | "bcrypt" => {
            "a value that differs each time would change every plan; `run.id` names the run"
        }
        "abspath" | "pathexpand" | "dirname" | "basename" => {
            "paths in a stack file are relative to the project's root"
        }
        "regex" | "regexall" => {
            "there are no regular expressions here: use split, replace, trimprefix"
        }
        "sensitive" | "nonsensitive" => "secrets are declared as `credential` blocks",
        "templatefile" => "write the template as a heredoc, or read text with file(\"PATH\")",
        "getenv" | "env" => "declare `env \"NAME\" {}` and write `env.NAME`",
        _ => "docs/stack-file.md lists the functions",
    }
    .to_owned()
}

/// The values that a function is called with, as many as its parameters admit.
pub(super) struct Arguments<'a> {
    pub(super) values: &'a [Value],
    /// Where relative paths begin.
    pub(super) root: &'a Utf8Path,
    pub(super) budget: &'a Budget,
}

impl<'a> Arguments<'a> {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn any(&self, index: usize) -> &'a Value {
        &self.values[index]
    }

    /// Blames a fault on an argument.
    fn check<T>(&self, index: usize, result: Result<T, Fault>) -> Result<T, Complaint> {
        result.map_err(|fault| Complaint {
            fault,
            argument: Some(index),
        })
    }

    fn text(&self, index: usize) -> Result<String, Complaint> {
        self.check(index, convert::text(self.any(index)))
    }

    fn number(&self, index: usize) -> Result<Number, Complaint> {
        self.check(index, convert::to_number(self.any(index)))
    }

    fn integer(&self, index: usize) -> Result<i64, Complaint> {
        match self.number(index)?.as_i64() {
            Some(integer) => Ok(integer),
            None => complain_of(index, "a whole number is needed here"),
        }
    }

    fn list(&self, index: usize) -> Result<&'a [Value], Complaint> {
        match self.any(index) {
            Value::Array(elements) => Ok(elements),
            other => complain_of(
                index,
                format!("a list is needed here, not {}", convert::kind(other)),
            ),
        }
    }

    fn object(&self, index: usize) -> Result<&'a Map<String, Value>, Complaint> {
        match self.any(index) {
            Value::Object(object) => Ok(object),
            other => complain_of(
                index,
                format!("an object is needed here, not {}", convert::kind(other)),
            ),
        }
    }

    /// A list of which each element is text.
    fn texts(&self, index: usize) -> Result<Vec<String>, Complaint> {
        self.list(index)?
            .iter()
            .map(|element| self.check(index, convert::text(element)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_sorted_within_their_group() {
        let mut all = BTreeSet::new();
        for (group, functions) in groups() {
            let names: Vec<_> = functions.iter().map(|function| function.name).collect();
            let mut sorted = names.clone();
            sorted.sort_unstable();
            assert_eq!(names, sorted, "{group}");
            for name in names {
                assert!(all.insert(name), "{name} is there twice");
            }
        }
    }

    #[test]
    fn counts_follow_the_parameters() {
        let counts = |name: &str| find(name).unwrap().counts();
        assert_eq!(counts("upper"), (1, Some(1)));
        assert_eq!(counts("lookup"), (2, Some(3)));
        assert_eq!(counts("max"), (1, None));
        assert_eq!(counts("merge"), (0, None));
        assert_eq!(counts("format"), (1, None));
    }
}
