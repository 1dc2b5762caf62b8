//! Cuts text into pieces that can be read apart.

use std::{iter, ops::Range};

use memchr::memchr;

/// Lines are cut from this length on.
const LONG: usize = 128;

/// The pieces of `text`: its lines with their ends, long ones in parts that end with a space.
///
/// A line end and a space each end every escape that they are in, and stay in every reading, whatever the
/// encoding ([`super::view::Decoder`]). So the readings of the pieces, one after the other, are the readings of
/// the text, through all layers.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Range<usize>> {
    let (mut at, mut line_end) = (0, 0);
    iter::from_fn(move || {
        if at == line_end {
            if at == text.len() {
                return None;
            }
            let end = memchr(b'\n', &text.as_bytes()[at..]);
            line_end = end.map_or(text.len(), |end| at + end + 1);
        }
        let start = at;
        at = line_end;
        if line_end - start > LONG {
            let rest = &text.as_bytes()[start + LONG..line_end];
            if let Some(space) = memchr(b' ', rest) {
                at = start + LONG + space + 1;
            }
        }
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        let all: Vec<Range<usize>> = pieces(text).collect();
        let mut end = 0;
        for piece in &all {
            assert_eq!(piece.start, end);
            end = piece.end;
        }
        assert_eq!(end, text.len());
        all.iter().map(Range::len).collect()
    }

    #[test]
    fn pieces_end_with_lines_and_in_long_lines_with_spaces() {
        assert!(lengths("").is_empty());
        assert_eq!(lengths("\n\na b\nc"), [1, 1, 4, 1]);
        let word = "é".repeat(LONG);
        assert_eq!(
            lengths(&format!("{word}{word} {word} {word}")),
            [4 * LONG + 1, 2 * LONG + 1, 2 * LONG]
        );
        assert_eq!(lengths(&word), [2 * LONG]);
    }
}
