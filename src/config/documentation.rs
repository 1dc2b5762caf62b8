//! The tables of `docs/stack-file.md`, from the tables that the reader and the evaluator work with.

use std::fmt::Write;

use super::{
    functions,
    schema::{self, Need},
};

/// Tables of the documentation, each with the name of the place where it belongs.
pub fn tables() -> Vec<(String, String)> {
    let blocks = schema::all().into_iter().map(|block| {
        let name = match (block.name, block.summary) {
            ("", _) => "file".to_owned(),
            // The file's images, and those in environments.
            ("image", summary) if summary.contains("differs") => "environment.image".to_owned(),
            (name, _) => name.to_owned(),
        };
        (format!("block {name}"), attributes(block))
    });
    let functions = functions::groups()
        .into_iter()
        .map(|(group, functions)| (format!("functions {group}"), list(functions)));
    blocks.chain(functions).collect()
}

fn attributes(block: &schema::Block) -> String {
    let mut table = format!("{}\n", block.summary);
    if block.attributes.is_empty() {
        return table;
    }
    table.push_str("\n| attribute | value | without it | |\n|---|---|---|---|\n");
    for attribute in block.attributes {
        let without = match attribute.need {
            Need::Required => "**required**".to_owned(),
            Need::Optional => String::new(),
            Need::Default(value) if value.starts_with('"') && !value.contains(' ') => {
                format!("`{value}`")
            }
            Need::Default(value) => value.to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| `{}` | {} | {without} | {} |",
            attribute.name, attribute.kind, attribute.summary
        );
    }
    table
}

fn list(functions: &[functions::Function]) -> String {
    let mut table = "| function | gives |\n|---|---|\n".to_owned();
    for function in functions {
        let _ = writeln!(
            table,
            "| `{}` | {} |",
            function.signature(),
            function.summary
        );
    }
    table
}
