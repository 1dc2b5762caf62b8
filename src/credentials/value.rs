//! From what a source gave to a secret.

use std::str;

use super::source::Trouble;
use crate::{
    process::redaction::{SHORTEST, Strength, strength},
    secret::Secret,
};

/// A usable value and how well it can be kept out of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub secret: Secret,
    pub strength: Strength,
}

/// Why a value cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    Nul,
    NotUtf8,
}

/// The whole of `bytes` without one line end at its end.
///
/// # Errors
///
/// When nothing but white space remains, or no environment variable could carry it.
pub fn whole(bytes: &[u8]) -> Result<Value, Unusable> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(Unusable::Nul);
    }
    let text = str::from_utf8(bytes).map_err(|_| Unusable::NotUtf8)?;
    if text.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    Ok(Value {
        secret: Secret::new(text),
        strength: strength(text),
    })
}

/// The first line of `bytes`, as `pass` has it: the lines below are notes.
///
/// # Errors
///
/// As [`whole`].
pub fn first_line(bytes: &[u8]) -> Result<Value, Unusable> {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    whole(&bytes[..end.unwrap_or(bytes.len())])
}

impl Unusable {
    /// What is wrong, said of `what`: `its first line`, `it`.
    pub fn problem(self, what: &str) -> String {
        match self {
            Unusable::Empty => format!("{what} is empty"),
            Unusable::Nul => format!("{what} holds a NUL byte, which no environment variable can"),
            Unusable::NotUtf8 => format!("{what} is not UTF-8 text"),
        }
    }
}

/// The trouble with a value that is too short to be kept out of logs.
pub fn too_short() -> Trouble {
    Trouble::broken(format!(
        "its value has fewer than {SHORTEST} characters, too few to keep it out of logs and reports"
    ))
    .mend(format!("use a value of at least {SHORTEST} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Result<Secret, Unusable> {
        Ok(Secret::new(text))
    }

    #[test]
    fn one_line_end_is_trimmed() {
        for (bytes, text) in [
            ("swordfish", "swordfish"),
            ("swordfish\n", "swordfish"),
            ("swordfish\r\n", "swordfish"),
            (" sword\nfish \n\n", " sword\nfish \n"),
        ] {
            assert_eq!(
                whole(bytes.as_bytes()).map(|value| value.secret),
                secret(text)
            );
        }
    }

    #[test]
    fn the_first_line_is_the_secret() {
        for (bytes, text) in [
            ("swordfish\nuser: me\n", "swordfish"),
            ("swordfish\r\nuser: me\r\n", "swordfish"),
            ("swordfish", "swordfish"),
        ] {
            assert_eq!(
                first_line(bytes.as_bytes()).map(|value| value.secret),
                secret(text)
            );
        }
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused() {
        assert_eq!(whole(b""), Err(Unusable::Empty));
        assert_eq!(whole(b"  \n"), Err(Unusable::Empty));
        assert_eq!(first_line(b"\nuser: me"), Err(Unusable::Empty));
        assert_eq!(whole(b"a\0b"), Err(Unusable::Nul));
        assert_eq!(whole(b"\xFF\xFE"), Err(Unusable::NotUtf8));
    }
}
