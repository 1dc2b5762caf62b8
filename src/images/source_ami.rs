//! Which AMI a template starts from, as a question to AWS.

use std::collections::BTreeMap;

use hcl_edit::expr::{Expression, TraversalOperator};
use serde_json::{Map, Value};

use crate::{
    config::Place,
    render::{
        hcl_file::labels,
        packer::{Parts, Resolver, Selected, hcl, legacy, resolve::without_actions},
    },
    tools::aws::images::Ami,
};

/// The AMI that a build starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAmi {
    /// The template names it.
    Fixed(String),
    /// The template describes it.
    Query(AmiQuery),
    /// Only Packer can tell, for a reason that is at this place of the template.
    Unknown(Option<Place>),
}

/// `source_ami_filter`, or a `data "amazon-ami"` block: arguments of EC2's DescribeImages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct AmiQuery {
    pub owners: Vec<String>,
    pub filters: BTreeMap<String, String>,
    /// Takes the newest when there are several; otherwise several are an error.
    pub most_recent: bool,
}

/// An AMI that fits an [`AmiQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundAmi {
    pub id: String,
    /// RFC 3339 in UTC, as EC2 writes it: newer dates are greater as text.
    pub created: String,
}

impl From<&Ami> for FoundAmi {
    fn from(ami: &Ami) -> Self {
        Self {
            id: ami.id.clone(),
            created: ami.created.clone(),
        }
    }
}

impl AmiQuery {
    /// The AMI that Packer would take of those that AWS found, `None` when it would take none.
    pub fn choose<'a>(&self, found: &'a [FoundAmi]) -> Option<&'a FoundAmi> {
        match found {
            [only] => Some(only),
            _ if self.most_recent => found.iter().max_by(|a, b| a.created.cmp(&b.created)),
            _ => None,
        }
    }
}

/// What the selected source says about the AMI that it starts from.
pub fn source_ami(selected: &Selected, resolver: &Resolver) -> SourceAmi {
    match &selected.parts {
        Parts::Hcl(parts) => of_hcl(parts, resolver),
        Parts::Legacy(parts) => of_legacy(parts, resolver),
    }
}

fn of_hcl(parts: &hcl::Parts, resolver: &Resolver) -> SourceAmi {
    if let Some((file, expression)) = parts.argument("source_ami") {
        let unknown = || SourceAmi::Unknown(Some(file.place(expression)));
        if let Some(body) = data_block(parts, expression) {
            return query_of_body(body, resolver).map_or_else(unknown, SourceAmi::Query);
        }
        return match resolver.evaluate(expression) {
            Some(Value::String(id)) if without_actions(&id).is_some() => SourceAmi::Fixed(id),
            _ => unknown(),
        };
    }
    let blocks = [parts.inline, Some(parts.source.1)];
    let filter = blocks
        .into_iter()
        .flatten()
        .find_map(|block| block.body.get_blocks("source_ami_filter").next());
    match filter {
        None => SourceAmi::Unknown(Some(parts.source.0.place(parts.source.1))),
        Some(block) => query_of_body(&block.body, resolver)
            .map_or_else(|| SourceAmi::Unknown(None), SourceAmi::Query),
    }
}

/// The body of the block that `data.amazon-ami.NAME.id` stands for.
fn data_block<'t>(
    parts: &hcl::Parts<'t>,
    expression: &Expression,
) -> Option<&'t hcl_edit::structure::Body> {
    let traversal = expression.as_traversal()?;
    if traversal.expr.as_variable()?.as_str() != "data" {
        return None;
    }
    let steps: Vec<&str> = traversal
        .operators
        .iter()
        .filter_map(|operator| match operator.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let ["amazon-ami", name, "id"] = steps.as_slice() else {
        return None;
    };
    let files = parts.template.files.iter();
    files
        .flat_map(|file| file.body.get_blocks("data"))
        .find(|block| labels(block) == Some(["amazon-ami", name]))
        .map(|block| &block.body)
}

fn query_of_body(body: &hcl_edit::structure::Body, resolver: &Resolver) -> Option<AmiQuery> {
    let mut arguments = Map::new();
    for name in ["owners", "filters", "most_recent"] {
        if let Some(attribute) = body.get_attribute(name) {
            arguments.insert(name.to_owned(), resolver.evaluate(&attribute.value)?);
        }
    }
    query(&arguments)
}

fn of_legacy(parts: &legacy::Parts, resolver: &Resolver) -> SourceAmi {
    let place = |name: &str| parts.file.place_of("builders", name);
    if let Some(value) = parts.builder.get("source_ami").filter(|id| *id != "") {
        return match resolver.evaluate_json(value, &[]) {
            Some(Value::String(id)) => SourceAmi::Fixed(id),
            _ => SourceAmi::Unknown(place("source_ami")),
        };
    }
    let filter = parts.builder.get("source_ami_filter");
    filter
        .and_then(|filter| resolver.evaluate_json(filter, &[]))
        .and_then(|filter| query(filter.as_object()?))
        .map_or_else(
            || SourceAmi::Unknown(place("source_ami_filter")),
            SourceAmi::Query,
        )
}

/// Both languages take a single owner for a list, and text for a boolean.
fn query(arguments: &Map<String, Value>) -> Option<AmiQuery> {
    let text = |value: &Value| without_actions(value.as_str()?).map(str::to_owned);
    let owners = match arguments.get("owners") {
        None => Vec::new(),
        Some(Value::Array(owners)) => owners.iter().map(text).collect::<Option<_>>()?,
        Some(owner) => vec![text(owner)?],
    };
    let filters = match arguments.get("filters") {
        None => BTreeMap::new(),
        Some(filters) => filters
            .as_object()?
            .iter()
            .map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect::<Option<_>>()?,
    };
    let most_recent = match arguments.get("most_recent") {
        None => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.parse().ok()?,
        Some(_) => return None,
    };
    Some(AmiQuery {
        owners,
        filters,
        most_recent,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::json;

    use super::*;
    use crate::render::packer::Template;

    fn of(name: &str, text: &str, given: Value) -> SourceAmi {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        let resolver = Resolver::new(&template, folder, given.as_object().unwrap(), &[]);
        source_ami(&template.select(None).unwrap(), &resolver)
    }

    fn of_hcl_source(arguments: &str) -> SourceAmi {
        let text = format!(
            "variable \"owner\" {{ default = \"136693071363\" }}\nvariable \"ami\" {{}}\n\
             data \"amazon-ami\" \"base\" {{\n  owners = [var.owner]\n  filters = {{ name = \"d-*\" }}\n  \
             most_recent = true\n}}\n\
             source \"amazon-ebs\" \"a\" {{\n{arguments}\n}}\nbuild {{\n  sources = [\"amazon-ebs.a\"]\n}}\n"
        );
        of("t.pkr.hcl", &text, json!({}))
    }

    fn debian() -> AmiQuery {
        AmiQuery {
            owners: vec!["136693071363".to_owned()],
            filters: BTreeMap::from([("name".to_owned(), "d-*".to_owned())]),
            most_recent: true,
        }
    }

    #[test]
    fn fixed_ids_filters_and_data_sources_are_understood() {
        assert_eq!(
            of_hcl_source("source_ami = \"ami-1\""),
            SourceAmi::Fixed("ami-1".to_owned())
        );
        assert_eq!(
            of_hcl_source(
                "source_ami_filter {\n  filters = { name = \"d-*\" }\n  owners = [var.owner]\n  \
                 most_recent = true\n}"
            ),
            SourceAmi::Query(debian())
        );
        assert_eq!(
            of_hcl_source("source_ami = data.amazon-ami.base.id"),
            SourceAmi::Query(debian())
        );
    }

    #[test]
    fn what_only_packer_knows_is_left_to_it() {
        for arguments in [
            "source_ami = var.ami",
            "source_ami = data.amazon-ami.other.id",
            "source_ami_filter {\n  filters = { name = \"{{isotime}}\" }\n}",
            "source_ami_filter {\n  owners = [var.ami]\n}",
            "region = \"us-east-1\"",
        ] {
            assert!(
                matches!(of_hcl_source(arguments), SourceAmi::Unknown(_)),
                "{arguments}"
            );
        }
    }

    #[test]
    fn legacy_filters_are_understood() {
        let text = json!({
            "variables": {"owner": "136693071363", "name": ""},
            "builders": [{"type": "amazon-ebs", "source_ami_filter": {
                "filters": {"name": "{{user `name`}}"},
                "owners": "{{user `owner`}}",
                "most_recent": "true",
            }}],
        })
        .to_string();
        assert_eq!(
            of("t.json", &text, json!({"name": "d-*"})),
            SourceAmi::Query(debian())
        );
        let unknown = text.replace("{{user `owner`}}", "{{env `OWNER`}}");
        assert!(matches!(
            of("t.json", &unknown, json!({})),
            SourceAmi::Unknown(Some(_))
        ));
    }

    #[test]
    fn the_newest_is_chosen_when_asked_for() {
        let ami = |id: &str, created: &str| FoundAmi {
            id: id.to_owned(),
            created: created.to_owned(),
        };
        let found = [
            ami("ami-1", "2025-12-01T00:00:00.000Z"),
            ami("ami-2", "2026-01-01T00:00:00.000Z"),
        ];
        assert_eq!(debian().choose(&found).unwrap().id, "ami-2");
        assert_eq!(AmiQuery::default().choose(&found), None);
        assert_eq!(AmiQuery::default().choose(&found[..1]).unwrap().id, "ami-1");
        assert_eq!(debian().choose(&[]), None);
    }
}
