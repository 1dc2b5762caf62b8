//! Redaction: no secret comes out, nothing else is lost, and pieces give the same as the whole.

use amiable::{
    process::redaction::{RedactingText, Redactor, Strength, strength},
    secret::Secret,
};

use super::text;

const MARK: &str = "[REDACTED:it]";

/// The first byte is the size of the pieces; the lines up to an empty one are secrets; the rest is
/// the text.
pub fn run(data: &[u8]) {
    let Some((&size, rest)) = data.split_first() else {
        return;
    };
    let rest = text(rest);
    let (secrets, text) = rest.split_once("\n\n").unwrap_or((&rest, ""));
    let values: Vec<&str> = secrets.lines().take(8).collect();
    let secrets: Vec<Secret> = values.iter().copied().map(Secret::new).collect();
    let redactor = Redactor::new(secrets.iter().map(|secret| ("it", secret)));

    let whole = redactor.redact(text);
    assert_eq!(whole.lines().count(), text.lines().count());
    let shown = outside_marks(&whole);
    for value in values {
        let value = value.trim();
        if strength(value) == Strength::Distinct {
            assert!(
                !shown.iter().any(|part| part.contains(value)),
                "{value:?} is in {whole:?}"
            );
        }
    }

    let mut stream = RedactingText::new(&redactor);
    let mut pieces = String::new();
    let characters: Vec<char> = text.chars().collect();
    for piece in characters.chunks(usize::from(size).max(1)) {
        pieces.push_str(&stream.push(&String::from_iter(piece)));
    }
    pieces.push_str(&stream.finish());
    // A display cannot wait for the rest of what begins with a letter or two.
    assert_eq!(pieces.lines().count(), whole.lines().count());
}

/// What is shown of the text itself.
fn outside_marks(redacted: &str) -> Vec<&str> {
    redacted
        .split(MARK)
        .flat_map(|part| part.split("[REDACTED]"))
        .flat_map(|part| part.split("[hex dump row withheld]"))
        .collect()
}
