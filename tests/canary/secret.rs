//! The canary: a secret with characters that every encoding treats in its own way, around a run that most leave as
//! it is.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Letters and digits alone: no encoding but base64 and numbers changes them.
pub const RUN: &str = "Kx7qZr9wTmvP3LhGd5Yn";

/// The secret itself.
pub const CANARY: &str = "p&<Kx7qZr9wTmvP3LhGd5Yn>\"'$/+ %=8";

/// The encodings, each with its name: one text, of several lines where that is what it is about.
pub fn encodings() -> Vec<(&'static str, String)> {
    let base64 = |before: &str| BASE64_STANDARD.encode(format!("{before}{CANARY}~~~"));
    let json = serde_json::Value::from(CANARY).to_string();
    let go_json = json
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let html = CANARY
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;");
    vec![
        ("plain", CANARY.to_owned()),
        ("base64", base64("")),
        ("base64-1", base64("x")),
        ("base64-2", base64("xy")),
        ("base64-url", BASE64_URL_SAFE.encode(CANARY)),
        (
            "percent",
            utf8_percent_encode(CANARY, NON_ALPHANUMERIC).to_string(),
        ),
        ("json", go_json),
        ("html", html),
        ("shell", format!("'{}'", CANARY.replace('\'', r"'\''"))),
        ("hex", hex(CANARY.as_bytes())),
        ("hexdump", hex_dump(CANARY.as_bytes())),
        ("folded", folded(CANARY)),
    ]
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `hexdump -C` and Go's `hex.Dump` write it: rows of sixteen.
fn hex_dump(bytes: &[u8]) -> String {
    let row = |(at, row): (usize, &[u8])| {
        let numbers: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let (left, right) = numbers.split_at(numbers.len().min(8));
        let text: String = row.iter().map(|byte| char::from(*byte)).collect();
        let numbers = format!("{}  {}", left.join(" "), right.join(" "));
        format!("{:08x}  {numbers:<48}  |{text}|", at * 16)
    };
    let rows: Vec<String> = bytes.chunks(16).enumerate().map(row).collect();
    rows.join("\n")
}

/// As a terminal or a mail folds it.
fn folded(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let lines: Vec<String> = characters
        .chunks(9)
        .map(|line| line.iter().collect())
        .collect();
    lines.join("\n")
}
