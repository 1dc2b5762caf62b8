//! Attributes, elements and splats.

use hcl_edit::{
    Span,
    expr::{Expression, Traversal, TraversalOperator},
};
use serde_json::Value;

use super::{Evaluator, Locals, Result};
use crate::config::{convert, fault::Fault, number, reference, suggest};

impl Evaluator<'_> {
    pub(super) fn traversal(&self, traversal: &Traversal, locals: &Locals) -> Result<Value> {
        let (value, taken) = match &traversal.expr {
            Expression::Variable(name) if locals.get(name.value().as_str()).is_none() => {
                let found = reference::of_traversal(name.value().as_str(), traversal)?;
                let operators = found.operators;
                (self.reference(found)?, operators)
            }
            inner => (self.at(inner, locals)?, 0),
        };
        let operators: Vec<&TraversalOperator> = traversal
            .operators
            .iter()
            .skip(taken)
            .map(|operator| operator.value())
            .collect();
        self.follow(value, &operators, locals)
    }

    fn follow(
        &self,
        mut value: Value,
        operators: &[&TraversalOperator],
        locals: &Locals,
    ) -> Result<Value> {
        for (index, operator) in operators.iter().enumerate() {
            value = match operator {
                TraversalOperator::GetAttr(name) => attribute(value, name.value().as_str())
                    .map_err(|fault| fault.at(name.span()))?,
                TraversalOperator::LegacyIndex(index) => {
                    element(value, &Value::from(*index.value()))
                        .map_err(|fault| fault.at(index.span()))?
                }
                TraversalOperator::Index(index) => {
                    let key = self.at(index, locals)?;
                    element(value, &key).map_err(|fault| fault.at(index.span()))?
                }
                TraversalOperator::FullSplat(_) => {
                    return self.splat(value, &operators[index + 1..], locals);
                }
                TraversalOperator::AttrSplat(_) => {
                    let rest = &operators[index + 1..];
                    let names = rest
                        .iter()
                        .take_while(|operator| matches!(operator, TraversalOperator::GetAttr(_)))
                        .count();
                    let list = self.splat(value, &rest[..names], locals)?;
                    return self.follow(list, &rest[names..], locals);
                }
            };
        }
        Ok(value)
    }

    fn splat(
        &self,
        value: Value,
        operators: &[&TraversalOperator],
        locals: &Locals,
    ) -> Result<Value> {
        match value {
            Value::Null => Ok(Value::Array(Vec::new())),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| self.follow(element, operators, locals))
                .collect::<Result<_>>()
                .map(Value::Array),
            other => Ok(Value::Array(vec![self.follow(other, operators, locals)?])),
        }
    }
}

fn attribute(value: Value, name: &str) -> Result<Value> {
    match value {
        Value::Object(mut object) => object.remove(name).ok_or_else(|| {
            Fault::new(format!("this object has no `{name}`")).maybe_hint(suggest::hint(
                name,
                "it has",
                object.keys().map(String::as_str),
            ))
        }),
        Value::Array(_) => Err(Fault::new(format!("a list has no `{name}`")).hint(format!(
            "`LIST[0].{name}` is that of one element, `LIST[*].{name}` those of all"
        ))),
        other => Err(Fault::new(format!(
            "{} has no `{name}`",
            convert::kind(&other)
        ))),
    }
}

fn element(value: Value, key: &Value) -> Result<Value> {
    match value {
        Value::Object(_) => attribute(value, &convert::text(key)?),
        Value::Array(mut elements) => {
            let number = convert::to_number(key)?;
            let index = number
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .filter(|index| *index < elements.len());
            match index {
                Some(index) => Ok(elements.swap_remove(index)),
                None => Err(Fault::new(format!(
                    "there is no element {}: the list has {}",
                    number::to_text(&number),
                    elements.len()
                ))
                .hint("the first element is 0")),
            }
        }
        other => Err(Fault::new(format!(
            "{} has no elements",
            convert::kind(&other)
        ))),
    }
}
