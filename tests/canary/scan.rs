//! The search for the canary, in whatever form.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::secret::{RUN, hex};

/// So many characters of the run in a row count as a piece of the secret.
const PIECE: usize = 7;

/// What of the canary is in `bytes`: names of forms, none when it is clean.
pub fn found(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for (form, needle) in needles() {
        if text.contains(&needle) {
            found.push(format!("{form} {needle:?}"));
            break;
        }
    }
    // Numbers with blanks between them, and what is folded in the middle of a piece.
    let squeezed: String = text
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ':' && *c != ',')
        .collect();
    let numbers = hex(RUN.as_bytes());
    for at in (0..numbers.len() - 2 * PIECE).step_by(2) {
        if squeezed.contains(&numbers[at..at + 2 * PIECE]) {
            found.push(format!("hexadecimal from {at}"));
            break;
        }
    }
    if squeezed.contains(&RUN.to_lowercase()) {
        found.push("folded".to_owned());
    }
    found
}

fn needles() -> Vec<(&'static str, String)> {
    let mut needles: Vec<(&str, String)> = (0..=RUN.len() - PIECE)
        .map(|at| ("plain", RUN[at..at + PIECE].to_owned()))
        .collect();
    for before in 0..3 {
        let encoded = BASE64_STANDARD.encode(format!("{}{RUN}", "\0".repeat(before)));
        // What does not depend on the neighbours, in pieces.
        let core = &encoded[4..encoded.len() - 4];
        let pieces = (0..=core.len() - 12).map(|at| core[at..at + 12].to_owned());
        needles.extend(pieces.map(|piece| ("base64", piece)));
    }
    needles
}

/// The files below `folder` that the canary is in, but for those that `may_hold` it.
pub fn files(folder: &Path, may_hold: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut dirty = Vec::new();
    // Providers are somebody else's programs, of hundreds of megabytes.
    let is_written = |entry: &walkdir::DirEntry| !entry.path().ends_with(".terraform/providers");
    let entries = walkdir::WalkDir::new(folder).into_iter();
    for entry in entries.filter_entry(is_written) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() || may_hold(entry.path()) {
            continue;
        }
        for what in found(&fs::read(entry.path()).unwrap()) {
            dirty.push(format!("{}: {what}", entry.path().display()));
        }
    }
    dirty
}

#[test]
fn every_encoding_is_found_where_nobody_takes_it_out() {
    for (name, text) in super::secret::encodings() {
        assert_ne!(found(text.as_bytes()), [""; 0], "{name}: {text}");
        let in_json = serde_json::json!({ "x": text }).to_string();
        assert_ne!(found(in_json.as_bytes()), [""; 0], "{name} in JSON");
    }
    assert_eq!(found(b"[REDACTED:canary] and 0a 0b 0c"), [""; 0]);
}
