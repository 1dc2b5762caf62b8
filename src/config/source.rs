//! [`Source`]: the text of a stack file, and the way from byte offsets to places that people read.

use std::{io::Read, ops::Range, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use super::{ConfigError, Place, Problem, fault::Fault};

/// Largest stack file that is read, in bytes. The biggest real ones have a few kilobytes; the limit
/// keeps a wrong path (a core dump, a device) from filling the memory.
const LARGEST_FILE: u64 = 256 * 1024;

/// Longest line that is read, in bytes. Places carry their line with them.
const LONGEST_LINE: usize = 16 * 1024;

const LONG_VALUES: &str =
    "keep long values in files of their own and read them with file(\"PATH\")";

/// Text of a stack file with the offsets of its lines.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) file: Utf8PathBuf,
    pub(super) text: String,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
}

impl Source {
    /// Takes text as it is on disk: a byte order mark is dropped and CRLF becomes LF, so that a file
    /// means the same whichever editor wrote it.
    pub(super) fn new(file: impl Into<Utf8PathBuf>, text: &str) -> Arc<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n");
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self {
            file: file.into(),
            text,
            lines,
        })
    }

    /// Reads `file`, a path relative to `root`.
    pub(super) fn read(root: &Utf8Path, file: &Utf8Path) -> Result<Arc<Self>, ConfigError> {
        let failed = |message: String, hint: Option<&str>| {
            ConfigError::from(Problem {
                message,
                place: None,
                hint: hint.map(str::to_owned),
            })
        };
        let path = root.join(file);
        let opened = fs_err::File::open(&path)
            .map_err(|error| failed(format!("failed to read the stack file: {error}"), None))?;
        let is_file = opened.metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file {
            return Err(failed(
                format!("{file} is not a file"),
                Some("a stack file is a text file named `stack.hcl`"),
            ));
        }
        let mut bytes = Vec::new();
        opened
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed(format!("failed to read the stack file: {error}"), None))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(failed(
                format!("{file} is larger than {} KiB", LARGEST_FILE / 1024),
                Some(LONG_VALUES),
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let source = Self::new(file, &text);
                match source
                    .text
                    .lines()
                    .position(|line| line.len() > LONGEST_LINE)
                {
                    Some(index) => Err(failed(
                        format!(
                            "line {} of {file} is longer than {} KiB",
                            index + 1,
                            LONGEST_LINE / 1024
                        ),
                        Some(LONG_VALUES),
                    )),
                    None => Ok(source),
                }
            }
            Err(error) => Err(not_utf8(
                file,
                error.as_bytes(),
                error.utf8_error().valid_up_to(),
            )),
        }
    }

    /// The place of a span of bytes. A span over several lines is shown by the part on its first one.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let start = floor_boundary(&self.text, span.start);
        let end = floor_boundary(&self.text, span.end).max(start);
        let index = self.lines.partition_point(|&line| line <= start) - 1;
        let from = self.lines[index];
        let line = self.text[from..].split('\n').next().unwrap_or_default();
        let line_end = from + line.len();
        let column = self.text[from..start].chars().count() + 1;
        let width = self.text[start..end.min(line_end).max(start)]
            .chars()
            .count();
        Place {
            file: self.file.clone(),
            line: index + 1,
            column,
            width: width.max(1),
            source_line: line.to_owned(),
        }
    }

    /// Number of the line, from 1, that holds the byte at `offset`.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|&line| line <= offset).max(1)
    }

    /// Turns a fault into a problem with its place in this source.
    pub(super) fn problem(&self, fault: Fault) -> Problem {
        Problem {
            message: fault.message,
            place: fault.span.map(|span| self.place(span)),
            hint: fault.hint,
        }
    }
}

/// The nearest offset at or before `offset` that does not split a character.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn not_utf8(file: &Utf8Path, bytes: &[u8], valid_up_to: usize) -> ConfigError {
    let good = String::from_utf8_lossy(&bytes[..valid_up_to]).into_owned();
    let rest = &bytes[valid_up_to..];
    let rest = &rest[..rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())];
    let source = Source::new(file, &format!("{good}{}", String::from_utf8_lossy(rest)));
    // A byte order mark that was dropped and line ends that shrank move the offset back.
    let at = source.text.len() - String::from_utf8_lossy(rest).replace("\r\n", "\n").len();
    ConfigError::from(
        source.problem(
            Fault::new(format!("{file} is not UTF-8 text"))
                .at(at..at + 1)
                .hint("save the file as UTF-8"),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, span: Range<usize>) -> (usize, usize, usize, String) {
        let place = Source::new("stack.hcl", text).place(span);
        (place.line, place.column, place.width, place.source_line)
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(at("a = 1\nbb = 2\n", 0..1), (1, 1, 1, "a = 1".into()));
        assert_eq!(at("a = 1\nbb = 2\n", 6..8), (2, 1, 2, "bb = 2".into()));
        assert_eq!(at("é = \"ü\" x", 9..10), (1, 8, 1, "é = \"ü\" x".into()));
    }

    #[test]
    fn a_span_over_lines_is_cut_at_the_end_of_its_first_line() {
        assert_eq!(at("ab {\n  c\n}\n", 3..10), (1, 4, 1, "ab {".into()));
    }

    #[test]
    fn offsets_beyond_the_end_or_inside_a_character_are_held_back() {
        assert_eq!(at("", 0..9), (1, 1, 1, String::new()));
        assert_eq!(at("a\n", 2..3), (2, 1, 1, String::new()));
        assert_eq!(at("é", 1..2), (1, 1, 1, "é".into()));
    }

    #[test]
    fn byte_order_marks_and_crlf_do_not_move_places() {
        assert_eq!(
            at("\u{feff}a = 1\r\nb = 2\r\n", 6..7),
            (2, 1, 1, "b = 2".into())
        );
    }
}
