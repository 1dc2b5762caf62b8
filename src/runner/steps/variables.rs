//! The stack file's variables against what a template or root module declares.

use crate::{
    config::{ConfigError, CredentialSpec, Place, VariableValue, Variables, suggest},
    render::declaration::{self, Declaration, Given},
};

/// Compares what `what` declares with what it will be given: `variables`, the `credentials` that name
/// a variable of it, and `set_elsewhere` by files of the user's own.
///
/// # Errors
///
/// All names that are not declared, and all that nobody sets.
pub fn check(
    what: &str,
    declared: &[Declaration],
    variables: &Variables,
    credentials: &[CredentialSpec],
    set_elsewhere: &[String],
) -> Result<(), ConfigError> {
    let values = variables.0.iter().map(|(name, value)| match value {
        VariableValue::Expr(expression) => (name, expression.place(), false),
        VariableValue::Credential { place, .. } => (name, place.clone(), true),
    });
    let credentials = credentials.iter().filter_map(|credential| {
        Some((
            credential.terraform.as_ref()?,
            credential.place.clone(),
            true,
        ))
    });
    let places: Vec<(&String, Place, bool)> = values.chain(credentials).collect();
    let given: Vec<Given<'_>> = places
        .iter()
        .map(|(name, place, secret)| Given {
            name,
            place: Some(place),
            secret: *secret,
        })
        .collect();
    let hint = |wrong: &str, known: &[&str]| {
        suggest::hint(wrong, "its variables are", known.iter().copied())
    };
    let problems = declaration::check(what, declared, &given, set_elsewhere, &hint);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ConfigError { problems })
    }
}
