//! Variables of a template: what it declares, and the file that hands values to Packer.

use hcl_edit::expr::Expression;
use serde_json::{Map, Value};

use super::{
    Format, RenderedFile, Template,
    legacy::plain_text,
    template::{HclTemplate, LegacyTemplate},
};
use crate::{
    config::ConfigError,
    render::{declaration::Declaration, hcl_file::labels, place::problem},
};

/// Name of the variable file, beside the template. Packer tells its syntax by the ending, and reads it
/// only when it is named with `-var-file`.
pub const FILE_NAME: &str = "amiable.pkrvars.json";

/// Variables that the template declares.
pub fn declared(template: &Template) -> Vec<Declaration> {
    match &template.format {
        Format::Hcl(hcl) => declared_in_hcl(hcl),
        Format::Legacy(legacy) => declared_in_legacy(legacy),
    }
}

/// Variables with a value in a variable file of the user's that Packer reads by itself.
pub fn set_by_files(template: &Template) -> Vec<String> {
    let Format::Hcl(hcl) = &template.format else {
        return Vec::new();
    };
    let attributes = hcl
        .variable_files
        .iter()
        .flat_map(|file| file.body.attributes());
    let members = hcl
        .json_variable_files
        .iter()
        .flat_map(|file| file.root.keys());
    attributes
        .map(|attribute| attribute.key.to_string())
        .chain(members.cloned())
        .collect()
}

/// The file with `values` for the template.
///
/// # Errors
///
/// When a legacy template is given a value that it cannot take as it is.
pub fn file(template: &Template, values: &Map<String, Value>) -> Result<RenderedFile, ConfigError> {
    let values = match &template.format {
        Format::Hcl(_) => values.clone(),
        Format::Legacy(_) => values
            .iter()
            .map(|(name, value)| Ok((name.clone(), Value::String(legacy_text(name, value)?))))
            .collect::<Result<Map<String, Value>, ConfigError>>()?,
    };
    let text = serde_json::to_string_pretty(&values).expect("JSON values can be written as JSON");
    Ok(RenderedFile {
        path: template.folder.join(FILE_NAME),
        text: text + "\n",
    })
}

fn legacy_text(name: &str, value: &Value) -> Result<String, ConfigError> {
    let refuse = |why: &str, hint: &str| {
        let message = format!("the variable `{name}` {why}");
        Err(problem(message, None, Some(hint.to_owned())))
    };
    match plain_text(value) {
        None => refuse(
            "is not text, and a legacy template takes nothing else",
            "join a list with join(\",\", ...), or move on to HCL2",
        ),
        // Packer 1.6 runs its templating over such a value, and once more over the result: there is no
        // way to write all texts, and `{{env ...}}` in a branch's name would be obeyed.
        Some(text) if text.contains("{{") => refuse(
            "has {{ in it, which Packer takes for an action of its templating",
            "write the action in the template, or move on to HCL2",
        ),
        Some(text) => Ok(text),
    }
}

fn declared_in_hcl(template: &HclTemplate) -> Vec<Declaration> {
    let mut declared = Vec::new();
    for file in &template.files {
        for block in file.body.blocks() {
            match (block.ident.as_str(), labels(block)) {
                ("variable", Some([name])) => {
                    let value = |name| block.body.get_attribute(name).map(|found| &found.value);
                    let default = value("default");
                    declared.push(Declaration {
                        name: name.to_owned(),
                        required: default.is_none(),
                        sensitive: value("sensitive").and_then(Expression::as_bool) == Some(true),
                        takes_text: match value("type") {
                            Some(kind) => is_string_type(kind),
                            // Packer then takes the type of the default.
                            None => default.is_none_or(|default| {
                                default.is_str() || default.is_template() || default.is_null()
                            }),
                        },
                        place: Some(file.place(block)),
                    });
                }
                ("variables", _) => {
                    declared.extend(block.body.attributes().map(|attribute| Declaration {
                        name: attribute.key.to_string(),
                        required: false,
                        sensitive: false,
                        takes_text: attribute.value.is_str() || attribute.value.is_template(),
                        place: Some(file.place(attribute)),
                    }));
                }
                _ => {}
            }
        }
    }
    declared
}

/// `string`, bare as today or quoted as in older files.
pub(in crate::render) fn is_string_type(kind: &Expression) -> bool {
    let bare = kind.as_variable().map(|name| name.as_str());
    bare.or(kind.as_str()) == Some("string")
}

fn declared_in_legacy(template: &LegacyTemplate) -> Vec<Declaration> {
    let root = &template.file.root;
    let sensitive = root.get("sensitive-variables").and_then(Value::as_array);
    let variables = root.get("variables").and_then(Value::as_object);
    variables
        .into_iter()
        .flatten()
        .map(|(name, default)| Declaration {
            name: name.clone(),
            required: default.is_null(),
            sensitive: sensitive.is_some_and(|names| names.iter().any(|known| known == name)),
            takes_text: true,
            place: template.file.place_of("variables", name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn declared_variables_of_hcl_have_their_flags() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let text = "variable \"a\" {}\nvariable \"b\" {\n  type      = list(string)\n  default   = []\n  \
                    sensitive = true\n}\nvariable \"c\" {\n  default = 1\n}\nvariable \"d\" {\n  \
                    type = string\n}\nvariables {\n  e = \"x\"\n}\n";
        std::fs::write(folder.join("t.pkr.hcl"), text).unwrap();
        std::fs::write(folder.join("x.auto.pkrvars.hcl"), "a = 1\n").unwrap();
        std::fs::write(folder.join("y.auto.pkrvars.json"), "{\"d\": \"1\"}").unwrap();
        let template = Template::read(folder, Utf8Path::new(""), None).unwrap();
        let declared = declared(&template);
        let shown: Vec<_> = declared
            .iter()
            .map(|v| (v.name.as_str(), v.required, v.sensitive, v.takes_text))
            .collect();
        assert_eq!(
            shown,
            [
                ("a", true, false, true),
                ("b", false, true, false),
                ("c", false, false, false),
                ("d", true, false, true),
                ("e", false, false, true),
            ]
        );
        assert_eq!(set_by_files(&template), ["a", "d"]);
    }
}
