//! `environment` blocks.

use serde_json::{Map, Value};

use super::{
    image,
    reader::{Phase, Reader},
    section::Section,
    variables::Variable,
};
use crate::config::{Approve, Backend, Environment, Scope, fault::Fault, names, suggest};

/// What an environment says.
pub(super) struct EnvironmentPart {
    pub(super) environment: Environment,
    pub(super) region: Option<String>,
    pub(super) variables: Vec<Variable>,
    pub(super) images: Vec<ImageOverlay>,
}

/// What an environment changes about an image.
pub(super) struct ImageOverlay {
    pub(super) name: String,
    pub(super) keep: Option<usize>,
    pub(super) variables: Vec<Variable>,
}

impl EnvironmentPart {
    /// The sandbox of a stack that says nothing about it.
    pub(super) fn undeclared(name: &str) -> Self {
        Self {
            environment: Environment {
                name: name.to_owned(),
                approve: default_approval(name),
                backend: None,
            },
            region: None,
            variables: Vec::new(),
            images: Vec::new(),
        }
    }
}

fn default_approval(environment: &str) -> Approve {
    if environment == Environment::SANDBOX {
        Approve::Auto
    } else {
        Approve::Prompt
    }
}

/// An environment whose region neither it nor the stack gives.
pub(super) fn no_region(environment: &str) -> Fault {
    Fault::new(format!(
        "no region is given for the environment `{environment}`"
    ))
    .hint("add one to the `stack` block, for all environments: region = \"us-east-1\"")
}

pub(super) fn read(
    reader: &Reader,
    section: &Section,
    scope: &Scope,
    region_needed: bool,
) -> EnvironmentPart {
    let name = section.name();
    let mut part = EnvironmentPart::undeclared(name);
    part.region = reader.parsed(section.field("region"), scope, |region| {
        names::region(region).map(|()| region.to_owned())
    });
    if region_needed && section.field("region").is_none() {
        section.report_missing(reader, no_region(name));
    }
    if let Some(approve) = reader.choice(
        section.field("approve"),
        scope,
        &[("prompt", Approve::Prompt), ("auto", Approve::Auto)],
    ) {
        part.environment.approve = approve;
    }
    part.variables = reader.variables(section.field("variables"), Phase::Apply, scope);
    if let Some(section) = section.blocks("backend").next() {
        if part.environment.is_sandbox() {
            reader.report(
                Fault::new("the sandbox has no backend")
                    .at(section.title_span())
                    .hint("its state belongs to the emulator and is kept beside it"),
            );
        }
        part.environment.backend = Some(backend(reader, section, scope));
    }
    part.images = section
        .blocks("image")
        .filter_map(|section| overlay(reader, section, scope))
        .collect();
    part
}

fn backend(reader: &Reader, section: &Section, scope: &Scope) -> Backend {
    let mut attributes = Map::new();
    for field in section.fields() {
        match reader.constant(field.expression, scope) {
            Some(Value::Null) | None => {}
            Some(value) => {
                attributes.insert(field.name.to_owned(), value);
            }
        }
    }
    Backend {
        kind: section.name().to_owned(),
        attributes,
    }
}

fn overlay(reader: &Reader, section: &Section, scope: &Scope) -> Option<ImageOverlay> {
    let name = section.name();
    let overlay = ImageOverlay {
        name: name.to_owned(),
        keep: image::keep(reader, section, scope),
        variables: reader.variables(section.field("variables"), Phase::Image, scope),
    };
    let images = reader.image_names();
    if !images.iter().any(|known| known == name) {
        let known = images.iter().map(String::as_str);
        reader.report(
            Fault::new(format!("there is no image `{name}` to change"))
                .at(section.label_span())
                .hint(
                    suggest::hint(name, "the images are", known)
                        .unwrap_or_else(|| "declare it at the top of the file first".to_owned()),
                ),
        );
        return None;
    }
    Some(overlay)
}
