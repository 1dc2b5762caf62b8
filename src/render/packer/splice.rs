//! Edits of a text by byte ranges.
//!
//! Templates are never re-emitted from a syntax tree: hcl-edit changes the value of a `<<-` heredoc
//! with a multi-line directive and turns CRLF into LF. What no edit touches stays byte for byte.

use std::ops::Range;

/// Edits of one text, in any order.
#[derive(Debug, Default)]
pub struct Splices(Vec<(Range<usize>, String)>);

impl Splices {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push((range, text.into()));
    }

    /// Inserts before the byte at `offset`; insertions at one offset keep their order.
    pub fn insert(&mut self, offset: usize, text: impl Into<String>) {
        self.replace(offset..offset, text);
    }

    pub fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    pub fn extend(&mut self, more: Splices) {
        self.0.extend(more.0);
    }

    /// The edited text. New lines end as those of `text` do.
    ///
    /// # Panics
    ///
    /// When two edits overlap, which is a mistake in the code that made them.
    pub fn apply(mut self, text: &str) -> String {
        let crlf = text.contains("\r\n");
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut edited = String::with_capacity(text.len() + 512);
        let mut at = 0;
        for (range, replacement) in self.0 {
            assert!(at <= range.start, "edits overlap at byte {}", range.start);
            edited.push_str(&text[at..range.start]);
            if crlf {
                edited.push_str(&replacement.replace("\r\n", "\n").replace('\n', "\r\n"));
            } else {
                edited.push_str(&replacement);
            }
            at = range.end;
        }
        edited.push_str(&text[at..]);
        edited
    }
}

/// The whole lines that `range` touches, with the newline of the last one.
pub fn whole_lines(text: &str, range: &Range<usize>) -> Range<usize> {
    line_start(text, range.start)..line_end(text, range.end)
}

/// Offset of the first byte of the line that holds `offset`.
pub fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Offset after the newline of the line that holds `offset`, or of the end of the text.
pub fn line_end(text: &str, offset: usize) -> usize {
    text[offset..]
        .find('\n')
        .map_or(text.len(), |newline| offset + newline + 1)
}

/// The blanks that the line of `offset` begins with.
pub fn indentation(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    let end = line
        .find(|c: char| c != ' ' && c != '\t')
        .unwrap_or(line.len());
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_apply_in_the_order_of_the_text() {
        let mut splices = Splices::default();
        splices.insert(6, "X");
        splices.remove(0..2);
        splices.insert(6, "Y");
        splices.replace(3..4, "-");
        assert_eq!(splices.apply("abcdefgh"), "c-efXYgh");
    }

    #[test]
    fn new_lines_end_like_the_others() {
        let mut splices = Splices::default();
        splices.insert(3, "b\n");
        assert_eq!(splices.apply("a\r\nc\r\n"), "a\r\nb\r\nc\r\n");
    }

    #[test]
    fn lines_are_found_from_any_byte_in_them() {
        let text = "a\n  bc\nd";
        assert_eq!(whole_lines(text, &(4..5)), 2..7);
        assert_eq!(whole_lines(text, &(7..8)), 7..8);
        assert_eq!(indentation(text, 5), "  ");
    }
}
