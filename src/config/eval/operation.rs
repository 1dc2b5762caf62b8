//! Operators.

use hcl_edit::{
    Span,
    expr::{BinaryOp, BinaryOperator, Expression, UnaryOp, UnaryOperator},
};
use serde_json::Value;

use super::{Evaluator, Locals, Result};
use crate::config::{
    convert,
    number::{self, Arithmetic},
};

impl Evaluator<'_> {
    pub(super) fn unary(&self, operation: &UnaryOp, locals: &Locals) -> Result<Value> {
        match operation.operator.value() {
            UnaryOperator::Not => Ok(Value::Bool(!self.truth(&operation.expr, locals)?)),
            UnaryOperator::Neg => {
                let number = self.operand(&operation.expr, locals)?;
                number::calculate(&0.into(), Arithmetic::Subtract, &number).map(Value::Number)
            }
        }
    }

    fn operand(&self, expression: &Expression, locals: &Locals) -> Result<serde_json::Number> {
        let value = self.at(expression, locals)?;
        convert::to_number(&value).map_err(|fault| fault.at(expression.span()))
    }

    pub(super) fn binary(&self, operation: &BinaryOp, locals: &Locals) -> Result<Value> {
        let (left, right) = (&operation.lhs_expr, &operation.rhs_expr);
        let calculate = |operator| {
            let (left, right) = (self.operand(left, locals)?, self.operand(right, locals)?);
            number::calculate(&left, operator, &right).map(Value::Number)
        };
        let compare = |holds: fn(std::cmp::Ordering) -> bool| {
            let (left, right) = (self.operand(left, locals)?, self.operand(right, locals)?);
            Ok(Value::Bool(holds(number::compare(&left, &right))))
        };
        let equal = || {
            Ok(convert::equal(
                &self.at(left, locals)?,
                &self.at(right, locals)?,
            ))
        };
        match *operation.operator.value() {
            BinaryOperator::Eq => equal().map(Value::Bool),
            BinaryOperator::NotEq => equal().map(|equal| Value::Bool(!equal)),
            BinaryOperator::And => Ok(Value::Bool(
                self.truth(left, locals)? && self.truth(right, locals)?,
            )),
            BinaryOperator::Or => Ok(Value::Bool(
                self.truth(left, locals)? || self.truth(right, locals)?,
            )),
            BinaryOperator::Less => compare(std::cmp::Ordering::is_lt),
            BinaryOperator::LessEq => compare(std::cmp::Ordering::is_le),
            BinaryOperator::Greater => compare(std::cmp::Ordering::is_gt),
            BinaryOperator::GreaterEq => compare(std::cmp::Ordering::is_ge),
            BinaryOperator::Plus => calculate(Arithmetic::Add),
            BinaryOperator::Minus => calculate(Arithmetic::Subtract),
            BinaryOperator::Mul => calculate(Arithmetic::Multiply),
            BinaryOperator::Div => calculate(Arithmetic::Divide),
            BinaryOperator::Mod => calculate(Arithmetic::Remainder),
        }
    }
}
