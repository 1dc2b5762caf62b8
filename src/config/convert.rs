//! Types of values, conversions between them, and equality, as Terraform has them.

use serde_json::{Map, Number, Value};

use super::{fault::Fault, number};

/// The name of a value's type for people.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn expected(what: &str, value: &Value) -> Fault {
    let fault = Fault::new(format!("{what} is needed here, not {}", kind(value)));
    match value {
        Value::Null => fault.hint("coalesce(VALUE, DEFAULT) gives a default for null"),
        Value::Array(_) if what == "a string" => {
            fault.hint("join(\", \", LIST) or jsonencode(LIST) make a string of a list")
        }
        Value::Object(_) if what == "a string" => {
            fault.hint("jsonencode(OBJECT) makes a string of an object")
        }
        _ => fault,
    }
}

/// Strings, numbers and booleans as text.
pub(super) fn text(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number::to_text(number)),
        Value::Bool(truth) => Ok(truth.to_string()),
        other => Err(expected("a string", other)),
    }
}

/// Numbers, and strings that write one.
pub(super) fn to_number(value: &Value) -> Result<Number, Fault> {
    match value {
        Value::Number(number) => Ok(number.clone()),
        Value::String(text) => number::exact(text).ok_or_else(|| {
            let fault = Fault::new("a number is needed here, and this string is none");
            if text.parse::<f64>().is_ok_and(f64::is_finite) {
                number::inexact(text)
            } else {
                fault
            }
        }),
        other => Err(expected("a number", other)),
    }
}

/// Booleans, and the strings `true` and `false`.
pub(super) fn to_bool(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(expected("a boolean", other)),
    }
}

/// Equal by type and value; numbers by value alone.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number::compare(left, right).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, l)| right.get(key).is_some_and(|r| equal(l, r)))
        }
        (left, right) => left == right,
    }
}

/// Entries in the order of their keys, which is how Terraform walks through objects.
pub(super) fn sorted(object: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

/// Elements of one type: when they are of several simple types, all become strings.
pub(super) fn unify(elements: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let mut kinds: Vec<&str> = elements
        .iter()
        .filter(|element| !element.is_null())
        .map(kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() <= 1 {
        return Ok(elements);
    }
    elements
        .into_iter()
        .map(|element| match element {
            Value::Null => Ok(Value::Null),
            element => text(&element).map(Value::String).map_err(|_| {
                Fault::new(format!(
                    "the elements have no type in common: {}",
                    kinds.join(", ")
                ))
            }),
        })
        .collect()
}

/// The elements of a set: of one type, each once, sorted.
pub(super) fn set(elements: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let mut distinct: Vec<Value> = Vec::new();
    for element in unify(elements)? {
        if !distinct.iter().any(|known| equal(known, &element)) {
            distinct.push(element);
        }
    }
    distinct.sort_by(|left, right| match (left, right) {
        (Value::Number(left), Value::Number(right)) => number::compare(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => std::cmp::Ordering::Equal,
    });
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conversions_are_those_of_terraform() {
        assert_eq!(text(&json!(1.5)), Ok("1.5".into()));
        assert_eq!(text(&json!(true)), Ok("true".into()));
        assert!(text(&json!(null)).is_err() && text(&json!([])).is_err());
        assert_eq!(to_number(&json!("12")).unwrap(), 12.into());
        assert!(to_number(&json!("twelve")).is_err() && to_number(&json!(true)).is_err());
        assert_eq!(to_bool(&json!("true")), Ok(true));
        assert!(to_bool(&json!("yes")).is_err() && to_bool(&json!(1)).is_err());
    }

    #[test]
    fn equality_is_by_type_and_value() {
        assert!(equal(&json!([1, {"a": 1.0}]), &json!([1.0, {"a": 1}])));
        assert!(!equal(&json!(1), &json!("1")));
        assert!(!equal(&json!({"a": 1}), &json!({"b": 1})));
    }

    #[test]
    fn sets_are_of_one_type_sorted_and_distinct() {
        assert_eq!(
            set(vec![json!("b"), json!("a"), json!("b")]),
            Ok(vec![json!("a"), json!("b")])
        );
        assert_eq!(
            set(vec![json!(10), json!(9)]),
            Ok(vec![json!(9), json!(10)])
        );
        assert_eq!(
            set(vec![json!(1), json!("a")]),
            Ok(vec![json!("1"), json!("a")])
        );
        assert!(set(vec![json!(1), json!([])]).is_err());
    }
}
