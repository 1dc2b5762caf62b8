//! Vertical alignment of the attributes of a block, as `packer fmt` wants it.
//!
//! The rules are those of hclwrite's formatter: the equals signs of attributes on consecutive lines
//! stand below each other, and so do the comments behind them. An attribute whose brackets are not
//! closed on its first line, a blank line, a comment line and a block each end such a group.

use std::ops::Range;

use hcl_edit::{
    Span,
    expr::Expression,
    structure::{Attribute, Block},
};

use super::splice::{Splices, line_end, line_start};

/// Adds the edits that align the attributes directly in `block`.
pub fn align(text: &str, block: &Block, splices: &mut Splices) {
    let mut group: Vec<Row> = Vec::new();
    for attribute in block.body.attributes() {
        let Some(row) = Row::of(text, attribute) else {
            continue;
        };
        if group.last().is_some_and(|last| last.next_line != row.line) {
            align_group(&group, splices);
            group.clear();
        }
        group.push(row);
    }
    align_group(&group, splices);
}

/// An attribute that takes part in alignment.
struct Row {
    /// Start of its line.
    line: usize,
    /// Start of the line after it.
    next_line: usize,
    /// Characters of the name.
    name: usize,
    /// Between name and equals sign.
    gap: Range<usize>,
    /// Characters from the equals sign to the end of the value, `None` when the value has several lines.
    value: Option<usize>,
    /// Between the value and the comment behind it.
    comment_gap: Option<Range<usize>>,
}

impl Row {
    fn of(text: &str, attribute: &Attribute) -> Option<Row> {
        let (whole, key) = (attribute.span()?, attribute.key.span()?);
        let line = line_start(text, whole.start);
        let one_line = !text[whole.clone()].contains('\n');
        // A heredoc is one token with its lines, so its attribute counts as one line.
        if !one_line && !matches!(attribute.value, Expression::HeredocTemplate(_)) {
            return None;
        }
        let equals = key.end + text[key.end..].find('=')?;
        if !text[key.end..equals].trim().is_empty() || !text[line..key.start].trim().is_empty() {
            return None;
        }
        let next_line = line_end(text, whole.end);
        let rest = &text[whole.end..next_line];
        let comment = rest.len() - rest.trim_start().len();
        let has_comment = rest.trim_start().starts_with(['#', '/']);
        Some(Row {
            line,
            next_line,
            name: text[key.clone()].chars().count(),
            gap: key.end..equals,
            value: one_line.then(|| text[equals..whole.end].chars().count()),
            comment_gap: has_comment.then_some(whole.end..whole.end + comment),
        })
    }
}

fn align_group(group: &[Row], splices: &mut Splices) {
    let width = group.iter().map(|row| row.name).max().unwrap_or_default();
    for row in group {
        splices.replace(row.gap.clone(), " ".repeat(width - row.name + 1));
    }
    for rows in group.chunk_by(|a, b| a.comment_gap.is_some() == b.comment_gap.is_some()) {
        let widest = rows.iter().filter_map(|row| row.value).max();
        for row in rows {
            if let (Some(gap), Some(value), Some(widest)) = (&row.comment_gap, row.value, widest) {
                splices.replace(gap.clone(), " ".repeat(widest - value + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(text: &str) -> String {
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let mut splices = Splices::default();
        for block in body.blocks() {
            align(text, block, &mut splices);
        }
        splices.apply(text)
    }

    #[test]
    fn consecutive_attributes_and_their_comments_are_aligned() {
        let text =
            "b {\n  a = 1 # x\n  long   = \"é\" // y\n  c=1\n\n  dd = 2\n  # note\n  e   = 3\n}\n";
        assert_eq!(
            aligned(text),
            "b {\n  a    = 1   # x\n  long = \"é\" // y\n  c    =1\n\n  dd = 2\n  # note\n  e = 3\n}\n"
        );
    }

    #[test]
    fn open_brackets_end_a_group_and_heredocs_do_not() {
        let text = "b {\n  long   = 1\n  a = {\n    x = 1\n  }\n  c = <<E\nx\nE\n  dd = 1\n}\n";
        assert_eq!(
            aligned(text),
            "b {\n  long = 1\n  a = {\n    x = 1\n  }\n  c  = <<E\nx\nE\n  dd = 1\n}\n"
        );
    }
}
