//! Variables for Terraform and Packer, and lists of credentials.

use std::{collections::HashSet, ops::Range};

use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey, TraversalOperator},
};

use super::{
    reader::{Phase, Reader},
    section::Field,
};
use crate::config::{Scope, VariableValue, fault::Fault, names, suggest};

/// A variable for Terraform or Packer, and where its name is.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) value: VariableValue,
}

impl Reader<'_> {
    /// Variables for Terraform or Packer.
    pub(super) fn variables(
        &self,
        field: Option<Field>,
        phase: Phase,
        scope: &Scope,
    ) -> Vec<Variable> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(object) = field.expression.as_object() else {
            self.report(
                Fault::new(format!("`{}` is an object, written out", field.name))
                    .at(field.span())
                    .hint(format!("write it as {} = {{ name = value }}", field.name)),
            );
            return Vec::new();
        };
        let mut variables: Vec<Variable> = Vec::new();
        let mut names = HashSet::new();
        // Behind the last entry: the next name comes after it.
        let mut after = field.span().start;
        for (key, value) in object {
            let value = value.expr();
            let before = after;
            after = value.span().map_or(after, |span| span.end);
            let name = match key {
                ObjectKey::Ident(name) => name.value().as_str(),
                ObjectKey::Expression(Expression::String(name)) => name.value().as_str(),
                ObjectKey::Expression(other) => {
                    self.report(
                        Fault::new("names of variables are written out")
                            .at(other.span())
                            .hint("write `name = value`"),
                    );
                    continue;
                }
            };
            let span = self.key_span(name, value, before);
            if let Err(fault) = names::variable(name) {
                self.report(fault.at(span));
                continue;
            }
            if !names.insert(name) {
                // `a` and `"a"` are two keys for the parser.
                self.report(
                    Fault::new(format!("`{name}` is set twice"))
                        .at(span)
                        .hint("keep one of the two"),
                );
                continue;
            }
            let read = match credential_reference(value) {
                Some(credential) => {
                    let place = value.span().unwrap_or_else(|| span.clone());
                    self.known_credential(&credential, place.clone()).then(|| {
                        VariableValue::Credential {
                            name: credential,
                            place: self.place(place),
                        }
                    })
                }
                None => self
                    .later(value, phase, scope, |_| Ok(()))
                    .map(VariableValue::Expr),
            };
            if let Some(value) = read {
                variables.push(Variable {
                    name: name.to_owned(),
                    span,
                    value,
                });
            }
        }
        variables
    }

    /// Where the name of an object's entry is, which begins after the offset `after`; the parser does
    /// not keep that.
    fn key_span(&self, name: &str, value: &Expression, after: usize) -> Range<usize> {
        let start = value.span().map_or(after, |span| span.start);
        let before = self.source.text.get(after..start).unwrap_or_default();
        match before.rfind(name) {
            Some(at) => after + at..after + at + name.len(),
            None => start..start,
        }
    }

    /// A list of credentials, each a name or a reference.
    pub(super) fn credentials(&self, field: Option<Field>) -> Vec<(String, Range<usize>)> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(array) = field.expression.as_array() else {
            self.report(
                Fault::new(format!(
                    "`{}` is a list of credentials, written out",
                    field.name
                ))
                .at(field.span())
                .hint(format!("write it as {} = [\"NAME\"]", field.name)),
            );
            return Vec::new();
        };
        let mut names: Vec<(String, Range<usize>)> = Vec::new();
        for element in array {
            let span = element.span().unwrap_or_else(|| field.span());
            let name = match element {
                Expression::String(name) => Some(name.value().clone()),
                other => credential_reference(other),
            };
            let Some(name) = name else {
                self.report(
                    Fault::new("this is not the name of a credential")
                        .at(span)
                        .hint("write its name in quotes, or `credential.NAME`"),
                );
                continue;
            };
            if self.known_credential(&name, span.clone())
                && !names.iter().any(|(known, _)| *known == name)
            {
                names.push((name, span));
            }
        }
        names
    }

    fn known_credential(&self, name: &str, span: Range<usize>) -> bool {
        let names = self.names.borrow();
        if names.credentials.iter().any(|known| known == name) {
            return true;
        }
        let known = names.credentials.iter().map(String::as_str);
        let hint = suggest::hint(name, "the credentials are", known)
            .unwrap_or_else(|| format!("declare it: credential \"{name}\" {{ ... }}"));
        self.report(
            Fault::new(format!("there is no credential `{name}`"))
                .at(span)
                .hint(hint),
        );
        false
    }
}

/// The name in an expression that is `credential.NAME` and nothing else.
fn credential_reference(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Parenthesis(inner) => credential_reference(inner.inner()),
        Expression::Traversal(traversal) => {
            let root = traversal.expr.as_variable()?;
            let [operator] = traversal.operators.as_slice() else {
                return None;
            };
            match operator.value() {
                TraversalOperator::GetAttr(name) if root.as_str() == "credential" => {
                    Some(name.value().as_str().to_owned())
                }
                _ => None,
            }
        }
        _ => None,
    }
}
