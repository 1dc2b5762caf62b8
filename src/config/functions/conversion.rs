//! Functions between types, and the two that catch errors.

use serde_json::Value;

use super::{Arguments, Function, Outcome, complain_of};
use crate::config::{convert, fault::Fault};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "can",
        parameters: "expression",
        summary: "whether the expression has a value",
        // The evaluator answers before it would call this.
        call: |_| Ok(Value::Bool(true)),
    },
    Function {
        name: "tobool",
        parameters: "value",
        summary: "the boolean that `\"true\"` or `\"false\"` writes",
        call: |arguments| simple(arguments, |value| convert::to_bool(value).map(Value::Bool)),
    },
    Function {
        name: "tolist",
        parameters: "list",
        summary: "the list with elements of one type",
        call: |arguments| match arguments.any(0) {
            Value::Null => Ok(Value::Null),
            _ => Ok(convert::unify(arguments.list(0)?.to_vec())?.into()),
        },
    },
    Function {
        name: "tonumber",
        parameters: "value",
        summary: "the number that a string writes",
        call: |arguments| {
            simple(arguments, |value| {
                convert::to_number(value).map(Value::Number)
            })
        },
    },
    Function {
        name: "toset",
        parameters: "list",
        summary: "the elements, of one type, each once, sorted",
        call: |arguments| match arguments.any(0) {
            Value::Null => Ok(Value::Null),
            _ => Ok(convert::set(arguments.list(0)?.to_vec())?.into()),
        },
    },
    Function {
        name: "tostring",
        parameters: "value",
        summary: "the number or boolean as text",
        call: |arguments| simple(arguments, |value| convert::text(value).map(Value::String)),
    },
    Function {
        name: "try",
        parameters: "expressions...",
        summary: "the value of the first expression that has one",
        call: |arguments| Ok(arguments.any(0).clone()),
    },
];

/// Converts a value; null stays null.
fn simple(arguments: &Arguments, convert: fn(&Value) -> Result<Value, Fault>) -> Outcome {
    match arguments.any(0) {
        Value::Null => Ok(Value::Null),
        value => convert(value).or_else(|fault| complain_of(0, fault.message)),
    }
}
