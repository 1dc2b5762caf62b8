//! Evaluation of expressions, with Terraform's rules.
//!
//! It walks hcl-edit's tree, which keeps the place of every part, instead of handing a converted one to
//! hcl-rs's evaluator: that one panics on `1 % 0`, on `1 / 0` and on sums beyond 64 bits, has no places, and its
//! functions cannot know the project that `file()` reads from.

mod budget;
mod call;
mod iteration;
mod literals;
mod operation;
mod reference;
mod template;
mod traversal;

use hcl_edit::{
    Span,
    expr::{Expression, Object, ObjectKey},
};
use serde_json::{Map, Value};

pub(super) use budget::Budget;

use super::{convert, fault::Fault, number, reference::alone, scope::Scope};
use budget::{STEP, size};

type Result<T> = std::result::Result<T, Fault>;

/// Evaluates `expression`, whose spans belong to `text`.
pub(super) fn evaluate(expression: &Expression, text: &str, scope: &Scope) -> Result<Value> {
    Evaluator {
        text,
        scope,
        budget: Budget::default(),
    }
    .value(expression, &Locals::None)
    .map_err(|fault| fault.at(expression.span()))
}

/// Names that `for` gives, innermost first.
enum Locals<'a> {
    None,
    Bound {
        name: &'a str,
        value: &'a Value,
        outer: &'a Locals<'a>,
    },
}

impl Locals<'_> {
    fn get(&self, wanted: &str) -> Option<&Value> {
        match self {
            Locals::None => None,
            Locals::Bound { name, value, .. } if *name == wanted => Some(value),
            Locals::Bound { outer, .. } => outer.get(wanted),
        }
    }
}

struct Evaluator<'a> {
    text: &'a str,
    scope: &'a Scope,
    budget: Budget,
}

impl Evaluator<'_> {
    fn value(&self, expression: &Expression, locals: &Locals) -> Result<Value> {
        self.budget.spend(STEP)?;
        match expression {
            Expression::Null(_) => Ok(Value::Null),
            Expression::Bool(truth) => Ok(Value::Bool(*truth.value())),
            Expression::Number(_) => self.number(expression),
            Expression::String(text) => {
                self.budget.spend(text.value().len())?;
                Ok(Value::String(text.value().clone()))
            }
            Expression::Array(array) => array
                .iter()
                .map(|element| self.at(element, locals))
                .collect::<Result<_>>()
                .map(Value::Array),
            Expression::Object(object) => self.object(object, locals).map(Value::Object),
            Expression::StringTemplate(template) => self.template(expression, template, locals),
            Expression::HeredocTemplate(heredoc) => {
                self.template(expression, &heredoc.template, locals)
            }
            Expression::Parenthesis(inner) => self.at(inner.inner(), locals),
            Expression::Variable(name) => {
                let name = name.value().as_str();
                match locals.get(name) {
                    Some(value) => self.copy(value),
                    None => Err(alone(name)),
                }
            }
            Expression::Conditional(conditional) => {
                if self.truth(&conditional.cond_expr, locals)? {
                    self.at(&conditional.true_expr, locals)
                } else {
                    self.at(&conditional.false_expr, locals)
                }
            }
            Expression::FuncCall(call) => self.call(call, locals),
            Expression::Traversal(traversal) => self.traversal(traversal, locals),
            Expression::UnaryOp(operation) => self.unary(operation, locals),
            Expression::BinaryOp(operation) => self.binary(operation, locals),
            Expression::ForExpr(each) => self.each(each, locals),
        }
    }

    /// A part of an expression; its faults are shown at the part.
    fn at(&self, expression: &Expression, locals: &Locals) -> Result<Value> {
        self.value(expression, locals)
            .map_err(|fault| fault.at(expression.span()))
    }

    fn copy(&self, value: &Value) -> Result<Value> {
        self.budget.spend(size(value))?;
        Ok(value.clone())
    }

    fn truth(&self, expression: &Expression, locals: &Locals) -> Result<bool> {
        let value = self.at(expression, locals)?;
        convert::to_bool(&value).map_err(|fault| fault.at(expression.span()))
    }

    fn string(&self, expression: &Expression, locals: &Locals) -> Result<String> {
        let value = self.at(expression, locals)?;
        convert::text(&value).map_err(|fault| fault.at(expression.span()))
    }

    fn number(&self, expression: &Expression) -> Result<Value> {
        let written = expression
            .span()
            .and_then(|span| self.text.get(span))
            .unwrap_or_default();
        let compact = number::literal(written);
        number::exact(&compact)
            .map(Value::Number)
            .ok_or_else(|| number::inexact(&compact))
    }

    fn object(&self, object: &Object, locals: &Locals) -> Result<Map<String, Value>> {
        let mut result = Map::new();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) => name.value().as_str().to_owned(),
                ObjectKey::Expression(key) => self.string(key, locals)?,
            };
            result.insert(name, self.at(value.expr(), locals)?);
        }
        Ok(result)
    }
}
