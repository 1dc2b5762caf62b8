//! Legacy JSON templates: choosing a builder, and editing the tree around it.

mod scope;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::{
    DEFAULT_MANIFEST, Edits, RenderedFile, Selected, Template,
    changes::{Changes, TAGS, tags},
    choose, provisioners,
    template::{JsonFile, LegacyTemplate},
};
use crate::{config::ConfigError, render::place::problem};

pub use scope::Scope;
pub(super) use scope::plain_text;

const BUILDER: &str = "amazon-ebs";

/// The chosen builder of a legacy template.
#[derive(Debug, Clone)]
pub struct Parts<'t> {
    pub file: &'t JsonFile,
    /// Index in `builders`.
    pub index: usize,
    pub builder: &'t Map<String, Value>,
    /// As `only`, `except` and `override` have it.
    pub name: &'t str,
}

/// Name of the environment variable that carries the template variable `name`, as in HCL2.
pub fn environment_name(name: &str) -> String {
    format!("PKR_VAR_{name}")
}

pub(super) fn select<'t>(
    template: &'t Template,
    legacy: &'t LegacyTemplate,
    source: Option<&str>,
) -> Result<Selected<'t>, ConfigError> {
    let file = &legacy.file;
    let builders = file.root.get("builders").and_then(Value::as_array);
    let builders = builders.map(Vec::as_slice).unwrap_or_default();
    let kind = |builder: &'t Value| builder.get("type").and_then(Value::as_str);
    let ours: Vec<(Vec<String>, usize)> = builders
        .iter()
        .enumerate()
        .filter(|(_, builder)| kind(builder) == Some(BUILDER))
        .map(|(index, builder)| {
            let name = builder.get("name").and_then(Value::as_str);
            (vec![name.unwrap_or(BUILDER).to_owned()], index)
        })
        .collect();
    if ours.is_empty() {
        let others: Vec<&str> = builders.iter().filter_map(kind).collect();
        return Err(problem(
            format!("{} builds nothing with {BUILDER}", template.path),
            file.place_of("builders", "builders"),
            Some(match others.as_slice() {
                [] => "a legacy template lists its builders under \"builders\"".to_owned(),
                some => format!(
                    "AMIs come from amazon-ebs builders; this template has only {}",
                    some.join(", ")
                ),
            }),
        ));
    }
    let (names, index) = choose(template, &ours, source)?;
    let builder = builders[*index]
        .as_object()
        .expect("only an object has a type");
    let name = builder.get("name").and_then(Value::as_str);
    let name = name.unwrap_or(BUILDER);
    if name.contains("{{") {
        return Err(problem(
            "the name of this builder is computed, so what Packer calls it is known to Packer alone",
            file.place_of("builders", name),
            Some("write the builder's name as a plain string".to_owned()),
        ));
    }
    Ok(Selected {
        template,
        builder: names[0].clone(),
        one_of_several: builders.len() > 1,
        parts: super::Parts::Legacy(Parts {
            file,
            index: *index,
            builder,
            name,
        }),
    })
}

pub(super) fn render(parts: &Parts, edits: &Edits) -> Result<RenderedFile, ConfigError> {
    refuse_what_makes_no_image(parts, edits)?;
    let mut root = parts.file.root.clone();

    let builder = root
        .get_mut("builders")
        .and_then(|builders| builders.get_mut(parts.index))
        .and_then(Value::as_object_mut)
        .expect("the chosen builder is in the template");
    let changes = Changes::of_source(edits, provisioners::in_legacy(parts));
    for name in changes.remove {
        builder.shift_remove(name);
    }
    for (name, value) in changes.set {
        builder.insert(name.to_owned(), value);
    }
    for (name, value) in changes.set_if_absent {
        builder.entry(name).or_insert(value);
    }
    for name in TAGS {
        merge_tags(parts.file, builder, name, &tags(edits))?;
    }

    if !edits.provision {
        root.shift_remove("provisioners");
    }
    let manifest = json!({"type": "manifest", "output": edits.manifest});
    append(parts.file, &mut root, "post-processors", manifest)?;
    for name in &edits.secret_variables {
        let from_environment = format!("{{{{env `{}`}}}}", environment_name(name));
        if let Some(variables) = root.get_mut("variables").and_then(Value::as_object_mut) {
            variables.insert(name.clone(), json!(from_environment));
        }
        append(parts.file, &mut root, "sensitive-variables", json!(name))?;
    }

    let text = serde_json::to_string_pretty(&root).expect("JSON values can be written as JSON");
    Ok(RenderedFile {
        path: parts.file.path.clone(),
        text: text + "\n",
    })
}

/// Where `manifest` post-processors of the template itself write, when that is written out.
pub(super) fn own_manifests(parts: &Parts) -> Vec<String> {
    /// Post-processors are names, objects, or lists of those.
    fn find(processor: &Value, found: &mut Vec<String>) {
        let kind = processor.get("type").unwrap_or(processor);
        match processor {
            Value::Array(chain) => chain.iter().for_each(|processor| find(processor, found)),
            _ if kind != "manifest" => {}
            _ => match processor.get("output").and_then(Value::as_str) {
                Some(output) if output.contains("{{") => {}
                output => found.push(output.unwrap_or(DEFAULT_MANIFEST).to_owned()),
            },
        }
    }
    let mut found = Vec::new();
    if let Some(processors) = parts.file.root.get("post-processors") {
        find(processors, &mut found);
    }
    found
}

fn refuse_what_makes_no_image(parts: &Parts, edits: &Edits) -> Result<(), ConfigError> {
    let is = |name: &str, wanted: Value| parts.builder.get(name) == Some(&wanted);
    let refuse = |name: &str, message: &str, hint: &str| {
        let place = parts.file.place_of("builders", name);
        Err(problem(message, place, Some(hint.to_owned())))
    };
    if is("skip_create_ami", json!(true)) || is("skip_create_ami", json!("true")) {
        return refuse(
            "skip_create_ami",
            "this builder makes no AMI",
            "take the line out: `amiable` deploys what the template builds",
        );
    }
    if edits.emulator.is_some() && edits.provision && is("communicator", json!("winrm")) {
        return refuse(
            "communicator",
            "the sandbox's builder machine runs Linux and cannot be provisioned over WinRM",
            "build it in another environment, or leave its provisioners out with --no-provision",
        );
    }
    Ok(())
}

fn merge_tags(
    file: &JsonFile,
    builder: &mut Map<String, Value>,
    name: &str,
    tags: &[(String, String)],
) -> Result<(), ConfigError> {
    if tags.is_empty() {
        return Ok(());
    }
    let map = builder.entry(name).or_insert_with(|| json!({}));
    let Some(map) = map.as_object_mut() else {
        return Err(problem(
            format!("`{name}` is not an object, so no tags can be added to it"),
            file.place_of("builders", name),
            Some(format!("write it as \"{name}\": {{\"Key\": \"value\"}}")),
        ));
    };
    for (key, value) in tags {
        map.insert(key.clone(), json!(value));
    }
    Ok(())
}

fn append(
    file: &JsonFile,
    root: &mut Map<String, Value>,
    list: &str,
    item: Value,
) -> Result<(), ConfigError> {
    match root.entry(list).or_insert_with(|| json!([])) {
        Value::Array(items) => {
            if !items.contains(&item) {
                items.push(item);
            }
            Ok(())
        }
        _ => Err(problem(
            format!("\"{list}\" is not a list"),
            file.place_of(list, list),
            None,
        )),
    }
}
