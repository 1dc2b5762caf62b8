//! Values of the file arrive unchanged, whatever is in them.

use amiable::config::{Expr, Scope};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn value(expression: &str) -> Value {
    Expr::parse(expression)
        .and_then(|parsed| parsed.evaluate(&Scope::default()))
        .unwrap_or_else(|error| panic!("{expression}\n{error}"))
}

#[test]
fn nasty_strings_survive() {
    for (written, expected) in [
        (
            r#""\"quotes\" and \\ backslashes""#,
            "\"quotes\" and \\ backslashes",
        ),
        (
            r#""$${not} %%{an} ${"interpolation"}""#,
            "${not} %{an} interpolation",
        ),
        (r#""$${path.cwd} %%{1+1} $${x}""#, "${path.cwd} %{1+1} ${x}"),
        (r#""$ % { } $x %s $$ %%""#, "$ % { } $x %s $$ %%"),
        (r#""line\nbreak\ttab\r""#, "line\nbreak\ttab\r"),
        (r#""日本語 \U0001F600 \u0000""#, "日本語 😀 \0"),
        (
            "<<EOT\n\"raw\" \\n $${x}\n\n  indented\nEOT",
            "\"raw\" \\n ${x}\n\n  indented\n",
        ),
        (r#""' OR 1=1; -- <script>""#, "' OR 1=1; -- <script>"),
    ] {
        assert_eq!(value(written), json!(expected), "{written}");
    }
}

#[test]
fn numbers_at_the_edges_survive() {
    for number in [
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
        "1e-300",
    ] {
        let expected: Value = serde_json::from_str(number).expect("JSON");
        assert_eq!(value(number), expected);
    }
}

/// A value as a stack file writes it.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(elements) => {
            format!(
                "[{}]",
                elements.iter().map(written).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(object) => {
            let entries: Vec<String> = object
                .iter()
                .map(|(name, value)| format!("{} = {}", quoted(name), written(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // Before a brace these begin a template.
            '$' | '%' => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Whole floats are integers here, as they are for Terraform.
        (-1e6f64..1e6)
            .prop_filter("a fraction", |x| x.fract() != 0.0)
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[${}%\"\\\\~a ]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_survives(expected in any_value()) {
        prop_assert_eq!(value(&written(&expected)), expected);
    }

    #[test]
    fn text_without_templates_survives_a_heredoc(text in "[ -~\n]{0,80}") {
        let text = text.replace("${", "").replace("%{", "");
        // What stood around one may be another.
        prop_assume!(!text.contains("${") && !text.contains("%{"));
        prop_assume!(text.lines().all(|line| line.trim_start() != "EOT"));
        let expected = if text.is_empty() || text.ends_with('\n') { text } else { format!("{text}\n") };
        prop_assert_eq!(value(&format!("<<EOT\n{expected}EOT")), json!(expected));
    }
}
