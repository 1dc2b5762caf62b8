//! Rows of hex dumps: they split a secret into pieces of sixteen bytes, twice per row.

use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memchr_iter, memrchr};

/// The rows in `text`, in order.
pub(super) fn rows(text: &[u8]) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut done = 0;
    let mut begun = [0; BLOCK];
    for block in (0..text.len()).step_by(BLOCK) {
        let count = BLOCK.min(text.len() - block);
        offsets_begin(text, block, &mut begun[..count]);
        for found in memchr_iter(1, &begun[..count]) {
            let offset = block + found;
            if offset < done || !is_offset(word(&text[offset..])) {
                continue;
            }
            let start = memrchr(b'\n', &text[..offset]).map_or(0, |end| end + 1);
            done = memchr(b'\n', &text[offset..]).map_or(text.len(), |end| offset + end);
            let row = row(&text[start..done]);
            rows.extend(row.map(|row| start + row.start..start + row.end));
        }
    }
    rows
}

/// Sets 1 for each byte of `text` from `from` on with which a word begins that has as many digits as an
/// offset, and 0 for others.
///
/// Words are many, and words of digits are few. This has no branches, so that the compiler makes it look at
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
        *begun &= u8::from(*before <= b' ');
    }
}

/// What stands at the beginning of `text` before white space.
fn word(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|it| !it.is_ascii_whitespace());
    &text[..length.count()]
}

const OFFSET_DIGITS: RangeInclusive<usize> = 6..=16;
const FEWEST_DIGITS: usize = *OFFSET_DIGITS.start();

/// Bytes looked at at once.
const BLOCK: usize = 128;

/// Where in `line` a row of a hex dump stands, from its offset to its end.
///
/// Rows as `hexdump -C`, `xxd`, `od -t x1z` and Go's `hex.Dump` write them, with anything before
/// the offset.
fn row(line: &[u8]) -> Option<Range<usize>> {
    let mut at = 0;
    while at < line.len() {
        let word = at..at + word(&line[at..]).len();
        if is_offset(&line[word.clone()]) && has_dumped_bytes(&line[word.end..]) {
            return Some(at..line.trim_ascii_end().len());
        }
        at = word.end
            + line[word.end..]
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
    }
    None
}

/// Six to sixteen digits, and perhaps a colon.
fn is_offset(word: &[u8]) -> bool {
    let digits = word.strip_suffix(b":").unwrap_or(word);
    OFFSET_DIGITS.contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// At least four bytes in groups of one to four, or fewer if a column of text follows.
fn has_dumped_bytes(rest: &[u8]) -> bool {
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
        ] {
            assert!(row(text.as_bytes()).is_some(), "{text}");
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
        let range = row(text.as_bytes()).unwrap();
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
        ] {
            assert_eq!(row(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_found_as_line_by_line(
            parts in proptest::collection::vec(
                r"([0-9a-f]{5,17}:?|( |\n){1,3}|[0-9a-f]{2} [0-9a-f]{2}  ?[0-9A-F]{4}|[ -~é]{0,40}|>|\|){0,6}",
                0..30,
            ),
        ) {
            let text = parts.concat();
            let mut start = 0;
            let mut expected = Vec::new();
            for line in text.split('\n') {
                expected.extend(row(line.as_bytes()).map(|row| start + row.start..start + row.end));
                start += line.len() + 1;
            }
            prop_assert_eq!(rows(text.as_bytes()), expected);
        }
    }
}
