//! Regions that a build copies its AMI to.

use serde_json::Value;

use crate::render::packer::{Argument, Resolver, Selected, resolve::without_actions};

/// The source's `ami_regions`, `None` when only Packer can tell. The region of the build itself, which the
/// list may name as well, is not taken out.
pub fn copy_regions(selected: &Selected, resolver: &Resolver) -> Option<Vec<String>> {
    match resolver.argument(selected, "ami_regions") {
        Argument::Absent | Argument::Known(Value::Null) => Some(Vec::new()),
        // Legacy templates take a list as text with commas (mapstructure's weak decoding).
        Argument::Known(Value::String(text)) => without_actions(&text).map(|text| {
            let parts = text.split(',').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        }),
        Argument::Known(Value::Array(items)) => items
            .iter()
            .map(|item| without_actions(item.as_str()?).map(str::to_owned))
            .collect(),
        Argument::Known(_) | Argument::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::{Map, json};

    use super::*;
    use crate::render::packer::Template;

    fn regions(name: &str, text: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        let resolver = Resolver::new(&template, folder, &Map::new(), &[]);
        copy_regions(&template.select(None).unwrap(), &resolver)
    }

    fn some(regions: &[&str]) -> Option<Vec<String>> {
        Some(regions.iter().map(|&region| region.to_owned()).collect())
    }

    #[test]
    fn regions_of_hcl_are_told_when_they_can_be() {
        for (argument, expected) in [
            ("", some(&[])),
            ("ami_regions = null", some(&[])),
            (
                "ami_regions = [\"eu-west-1\", var.r]",
                some(&["eu-west-1", "eu-west-2"]),
            ),
            ("ami_regions = [var.unset]", None),
            ("ami_regions = [\"{{env `R`}}\"]", None),
        ] {
            let text = format!(
                "variable \"r\" {{ default = \"eu-west-2\" }}\nvariable \"unset\" {{}}\n\
                 source \"amazon-ebs\" \"a\" {{\n{argument}\n}}\nbuild {{\n  sources = [\"amazon-ebs.a\"]\n}}\n"
            );
            assert_eq!(regions("t.pkr.hcl", &text), expected, "{argument}");
        }
    }

    #[test]
    fn regions_of_legacy_templates_are_told_when_they_can_be() {
        for (value, expected) in [
            (
                json!(["eu-west-1", "{{user `r`}}"]),
                some(&["eu-west-1", "eu-west-2"]),
            ),
            (
                json!("eu-west-1, {{user `r`}}"),
                some(&["eu-west-1", "eu-west-2"]),
            ),
            (json!(""), some(&[])),
            (json!(["{{env `R`}}"]), None),
        ] {
            let text = json!({
                "variables": {"r": "eu-west-2"},
                "builders": [{"type": "amazon-ebs", "ami_regions": value}],
            });
            assert_eq!(regions("t.json", &text.to_string()), expected, "{text}");
        }
    }
}
