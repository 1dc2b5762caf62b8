//! JSON text that is as inert as the rest of a report: on a terminal, and inside an HTML page.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::{
    Value,
    ser::{Formatter, PrettyFormatter, Serializer},
};

use crate::report::inert;

/// `value` as indented JSON with a line end. It reads back as exactly `value`; characters that act on
/// a terminal or open an HTML tag are written as `\u` escapes.
pub fn to_text(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = Inert(PrettyFormatter::new());
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .expect("a Value is JSON already, and a Vec takes every write");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

struct Inert(PrettyFormatter<'static>);

impl Formatter for Inert {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(position) = rest.find(needs_escape) {
            writer.write_all(&rest.as_bytes()[..position])?;
            let mut found = rest[position..].chars();
            let c = found.next().unwrap_or_default();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = found.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// serde_json itself escapes C0, quotes and backslashes, and never passes them as a fragment.
fn needs_escape(c: char) -> bool {
    matches!(c, '<' | '>') || inert::is_active(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_indented_and_inert() {
        let value = json!({ "a<b": ["\u{9b}31m\u{202e}x", {}, []], "tag": "\u{e0041}", "n": 1 });
        assert_eq!(
            to_text(&value),
            "{\n  \"a\\u003cb\": [\n    \"\\u009b31m\\u202ex\",\n    {},\n    []\n  ],\n  \
             \"tag\": \"\\udb40\\udc41\",\n  \"n\": 1\n}\n"
        );
    }

    proptest! {
        #[test]
        fn text_reads_back_and_holds_nothing_active(text in any::<String>()) {
            let value = json!({ text.clone(): text });
            let written = to_text(&value);
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
            prop_assert!(!written.chars().any(|c| c != '\n' && needs_escape(c)));
        }
    }
}
