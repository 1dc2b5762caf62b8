//! Cuts text into pieces that can be read apart, and lines of any length with them.
//!
//! A piece ends where no escape goes on, in whatever encoding and layer, so that the readings of the
//! pieces, one after the other, are the readings of the text: after a line end, which ends every
//! escape that it is in, or after a space in a stretch without the beginning of an escape.

use std::ops::Range;

use super::{LAYERS, sieve::Sieve, view::LONGEST_ESCAPE};

/// Lines are cut from this length on.
const LONG: usize = 16 * 1024;

/// Bytes without the beginning of an escape that end a piece: an escape from before them ends in them,
/// what it means can begin an escape of the next layer, and so on. Backslashes have a layer more.
const QUIET: usize = (LAYERS + 1) * LONGEST_ESCAPE;

pub(super) struct Pieces<'t> {
    text: &'t str,
    sieve: &'t Sieve,
    at: usize,
    /// End of the line that `at` is in.
    line_end: usize,
}

impl<'t> Pieces<'t> {
    pub fn new(text: &'t str, sieve: &'t Sieve) -> Self {
        Self {
            text,
            sieve,
            at: 0,
            line_end: 0,
        }
    }

    /// The end of the piece that begins at `at`, in a long line.
    fn quiet_end(&self) -> usize {
        let from = self.at + LONG;
        let mut quiet = 0;
        for (offset, byte) in self.text.as_bytes()[from..self.line_end].iter().enumerate() {
            quiet += 1;
            if self.sieve.begins_escape(*byte) {
                quiet = 0;
            } else if quiet > QUIET && *byte == b' ' {
                return from + offset + 1;
            }
        }
        self.line_end
    }
}

impl Iterator for Pieces<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.at == self.text.len() {
            return None;
        }
        if self.at == self.line_end {
            let end = self.text[self.at..].find('\n');
            self.line_end = end.map_or(self.text.len(), |end| self.at + end + 1);
        }
        let end = if self.line_end - self.at > LONG {
            self.quiet_end()
        } else {
            self.line_end
        };
        let piece = self.at..end;
        self.at = end;
        Some(piece)
    }
}
