//! Rows of hex dumps: they split a secret into pieces of sixteen bytes, twice per row.

use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memchr_iter};

/// The rows in `text`, in order, each from its offset to the end of its line.
///
/// Rows as `hexdump -C`, `xxd`, `od -t x1z` and Go's `hex.Dump` write them, with anything before the offset;
/// also within a string of JSON or another language, which may have all rows on one line.
pub(super) fn rows(text: &[u8]) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut done = 0;
    let mut begun = [0; BLOCK];
    for block in (0..text.len()).step_by(BLOCK) {
        let count = BLOCK.min(text.len() - block);
        offsets_begin(text, block, &mut begun[..count]);
        for found in memchr_iter(1, &begun[..count]) {
            let offset = block + found;
            if offset < done || !may_stand_before_offset(&text[..offset]) {
                continue;
            }
            let Some(length) = offset_length(&text[offset..]) else {
                continue;
            };
            let bytes = &text[offset + length..];
            if has_dumped_bytes(bytes) {
                let bytes = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
                rows.push(offset..offset + length + bytes.trim_ascii_end().len());
                done = offset + length + bytes.len();
            }
        }
    }
    rows
}

/// Sets 1 for each byte of `text` from `from` on where an offset may begin, and 0 for others.
///
/// Words are many, and such of so many digits are few. This has no branches, so that the compiler makes it look at
/// many bytes at a time.
fn offsets_begin(text: &[u8], from: usize, begun: &mut [u8]) {
    let count = begun.len();
    let mut digits = [0; BLOCK + FEWEST_DIGITS];
    let rest = &text[from..text.len().min(from + count + FEWEST_DIGITS)];
    for (digit, byte) in digits.iter_mut().zip(rest) {
        let is_number = byte.wrapping_sub(b'0') < 10;
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 6;
        *digit = u8::from(is_number | is_letter);
    }
    for (at, begun) in begun.iter_mut().enumerate() {
        let first_four = digits[at] & digits[at + 1] & digits[at + 2] & digits[at + 3];
        *begun = first_four & digits[at + 4] & digits[at + 5];
    }
    let after_first = &mut begun[usize::from(from == 0)..];
    for (begun, before) in after_first.iter_mut().zip(&text[from.saturating_sub(1)..]) {
        let is_number = before.wrapping_sub(b'0') < 10;
        let is_letter = (before | 0x20).wrapping_sub(b'a') < 26;
        let ends_escape = matches!(before, b'n' | b'r' | b't' | b'm');
        *begun &= u8::from(ends_escape | !(is_number | is_letter));
    }
}

/// Whether an offset may begin after `before`: it is a word, begins a string, or follows a line end that is
/// written as an escape, or a colour.
fn may_stand_before_offset(before: &[u8]) -> bool {
    match before {
        [] | [.., b'"' | b'\'' | b'`' | b'|' | b'>' | b')' | b']'] => true,
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [colour @ .., b'm'] => {
            let is_parameter = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
            let parameters = colour.iter().rev().take_while(|byte| is_parameter(byte));
            colour[..colour.len() - parameters.count()].ends_with(b"[")
        }
        [.., last] => last.is_ascii_whitespace(),
    }
}

/// Length of the offset that `text` begins with: six to sixteen digits, and perhaps a colon.
fn offset_length(text: &[u8]) -> Option<usize> {
    let digits = text
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let colon = usize::from(text.get(digits) == Some(&b':'));
    let after = text.get(digits + colon);
    let ends = after.is_none_or(u8::is_ascii_whitespace);
    (ends && OFFSET_DIGITS.contains(&digits)).then_some(digits + colon)
}

const OFFSET_DIGITS: RangeInclusive<usize> = 6..=16;
const FEWEST_DIGITS: usize = *OFFSET_DIGITS.start();

/// Bytes after an offset that are looked at.
const NEAR: usize = 256;

/// Bytes looked at at once.
const BLOCK: usize = 128;

/// At least four bytes in groups of one to four, or fewer if a column of text follows.
///
/// Only what is near counts, or a line of megabytes would be searched for its end at each of its numbers.
fn has_dumped_bytes(rest: &[u8]) -> bool {
    let near = &rest[..rest.len().min(NEAR)];
    let rest = &near[..memchr(b'\n', near).unwrap_or(near.len())];
    let mut bytes = 0;
    for word in rest
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
    {
        let is_group = matches!(word.len(), 2 | 4 | 8) && word.iter().all(u8::is_ascii_hexdigit);
        if !is_group {
            let is_text = matches!(word[0], b'|' | b'>');
            return bytes >= 4 || (bytes > 0 && is_text);
        }
        bytes += word.len() / 2;
    }
    bytes >= 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_of_the_usual_tools_are_recognised() {
        for text in [
            "00000000  40 77 30 72 64 79 21 2e  2e 2e 2e 2e 2e 2e 2e 2e  |@w0rdy!.........|",
            "00000010  41                                                |A|",
            "  00000000: 6475 6d6d 7920 7465 7874 0a              dummy text.",
            "000000 68 75 6e 74 65 72 32 0a                          >hunter2.<",
            "│ 00000000  40 77 30 72",
            "==> ui: 00000010: 6475 6d6d  dumm",
            r#"{"log":"000010 40 77 30 72 64 79 21 2e\n","stream":"stdout"}"#,
            r"b'done:\n000010 40 77 30 72  >@w0r<\n000014 64 79 21 2e'",
            "\u{1b}[1;33mapp |\u{1b}[0m000010 40 77 30 72",
        ] {
            assert_eq!(rows(text.as_bytes()).len(), 1, "{text}");
        }
    }

    #[test]
    fn rows_are_found_among_other_lines() {
        let row = "00000010  41  |A|";
        let other = "sha256 0123456789ab, took 20260101 s";
        let text = format!("{other}\n{row}\n\n{other}\n at {row}");
        let found = rows(text.as_bytes());
        let found: Vec<&str> = found.into_iter().map(|row| &text[row]).collect();
        assert_eq!(found, [row, row]);
    }

    #[test]
    fn what_stands_before_the_offset_stays() {
        let text = "│ error: 00000000  40 77 30 72  |@w0r|  ";
        let range = rows(text.as_bytes()).remove(0);
        assert_eq!(&text[..range.start], "│ error: ");
        assert_eq!(&text[range.end..], "  ");
    }

    #[test]
    fn other_lines_with_digits_are_left_alone() {
        for text in [
            "",
            "20240102 10 items",
            "sha256:0011223344556677 aa bb",
            "12345678 is the number",
            "account 123456789012 has 3 images",
            "2024-01-02 10:11:12 started",
            "i-0123456789ab 40 77 30 72",
            "v1m000010 40 77 30 72",
            "(5) in000010 40 77 30 72",
        ] {
            assert!(rows(text.as_bytes()).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_found_as_line_by_line(
            parts in proptest::collection::vec(
                r"([0-9a-f]{5,17}:?|( |\n){1,3}|[0-9a-f]{2} [0-9a-f]{2}  ?[0-9A-F]{4}|[ -~é]{0,40}|>|\||\\n){0,6}",
                0..30,
            ),
        ) {
            let text = parts.concat();
            let mut start = 0;
            let mut expected = Vec::new();
            for line in text.split('\n') {
                let first = (0..line.len()).find_map(|at| {
                    let (before, offset) = line.as_bytes().split_at(at);
                    let length = offset_length(offset)?;
                    let is_row = may_stand_before_offset(before) && has_dumped_bytes(&offset[length..]);
                    is_row.then_some(start + at..start + line.trim_ascii_end().len())
                });
                expected.extend(first);
                start += line.len() + 1;
            }
            prop_assert_eq!(rows(text.as_bytes()), expected);
        }
    }
}
