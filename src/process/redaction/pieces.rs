//! Cuts text into pieces that can be read apart.
//!
//! Every piece ends after a space or a line end, or with the text. These end every escape that they are in,
//! and stay in every reading, whatever the encoding ([`super::view::Decoder`]). So the readings of the pieces,
//! one after the other, are the readings of the text, through all layers.

use std::{iter, ops::Range};

use memchr::{memchr2, memrchr2};

use super::escapes::Escapes;

/// Bytes of a plain piece at most, if there are spaces in it: it stays in a processor's first cache.
const LONGEST_PLAIN: usize = 2048;

/// Bytes of a piece with an escape at least, so that text that is full of them is not cut into words.
const SHORTEST_ESCAPED: usize = 16;

/// Bytes of a fine piece at least, unless its line ends.
const SHORTEST_FINE: usize = 128;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub range: Range<usize>,
    /// It may have escapes, or the bar that is skipped like white space. A piece without reads the same
    /// in every encoding.
    pub has_escapes: bool,
}

/// The pieces of `text`: words with escapes, and as much as possible of what is between them.
pub(super) fn pieces<'t>(text: &'t [u8], escapes: &'t Escapes) -> impl Iterator<Item = Piece> + 't {
    let (mut at, mut end) = (0, 0);
    iter::from_fn(move || {
        let start = at;
        if start == text.len() {
            return None;
        }
        if start >= end {
            end = plain_end(text, start);
        }
        let Some(escape) = escapes.first(&text[start..end]) else {
            at = end;
            return Some(Piece {
                range: start..end,
                has_escapes: false,
            });
        };
        let word = memrchr2(b' ', b'\n', &text[start..start + escape])
            .map_or(start, |before| start + before + 1);
        let has_escapes = word == start;
        at = if has_escapes {
            end_after(text, (start + escape).max(start + SHORTEST_ESCAPED))
        } else {
            word
        };
        Some(Piece {
            range: start..at,
            has_escapes,
        })
    })
}

/// The pieces of the plain `piece` of `text` to look at one by one when something is in it: lines,
/// and of long ones parts.
pub(super) fn fine(text: &[u8], piece: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = piece.start;
    iter::from_fn(move || {
        let start = at;
        if start == piece.end {
            return None;
        }
        let part = &text[start..piece.end.min(start + SHORTEST_FINE)];
        at = match memchr::memchr(b'\n', part) {
            Some(line_end) => start + line_end + 1,
            None => end_after(&text[..piece.end], start + SHORTEST_FINE),
        };
        Some(start..at)
    })
}

fn plain_end(text: &[u8], start: usize) -> usize {
    let limit = start + LONGEST_PLAIN;
    if limit >= text.len() {
        return text.len();
    }
    match memrchr2(b' ', b'\n', &text[start..limit]) {
        Some(last) => start + last + 1,
        None => end_after(text, limit),
    }
}

/// The end of the piece that goes up to the first space or line end from `at` on.
fn end_after(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    memchr2(b' ', b'\n', rest).map_or(text.len(), |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::{super::view::Decoder, *};

    /// The pieces of `text`, those with escapes in brackets.
    fn cut(text: &str) -> Vec<String> {
        let decoders = Decoder::for_secrets(["a b"].into_iter());
        let escapes = Escapes::of(&decoders);
        let all: Vec<Piece> = pieces(text.as_bytes(), &escapes).collect();
        let mut end = 0;
        for piece in &all {
            assert_eq!(piece.range.start, end);
            end = piece.range.end;
        }
        assert_eq!(end, text.len());
        let written = all.into_iter().map(|piece| match piece.has_escapes {
            true => format!("[{}]", &text[piece.range]),
            false => text[piece.range].to_owned(),
        });
        written.collect()
    }

    #[test]
    fn words_with_escapes_are_pieces_of_their_own() {
        assert_eq!(cut(""), [""; 0]);
        assert_eq!(cut("one\nline, 100 % é"), ["one\nline, 100 % é"]);
        assert_eq!(
            cut("GET /static/app.js?v=1%20b HTTP/1.1\n"),
            ["GET ", "[/static/app.js?v=1%20b ]", "HTTP/1.1\n"]
        );
        assert_eq!(
            cut("ends with=\n│ "),
            ["ends ", "[with=\n│ ]"],
            "short ones stay together"
        );
    }

    #[test]
    fn pieces_end_with_spaces_and_line_ends() {
        let word = "é".repeat(LONGEST_PLAIN);
        let text = format!("{word} {word} {word}");
        assert_eq!(cut(&text), [format!("{word} "), format!("{word} "), word]);
        let many = "word ".repeat(LONGEST_PLAIN);
        assert!(
            cut(&many)
                .iter()
                .all(|piece| piece.ends_with(' ') && piece.len() <= LONGEST_PLAIN)
        );
    }

    #[test]
    fn fine_pieces_are_lines_and_parts_of_long_ones() {
        let long = "word ".repeat(SHORTEST_FINE);
        let text = format!("one\n\nof a line\n{long}\nend");
        let all: Vec<&str> = fine(text.as_bytes(), 2..text.len() - 1)
            .map(|range| &text[range])
            .collect();
        assert_eq!(all.concat(), text[2..text.len() - 1]);
        assert_eq!(all[..3], ["e\n", "\n", "of a line\n"]);
        assert!(
            all.iter()
                .all(|piece| piece.len() < SHORTEST_FINE + "word ".len())
        );
    }
}
