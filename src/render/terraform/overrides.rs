//! The override file: backend and provider settings of an environment.

use serde_json::{Map, Value, json};

use super::root::RootModule;
use crate::config::Backend;

/// Name of the override file. Terraform merges such files in the order of their names, so this one
/// comes after the user's.
pub const OVERRIDE_FILE: &str = "zz_amiable_override.tf.json";

/// Arguments of the AWS provider that lead to a real account. They are nulled where a root sets them:
/// naming one that the provider's version does not have would be an error.
const REAL_ACCOUNT: [&str; 8] = [
    "allowed_account_ids",
    "forbidden_account_ids",
    "profile",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "token",
    "use_fips_endpoint",
];

/// Settings for every configuration of a provider in the root module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProviderSettings {
    /// Where the provider comes from, `hashicorp/aws`.
    pub source: String,
    pub arguments: Map<String, Value>,
    /// Members of the `endpoints` block: service to URL.
    pub endpoints: Map<String, Value>,
    /// The role for configurations that assume one. An override cannot take the block away, and a
    /// role of another account would find nothing of this one.
    pub assume_role_arn: Option<String>,
}

/// The text of [`OVERRIDE_FILE`], `None` when there is nothing to override.
pub fn override_file(
    root: &RootModule,
    backend: Option<&Backend>,
    provider: Option<&ProviderSettings>,
) -> Option<String> {
    let mut document = Map::new();
    if let Some(backend) = backend {
        // The only place where a string is no template: Terraform reads it before it evaluates any.
        let block = json!({ backend.kind.as_str(): backend.attributes });
        document.insert("terraform".to_owned(), json!({ "backend": block }));
    }
    if let Some(settings) = provider {
        let name = root.local_name(&settings.source);
        let configurations: Vec<Value> = aliases(root, &name)
            .into_iter()
            .map(|alias| configuration(root, &name, alias, settings))
            .collect();
        document.insert("provider".to_owned(), json!({ name: configurations }));
    }
    (!document.is_empty()).then(|| {
        let text = serde_json::to_string_pretty(&document);
        text.expect("JSON values can be written as JSON") + "\n"
    })
}

/// The default configuration, which may be overridden even where none is written, and the root's
/// aliases, each of which needs an override of its own.
fn aliases<'a>(root: &'a RootModule, name: &str) -> Vec<Option<&'a str>> {
    let mut aliases = vec![None];
    for provider in &root.providers {
        if provider.name == name && !aliases.contains(&provider.alias.as_deref()) {
            aliases.push(provider.alias.as_deref());
        }
    }
    aliases
}

fn configuration(
    root: &RootModule,
    name: &str,
    alias: Option<&str>,
    settings: &ProviderSettings,
) -> Value {
    let mut block = Map::new();
    if let Some(alias) = alias {
        block.insert("alias".to_owned(), json!(alias));
    }
    for argument in REAL_ACCOUNT {
        let is_set = root.providers.iter().any(|provider| {
            provider.name == name
                && provider.alias.as_deref() == alias
                && provider.arguments.iter().any(|known| known == argument)
        });
        if is_set {
            block.insert(argument.to_owned(), Value::Null);
        }
    }
    for (argument, value) in &settings.arguments {
        block.insert(argument.clone(), literal(value));
    }
    let assumes_role = root.providers.iter().any(|provider| {
        provider.name == name && provider.alias.as_deref() == alias && provider.assumes_role
    });
    if let (true, Some(role)) = (assumes_role, &settings.assume_role_arn) {
        block.insert(
            "assume_role".to_owned(),
            json!([{ "role_arn": literal(&json!(role)) }]),
        );
    }
    if !settings.endpoints.is_empty() {
        let endpoints = literal(&Value::Object(settings.endpoints.clone()));
        block.insert("endpoints".to_owned(), json!([endpoints]));
    }
    Value::Object(block)
}

/// `value` so that Terraform's JSON syntax, in which strings are templates, reads it as it is.
pub fn literal(value: &Value) -> Value {
    let escape = |text: &str| {
        let escaped = text.replace("${", "$${").replace("%{", "%%{");
        match escaped.strip_prefix('\u{feff}') {
            // Taken for a byte order mark, and dropped, where it stands first in a template.
            Some(rest) => format!("${{\"\\ufeff\"}}{rest}"),
            None => escaped,
        }
    };
    match value {
        Value::String(text) => Value::String(escape(text)),
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (escape(key), literal(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_alias_gets_its_own_override_and_real_accounts_are_left() {
        let root = RootModule::parse(
            "terraform/x".into(),
            &[(
                "main.tf",
                r#"
                terraform {
                  required_providers {
                    amazon = { source = "hashicorp/aws" }
                  }
                }
                provider "amazon" { region = var.region }
                provider "amazon" {
                  alias   = "west"
                  profile = "prod"
                  assume_role {
                    role_arn = "arn:aws:iam::999999999999:role/deploy"
                  }
                }
                provider "random" {}
                "#,
            )],
        )
        .unwrap();
        let settings = ProviderSettings {
            source: "hashicorp/aws".to_owned(),
            arguments: map(json!({"access_key": "a${b}"})),
            endpoints: map(json!({"ec2": "http://x"})),
            assume_role_arn: Some("arn:aws:iam::123456789012:role/sandbox".to_owned()),
        };
        let text = override_file(&root, None, Some(&settings)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            document,
            json!({"provider": {"amazon": [
                {"access_key": "a$${b}", "endpoints": [{"ec2": "http://x"}]},
                {"alias": "west", "profile": null, "access_key": "a$${b}",
                 "assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/sandbox"}],
                 "endpoints": [{"ec2": "http://x"}]},
            ]}})
        );
    }

    #[test]
    fn nothing_to_override_is_no_file() {
        let root = RootModule::parse("terraform/x".into(), &[]).unwrap();
        assert_eq!(override_file(&root, None, None), None);
    }
}
