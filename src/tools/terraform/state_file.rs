//! Terraform's state file, as far as it tells which resources refer to something.
//!
//! A state holds secrets in plain text: only addresses and the values that were asked for leave here.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// A resource that has one of the values asked for among its attributes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub value: String,
    /// Without the index of a single instance: `module.web.aws_launch_template.this`.
    pub address: String,
}

/// The managed resources of `state` that refer to one of `values`; `None` when it is not a state of
/// format 4, which Terraform has written since 0.12.
pub fn references(state: &[u8], values: &BTreeSet<String>) -> Option<BTreeSet<Reference>> {
    #[derive(Deserialize)]
    struct State {
        version: u64,
        #[serde(default)]
        resources: Vec<Resource>,
    }
    #[derive(Deserialize)]
    struct Resource {
        module: Option<String>,
        mode: String,
        #[serde(rename = "type")]
        kind: String,
        name: String,
        #[serde(default)]
        instances: Vec<Instance>,
    }
    #[derive(Deserialize)]
    struct Instance {
        #[serde(default)]
        attributes: Value,
    }

    let state: State = serde_json::from_slice(state).ok()?;
    if state.version != 4 {
        return None;
    }
    let mut found = BTreeSet::new();
    // What data sources saw is looked up anew by every plan.
    for resource in state.resources.iter().filter(|one| one.mode == "managed") {
        let module = resource.module.as_ref();
        let module = module.map_or_else(String::new, |module| format!("{module}."));
        let address = format!("{module}{}.{}", resource.kind, resource.name);
        let mut take = |value: &str| {
            found.insert(Reference {
                value: value.to_owned(),
                address: address.clone(),
            });
        };
        for instance in &resource.instances {
            texts(&instance.attributes, &mut |text| {
                if values.contains(text) {
                    take(text);
                }
            });
        }
    }
    Some(found)
}

fn texts(value: &Value, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, take)),
        Value::Object(members) => members.values().for_each(|value| texts(value, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managed_resources_are_found_at_any_depth() {
        let state = br#"{"version":4,"resources":[
            {"mode":"managed","type":"aws_launch_template","name":"web","module":"module.app",
             "instances":[{"attributes":{"image_id":"ami-1","deep":[{"x":"ami-2"}]}}]},
            {"mode":"data","type":"aws_ami","name":"web","instances":[{"attributes":{"id":"ami-1"}}]}]}"#;
        let wanted = ["ami-1", "ami-2", "ami-3"].map(str::to_owned);
        let found = references(state, &BTreeSet::from(wanted)).unwrap();
        let address = "module.app.aws_launch_template.web";
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.value.as_str(), one.address.as_str()))
            .collect();
        assert_eq!(found, [("ami-1", address), ("ami-2", address)]);
    }

    #[test]
    fn what_is_not_a_state_is_said_to_be_none() {
        for text in ["", "{}", r#"{"version":3,"modules":[]}"#, "[]"] {
            assert_eq!(
                references(text.as_bytes(), &BTreeSet::new()),
                None,
                "{text}"
            );
        }
        let empty = br#"{"version":4,"resources":[]}"#;
        assert_eq!(references(empty, &BTreeSet::new()), Some(BTreeSet::new()));
    }
}
