//! [`Reader`]: values of attributes, checked as far as the file alone tells, and the reports about them.

use std::{cell::RefCell, ops::Range, sync::Arc};

use camino::Utf8Path;
use hcl_edit::{Span, expr::Expression};
use serde_json::Value;

use super::{
    judge::Names,
    section::{Field, Section},
};
use crate::config::{
    Expr, Place, Scope, convert, eval, fault::Fault, inspect, reference::Reference, source::Source,
    suggest,
};

/// Problems that are kept; a file with more of them has one cause, and it is among the first.
const MOST_FAULTS: usize = 200;

/// When an expression is evaluated, and so what it may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// When the file is read.
    Load,
    /// When an image's template is rendered.
    Image,
    /// When Terraform's variables are rendered.
    Apply,
    /// After the apply.
    Deployed,
}

/// Reads values and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) root: &'a Utf8Path,
    faults: RefCell<Vec<Fault>>,
    pub(super) names: RefCell<Names>,
    outputs: RefCell<Vec<(Reference, Option<Range<usize>>)>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Arc<Source>, root: &'a Utf8Path) -> Self {
        Self {
            source,
            root,
            faults: RefCell::default(),
            names: RefCell::default(),
            outputs: RefCell::default(),
        }
    }

    pub(super) fn report(&self, fault: Fault) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MOST_FAULTS {
            faults.push(fault);
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    /// Notes the names that the file gives, so that references to them can be checked.
    pub(super) fn declare(&self, file: &Section) {
        let all = |kind| {
            file.blocks(kind)
                .map(|block| block.name().to_owned())
                .filter(|name| !name.is_empty())
                .collect()
        };
        *self.names.borrow_mut() = Names {
            images: all("image"),
            credentials: all("credential"),
            env: all("env"),
        };
    }

    pub(super) fn image_names(&self) -> Vec<String> {
        self.names.borrow().images.clone()
    }

    /// The outputs that expressions refer to.
    pub(super) fn outputs(&self) -> Vec<(Reference, Option<Range<usize>>)> {
        self.outputs.borrow().clone()
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        self.source.place(span)
    }

    /// Checks what an expression refers to and calls; false when something was reported.
    fn admit(&self, expression: &Expression, phase: Phase) -> bool {
        let inspection = inspect::inspect(expression, &self.source.text);
        let mut good = inspection.faults.is_empty();
        for fault in inspection.faults {
            self.report(fault);
        }
        for (reference, span) in inspection.references {
            if matches!(reference, Reference::Output(_)) {
                self.outputs
                    .borrow_mut()
                    .push((reference.clone(), span.clone()));
            }
            if let Some(fault) = self.judge(&reference, phase) {
                good = false;
                self.report(fault.at(span));
            }
        }
        good
    }

    /// The value of an expression that is evaluated when the file is read.
    pub(super) fn constant(&self, expression: &Expression, scope: &Scope) -> Option<Value> {
        if !self.admit(expression, Phase::Load) {
            return None;
        }
        match eval::evaluate(expression, &self.source.text, scope) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.report(fault);
                None
            }
        }
    }

    fn wrong_type<T>(&self, field: Field, wanted: &str, value: &Value) -> Option<T> {
        let fault = Fault::new(format!(
            "`{}` is {wanted}, not {}",
            field.name,
            convert::kind(value)
        ));
        let fault = match value {
            Value::String(text) if wanted.contains("number") && text.parse::<f64>().is_ok() => {
                fault.hint(format!("write it without quotes: {text}"))
            }
            Value::String(text)
                if wanted.contains("boolean") && matches!(text.as_str(), "true" | "false") =>
            {
                fault.hint(format!("write it without quotes: {text}"))
            }
            Value::String(_) if wanted.contains("list") => {
                fault.hint(format!("write it in brackets: {} = [\"...\"]", field.name))
            }
            _ => fault,
        };
        self.report(fault.at(field.span()));
        None
    }

    pub(super) fn string(&self, field: Option<Field>, scope: &Scope) -> Option<String> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(field, "a string", &other),
        }
    }

    /// A string that stands for something; what `parse` says is shown at the value.
    pub(super) fn parsed<T>(
        &self,
        field: Option<Field>,
        scope: &Scope,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.string(field, scope)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.report(fault.at(field?.span()));
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &self,
        field: Option<Field>,
        scope: &Scope,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.parsed(field, scope, |word| {
            let found = choices.iter().find(|(known, _)| *known == word);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let all: Vec<String> = choices
                    .iter()
                    .map(|(known, _)| format!("`{known}`"))
                    .collect();
                let fault = Fault::new(format!("`{word}` is not one of {}", all.join(", ")));
                match suggest::closest(word, choices.iter().map(|(known, _)| *known)) {
                    Some(close) => fault.hint(format!("did you mean `{close}`?")),
                    None => fault,
                }
            })
        })
    }

    pub(super) fn boolean(&self, field: Option<Field>, scope: &Scope) -> Option<bool> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::Bool(truth) => Some(truth),
            other => self.wrong_type(field, "a boolean", &other),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &self,
        field: Option<Field>,
        scope: &Scope,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::Number(number) => {
                let whole = number.as_u64().filter(|number| bounds.contains(number));
                if whole.is_none() {
                    self.report(
                        Fault::new(format!(
                            "`{}` is a whole number from {} to {}",
                            field.name,
                            bounds.start(),
                            bounds.end()
                        ))
                        .at(field.span()),
                    );
                }
                whole
            }
            other => self.wrong_type(field, "a whole number", &other),
        }
    }

    /// A list of strings; each comes with its place.
    pub(super) fn strings(
        &self,
        field: Option<Field>,
        scope: &Scope,
    ) -> Option<Vec<(String, Range<usize>)>> {
        let field = field?;
        let elements = match self.constant(field.expression, scope)? {
            Value::Array(elements) => elements,
            other => return self.wrong_type(field, "a list of strings", &other),
        };
        let written = field.expression.as_array();
        let mut strings = Vec::new();
        for (index, element) in elements.into_iter().enumerate() {
            // A computed list has no places for its elements.
            let span = written
                .and_then(|array| array.get(index))
                .and_then(Span::span)
                .unwrap_or_else(|| field.span());
            match element {
                Value::String(text) => strings.push((text, span)),
                other => self.report(
                    Fault::new(format!(
                        "`{}` is a list of strings, and this is {}",
                        field.name,
                        convert::kind(&other)
                    ))
                    .at(span),
                ),
            }
        }
        Some(strings)
    }

    /// An expression that is evaluated later. When it could be evaluated now, it is, and `check`
    /// sees the value: a mistake in it need not wait until the stack is deployed.
    pub(super) fn later(
        &self,
        expression: &Expression,
        phase: Phase,
        scope: &Scope,
        check: impl FnOnce(&Value) -> Result<(), Fault>,
    ) -> Option<Expr> {
        if !self.admit(expression, phase) {
            return None;
        }
        let references = inspect::inspect(expression, &self.source.text).references;
        let constant = references.iter().all(|(reference, _)| {
            matches!(
                reference,
                Reference::StackName | Reference::EnvironmentName | Reference::Env(_)
            )
        });
        if constant {
            let checked = eval::evaluate(expression, &self.source.text, scope)
                .and_then(|value| check(&value).map_err(|fault| fault.at(expression.span())));
            if let Err(fault) = checked {
                self.report(fault);
                return None;
            }
        }
        Some(Expr::new(expression, self.source))
    }

    /// A list of expressions that give text later.
    pub(super) fn expressions(
        &self,
        field: Option<Field>,
        phase: Phase,
        scope: &Scope,
    ) -> Vec<Expr> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(array) = field.expression.as_array() else {
            self.report(
                Fault::new(format!(
                    "`{}` is a list of strings, written out",
                    field.name
                ))
                .at(field.span())
                .hint(format!("write it as {} = [\"...\", \"...\"]", field.name)),
            );
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|element| {
                self.later(element, phase, scope, |value| {
                    convert::text(value).map(drop)
                })
            })
            .collect()
    }
}
