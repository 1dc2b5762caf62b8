//! [`HclFile`]: the text of an HCL file of the user's and its syntax tree.

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey},
    structure::{Block, Body},
};

use super::place::{place, problem, without_line};
use crate::config::{ConfigError, Place};

/// An HCL file and what it parses to.
#[derive(Debug, Clone)]
pub struct HclFile {
    /// Relative to the project's root.
    pub path: Utf8PathBuf,
    pub text: String,
    pub body: Body,
}

impl HclFile {
    /// Parses `text`, the content of `path`. A byte order mark, which no HCL parser takes, is dropped.
    ///
    /// # Errors
    ///
    /// When it is not HCL, with the place.
    pub fn parse(path: &Utf8Path, text: &str) -> Result<HclFile, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let body = hcl_edit::parser::parse_body(&text).map_err(|error| {
            let location = error.location();
            let line_start: usize = text
                .split_inclusive('\n')
                .take(location.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let column = text[line_start..]
                .char_indices()
                .nth(location.column().saturating_sub(1))
                .map_or(text.len(), |(offset, _)| line_start + offset);
            problem(
                format!("failed to parse {path}: {}", error.message()),
                Some(place(path, &text, column..column + 1)),
                None,
            )
        })?;
        Ok(HclFile {
            path: path.to_owned(),
            text,
            body,
        })
    }

    /// As [`HclFile::parse`], for a file of values.
    ///
    /// # Errors
    ///
    /// When it is not HCL, with the place but not the line there.
    pub fn parse_values(path: &Utf8Path, text: &str) -> Result<HclFile, ConfigError> {
        Self::parse(path, text).map_err(|error| without_line(path, &error))
    }

    /// The place of something that was parsed from this file.
    pub fn place(&self, node: &impl Span) -> Place {
        let span = node
            .span()
            .expect("every node of a parsed file has its span");
        place(&self.path, &self.text, span)
    }
}

/// The labels of `block` when there are exactly `N`.
pub fn labels<const N: usize>(block: &Block) -> Option<[&str; N]> {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
    labels.try_into().ok()
}

/// What a `dynamic` block makes, by its label; `None` for every other block.
pub fn dynamic(block: &Block) -> Option<&str> {
    let [made] = labels(block).filter(|_| block.ident.as_str() == "dynamic")?;
    Some(made)
}

/// The member `name` of an object that is written out.
pub fn member<'e>(object: &'e Expression, name: &str) -> Option<&'e Expression> {
    object.as_object()?.iter().find_map(|(key, value)| {
        let is_wanted = match key {
            ObjectKey::Ident(ident) => ident.as_str() == name,
            ObjectKey::Expression(key) => key.as_str() == Some(name),
        };
        is_wanted.then(|| value.expr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_errors_show_their_place() {
        let error = HclFile::parse("a.tf".into(), "é = 1\nb = [\n}\n").unwrap_err();
        let place = error.problems[0].place.as_ref().unwrap();
        assert_eq!(
            (place.line, place.source_line.as_str()),
            (3, "}"),
            "{error}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let file = HclFile::parse("a.tf".into(), "\u{feff}a = 1\n").unwrap();
        assert_eq!(file.text, "a = 1\n");
    }
}
