//! Cuts text into pieces that can be read apart.
//!
//! A piece ends after a space or a line end, which end every escape that they are in and stay in every
//! reading, whatever the encoding ([`super::view::Decoder`]); or where no escape that begins before it in
//! its word can reach it; or with a [simple](Escapes::simple) escape. So the readings of the pieces, one after the
//! other, are the readings of the text, through all layers.

use std::{iter, ops::Range};

use memchr::{memchr2, memrchr2};

use super::{
    escapes::{Escapes, Suspect},
    marks::Marked,
};

/// Bytes of a plain piece at most, if there are spaces in it: it stays in a processor's first cache.
const LONGEST_PLAIN: usize = 2048;

/// Bytes of words with an escape at least, so that text that is full of them is not cut into words.
const SHORTEST_ESCAPED: usize = 16;

/// Bytes of a fine piece at least, unless its line ends.
const SHORTEST_FINE: usize = 128;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Without escapes, and without the bar that is skipped like white space: it reads the same in every
    /// encoding.
    Plain(Range<usize>),
    /// A [simple](Escapes::simple) escape that no other one can reach.
    SimpleEscape(Range<usize>),
    /// Words that may have escapes of any kind.
    Words(Range<usize>),
}

/// The pieces of a text: escapes, or words with them, and as much as possible of what is between them.
pub(super) struct Pieces<'t> {
    text: &'t [u8],
    escapes: &'t Escapes,
    suspects: Marked<'t, Suspect>,
    at: usize,
    /// The first escape from `at` on, or before it; the end of the text when there is none.
    escape: Option<usize>,
}

impl<'t> Pieces<'t> {
    pub fn of(text: &'t [u8], escapes: &'t Escapes) -> Self {
        Self {
            text,
            escapes,
            suspects: Marked::new(text),
            at: 0,
            escape: None,
        }
    }

    /// The words from `start` on, where a piece begins, as a piece. What comes next is what follows them.
    pub fn words_from(&mut self, start: usize) -> Range<usize> {
        self.at = end_after(self.text, start + SHORTEST_ESCAPED);
        start..self.at
    }

    /// Where the first escape from `start` on is, or the end of the text.
    fn escape_from(&mut self, start: usize) -> usize {
        match self.escape {
            Some(known) if known >= start => known,
            _ => {
                let found = self.escapes.first(self.text, &mut self.suspects, start);
                *self.escape.insert(found.unwrap_or(self.text.len()))
            }
        }
    }

    /// The piece that begins at `start`, with the first escape at `escape`.
    fn piece_with(&mut self, start: usize, escape: usize) -> Piece {
        if escape == start
            && let Some(length) = self.escapes.simple(&self.text[start..])
        {
            self.at = start + length;
            return Piece::SimpleEscape(start..self.at);
        }
        let before = &self.text[start..escape];
        let word = memrchr2(b' ', b'\n', before).map_or(0, |space| space + 1);
        let plain = if self.escapes.end_before_the_end(&before[word..]) {
            escape
        } else {
            start + word
        };
        if plain > start {
            self.at = plain;
            return Piece::Plain(start..plain);
        }
        self.at = end_after(self.text, escape.max(start + SHORTEST_ESCAPED));
        Piece::Words(start..self.at)
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        if start == self.text.len() {
            return None;
        }
        let escape = self.escape_from(start);
        let is_near = escape < self.text.len().min(start + LONGEST_PLAIN);
        if is_near {
            return Some(self.piece_with(start, escape));
        }
        let end = plain_end(self.text, start);
        if escape < end {
            return Some(self.piece_with(start, escape));
        }
        self.at = end;
        Some(Piece::Plain(start..end))
    }
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

/// `part` of `text` with the rest of the words at both sides. They may tell whether a secret stands alone, and
/// have what is not shown after it.
pub(super) fn whole_words(text: &[u8], part: Range<usize>) -> Range<usize> {
    let start = memrchr2(b' ', b'\n', &text[..part.start]).map_or(0, |space| space + 1);
    match text[..part.end].last() {
        None | Some(b' ' | b'\n') => start..part.end,
        Some(_) => start..end_after(text, part.end),
    }
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

    /// The pieces of `text`, simple escapes in angle brackets, words in square ones.
    fn cut(text: &str) -> Vec<String> {
        let decoders = Decoder::for_secrets(["a b"].into_iter());
        let escapes = Escapes::of(&decoders);
        let mut end = 0;
        let written = Pieces::of(text.as_bytes(), &escapes).map(|piece| {
            let (range, (left, right)) = match piece {
                Piece::Plain(range) => (range, ("", "")),
                Piece::SimpleEscape(range) => (range, ("<", ">")),
                Piece::Words(range) => (range, ("[", "]")),
            };
            assert_eq!(range.start, end);
            end = range.end;
            format!("{left}{}{right}", &text[range])
        });
        let written = written.collect();
        assert_eq!(end, text.len());
        written
    }

    #[test]
    fn escapes_are_pieces_of_their_own() {
        assert_eq!(cut(""), [""; 0]);
        assert_eq!(cut("one\nline, 100 % é"), ["one\nline, 100 % é"]);
        assert_eq!(
            cut("GET /app%20b%2fc HTTP/1.1\n│ "),
            [
                "GET /app",
                "<%20>",
                "b",
                "<%2f>",
                "c HTTP/1.1\n",
                "<│>",
                " "
            ]
        );
    }

    #[test]
    fn words_whose_escapes_may_be_more_than_one_stay_together() {
        assert_eq!(
            cut("GET /static/app.js?v=1%20b HTTP/1.1\n"),
            ["GET ", "[/static/app.js?v=1%20b ]", "HTTP/1.1\n"]
        );
        assert_eq!(
            cut(r"ends with\\n and \n"),
            ["ends with", r"[\\n and \n]"],
            "short ones, too"
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
