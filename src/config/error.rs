//! [`ConfigError`]: what is wrong in a stack file, and where.

use std::fmt;

use camino::Utf8PathBuf;

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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let indent = " ".repeat(place.column.saturating_sub(1));
            let marker = "^".repeat(place.width.max(1));
            write!(
                f,
                "\n{margin}--> {}:{}:{}\n{margin} |\n{number} | {}\n{margin} | {indent}{marker}",
                place.file, place.line, place.column, place.source_line
            )?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
