//! From byte offsets of a text to the places that errors show.

use std::ops::Range;

use camino::Utf8Path;

use crate::config::{ConfigError, Place, Problem};

/// The place of `span` in `text`, the content of `file`. A span over several lines is shown by the
/// part on its first line.
pub fn place(file: &Utf8Path, text: &str, span: Range<usize>) -> Place {
    let start = floor_boundary(text, span.start);
    let end = floor_boundary(text, span.end).max(start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let source_line = text[line_start..].lines().next().unwrap_or_default();
    let shown_end = end.min(line_start + source_line.len()).max(start);
    Place {
        file: file.to_owned(),
        line: text[..start].matches('\n').count() + 1,
        column: text[line_start..start].chars().count() + 1,
        width: text[start..shown_end].chars().count().max(1),
        source_line: source_line.to_owned(),
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

/// The only problem of a file, as an error.
pub fn problem(
    message: impl Into<String>,
    place: Option<Place>,
    hint: Option<String>,
) -> ConfigError {
    ConfigError {
        problems: vec![Problem {
            message: message.into(),
            place,
            hint,
        }],
    }
}

/// As `error`, which is about a file of values, without the line it is on: there may be a secret in it, and values are read
/// before anybody knows the secrets.
pub fn without_line(path: &Utf8Path, error: &ConfigError) -> ConfigError {
    let places = error.problems.iter().filter_map(|one| one.place.as_ref());
    let place = places.map(ToString::to_string).next();
    problem(
        format!(
            "failed to parse {}",
            place.unwrap_or_else(|| path.to_string())
        ),
        None,
        Some("the line is not shown, as it may hold a secret: look at it in the file".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, span: Range<usize>) -> (usize, usize, usize, String) {
        let place = place("t.hcl".into(), text, span);
        (place.line, place.column, place.width, place.source_line)
    }

    #[test]
    fn lines_and_characters_are_counted_from_one() {
        assert_eq!(at("a = 1\nbb = 2\n", 6..8), (2, 1, 2, "bb = 2".to_owned()));
        assert_eq!(
            at("é = \"ü\" x", 9..10),
            (1, 8, 1, "é = \"ü\" x".to_owned())
        );
        assert_eq!(at("a {\r\n  b\r\n}", 2..11), (1, 3, 1, "a {".to_owned()));
    }

    #[test]
    fn offsets_that_no_character_starts_at_are_held_back() {
        assert_eq!(at("", 0..9), (1, 1, 1, String::new()));
        assert_eq!(at("é", 1..2), (1, 1, 1, "é".to_owned()));
        assert_eq!(at("a\n", 2..3), (2, 1, 1, String::new()));
    }
}
