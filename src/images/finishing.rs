//! What Packer does to an AMI once AWS has made it, for AMIs whose Packer did not come to it. Pure.

use serde_json::Value;

use crate::render::{
    hcl_file::dynamic,
    packer::{
        Argument, Parts, Resolver, Selected, post_processors::post_processes,
        resolve::without_actions,
    },
};

/// What is missing from an AMI that has all its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finishing {
    /// The tags that the template itself gives it.
    Tags(Vec<(String, String)>),
    /// What only Packer does or knows; the argument or block that asks for it.
    Packer(&'static str),
}

/// Arguments and blocks that make Packer change or copy an AMI after CreateImage, other than `tags` (Packer 1.6.6,
/// builder/amazon/ebs: the steps after `stepCreateAMI`; later ones from the amazon plugin's documentation).
const OF_PACKER: [&str; 15] = [
    "ami_description",
    "ami_groups",
    "ami_org_arns",
    "ami_ou_arns",
    "ami_product_codes",
    "ami_regions",
    "ami_users",
    "deprecate_at",
    "deregistration_protection",
    "fast_launch",
    "region_kms_key_ids",
    "snapshot_groups",
    "snapshot_tags",
    "snapshot_users",
    "tag",
];

/// What the selected builder has to do after the AMI is made.
pub fn finishing(selected: &Selected, resolver: &Resolver) -> Finishing {
    if let Some(name) = OF_PACKER.into_iter().find(|name| asks_for(selected, name)) {
        return Finishing::Packer(name);
    }
    if post_processes(selected) {
        return Finishing::Packer("post-processor");
    }
    let tags = match resolver.argument(selected, "tags") {
        Argument::Absent | Argument::Known(Value::Null) => Some(Vec::new()),
        Argument::Known(Value::Object(tags)) => tags
            .into_iter()
            .map(|(key, value)| {
                Some((
                    without_actions(&key)?.to_owned(),
                    without_actions(&text(&value)?)?.to_owned(),
                ))
            })
            .collect(),
        Argument::Known(_) | Argument::Unknown(_) => None,
    };
    tags.map_or(Finishing::Packer("tags"), Finishing::Tags)
}

fn asks_for(selected: &Selected, name: &str) -> bool {
    match &selected.parts {
        Parts::Hcl(parts) => {
            let bodies = [Some(parts.source.1), parts.inline];
            let mut blocks = bodies.into_iter().flatten().flat_map(|b| b.body.blocks());
            parts.argument(name).is_some()
                || blocks.any(|block| block.ident.as_str() == name || dynamic(block) == Some(name))
        }
        Parts::Legacy(parts) => parts.builder.contains_key(name),
    }
}

/// A tag's value as Packer writes it: both languages take numbers and flags for text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::{Map, json};

    use super::*;
    use crate::render::packer::Template;

    fn of(name: &str, text: &str) -> Finishing {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        let resolver = Resolver::new(&template, folder, &Map::new(), &[]);
        finishing(&template.select(None).unwrap(), &resolver)
    }

    fn tags(tags: &[(&str, &str)]) -> Finishing {
        let owned = tags.iter().map(|&(k, v)| (k.to_owned(), v.to_owned()));
        Finishing::Tags(owned.collect())
    }

    #[test]
    fn tags_that_can_be_told_are_all_that_is_set_in_the_place_of_packer() {
        let part = "variable \"role\" { default = \"web\" }\nvariable \"unset\" {}\n";
        for (arguments, expected) in [
            ("", tags(&[])),
            ("tags = null", tags(&[])),
            (
                "tags = { Role = var.role, Count = 2 }",
                tags(&[("Role", "web"), ("Count", "2")]),
            ),
            ("tags = { Role = var.unset }", Finishing::Packer("tags")),
            (
                "tags = { Base = \"{{ .SourceAMI }}\" }",
                Finishing::Packer("tags"),
            ),
            ("ami_users = [\"1\"]", Finishing::Packer("ami_users")),
            (
                "tag {\nkey = \"a\"\nvalue = \"b\"\n}",
                Finishing::Packer("tag"),
            ),
            (
                "dynamic \"tag\" {\nfor_each = {}\n}",
                Finishing::Packer("tag"),
            ),
        ] {
            let text = format!(
                "{part}source \"amazon-ebs\" \"a\" {{\n{arguments}\n}}\nbuild {{\n  sources = [\"amazon-ebs.a\"]\n}}\n"
            );
            assert_eq!(of("t.pkr.hcl", &text), expected, "{arguments}");
        }
    }

    #[test]
    fn legacy_templates_are_read_alike() {
        for (builder, expected) in [
            (
                json!({"tags": {"Role": "{{user `role`}}"}}),
                tags(&[("Role", "web")]),
            ),
            (
                json!({"tags": {"At": "{{timestamp}}"}}),
                Finishing::Packer("tags"),
            ),
            (
                json!({"snapshot_users": []}),
                Finishing::Packer("snapshot_users"),
            ),
        ] {
            let mut builder = builder;
            builder["type"] = json!("amazon-ebs");
            let text = json!({"variables": {"role": "web"}, "builders": [builder]});
            assert_eq!(of("t.json", &text.to_string()), expected, "{text}");
        }
        let text = json!({
            "builders": [{"type": "amazon-ebs"}],
            "post-processors": ["compress"],
        });
        assert_eq!(
            of("t.json", &text.to_string()),
            Finishing::Packer("post-processor")
        );
    }
}
