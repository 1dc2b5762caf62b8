//! Which AMI a template builds on: as a question to AWS, where the template says it statically.

use serde_json::Value;

use crate::render::packer::{
    Parts, Selected,
    resolve::{Argument, Resolver},
};

/// How a template chooses its source AMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAmi {
    Id(String),
    /// The newest that matches.
    Filter {
        owners: Vec<String>,
        filters: Vec<(String, Vec<String>)>,
    },
    /// Only Packer can tell.
    Unknown,
}

/// The choice of the selected source.
pub fn source_ami(selected: &Selected<'_>, resolver: &Resolver) -> SourceAmi {
    if let Argument::Known(Value::String(id)) = resolver.argument(selected, "source_ami")
        && !id.is_empty()
    {
        return SourceAmi::Id(id);
    }
    let filter = match &selected.parts {
        Parts::Hcl(parts) => {
            let own = |block: &hcl_edit::structure::Block| {
                let filter = block.body.get_blocks("source_ami_filter").next()?;
                let value = |name: &str| resolver.evaluate(&filter.body.get_attribute(name)?.value);
                Some((value("filters"), value("owners")))
            };
            parts.inline.and_then(own).or_else(|| own(parts.source.1))
        }
        Parts::Legacy(parts) => parts.builder.get("source_ami_filter").map(|filter| {
            let value = |name: &str| resolver.evaluate_json(filter.get(name)?);
            (value("filters"), value("owners"))
        }),
    };
    let read =
        filter.and_then(|(filters, owners)| Some((read_filters(filters?)?, texts(owners?)?)));
    match read {
        Some((filters, owners)) => SourceAmi::Filter { owners, filters },
        None => SourceAmi::Unknown,
    }
}

/// Packer takes one value per filter, with `*` in it.
fn read_filters(value: Value) -> Option<Vec<(String, Vec<String>)>> {
    let Value::Object(members) = value else {
        return None;
    };
    members
        .into_iter()
        .map(|(name, value)| Some((name, texts(value)?)))
        .collect()
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items
            .into_iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::Map;

    use super::*;
    use crate::render::packer::Template;

    fn of(file: &str, text: &str) -> SourceAmi {
        let folder = tempfile::tempdir().unwrap();
        let project = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(project.join(file), text).unwrap();
        let template = Template::read(project, Utf8Path::new(file), None).unwrap();
        let resolver = Resolver::new(&template, project, &Map::new(), &[]);
        source_ami(&template.select(None).unwrap(), &resolver)
    }

    #[test]
    fn a_filter_is_the_same_question_in_both_languages() {
        let wanted = SourceAmi::Filter {
            owners: vec!["136693071363".into()],
            filters: vec![("name".into(), vec!["debian-12-amd64-*".into()])],
        };
        let hcl = r#"
            source "amazon-ebs" "web" {
              source_ami_filter {
                filters     = { name = "debian-12-amd64-*" }
                owners      = ["136693071363"]
                most_recent = true
              }
            }
            build { sources = ["source.amazon-ebs.web"] }
        "#;
        assert_eq!(of("web.pkr.hcl", hcl), wanted);
        let legacy = r#"{"builders": [{"type": "amazon-ebs", "source_ami_filter": {
            "filters": {"name": "debian-12-amd64-*"}, "owners": ["136693071363"], "most_recent": true}}]}"#;
        assert_eq!(of("web.json", legacy), wanted);
    }

    #[test]
    fn an_id_is_taken_as_it_is_and_the_rest_left_to_packer() {
        let legacy = r#"{"builders": [{"type": "amazon-ebs", "source_ami": "ami-1"}]}"#;
        assert_eq!(of("web.json", legacy), SourceAmi::Id("ami-1".into()));
        let unknown = r#"{"builders": [{"type": "amazon-ebs"}]}"#;
        assert_eq!(of("web.json", unknown), SourceAmi::Unknown);
    }
}
