//! Redaction of text that comes in pieces.

use std::{borrow::Cow, collections::VecDeque, mem, ops::Range};

use memchr::memrchr;

use super::{ANONYMOUS, Redactor, Searched, hex_dump, lines_with_offsets, replaced, sieve::Trail};
use crate::process::stream::CUT_OFF;

/// An end of a line that begins a secret with fewer bytes than this does not hold the line back.
///
/// Every other line ends with a letter that some secret begins with; a display that waits for the
/// next line to show such a line is always one behind. What this lets through of a secret that is
/// split after its first bytes is those bytes: the rest is still recognised and taken out.
pub(super) const HELD_FROM: usize = 4;

/// Lines kept at most to see whether a secret goes on in them; the oldest is let go first.
const MOST_LINES: usize = 1024;

/// Bytes that are kept allocated for lines to come.
const MOST_KEPT_ROOM: usize = 64 * 1024;

/// Bytes of a line that are copied to have its line end with it, if there are spaces before them.
const LONGEST_COPIED: usize = 4096;

/// Redacts lines one by one, holding one back while it may end with the beginning of a secret that
/// the next ones complete. Each line has a tag that comes back with it (its time, its channel).
#[derive(Debug)]
pub struct RedactingLines<'r, T> {
    redactor: &'r Redactor,
    /// Lines that what follows may go on with.
    window: VecDeque<Line<T>>,
    /// How many bytes have been taken, line ends among them.
    position: usize,
    trail: Trail,
    /// The line that is looked at, kept for its allocation.
    with_end: String,
    /// Kept for its allocation, too.
    spare: String,
}

#[derive(Debug)]
struct Line<T> {
    text: String,
    /// Position after its line end.
    end: usize,
    /// `None` when the line has been handed out and stays only for what follows it.
    tag: Option<T>,
}

impl<'r, T> RedactingLines<'r, T> {
    pub fn new(redactor: &'r Redactor) -> Self {
        Self {
            redactor,
            window: VecDeque::new(),
            position: 0,
            trail: Trail::new(),
            with_end: String::new(),
            spare: String::new(),
        }
    }

    /// Takes the next line, without its line end, and gives those that can be shown now to `show`.
    pub fn push(&mut self, tag: T, line: &str, mut show: impl FnMut(T, Cow<'_, str>)) {
        let Some(searched) = &self.redactor.searched else {
            return show(tag, Cow::Borrowed(line));
        };
        let line = &*without_cut_secret(searched, line);
        let start = self.position;
        if self.has_nothing(searched, line) {
            self.keep_end(start, line);
            return show(tag, Cow::Borrowed(line));
        }
        self.window.push_back(Line {
            text: line.to_owned(),
            end: self.position,
            tag: Some(tag),
        });
        self.decide(searched, show);
    }

    /// Whether it is certain that `line` has nothing to redact and nothing to wait for, and that no line
    /// waits for it.
    fn has_nothing(&mut self, searched: &Searched, line: &str) -> bool {
        let Some(sieve) = &searched.sieve else {
            return false;
        };
        let mut here = false;
        let mut open = false;
        // Of a line of megabytes only the last part is copied.
        let cut = line.len().saturating_sub(LONGEST_COPIED);
        let cut = memrchr(b' ', &line.as_bytes()[..cut]).map_or(0, |space| space + 1);
        // An escape may need the line end, in whatever layer.
        self.with_end.clear();
        self.with_end.push_str(&line[cut..]);
        self.with_end.push('\n');
        for text in [&line[..cut], &self.with_end] {
            open = searched.look(sieve, &mut self.trail, self.position, text, |_| here = true);
            self.position += text.len();
        }
        self.with_end.shrink_to(MOST_KEPT_ROOM);
        let none_waits = self.window.iter().all(|line| line.tag.is_none());
        none_waits && !here && !open && hex_dump::rows(line.as_bytes()).is_empty()
    }

    /// Keeps of `line`, which is handed out, and of the lines before it what the next ones may go on with.
    fn keep_end(&mut self, start: usize, line: &str) {
        let first = self.trail.start().unwrap_or(self.position);
        while let Some(oldest) = self.window.front()
            && (oldest.end <= first || self.window.len() >= MOST_LINES)
        {
            self.spare = self
                .window
                .pop_front()
                .map_or_else(String::new, |it| it.text);
        }
        if self.position <= first {
            return;
        }
        let mut text = mem::take(&mut self.spare);
        text.clear();
        text.shrink_to(MOST_KEPT_ROOM);
        text.push_str(&line[first.saturating_sub(start)..]);
        self.window.push_back(Line {
            text,
            end: self.position,
            tag: None,
        });
    }

    /// Searches the lines that are there, and hands out those that are decided.
    fn decide(&mut self, searched: &Searched, mut show: impl FnMut(T, Cow<'_, str>)) {
        let (mut text, ranges) = self.joined();
        text.push('\n');
        let scan = searched.scan_to_the_end(&text);
        let replacements = searched.replacements(&text, scan.hits);

        let undecided = scan.beginning.map_or(ranges.len(), |beginning| {
            ranges
                .iter()
                .take_while(|range| range.end < beginning.start)
                .count()
        });
        let undecided = undecided.max(self.window.len().saturating_sub(MOST_LINES));
        let hold = scan
            .beginning
            .is_some_and(|beginning| beginning.bytes >= HELD_FROM);
        let shown = if hold { undecided } else { ranges.len() };
        for (line, range) in self.window.iter_mut().zip(&ranges).take(shown) {
            if let Some(tag) = line.tag.take() {
                show(tag, replaced(&text, range.clone(), &replacements).into());
            }
        }
        self.window.drain(..undecided);
    }

    /// Gives what is held back to `show`, now that nothing follows it.
    pub fn finish(self, mut show: impl FnMut(T, Cow<'_, str>)) {
        let Some(searched) = &self.redactor.searched else {
            return;
        };
        let (text, ranges) = self.joined();
        let replacements = searched.replacements(&text, searched.hits(&text));
        for (line, range) in self.window.into_iter().zip(ranges) {
            if let Some(tag) = line.tag {
                show(tag, replaced(&text, range, &replacements).into());
            }
        }
    }

    fn joined(&self) -> (String, Vec<Range<usize>>) {
        let lines: Vec<&str> = self.window.iter().map(|line| line.text.as_str()).collect();
        let text = lines.join("\n");
        let ranges = lines_with_offsets(&text).collect();
        (text, ranges)
    }
}

/// A line that was cut off without the beginning of a secret at its end: the rest, which would tell that
/// it is one, does not come.
fn without_cut_secret<'t>(searched: &Searched, line: &'t str) -> Cow<'t, str> {
    let beginning = line.strip_suffix(CUT_OFF).and_then(|kept| {
        let beginning = searched.scan_to_the_end(kept).beginning?;
        (beginning.bytes >= HELD_FROM).then(|| &kept[..beginning.start])
    });
    match beginning {
        Some(before) => Cow::Owned(format!("{before}{ANONYMOUS}{CUT_OFF}")),
        None => Cow::Borrowed(line),
    }
}

/// Redacts text that comes in chunks of any size. Whole lines come out as soon as they are decided.
#[derive(Debug)]
pub struct RedactingText<'r> {
    lines: RedactingLines<'r, ()>,
    unfinished: String,
}

impl<'r> RedactingText<'r> {
    pub fn new(redactor: &'r Redactor) -> Self {
        Self {
            lines: RedactingLines::new(redactor),
            unfinished: String::new(),
        }
    }

    /// Takes the next chunk and returns the redacted lines that can be shown now, with their ends.
    pub fn push(&mut self, chunk: &str) -> String {
        let mut out = String::new();
        let mut rest = chunk;
        while let Some((line, after)) = rest.split_once('\n') {
            self.unfinished.push_str(line);
            self.lines.push((), &self.unfinished, |(), line| {
                out.push_str(&line);
                out.push('\n');
            });
            self.unfinished.clear();
            rest = after;
        }
        self.unfinished.push_str(rest);
        out
    }

    /// Returns the rest, now that nothing follows it.
    pub fn finish(mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut show = |(), line: Cow<'_, str>| lines.push(line.into_owned());
        self.lines.push((), &self.unfinished, &mut show);
        self.lines.finish(&mut show);
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::properties::{finished, pushed},
        *,
    };
    use crate::secret::Secret;

    fn redactor() -> Redactor {
        Redactor::new([("db", &Secret::new("hunter2hunter3"))])
    }

    fn texts<T>(lines: Vec<(T, String)>) -> Vec<String> {
        lines.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_line_that_may_begin_a_secret_waits_for_the_next() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        assert_eq!(pushed(&mut lines, 1, "first"), [(1, "first".to_owned())]);
        assert_eq!(pushed(&mut lines, 2, "value hunter2"), []);
        assert_eq!(
            pushed(&mut lines, 3, "  hunter3 end"),
            [
                (2, "value [REDACTED:db]".to_owned()),
                (3, "  [REDACTED:db] end".to_owned())
            ]
        );
        assert_eq!(pushed(&mut lines, 4, "value hunter2"), []);
        assert_eq!(
            pushed(&mut lines, 5, "other"),
            [(4, "value hunter2".to_owned()), (5, "other".to_owned())]
        );
        assert_eq!(pushed(&mut lines, 6, "value hunter2"), []);
        assert_eq!(finished(lines), [(6, "value hunter2".to_owned())]);
    }

    #[test]
    fn a_whole_secret_at_the_end_of_a_line_does_not_hold_it_back() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        assert_eq!(
            texts(pushed(&mut lines, (), "is hunter2hunter3")),
            ["is [REDACTED:db]"]
        );
    }

    #[test]
    fn a_letter_that_begins_a_secret_does_not_hold_the_line_back() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        assert_eq!(
            texts(pushed(&mut lines, (), "waiting for ssh")),
            ["waiting for ssh"]
        );
        assert_eq!(
            texts(pushed(&mut lines, (), "unter2hunter3")),
            ["[REDACTED:db]"]
        );
    }

    #[test]
    fn a_secret_in_many_small_pieces_is_still_seen() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        let mut out = Vec::new();
        for piece in ["h", "unt", "", "e", "r2", "hunter", "3", "end"] {
            out.extend(texts(pushed(&mut lines, (), piece)));
        }
        out.extend(texts(finished(lines)));
        let mark = "[REDACTED:db]";
        assert_eq!(out, ["h", mark, "", mark, mark, mark, mark, "end"]);
    }

    #[test]
    fn a_secret_that_a_long_line_was_cut_off_in_is_taken_out() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        let long = "all is well ".repeat(2000);
        assert_eq!(
            texts(pushed(&mut lines, (), &format!("{long}hunter2{CUT_OFF}"))),
            [format!("{long}[REDACTED]{CUT_OFF}")]
        );
        let harmless = format!("{long}hun{CUT_OFF}");
        assert_eq!(texts(pushed(&mut lines, (), &harmless)), [harmless]);
    }

    #[test]
    fn a_line_of_megabytes_is_redacted_where_it_has_to_be() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        let filler = "all is well, 100 %; ".repeat(50_000);
        let line =
            |plain: &str, encoded: &str| format!("{filler}{plain} {filler}{encoded} {filler}");
        let found = pushed(&mut lines, (), &line("hunter2hunter3", "%68unter2hunter3"));
        assert_eq!(texts(found), [line("[REDACTED:db]", "[REDACTED:db]")]);
        assert_eq!(texts(pushed(&mut lines, (), &filler)), [filler]);
    }

    #[test]
    fn chunks_may_end_anywhere() {
        let text = "one\nvalue=hunter2hunter3\r\nlast";
        for size in 1..text.len() {
            let redactor = redactor();
            let mut stream = RedactingText::new(&redactor);
            let mut out = String::new();
            for chunk in text.as_bytes().chunks(size) {
                out.push_str(&stream.push(std::str::from_utf8(chunk).unwrap()));
            }
            out.push_str(&stream.finish());
            assert_eq!(out, "one\nvalue=[REDACTED:db]\r\nlast");
        }
    }

    #[test]
    fn without_secrets_nothing_is_held_back() {
        let redactor = Redactor::default();
        let mut lines = RedactingLines::new(&redactor);
        assert_eq!(texts(pushed(&mut lines, (), "hunter2")), ["hunter2"]);
    }

    #[test]
    fn endless_blank_lines_do_not_pile_up() {
        let redactor = redactor();
        let mut lines = RedactingLines::new(&redactor);
        pushed(&mut lines, (), "hunter2");
        let mut out = 0;
        for _ in 0..5000 {
            out += pushed(&mut lines, (), "").len();
        }
        assert!(out >= 5000 - MOST_LINES);
    }
}
