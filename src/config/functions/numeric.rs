//! Functions on numbers.

use serde_json::{Number, Value};

use super::{Arguments, Function, Outcome, complain_of};
use crate::config::{
    convert,
    number::{self, Arithmetic},
};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        parameters: "number",
        summary: "the number without its sign",
        call: |arguments| {
            let number = arguments.number(0)?;
            let zero = Number::from(0);
            if number::compare(&number, &zero).is_lt() {
                return Ok(number::calculate(&zero, Arithmetic::Subtract, &number)?.into());
            }
            Ok(number.into())
        },
    },
    Function {
        name: "ceil",
        parameters: "number",
        summary: "the next whole number that is not smaller",
        call: |arguments| round(arguments, f64::ceil),
    },
    Function {
        name: "floor",
        parameters: "number",
        summary: "the next whole number that is not greater",
        call: |arguments| round(arguments, f64::floor),
    },
    Function {
        name: "max",
        parameters: "numbers...",
        summary: "the greatest of the numbers",
        call: |arguments| extreme(arguments, std::cmp::Ordering::is_gt),
    },
    Function {
        name: "min",
        parameters: "numbers...",
        summary: "the smallest of the numbers",
        call: |arguments| extreme(arguments, std::cmp::Ordering::is_lt),
    },
    Function {
        name: "sum",
        parameters: "list",
        summary: "the sum of the numbers in the list",
        call: |arguments| {
            let list = arguments.list(0)?;
            if list.is_empty() {
                return complain_of(0, "the list is empty");
            }
            let mut sum = Number::from(0);
            for element in list {
                let number = arguments.check(0, convert::to_number(element))?;
                sum = number::calculate(&sum, Arithmetic::Add, &number)?;
            }
            Ok(sum.into())
        },
    },
];

fn round(arguments: &Arguments, round: fn(f64) -> f64) -> Outcome {
    let number = arguments.number(0)?;
    if !number.is_f64() {
        return Ok(number.into());
    }
    let rounded = number::from_f64(round(number::to_f64(&number)));
    // Rounding a finite float gives a finite float.
    Ok(rounded.map_or(Value::Null, Value::Number))
}

fn extreme(arguments: &Arguments, wins: fn(std::cmp::Ordering) -> bool) -> Outcome {
    let mut best = arguments.number(0)?;
    for index in 1..arguments.len() {
        let number = arguments.number(index)?;
        if wins(number::compare(&number, &best)) {
            best = number;
        }
    }
    Ok(best.into())
}
