//! [`Expr`]: an expression of a stack file, with its place.

use std::sync::Arc;

use hcl_edit::{Span, expr::Expression};
use serde_json::Value;

use super::{
    ConfigError, Place, convert, eval,
    fault::Fault,
    inspect::{self, Inspection},
    parse,
    reference::Reference,
    scope::Scope,
    source::Source,
};

/// An expression of the stack file that is evaluated when its inputs are known.
#[derive(Debug, Clone)]
pub struct Expr {
    expression: Expression,
    source: Arc<Source>,
}

impl Expr {
    pub(super) fn new(expression: &Expression, source: &Arc<Source>) -> Self {
        Self {
            expression: expression.clone(),
            source: Arc::clone(source),
        }
    }

    /// Where the expression is.
    pub fn place(&self) -> Place {
        self.source
            .place(self.expression.span().unwrap_or_default())
    }

    /// Parses an expression that stands alone, for example one typed on a command line.
    ///
    /// # Errors
    ///
    /// When it cannot be parsed, calls a function that does not exist, or names something that
    /// no scope has.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let source = Source::new("<expression>", text.trim_end());
        let expression = parse::expression(&source)?;
        let Inspection { faults, .. } = inspect::inspect(&expression, &source.text);
        if !faults.is_empty() {
            let problems = faults.into_iter().map(|fault| source.problem(fault));
            return Err(ConfigError {
                problems: problems.collect(),
            });
        }
        Ok(Self::new(&expression, &source))
    }

    /// What the expression refers to, each once, in the order of the text.
    pub fn references(&self) -> Vec<Reference> {
        let mut references: Vec<Reference> = Vec::new();
        for (reference, _) in inspect::inspect(&self.expression, &self.source.text).references {
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        references
    }

    /// The value of the expression.
    ///
    /// # Errors
    ///
    /// When it refers to something that `scope` does not know (yet), or when an operator or a
    /// function has no result for its operands.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, ConfigError> {
        eval::evaluate(&self.expression, &self.source.text, scope)
            .map_err(|fault| self.source.problem(fault).into())
    }

    /// The value as text; numbers and booleans are converted.
    ///
    /// # Errors
    ///
    /// As [`Expr::evaluate`], and when the value is null, a list or an object.
    pub fn evaluate_string(&self, scope: &Scope) -> Result<String, ConfigError> {
        let value = self.evaluate(scope)?;
        convert::text(&value)
            .map_err(|fault: Fault| self.source.problem(fault.at(self.expression.span())).into())
    }
}
