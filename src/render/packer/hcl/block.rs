//! [`BlockEditor`]: changes to the arguments of one block as edits of the text.

use hcl_edit::{
    Span,
    structure::{Block, Structure},
};

use crate::render::{
    hcl_file::HclFile,
    hcl_literal::{assignments, quote},
    packer::splice::{Splices, indentation, line_start, whole_lines},
};

/// Says above what was added who added it; also keeps what is below from being aligned with what is
/// above.
const MARK: &str = "# Set for this run.";

/// Collects changes to one block.
pub(super) struct BlockEditor<'f> {
    file: &'f HclFile,
    block: &'f Block,
    indent: String,
    splices: Splices,
    /// `name = value` to add on lines of their own.
    added: Vec<(String, String)>,
    /// Whole constructs to add after those.
    appended: Vec<String>,
    removed: Vec<std::ops::Range<usize>>,
}

impl<'f> BlockEditor<'f> {
    pub(super) fn new(file: &'f HclFile, block: &'f Block) -> Self {
        let start = span(block).start;
        Self {
            file,
            block,
            indent: format!("{}  ", indentation(&file.text, start)),
            splices: Splices::default(),
            added: Vec::new(),
            appended: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Gives the argument `name` the value `expression`.
    pub(super) fn set(&mut self, name: &str, expression: String) {
        match self.block.body.get_attribute(name) {
            Some(attribute) => self.splices.replace(span(&attribute.value), expression),
            None => self.added.push((name.to_owned(), expression)),
        }
    }

    /// Takes out the argument and the blocks called `name`.
    pub(super) fn remove(&mut self, name: &str) {
        if let Some(attribute) = self.block.body.get_attribute(name) {
            self.removed.push(span(attribute));
        }
        self.remove_blocks(|nested| nested.ident.as_str() == name);
    }

    pub(super) fn remove_blocks(&mut self, unwanted: impl Fn(&Block) -> bool) {
        let blocks = self.block.body.blocks().filter(|block| unwanted(block));
        self.removed.extend(blocks.map(span));
    }

    /// Adds `pairs` to the map `name`, over what is there.
    pub(super) fn merge(&mut self, name: &str, pairs: &[(String, String)]) {
        if pairs.is_empty() {
            return;
        }
        let quoted: Vec<(String, String)> = pairs
            .iter()
            .map(|(key, value)| (quote(key), quote(value)))
            .collect();
        let lines = |indent: &str| {
            assignments(
                indent,
                quoted
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.clone())),
            )
        };
        let Some(attribute) = self.block.body.get_attribute(name) else {
            let object = format!("{name} = {{\n{}}}\n", lines("  "));
            self.appended.push(object);
            return;
        };
        let value = span(&attribute.value);
        let text = &self.file.text;
        let close = value.end.saturating_sub(1);
        if attribute.value.is_null() {
            let members = format!(
                "{{\n{}{}}}",
                lines(&format!("{}  ", self.indent)),
                self.indent
            );
            self.splices.replace(value, members);
        } else if attribute.value.is_object()
            && text[value.clone()].contains('\n')
            && text[line_start(text, close)..close].trim().is_empty()
        {
            let indent = format!("{}  ", indentation(text, close));
            self.splices.insert(
                line_start(text, close),
                format!("{indent}{MARK}\n{}", lines(&indent)),
            );
        } else {
            let pairs: Vec<String> = quoted
                .iter()
                .map(|(key, value)| format!("{key} = {value}"))
                .collect();
            self.splices.insert(value.start, "merge(");
            self.splices
                .insert(value.end, format!(", {{ {} }})", pairs.join(", ")));
        }
    }

    /// Adds a construct, written without indentation, at the end of the block.
    pub(super) fn append(&mut self, construct: String) {
        self.appended.push(construct);
    }

    /// Puts the changes into `splices`, the edits of the whole file.
    pub(super) fn finish(mut self, splices: &mut Splices) {
        let text = &self.file.text;
        let whole = span(self.block);
        let mut addition = String::new();
        if !self.added.is_empty() {
            addition.push_str(&format!("{}{MARK}\n", self.indent));
            let pairs = self.added.iter();
            addition.push_str(&assignments(
                &self.indent,
                pairs.map(|(name, value)| (name.as_str(), value.clone())),
            ));
        }
        for construct in &self.appended {
            if !addition.is_empty() {
                addition.push('\n');
            }
            for line in construct.lines() {
                addition.push_str(&format!("{}{line}\n", self.indent));
            }
        }

        // A block on one line, `build { sources = [...] }`, holds one argument at most.
        if self.block.body.span().is_none() {
            let open = open_brace(text, self.block);
            let only = self
                .block
                .body
                .iter()
                .next()
                .filter(|structure| !self.removed.contains(&span(*structure)));
            let outer = indentation(text, whole.start).to_owned();
            match only.and_then(Structure::as_attribute) {
                Some(attribute) => {
                    let argument = span(attribute);
                    splices.replace(open + 1..argument.start, format!("\n{}", self.indent));
                    let gap = if addition.is_empty() { "" } else { "\n" };
                    splices.extend(self.splices);
                    splices.replace(
                        argument.end..whole.end - 1,
                        format!("\n{gap}{addition}{outer}"),
                    );
                }
                None if addition.is_empty() => splices.remove(open + 1..whole.end - 1),
                None => splices.replace(open + 1..whole.end - 1, format!("\n{addition}{outer}")),
            }
            return;
        }

        for range in self.removed.drain(..) {
            splices.remove(whole_lines(text, &range));
        }
        splices.extend(self.splices);
        if !addition.is_empty() {
            let close = line_start(text, whole.end - 1);
            let before = text[..close].trim_end();
            let blank_before = text[before.len()..close].matches('\n').count() > 1;
            let is_first =
                before.ends_with('{') && before.len() == open_brace(text, self.block) + 1;
            let gap = if blank_before || is_first { "" } else { "\n" };
            splices.insert(close, format!("{gap}{addition}"));
        }
    }
}

/// Offset of the brace that opens `block`.
fn open_brace(text: &str, block: &Block) -> usize {
    let header_end = block
        .labels
        .last()
        .map_or_else(|| span(&block.ident).end, |label| span(label).end);
    let brace = text[header_end..].find('{');
    header_end + brace.expect("a parsed block has an opening brace")
}

fn span(node: &impl Span) -> std::ops::Range<usize> {
    node.span()
        .expect("every node of a parsed file has its span")
}
