//! Functions between notations of the same value.

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Arguments, Function, Outcome, complain_of};
use crate::config::{convert, fault::Fault, number};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "base64decode",
        parameters: "string",
        summary: "the text that is written in Base64",
        call: |arguments| {
            let bytes = BASE64_STANDARD.decode(arguments.text(0)?);
            match bytes.map(String::from_utf8) {
                Ok(Ok(text)) => Ok(text.into()),
                Ok(Err(_)) => complain_of(0, "what this writes is not UTF-8 text"),
                Err(_) => complain_of(0, "this is not Base64"),
            }
        },
    },
    Function {
        name: "base64encode",
        parameters: "string",
        summary: "the text in Base64",
        call: |arguments| Ok(BASE64_STANDARD.encode(arguments.text(0)?).into()),
    },
    Function {
        name: "jsondecode",
        parameters: "string",
        summary: "the value that is written in JSON",
        call: jsondecode,
    },
    Function {
        name: "jsonencode",
        parameters: "value",
        summary: "the value in JSON, names sorted",
        call: |arguments| Ok(json(arguments.any(0)).into()),
    },
    Function {
        name: "sha256",
        parameters: "string",
        summary: "the SHA-256 checksum of the text, in hexadecimal digits",
        call: |arguments| {
            let sum = Sha256::digest(arguments.text(0)?.as_bytes());
            let digits: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(digits.into())
        },
    },
    Function {
        name: "urlencode",
        parameters: "string",
        summary: "the text as a part of a URL's query",
        call: |arguments| {
            let encoded = utf8_percent_encode(&arguments.text(0)?, &QUERY).to_string();
            Ok(encoded.replace("%20", "+").into())
        },
    },
];

/// What Go's `QueryEscape` leaves as it is, apart from letters and digits.
const QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// JSON as Go writes it: names sorted, numbers without exponents, and `<`, `>` and `&` as escapes, so
/// that it may stand in HTML.
pub(super) fn json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&number::to_text(number)),
        Value::String(string) => write_string(string, text),
        Value::Array(elements) => {
            text.push('[');
            for (index, element) in elements.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write(element, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (index, (name, value)) in convert::sorted(object).into_iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write_string(name, text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
    }
}

fn write_string(string: &str, text: &mut String) {
    let quoted = Value::from(string).to_string();
    let escaped = quoted
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    text.push_str(&escaped);
}

fn jsondecode(arguments: &Arguments) -> Outcome {
    let text = arguments.text(0)?;
    let value = match serde_json::from_str::<Value>(&text) {
        Ok(value) => value,
        Err(error) => return complain_of(0, format!("this is not JSON: {error}")),
    };
    if let Some(number) = inexact_number(&text) {
        return Err(super::Complaint {
            fault: Fault {
                message: number::inexact(number).message,
                ..Fault::new("").hint("write it as a string in the JSON text")
            },
            argument: Some(0),
        });
    }
    Ok(whole_numbers(value))
}

/// The first number of a JSON text that 64 bits do not hold.
fn inexact_number(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = &rest[at..];
        if rest.starts_with('"') {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            })?;
            rest = &rest[end + 2..];
            continue;
        }
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)))
            .unwrap_or(rest.len());
        let (written, after) = rest.split_at(length);
        if number::exact(written).is_none() {
            return Some(written);
        }
        rest = after;
    }
    None
}

/// `1.0` is 1, as everywhere else.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            Value::Number(number::exact(&number.to_string()).unwrap_or(number))
        }
        Value::Array(elements) => elements.into_iter().map(whole_numbers).collect(),
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(name, value)| (name, whole_numbers(value)))
                .collect(),
        ),
        other => other,
    }
}
