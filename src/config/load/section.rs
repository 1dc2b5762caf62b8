//! [`Section`]: a block whose shape has been checked against the schema.

use std::{collections::BTreeMap, ops::Range};

use hcl_edit::{
    Span,
    expr::Expression,
    structure::{Attribute, Block, Body, Structure},
};

use super::reader::Reader;
use crate::config::{fault::Fault, names, schema, suggest};

/// A block with the attributes and blocks that belong into it; the rest has been reported.
pub(super) struct Section<'a> {
    pub(super) schema: &'static schema::Block,
    block: Option<&'a Block>,
    attributes: Vec<Field<'a>>,
    blocks: Vec<Section<'a>>,
    /// Something in it was not known, so what seems to be missing may be there under a wrong name.
    pub(super) has_unknown: bool,
}

/// An attribute and its value.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    attribute: &'a Attribute,
    pub(super) expression: &'a Expression,
}

impl Field<'_> {
    /// Where the value is.
    pub(super) fn span(&self) -> Range<usize> {
        self.expression.span().unwrap_or_else(|| self.name_span())
    }

    /// Where the name is.
    pub(super) fn name_span(&self) -> Range<usize> {
        self.attribute.key.span().unwrap_or_default()
    }
}

impl<'a> Section<'a> {
    /// Reads a body by its schema and reports what does not belong into it.
    pub(super) fn read(
        reader: &Reader,
        schema: &'static schema::Block,
        body: &'a Body,
        block: Option<&'a Block>,
    ) -> Self {
        let mut section = Self {
            schema,
            block,
            attributes: Vec::new(),
            blocks: Vec::new(),
            has_unknown: false,
        };
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let name = attribute.key.value().as_str();
                    if schema.open || schema.attribute(name).is_some() {
                        section.attributes.push(Field {
                            name,
                            attribute,
                            expression: &attribute.value,
                        });
                    } else {
                        section.has_unknown = true;
                        reader.report(unknown_attribute(schema, name).at(attribute.key.span()));
                    }
                }
                Structure::Block(inner) => match schema.block(inner.ident.value().as_str()) {
                    Some(known) => {
                        let inner = Section::read(reader, known, &inner.body, Some(inner));
                        inner.check_label(reader);
                        section.blocks.push(inner);
                    }
                    None => {
                        section.has_unknown = true;
                        let name = inner.ident.value().as_str();
                        reader.report(unknown_block(schema, name).at(inner.ident.span()));
                    }
                },
            }
        }
        section.check_required(reader);
        section.check_duplicates(reader);
        section
    }

    pub(super) fn field(&self, name: &str) -> Option<Field<'a>> {
        debug_assert!(
            self.schema.open || self.schema.attribute(name).is_some(),
            "{name}"
        );
        self.attributes
            .iter()
            .find(|field| field.name == name)
            .copied()
    }

    /// Reports something that is missing, unless it may be there under a wrong name.
    pub(super) fn report_missing(&self, reader: &Reader, fault: Fault) {
        if !self.has_unknown {
            reader.report(fault.at(self.title_span()));
        }
    }

    /// All attributes in the order of the file.
    pub(super) fn fields(&self) -> &[Field<'a>] {
        &self.attributes
    }

    pub(super) fn blocks(&self, name: &'static str) -> impl Iterator<Item = &Section<'a>> {
        self.blocks
            .iter()
            .filter(move |block| block.schema.name == name)
    }

    /// The first label; empty when there is none, which has been reported.
    pub(super) fn name(&self) -> &'a str {
        let label = self.block.and_then(|block| block.labels.first());
        label.map_or("", |label| label.as_str())
    }

    pub(super) fn label_span(&self) -> Range<usize> {
        let label = self.block.and_then(|block| block.labels.first());
        label
            .and_then(Span::span)
            .unwrap_or_else(|| self.title_span())
    }

    /// The block's type and labels.
    pub(super) fn title_span(&self) -> Range<usize> {
        let Some(block) = self.block else { return 0..0 };
        let start = block.ident.span().unwrap_or_default();
        let end = block.labels.last().and_then(Span::span);
        start.start..end.unwrap_or(start.clone()).end
    }

    fn check_label(&self, reader: &Reader) {
        let Some(block) = self.block else { return };
        let count = block.labels.len();
        match (self.schema.label, count) {
            (None, 0) => {}
            (None, _) => reader.report(
                Fault::new(format!("{} has no label", a_block(self.schema.name)))
                    .at(self.label_span()),
            ),
            (Some(_), 0) => reader.report(
                Fault::new(format!("this `{}` block has no name", self.schema.name))
                    .at(self.title_span())
                    .hint(format!("write it as {} {{ ... }}", self.schema.title())),
            ),
            (Some(_), 1) => {
                // Names of environment variables have rules of their own.
                if self.schema.name != "env"
                    && let Err(fault) = names::label(&article(self.schema.name), self.name())
                {
                    reader.report(fault.at(self.label_span()));
                }
            }
            (Some(_), _) => reader.report(
                Fault::new(format!("{} has one name", a_block(self.schema.name)))
                    .at(block.labels[1].span())
                    .hint(format!("write it as {} {{ ... }}", self.schema.title())),
            ),
        }
    }

    fn check_required(&self, reader: &Reader) {
        for attribute in self.schema.attributes {
            if attribute.need == schema::Need::Required && self.field(attribute.name).is_none() {
                let fault = Fault::new(format!(
                    "`{}` is missing in this `{}` block",
                    attribute.name, self.schema.name
                ));
                let sentence = attribute.summary.split(". ").next().unwrap_or_default();
                let what = lower_first(sentence.trim_end_matches('.'));
                self.report_missing(
                    reader,
                    fault.hint(format!("add `{} = ...`: {what}", attribute.name)),
                );
            }
        }
    }

    fn check_duplicates(&self, reader: &Reader) {
        let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for block in &self.blocks {
            // Several backends of different types are no better than several of one.
            let name = if block.schema.open { "" } else { block.name() };
            let line = reader.source.line_of(block.title_span().start);
            // That there is one `stack` block is said elsewhere.
            if block.schema.name == "stack" {
                continue;
            }
            match seen.get(&(block.schema.name, name)) {
                Some(first) if block.schema.open => reader.report(
                    Fault::new(format!("there is a `{}` block already", block.schema.name))
                        .at(block.title_span())
                        .hint(format!("the first is on line {first}")),
                ),
                Some(first) => reader.report(
                    Fault::new(format!(
                        "there is {} `{name}` already",
                        article(block.schema.name)
                    ))
                    .at(block.label_span())
                    .hint(format!(
                        "the first is on line {first}; give one another name"
                    )),
                ),
                None => {
                    seen.insert((block.schema.name, name), line);
                }
            }
        }
    }
}

fn article(noun: &str) -> String {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {noun}")
    } else {
        format!("a {noun}")
    }
}

fn a_block(name: &str) -> String {
    article(name).replacen(name, &format!("`{name}` block"), 1)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        // `AWS region` keeps its capitals.
        Some(first) if !characters.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

fn place_of(schema: &schema::Block) -> String {
    match schema.name {
        "" => "at the top of the file".to_owned(),
        name => format!("in `{name}` blocks"),
    }
}

fn unknown_attribute(schema: &schema::Block, name: &str) -> Fault {
    let fault = Fault::new(match schema.name {
        "" => format!("unknown attribute `{name}` at the top of the file"),
        block => format!("unknown attribute `{name}` in {}", a_block(block)),
    });
    if let Some(block) = schema.block(name) {
        return fault.hint(format!(
            "`{name}` is a block: write {} {{ ... }}",
            block.title()
        ));
    }
    let own = schema.attributes.iter().map(|attribute| attribute.name);
    if let Some(close) = suggest::closest(name, own.clone()) {
        return fault.hint(format!("did you mean `{close}`?"));
    }
    let elsewhere = schema::all()
        .into_iter()
        .find(|block| block.attribute(name).is_some());
    if let Some(block) = elsewhere {
        return fault.hint(format!("`{name}` belongs {}", place_of(block)));
    }
    fault.maybe_hint(suggest::hint(name, "its attributes are", own))
}

fn unknown_block(schema: &schema::Block, name: &str) -> Fault {
    let fault = Fault::new(match schema.name {
        "" => format!("unknown block `{name}`"),
        block => format!("unknown block `{name}` in {}", a_block(block)),
    });
    if let Some(attribute) = schema.attribute(name) {
        let value = if attribute.kind == "object" {
            "{ ... }"
        } else {
            "..."
        };
        return fault.hint(format!(
            "`{name}` is an attribute: write `{name} = {value}`"
        ));
    }
    if schema.open {
        return fault.hint(format!("write it as an attribute: `{name} = {{ ... }}`"));
    }
    let own = schema.blocks.iter().map(|block| block.name);
    if let Some(close) = suggest::closest(name, own.clone()) {
        return fault.hint(format!("did you mean `{close}`?"));
    }
    let elsewhere = schema::all()
        .into_iter()
        .find(|block| block.blocks.iter().any(|inner| inner.name == name));
    if let Some(block) = elsewhere {
        return fault.hint(format!("`{name}` belongs {}", place_of(block)));
    }
    match name {
        "variable" | "locals" | "output" | "resource" | "data" | "module" | "provider" | "terraform" => {
            fault.hint("this belongs into the Terraform folder; `variables = { ... }` gives its variables values")
        }
        "source" | "build" | "packer" => fault.hint("this belongs into the Packer template"),
        _ => fault.maybe_hint(suggest::hint(name, "the blocks are", own)),
    }
}
