//! The byte strings by which a secret is found.
//!
//! Forms that keep the secret's own bytes apart (percent-encoding, JSON, HTML, shell and HCL
//! escapes) are not listed here: [`super::view`] decodes the text instead, which also covers every
//! mixture of them. What remains are encodings that mix neighbouring bytes, and lists of numbers.

use base64::{
    Engine as _,
    alphabet::{self, Alphabet},
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};

use super::{
    matcher::squeezed,
    strength::{SHORTEST_SEARCHED, Strength, strength},
};

/// Lines of a secret of several lines (a key in PEM) that are searched for on their own have at
/// least this many bytes: tools print such secrets with a prefix on each line.
const SHORTEST_LINE: usize = 16;

/// One byte string to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub bytes: Vec<u8>,
    pub spacing: Spacing,
    /// Counts only where no letter, digit or character of a file name touches it.
    pub whole_word: bool,
    /// Position of the secret in the list the redactor was made of.
    pub secret: usize,
}

/// Where white space may stand between the bytes of a form that it does not have itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Around line ends, where tools fold and indent.
    AtLineEnds,
    /// Anywhere: `40 77 30` is how dumps write bytes.
    Anywhere,
}

/// Every form of `text`, the secret at `secret`.
pub(super) fn forms(text: &str, secret: usize) -> Vec<Form> {
    let strength = strength(text);
    if text.len() < SHORTEST_SEARCHED || squeezed(text.as_bytes()).is_empty() {
        return Vec::new();
    }
    let mut all = vec![Form {
        bytes: text.as_bytes().to_vec(),
        spacing: Spacing::AtLineEnds,
        whole_word: strength != Strength::Distinct,
        secret,
    }];
    if strength == Strength::Short {
        return all;
    }
    let mut add = |bytes: Vec<u8>, spacing| {
        if !all.iter().any(|form| form.bytes == bytes) {
            all.push(Form {
                bytes,
                spacing,
                whole_word: false,
                secret,
            });
        }
    };
    if text.trim().contains('\n') {
        for line in text.lines().map(str::trim) {
            if line.len() >= SHORTEST_LINE && !line.starts_with("-----") {
                add(line.as_bytes().to_vec(), Spacing::AtLineEnds);
            }
        }
    }
    for written in as_written_in_documents(text) {
        for offset in 0..3 {
            for alphabet in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
                add(
                    base64_core(written.as_bytes(), offset, alphabet),
                    Spacing::AtLineEnds,
                );
            }
        }
    }
    for encoded in encoded_twice(text) {
        add(encoded, Spacing::AtLineEnds);
    }
    for numbers in as_numbers(text.as_bytes()) {
        add(numbers.into_bytes(), Spacing::Anywhere);
    }
    all
}

/// `bytes` as lists of numbers, without the white space in them.
fn as_numbers(bytes: &[u8]) -> Vec<String> {
    let list = |each: fn(&u8) -> String, separator| {
        let numbers: Vec<String> = bytes.iter().map(each).collect();
        numbers.join(separator)
    };
    let upper = |byte: &u8| format!("{byte:02X}");
    let lower = |byte: &u8| format!("{byte:02x}");
    let prefixed = |byte: &u8| format!("{byte:#04x}");
    vec![
        list(lower, ""),
        list(upper, ""),
        // As openssl and xxd -i write them, and dumps in C.
        list(lower, ":"),
        list(upper, ":"),
        list(prefixed, ","),
        list(prefixed, ""),
        // Go's `%v` of bytes, and lists in JSON and Python.
        list(u8::to_string, ""),
        list(u8::to_string, ","),
    ]
}

/// Base64 of what holds `text` in another encoding: a script in user data that decodes base64 itself,
/// and UTF-16 for PowerShell's `-EncodedCommand`.
fn encoded_twice(text: &str) -> Vec<Vec<u8>> {
    let base64 = |bytes: &[u8]| [0, 1, 2].map(|at| base64_core(bytes, at, &alphabet::STANDARD));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let once = base64(text.as_bytes()).into_iter().chain([wide]);
    once.flat_map(|inner| base64(&inner)).collect()
}

/// `text` as it stands inside documents that are encoded as a whole: user data in base64 is a
/// script with the secret in quotes, a container definition is JSON.
fn as_written_in_documents(text: &str) -> Vec<String> {
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let go_json = json
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let mut all = vec![text.to_owned()];
    for written in [json, go_json, text.replace('\'', r"'\''")] {
        if !all.contains(&written) {
            all.push(written);
        }
    }
    all
}

/// The characters of a base64 text that are the same whatever stands before and after `bytes`,
/// when `bytes` begins `offset` bytes after a multiple of three.
fn base64_core(bytes: &[u8], offset: usize, alphabet: &Alphabet) -> Vec<u8> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let encoded = GeneralPurpose::new(alphabet, NO_PAD).encode(&padded);
    // A character carries six bits; the first and the last may share theirs with neighbours.
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn the_core_of_base64_does_not_depend_on_what_surrounds_it() {
        let secret = b"s3cr3t!&<";
        for before in 0..7 {
            for after in 0..4 {
                let text = [&b"#".repeat(before)[..], secret, &b"~".repeat(after)].concat();
                let encoded = BASE64_STANDARD.encode(text);
                let core = base64_core(secret, before % 3, &alphabet::STANDARD);
                let core = String::from_utf8(core).unwrap();
                assert!(encoded.contains(&core), "{core} is not in {encoded}");
            }
        }
    }

    #[test]
    fn a_simple_secret_has_few_forms() {
        // Plain, base64 at three offsets and of four encodings, eight kinds of numbers.
        assert_eq!(forms("hunter2hunter2", 0).len(), 1 + 3 + 4 * 3 + 8);
    }

    #[test]
    fn short_secrets_have_only_their_plain_form() {
        let all = forms("abcd", 0);
        assert_eq!(all.len(), 1);
        assert!(all[0].whole_word);
        assert_eq!(forms("abc", 0), []);
        assert_eq!(forms("      \n", 0), []);
        assert_eq!(forms("│││", 0), []);
    }

    #[test]
    fn the_lines_of_a_key_are_forms_of_their_own() {
        let key = "-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG\nshort\n-----END KEY-----\n";
        let all = forms(key, 0);
        let has = |line: &str| all.iter().any(|form| form.bytes == line.as_bytes());
        assert!(has("MIIEvgIBADANBgkqhkiG"));
        assert!(!has("short") && !has("-----BEGIN KEY-----"));
    }
}
