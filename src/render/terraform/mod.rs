//! Files for a Terraform root module, as text: variables, backend, provider settings.
//!
//! All of them are JSON, which needs no quoting rules of our own. In variable files strings are
//! taken literally; in configuration files they are templates, so `${` and `%{` are escaped there
//! (Terraform's "JSON Configuration Syntax").

mod root;

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::{Map, Value, json};

pub use root::{Root, RootError, has_backend};

/// Values of variables; loaded by Terraform without being named. It sorts after a project's own
/// `*.auto.tfvars`, so that the stack file wins.
pub const VARIABLES_FILE: &str = "zz_amiable.auto.tfvars.json";
/// The backend of the environment.
pub const BACKEND_OVERRIDE_FILE: &str = "zz_amiable_backend_override.tf.json";
/// Where the provider finds AWS; written in the sandbox only.
pub const PROVIDER_OVERRIDE_FILE: &str = "zz_amiable_provider_override.tf.json";

/// The variable file for `values`.
pub fn variables(values: &Map<String, Value>) -> String {
    pretty(&Value::Object(values.clone()))
}

/// The override file that sets the backend.
pub fn backend(kind: &str, attributes: &Map<String, Value>) -> String {
    let attributes = escaped(&Value::Object(attributes.clone()));
    pretty(&json!({ "terraform": { "backend": { kind: attributes } } }))
}

/// The override file that gives `attributes` to the provider called `name`: to its default
/// configuration, and to each of `aliases`.
pub fn provider(name: &str, attributes: &Map<String, Value>, aliases: &BTreeSet<String>) -> String {
    let attributes = escaped(&Value::Object(attributes.clone()));
    let mut blocks = vec![attributes.clone()];
    for alias in aliases {
        let mut block = attributes.clone();
        if let Value::Object(block) = &mut block {
            block.insert("alias".to_owned(), json!(alias));
        }
        blocks.push(block);
    }
    pretty(&json!({ "provider": { name: blocks } }))
}

/// The configuration file that takes providers from the folder `mirror` where it has them, and from
/// their registries otherwise.
pub fn mirror_configuration(mirror: &Utf8Path) -> String {
    // A path is quoted like JSON; the file knows no templates.
    let path = json!(mirror.as_str());
    format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path    = {path}\n    include = [\"*/hashicorp/aws\"]\n  }}\n  \
         direct {{\n    exclude = [\"*/hashicorp/aws\"]\n  }}\n}}\n"
    )
}

/// `value` with every string so that Terraform's template language leaves it as it is.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("${", "$${").replace("%{", "%%{")),
        Value::Array(items) => Value::Array(items.iter().map(escaped).collect()),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), escaped(value))).collect()
        }
        other => other.clone(),
    }
}

fn pretty(value: &Value) -> String {
    // A value made of JSON values can always be written as JSON.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn variables_keep_template_markers_and_configuration_escapes_them() {
        let nasty = map(json!({ "text": "${path.cwd} %${1+1} %{if true}" }));
        assert!(variables(&nasty).contains(r#""${path.cwd} %${1+1} %{if true}""#));
        assert!(backend("s3", &nasty).contains(r#""$${path.cwd} %$${1+1} %%{if true}""#));
    }

    #[test]
    fn every_alias_gets_the_settings() {
        let text = provider("aws", &map(json!({ "access_key": "test" })), &BTreeSet::from(["east".to_owned()]));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["provider"]["aws"],
            json!([{ "access_key": "test" }, { "access_key": "test", "alias": "east" }])
        );
    }
}
