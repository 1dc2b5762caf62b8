//! Values as HCL text.
//!
//! hcl-primitives 0.1.13 misses the second template marker of a string: `${path.cwd} %${1+1}` comes
//! out with a live `%${1+1}`. So strings are quoted here, and `tests/render.rs` reads them back
//! through the real tools.

use std::fmt::Write;

use serde_json::Value;

/// `text` as a quoted HCL string in which nothing is a template.
///
/// Escapes are those of the HCL native syntax specification ("Quoted Templates"). The `$` or `%` of a
/// marker is written as a code point, which means the same whatever stands before it.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' if characters.peek() == Some(&'{') => quoted.push_str("\\u0024"),
            '%' if characters.peek() == Some(&'{') => quoted.push_str("\\u0025"),
            control if control.is_control() => {
                // Control characters are all below U+00A0, so four digits hold them.
                write!(quoted, "\\u{:04x}", u32::from(control))
                    .expect("writing to a String cannot fail");
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// `value` as an HCL expression on one line, formatted as `packer fmt` and `terraform fmt` do.
pub fn expression(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(expression).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{} = {}", quote(key), expression(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

/// Lines `KEY = VALUE` with aligned equals signs, each indented by `indent` and ended by a newline.
///
/// Keys are taken as they are: identifiers, or strings that [`quote`] made.
pub fn assignments<'a>(
    indent: &str,
    pairs: impl IntoIterator<Item = (&'a str, String)> + Clone,
) -> String {
    let width = pairs
        .clone()
        .into_iter()
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or_default();
    let mut lines = String::new();
    for (key, value) in pairs {
        let gap = " ".repeat(width - key.chars().count());
        writeln!(lines, "{indent}{key}{gap} = {value}").expect("writing to a String cannot fail");
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markers_and_controls_are_escaped_and_nothing_else() {
        for (text, quoted) in [
            ("", r#""""#),
            ("é😀 $ % { }", r#""é😀 $ % { }""#),
            ("a\"\\\n\r\t", r#""a\"\\\n\r\t""#),
            ("${a} %{b} $${c}", r#""\u0024{a} \u0025{b} $\u0024{c}""#),
            ("\u{0}\u{1b}\u{7f}\u{85}", r#""\u0000\u001b\u007f\u0085""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn values_are_written_on_one_line() {
        let value = json!({"a b": [1, -2.5, true, null, "${x}"], "c": {}, "d": {"e": []}});
        assert_eq!(
            expression(&value),
            r#"{ "a b" = [1, -2.5, true, null, "\u0024{x}"], "c" = {}, "d" = { "e" = [] } }"#
        );
    }

    #[test]
    fn equals_signs_are_aligned() {
        let lines = assignments("  ", [("a", "1".to_owned()), ("long", "2".to_owned())]);
        assert_eq!(lines, "  a    = 1\n  long = 2\n");
    }
}
