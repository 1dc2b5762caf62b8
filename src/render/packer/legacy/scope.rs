//! What the strings of a legacy template are, as far as that can be told without Packer.

use serde_json::{Map, Value};

use super::LegacyTemplate;
use crate::render::packer::scope::Names;

/// User variables of a legacy template with known values.
#[derive(Debug)]
pub struct Scope {
    variables: Vec<(String, String)>,
}

impl Scope {
    /// The scope of `template`; `given` overrides defaults, variables named in `secret` have no value.
    pub fn new(template: &LegacyTemplate, given: &Map<String, Value>, secret: &[String]) -> Scope {
        let known = |name: &String| !secret.contains(name);
        let mut scope = Scope {
            variables: given
                .iter()
                .filter(|(name, _)| known(name))
                .filter_map(|(name, value)| Some((name.clone(), plain_text(value)?)))
                .collect(),
        };
        // Defaults may use each other in any order.
        let defaults = template
            .file
            .root
            .get("variables")
            .and_then(Value::as_object);
        let mut unresolved: Vec<(&String, &str)> = defaults
            .into_iter()
            .flatten()
            .filter(|(name, _)| known(name) && !given.contains_key(*name))
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .collect();
        loop {
            let before = unresolved.len();
            unresolved.retain(|(name, text)| match scope.interpolate(text) {
                Some(value) => {
                    scope.variables.push(((*name).clone(), value));
                    false
                }
                None => true,
            });
            if unresolved.len() == before {
                return scope;
            }
        }
    }

    /// `text` with its template actions done, `None` when only Packer can do one of them.
    pub fn interpolate(&self, text: &str) -> Option<String> {
        self.interpolate_with(text, &[])
    }

    fn interpolate_with(&self, text: &str, names: &Names) -> Option<String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, action)) = rest.split_once("{{") {
            let (action, after) = split_action(action)?;
            result.push_str(before);
            result.push_str(&self.run(action.trim(), names)?);
            rest = after;
        }
        result.push_str(rest);
        Some(result)
    }

    /// A string or number of the template with its actions done.
    pub fn value(&self, value: &Value) -> Option<Value> {
        self.value_with(value, &[])
    }

    /// [`Scope::value`] where `names` stand for actions of their name.
    pub fn value_with(&self, value: &Value, names: &Names) -> Option<Value> {
        match value {
            Value::String(text) => self.interpolate_with(text, names).map(Value::String),
            Value::Array(items) => items
                .iter()
                .map(|item| self.value_with(item, names))
                .collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| {
                    let key = self.interpolate_with(key, names)?;
                    Some((key, self.value_with(value, names)?))
                })
                .collect::<Option<Map<String, Value>>>()
                .map(Value::Object),
            other => Some(other.clone()),
        }
    }

    fn run(&self, action: &str, names: &Names) -> Option<String> {
        if let Some(literal) = unquote(action) {
            return Some(literal.to_owned());
        }
        match action.split_once(char::is_whitespace) {
            // Packer runs in the template's folder, and paths stay relative to it.
            None if action == "template_dir" || action == "pwd" => Some(".".to_owned()),
            None => {
                let bound = names.iter().find(|(name, _)| name == action);
                plain_text(&bound?.1)
            }
            Some(("user", name)) => {
                let name = unquote(name.trim())?;
                let known = self.variables.iter().find(|(known, _)| known == name);
                known.map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }
}

/// Splits after the `}}` that ends an action, which may stand in a string of the action as well.
fn split_action(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '`' || character == '"' => quote = Some(character),
            None if text[at..].starts_with("}}") => return Some((&text[..at], &text[at + 2..])),
            None => {}
        }
    }
    None
}

/// A string without escapes, between backticks or quotation marks.
fn unquote(text: &str) -> Option<&str> {
    ['`', '"'].into_iter().find_map(|mark| {
        let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.contains([mark, '\\'])).then_some(inner)
    })
}

/// How a value is handed to a legacy template: all its variables are text.
pub(in crate::render::packer) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::packer::template::JsonFile;

    fn scope() -> Scope {
        let text = json!({"variables": {
            "name": "web",
            "script": "{{user `folder`}}/x.sh",
            "folder": "{{template_dir}}/scripts",
            "home": "{{env `HOME`}}",
            "port": "80",
            "required": null,
        }});
        let file = JsonFile::parse("t.json".into(), text.to_string()).unwrap();
        let given = json!({"port": 8080, "password": "x"});
        Scope::new(
            &LegacyTemplate { file },
            given.as_object().unwrap(),
            &["password".to_owned()],
        )
    }

    #[test]
    fn user_variables_and_folders_are_resolved() {
        for (text, value) in [
            ("plain", "plain"),
            ("{{user `script`}}", "./scripts/x.sh"),
            ("{{ user \"name\" }}:{{user `port`}}", "web:8080"),
            ("{{pwd}}/a{{`{{`}}b{{`}}`}}", "./a{{b}}"),
        ] {
            assert_eq!(scope().interpolate(text).as_deref(), Some(value), "{text}");
        }
    }

    #[test]
    fn what_only_packer_knows_has_no_value() {
        for text in [
            "{{timestamp}}",
            "{{user `home`}}",
            "{{user `required`}}",
            "{{user `password`}}",
            "{{user `nobody`}}",
            "{{user `name` | clean_resource_name}}",
            "{{user `name`",
        ] {
            assert_eq!(scope().interpolate(text), None, "{text}");
        }
    }
}
