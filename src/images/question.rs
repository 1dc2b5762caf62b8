//! The one DescribeImages whose answer serves all images of a stack: its own AMIs and those that its
//! templates build on. Pure.
//!
//! EC2 joins filters with AND, and values of one filter with OR. So everything is asked for by name
//! alone, and what else the templates demand is looked at here.

use std::collections::BTreeSet;

use super::source_ami::{AmiQuery, FoundAmi};
use crate::tools::aws::images::{Ami, Filter};

/// What is asked of AWS, together and apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub owners: Vec<String>,
    pub filters: Vec<Filter>,
    /// Queries that cannot be part of it, because only EC2 can tell what fits them.
    pub apart: Vec<AmiQuery>,
}

/// Asks for the AMIs called `NAME` or `NAME-*` for each of `ami_names`, and for those that `sources`
/// describe.
pub fn question<'a>(
    ami_names: impl IntoIterator<Item = &'a str>,
    sources: impl IntoIterator<Item = AmiQuery>,
) -> Question {
    let mut owners = vec!["self".to_owned()];
    let mut names: Vec<String> = Vec::new();
    for name in ami_names {
        names.push(name.to_owned());
        names.push(format!("{name}-*"));
    }
    let mut apart = Vec::new();
    for source in sources.into_iter().collect::<BTreeSet<_>>() {
        match source
            .filters
            .get("name")
            .filter(|_| can_be_judged(&source))
        {
            Some(name) => {
                names.push(name.clone());
                owners.extend(source.owners);
            }
            None => apart.push(source),
        }
    }
    names.dedup();
    owners.sort();
    owners.dedup();
    Question {
        owners,
        filters: vec![("name".to_owned(), names)],
        apart,
    }
}

/// Those of `answer` that fit `query`, as EC2 itself would have given them.
pub fn fitting(query: &AmiQuery, answer: &[Ami]) -> Vec<FoundAmi> {
    answer
        .iter()
        .filter(|ami| fits(query, ami))
        .map(FoundAmi::from)
        .collect()
}

/// Whether [`fits`] can tell what EC2 would say. Who "self" is, EC2 alone knows.
fn can_be_judged(query: &AmiQuery) -> bool {
    !query.owners.is_empty()
        && !query.owners.iter().any(|owner| owner == "self")
        && query.filters.keys().all(|name| Ami::shows(name))
}

fn fits(query: &AmiQuery, ami: &Ami) -> bool {
    let owned = query
        .owners
        .iter()
        .any(|owner| ami.owner == *owner || ami.attribute("owner-alias") == Some(owner.as_str()));
    owned
        && query.filters.iter().all(|(name, pattern)| {
            ami.attribute(name)
                .is_some_and(|value| matches(pattern.as_bytes(), value.as_bytes()))
        })
}

/// EC2's wildcards: `*` for any number of characters, `?` for one, `\` before one of them for itself
/// (EC2 User Guide, "List and filter using the CLI and API"). Case counts.
fn matches(pattern: &[u8], value: &[u8]) -> bool {
    match pattern {
        [] => value.is_empty(),
        [b'*', rest @ ..] => {
            matches(rest, value) || (!value.is_empty() && matches(pattern, &value[1..]))
        }
        [b'?', rest @ ..] => !value.is_empty() && matches(rest, &value[1..]),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            value.first() == Some(literal) && matches(rest, &value[1..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(owners: &[&str], filters: &[(&str, &str)]) -> AmiQuery {
        AmiQuery {
            owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
            filters: filters
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            most_recent: true,
        }
    }

    fn ami(id: &str, owner: &str, attributes: &[(&'static str, &str)]) -> Ami {
        Ami {
            id: id.into(),
            owner: owner.into(),
            attributes: attributes
                .iter()
                .map(|&(name, value)| (name, value.to_owned()))
                .collect(),
            ..Ami::default()
        }
    }

    #[test]
    fn own_images_and_sources_are_asked_for_in_one_question() {
        let debian = query(
            &["136693071363"],
            &[("name", "debian-12-*"), ("architecture", "x86_64")],
        );
        let asked = question(["web", "db"], [debian.clone(), debian]);
        assert_eq!(asked.owners, ["136693071363", "self"]);
        let names = ["web", "web-*", "db", "db-*", "debian-12-*"].map(str::to_owned);
        assert_eq!(asked.filters, [("name".to_owned(), names.to_vec())]);
        assert!(asked.apart.is_empty());
    }

    #[test]
    fn what_only_ec2_can_judge_is_asked_apart() {
        let queries = [
            query(&["self"], &[("name", "base-*")]),
            query(&[], &[("name", "base-*")]),
            query(&["1"], &[("architecture", "arm64")]),
            query(&["1"], &[("name", "base-*"), ("tag:tier", "gold")]),
        ];
        assert_eq!(question(["web"], queries).apart.len(), 4);
    }

    #[test]
    fn the_rest_of_a_query_is_judged_here() {
        let wanted = query(
            &["amazon"],
            &[("name", "al?-*"), ("architecture", "x86_64")],
        );
        let fits_all = [
            ("name", "al2-x"),
            ("architecture", "x86_64"),
            ("owner-alias", "amazon"),
        ];
        let answer = [
            ami("ami-1", "1", &fits_all),
            ami("ami-2", "1", &fits_all[..2]),
            ami(
                "ami-3",
                "1",
                &[("name", "al22-x"), fits_all[1], fits_all[2]],
            ),
            ami(
                "ami-4",
                "1",
                &[fits_all[0], ("architecture", "arm64"), fits_all[2]],
            ),
        ];
        let found = fitting(&wanted, &answer);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, "ami-1");
    }

    #[test]
    fn wildcards_are_those_of_ec2() {
        for (pattern, value, expected) in [
            ("*", "", true),
            ("a*c*", "abcd", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            ("A", "a", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), value.as_bytes()),
                expected,
                "{pattern} {value}"
            );
        }
    }
}
