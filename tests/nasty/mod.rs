//! Values that are hard to hand over, and how many of them a test takes.

#![allow(dead_code, reason = "each test file uses a part of it")]

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

/// Strings of quotes, template markers, controls, line ends and characters of all sizes.
///
/// None has a combining character: Terraform normalises strings to NFC, whichever way it gets them.
fn string() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "${",
        "%{",
        "$",
        "%",
        "$$",
        "{",
        "}",
        "{{",
        "}}",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\\u0024",
        "~",
        "if true",
        "path.root",
        "EOT",
        "#",
        "//",
        "'",
        "`",
        " ",
        "é",
        "😀",
        "\u{feff}",
        "a",
        "1+1",
        "<&>",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        string().prop_map(Value::String),
        any::<i64>().prop_map(Value::from),
        Just(json!(9_007_199_254_740_993_i64)),
        Just(json!(18_446_744_073_709_551_615_u64)),
        Just(json!(0.1)),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(string(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Many values, other ones in each run of the tests, and those that have gone wrong somewhere.
pub fn values() -> Vec<Value> {
    let mut runner = TestRunner::default();
    let mut values: Vec<Value> = (0..200)
        .map(|_| value().new_tree(&mut runner).unwrap().current())
        .collect();
    values.push(json!("${path.cwd} %${1+1} %%{if} $${x} $$${y} %%%{z}"));
    values.push(json!({"${path.root}": {"%{if}": ["$${", {"\n": "\\${"}]}}));
    values.push(json!({"\u{feff}${": "\u{feff}"}));
    values
}

/// Fails with the first value that was not read back as it was written.
pub fn assert_same(read: &[Value], written: &[Value]) {
    assert_eq!(read.len(), written.len());
    for (read, written) in read.iter().zip(written) {
        assert_eq!(read, written);
    }
}
