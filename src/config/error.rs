//! [`ConfigError`]: what is wrong in a stack file, and where.

use std::fmt;

use camino::Utf8PathBuf;
use unicode_width::UnicodeWidthChar;

/// Problems that are shown; a file with more of them has one cause, and it is among the first.
const SHOWN: usize = 20;

/// Columns of a source line that are shown. Longer lines are cut around the place.
const LINE_WIDTH: usize = 110;

/// One or more problems of a stack file, all that could be found in one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

/// One problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub place: Option<Place>,
    pub hint: Option<String>,
}

/// A place in a file, with the line it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Utf8PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters to underline, at least 1.
    pub width: usize,
    pub source_line: String,
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            count if count <= SHOWN => write!(f, "\n\n{count} problems"),
            count => write!(f, "\n\n{count} problems, of which {SHOWN} are shown"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.message))?;
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let Excerpt {
                line,
                indent,
                width,
            } = place.excerpt();
            let marker = "^".repeat(width);
            write!(
                f,
                "\n{margin}--> {}\n{margin} |\n{number} | {line}\n{margin} | {:indent$}{marker}",
                place, ""
            )?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", visible(hint))?;
        }
        Ok(())
    }
}

/// `file:line:column`, as editors and terminals take it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            visible(self.file.as_str()),
            self.line,
            self.column
        )
    }
}

/// A source line as it is shown, with the columns of the marker below it.
struct Excerpt {
    line: String,
    indent: usize,
    width: usize,
}

impl Place {
    /// The line with tabs expanded and unprintable characters made visible, so that the marker below
    /// it lines up in a terminal.
    fn excerpt(&self) -> Excerpt {
        let first = self.column.saturating_sub(1);
        let last = first + self.width.max(1);
        let mut cells: Vec<(String, usize)> = Vec::new();
        let mut column = 0;
        for c in self.source_line.chars() {
            let cell = match c {
                '\t' => " ".repeat(4 - column % 4),
                c => shown(c),
            };
            let width = cell.chars().map(|c| c.width().unwrap_or(0)).sum();
            column += width;
            cells.push((cell, width));
        }
        let columns = |from: usize, to: usize| -> usize {
            let end = cells.len().min(to);
            cells
                .get(from..end)
                .unwrap_or_default()
                .iter()
                .map(|(_, width)| width)
                .sum()
        };
        // Past the end of the line (a missing brace) there is nothing to underline but the end itself.
        let marked = columns(first, last).max(1);
        if column <= LINE_WIDTH {
            return Excerpt {
                line: cells.iter().map(|(cell, _)| cell.as_str()).collect(),
                indent: columns(0, first),
                width: marked,
            };
        }
        // A window that begins a third before the place.
        let mut from = first.min(cells.len());
        while from > 0 && columns(from - 1, first) <= LINE_WIDTH / 3 {
            from -= 1;
        }
        let mut to = from;
        while to < cells.len() && columns(from, to + 1) <= LINE_WIDTH {
            to += 1;
        }
        let (before, after) = (
            if from > 0 { "…" } else { "" },
            if to < cells.len() { "…" } else { "" },
        );
        let middle: String = cells[from..to]
            .iter()
            .map(|(cell, _)| cell.as_str())
            .collect();
        Excerpt {
            line: format!("{before}{middle}{after}"),
            indent: columns(from, first) + before.chars().count(),
            width: columns(first, last.min(to)).max(1),
        }
    }
}

/// `text` with everything that would act on a terminal written out.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c.to_string(),
            c => shown(c),
        })
        .collect()
}

/// A character as it is shown: controls, and the marks that reorder text, by their number.
fn shown(c: char) -> String {
    let reorders = matches!(
        c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    if c.is_control() || reorders {
        format!("\\u{{{:x}}}", c as u32)
    } else {
        c.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: &str, column: usize, width: usize) -> String {
        Problem {
            message: "wrong".to_owned(),
            place: Some(Place {
                file: "stack.hcl".into(),
                line: 7,
                column,
                width,
                source_line: line.to_owned(),
            }),
            hint: None,
        }
        .to_string()
    }

    #[test]
    fn a_problem_shows_place_line_and_marker() {
        assert_eq!(
            problem("  regoin = \"x\"", 3, 6),
            "wrong\n --> stack.hcl:7:3\n  |\n7 |   regoin = \"x\"\n  |   ^^^^^^"
        );
    }

    #[test]
    fn the_marker_lines_up_behind_tabs_and_wide_characters() {
        assert_eq!(
            problem("\tname = \"日本\", x", 15, 1),
            "wrong\n --> stack.hcl:7:15\n  |\n7 |     name = \"日本\", x\n  |                    ^"
        );
        assert_eq!(
            problem("\"日本\"", 2, 2),
            "wrong\n --> stack.hcl:7:2\n  |\n7 | \"日本\"\n  |  ^^^^"
        );
    }

    #[test]
    fn control_characters_are_shown_and_never_reach_the_terminal() {
        let text = problem("x = \"\u{1b}[31m\u{202e}\"", 1, 1);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text:?}"
        );
        assert!(text.contains("x = \"\\u{1b}[31m\\u{202e}\""), "{text}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(5000), "b".repeat(5000));
        let text = problem(&line, 5001, 4);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines.iter().all(|line| line.chars().count() < 130),
            "{text}"
        );
        let marker = lines[4].find('^').unwrap();
        let shown: String = lines[3].chars().skip(marker).take(4).collect();
        assert_eq!(shown, "HERE");
        assert!(lines[4].ends_with(" ^^^^"), "{text}");
    }

    #[test]
    fn many_problems_are_counted_and_only_the_first_are_shown() {
        let one = Problem {
            message: "wrong".to_owned(),
            place: None,
            hint: Some("mend it".to_owned()),
        };
        let two = ConfigError {
            problems: vec![one.clone(); 2],
        };
        assert_eq!(
            two.to_string(),
            "wrong\nhint: mend it\n\nwrong\nhint: mend it\n\n2 problems"
        );
        let many = ConfigError {
            problems: vec![one; 30],
        };
        assert!(
            many.to_string()
                .ends_with("30 problems, of which 20 are shown")
        );
    }
}
