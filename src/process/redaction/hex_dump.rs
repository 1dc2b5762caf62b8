//! Rows of hex dumps: they split a secret into pieces of sixteen bytes, twice per row.

use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memrchr};

/// The rows in `text`, in order.
pub(super) fn rows(text: &[u8]) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut at = 0;
    while let Some(offset) = next_offset(text, at) {
        let start = memrchr(b'\n', &text[..offset]).map_or(0, |end| end + 1);
        let end = memchr(b'\n', &text[offset..]).map_or(text.len(), |end| offset + end);
        let row = row(&text[start..end]);
        rows.extend(row.map(|row| start + row.start..start + row.end));
        at = end;
    }
    rows
}

/// Where the next word is, from `at` on, that has as many digits as an offset and begins with them.
fn next_offset(text: &[u8], mut at: usize) -> Option<usize> {
    let is_digit = |at: usize| DIGITS[usize::from(text[at])];
    // Six digits in a row are three in a row at every fourth place.
    while at + 3 <= text.len() {
        if is_digit(at) && is_digit(at + 1) && is_digit(at + 2) {
            let before = (0..at).rev().take_while(|at| is_digit(*at)).count();
            let after = (at..text.len()).take_while(|at| is_digit(*at)).count();
            let start = at - before;
            let begins = start == 0 || text[start - 1].is_ascii_whitespace();
            let end = text.get(at + after);
            let ends = end.is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b':');
            if begins && ends && OFFSET_DIGITS.contains(&(before + after)) {
                return Some(start);
            }
            at += after;
        }
        at += 4;
    }
    None
}

const OFFSET_DIGITS: RangeInclusive<usize> = 6..=16;

const DIGITS: [bool; 256] = {
    let mut digits = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = (byte as u8).is_ascii_hexdigit();
        byte += 1;
    }
    digits
};

/// Where in `line` a row of a hex dump stands, from its offset to its end.
///
/// Rows as `hexdump -C`, `xxd`, `od -t x1z` and Go's `hex.Dump` write them, with anything before
/// the offset.
fn row(line: &[u8]) -> Option<Range<usize>> {
    let mut at = 0;
    while at < line.len() {
        let word = at..at
            + line[at..]
                .iter()
                .take_while(|byte| !byte.is_ascii_whitespace())
                .count();
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
}
