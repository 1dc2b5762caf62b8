//! [`Resolver`]: what the arguments of the chosen source are, in either template language.

use camino::Utf8Path;
use hcl_edit::expr::Expression;
use serde_json::{Map, Value};

pub use super::scope::Names;
use super::{Format, Parts, Selected, Template, legacy, scope};
use crate::config::Place;

/// Evaluates parts of one template.
#[derive(Debug)]
pub enum Resolver {
    Hcl(scope::Scope),
    Legacy(legacy::Scope),
}

/// An argument of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    Absent,
    Known(Value),
    /// Only Packer can tell.
    Unknown(Option<Place>),
}

impl Resolver {
    /// For `template` below `project`, with `given` values for its variables; those in `secret` have
    /// none here.
    pub fn new(
        template: &Template,
        project: &Utf8Path,
        given: &Map<String, Value>,
        secret: &[String],
    ) -> Resolver {
        match &template.format {
            Format::Hcl(hcl) => Resolver::Hcl(scope::Scope::new(
                hcl,
                &project.join(&template.folder),
                given,
                secret,
            )),
            Format::Legacy(template) => {
                Resolver::Legacy(legacy::Scope::new(template, given, secret))
            }
        }
    }

    /// The argument `name` of the selected source.
    pub fn argument(&self, selected: &Selected, name: &str) -> Argument {
        match (self, &selected.parts) {
            (Resolver::Hcl(scope), Parts::Hcl(parts)) => match parts.argument(name) {
                None => Argument::Absent,
                Some((file, expression)) => {
                    known_or(scope.evaluate(expression), || Some(file.place(expression)))
                }
            },
            (Resolver::Legacy(scope), Parts::Legacy(parts)) => match parts.builder.get(name) {
                None => Argument::Absent,
                Some(value) => {
                    known_or(scope.value(value), || parts.file.place_of("builders", name))
                }
            },
            // A resolver of another template knows nothing about this one.
            (Resolver::Hcl(_), Parts::Legacy(_)) | (Resolver::Legacy(_), Parts::Hcl(_)) => {
                Argument::Unknown(None)
            }
        }
    }

    /// The argument `name` when it is text that can be told.
    pub fn text(&self, selected: &Selected, name: &str) -> Option<String> {
        match self.argument(selected, name) {
            Argument::Known(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of an HCL expression of the template.
    pub fn evaluate(&self, expression: &Expression) -> Option<Value> {
        match self {
            Resolver::Hcl(scope) => scope.evaluate(expression),
            Resolver::Legacy(_) => None,
        }
    }

    /// [`Resolver::evaluate`] where `names` are bound as well.
    pub fn evaluate_with(&self, expression: &Expression, names: &Names) -> Option<Value> {
        match self {
            Resolver::Hcl(scope) => scope.evaluate_with(expression, names),
            Resolver::Legacy(_) => None,
        }
    }

    /// What `file(path)` gives in the template, for a file of text.
    pub fn file(&self, path: &str) -> Option<String> {
        match self {
            Resolver::Hcl(scope) => scope.file(path),
            Resolver::Legacy(_) => None,
        }
    }

    /// The value of a JSON value of the template, where `names` stand for actions such as `build_name`.
    pub fn evaluate_json(&self, value: &Value, names: &Names) -> Option<Value> {
        match self {
            Resolver::Legacy(scope) => scope.value_with(value, names),
            Resolver::Hcl(_) => None,
        }
    }
}

/// `text`, unless it has an action of Packer's own templating: what that gives (a time, the source AMI, a variable of the
/// environment) only Packer knows.
pub fn without_actions(text: &str) -> Option<&str> {
    (!text.contains("{{")).then_some(text)
}

fn known_or(value: Option<Value>, place: impl FnOnce() -> Option<Place>) -> Argument {
    value.map_or_else(|| Argument::Unknown(place()), Argument::Known)
}
