//! Variables of a template: what it declares, and the file that hands values to Packer.

use hcl_edit::expr::Expression;
use serde_json::{Map, Value};

use super::{
    Format, RenderedFile, Template, escape_actions,
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
/// When a legacy template is given a value that is no text, number or boolean.
pub fn file(template: &Template, values: &Map<String, Value>) -> Result<RenderedFile, ConfigError> {
    let values = match &template.format {
        Format::Hcl(_) => values.clone(),
        Format::Legacy(_) => values
            .iter()
            .map(|(name, value)| match plain_text(value) {
                Some(text) => Ok((name.clone(), Value::String(escape_actions(&text)))),
                None => Err(problem(
                    format!(
                        "the variable `{name}` is not text, and {} takes nothing else",
                        template.path
                    ),
                    None,
                    Some("join a list with join(\",\", ...), or move on to HCL2".to_owned()),
                )),
            })
            .collect::<Result<_, _>>()?,
    };
    let text = serde_json::to_string_pretty(&values).expect("JSON values can be written as JSON");
    Ok(RenderedFile {
        path: template.folder.join(FILE_NAME),
        text: text + "\n",
    })
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
