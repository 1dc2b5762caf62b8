//! Rows of hex dumps: they split a secret into pieces of sixteen bytes, twice per row.

use std::ops::{Range, RangeInclusive};

use memchr::memchr;

use super::marks::{Around, Kind, Marked, STEP};

/// The rows in `text`, in order, each from its offset to the end of its line.
///
/// Rows as `hexdump -C`, `xxd`, `od -t x1z` and Go's `hex.Dump` write them, with anything before the offset;
/// also within a string of JSON or another language, which may have all rows on one line.
pub(super) fn rows(text: &[u8]) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut suspects = Marked::<Offset>::new(text);
    let mut at = 0;
    while let Some(offset) = suspects.next_from(at) {
        at = offset + 1;
        if !may_stand_before_offset(&text[..offset]) {
            continue;
        }
        let Some(length) = offset_length(&text[offset..]) else {
            continue;
        };
        let bytes = &text[offset + length..];
        if has_dumped_bytes(bytes) {
            let bytes = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
            rows.push(offset..offset + length + bytes.trim_ascii_end().len());
            at = offset + length + bytes.len();
        }
    }
    rows
}

/// Where an offset may begin: words are many, and such of so many digits are few.
struct Offset;

impl Kind for Offset {
    fn marks(around: &Around) -> [u8; STEP] {
        let is_number = |byte: u8| byte.wrapping_sub(b'0') < 10;
        let is_letter = |byte: u8, letters| (byte | 0x20).wrapping_sub(b'a') < letters;
        let mut digits = [0; size_of::<Around>()];
        for (digit, &byte) in digits.iter_mut().zip(around) {
            *digit = u8::from(is_number(byte) | is_letter(byte, 6));
        }
        let mut marks = [0; STEP];
        for (at, mark) in marks.iter_mut().enumerate() {
            let before = around[at];
            let ends_word = !(is_number(before) | is_letter(before, 26));
            let ends_escape =
                (before == b'n') | (before == b'r') | (before == b't') | (before == b'm');
            let first_three = digits[at + 1] & digits[at + 2] & digits[at + 3];
            let last_three = digits[at + 4] & digits[at + 5] & digits[at + 6];
            *mark = first_three & last_three & u8::from(ends_word | ends_escape);
        }
        marks
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
/// As many as [`Offset`] looks for.
const _: () = assert!(*OFFSET_DIGITS.start() == 6);

/// Bytes after an offset that are looked at.
const NEAR: usize = 256;

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
