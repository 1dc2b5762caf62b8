//! Who uses an AMI: told from what AWS and Terraform's states say. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::tools::aws::{
    groups::{Configuration, Group, TemplateReference},
    launch_templates::TemplateVersion,
    resources::Resource,
};

/// Something that would break, or start nothing any more, without the AMI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum User {
    LaunchTemplate {
        name: String,
        version: u64,
        id: String,
        /// `$Default`, `$Latest`: what the version is called when it is not by its number.
        aliases: Vec<&'static str>,
    },
    AutoScalingGroup {
        name: String,
    },
    Instance {
        id: String,
        state: String,
        /// The auto scaling group that it belongs to.
        group: Option<String>,
    },
    TerraformState {
        /// `dashboard/prod`
        deployment: String,
        address: String,
    },
}

/// The tag that EC2 Auto Scaling sets on the instances of a group (EC2 Auto Scaling User Guide, "Tag Auto Scaling
/// groups and instances").
const GROUP_NAME: &str = "aws:autoscaling:groupName";

impl User {
    /// The names by which the state of the Terraform that made it knows it, or what it belongs to.
    pub fn names(&self) -> Vec<&str> {
        match self {
            User::LaunchTemplate { id, .. } => vec![id],
            User::AutoScalingGroup { name } => vec![name],
            User::Instance { id, group, .. } => [Some(id), group.as_ref()]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect(),
            User::TerraformState { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            User::LaunchTemplate {
                name,
                version,
                aliases,
                ..
            } => {
                write!(f, "launch template {name} (version {version}")?;
                for alias in aliases {
                    write!(f, ", {alias}")?;
                }
                f.write_str(")")
            }
            User::AutoScalingGroup { name } => write!(f, "auto scaling group {name}"),
            User::Instance { id, state, .. } => write!(f, "instance {id} ({state})"),
            User::TerraformState {
                deployment,
                address,
            } => write!(f, "Terraform state of {deployment}: {address}"),
        }
    }
}

/// The users of AMIs, by the AMIs' ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    users: BTreeMap<String, BTreeSet<User>>,
    /// What could not be looked at, or not be understood.
    pub unknown: BTreeSet<String>,
}

impl Usage {
    pub fn add(&mut self, image: impl Into<String>, user: User) {
        self.users.entry(image.into()).or_default().insert(user);
    }

    pub fn extend(&mut self, other: Usage) {
        for (image, users) in other.users {
            self.users.entry(image).or_default().extend(users);
        }
        self.unknown.extend(other.unknown);
    }

    /// The users of the AMI `id`.
    pub fn of(&self, id: &str) -> Vec<User> {
        let users = self.users.get(id).into_iter().flatten();
        users.cloned().collect()
    }
}

/// What AWS says of one region.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub templates: Vec<TemplateVersion>,
    pub groups: Vec<Group>,
    pub configurations: Vec<Configuration>,
    pub instances: Vec<Resource>,
}

/// Who uses which AMI, by `facts`. Versions of a launch template that are neither `$Default` nor `$Latest`
/// nor named by a group use nothing: they are its past.
pub fn told_by(facts: &Facts) -> Usage {
    let mut usage = Usage::default();
    let mut latest: BTreeMap<&str, u64> = BTreeMap::new();
    for version in &facts.templates {
        let known = latest.entry(&version.id).or_default();
        *known = version.number.max(*known);
    }
    for version in &facts.templates {
        let mut aliases = Vec::new();
        if version.is_default {
            aliases.push("$Default");
        }
        if latest.get(version.id.as_str()) == Some(&version.number) {
            aliases.push("$Latest");
        }
        let by_group = facts.groups.iter().any(|group| {
            let mut named = group.templates.iter();
            named.any(|reference| means(reference, version, &latest))
        });
        if let (Some(image), false) = (&version.image, aliases.is_empty() && !by_group) {
            if image.starts_with("resolve:") {
                usage.unknown.insert(format!(
                    "launch template {} starts the AMI that {image} names, which is not looked up",
                    version.name
                ));
            }
            let user = User::LaunchTemplate {
                name: version.name.clone(),
                version: version.number,
                id: version.id.clone(),
                aliases,
            };
            usage.add(image, user);
        }
    }
    for group in &facts.groups {
        let by_template = facts.templates.iter().filter(|version| {
            let mut named = group.templates.iter();
            named.any(|reference| means(reference, version, &latest))
        });
        let by_configuration = facts
            .configurations
            .iter()
            .filter(|configuration| group.configuration.as_ref() == Some(&configuration.name));
        let images = by_template
            .filter_map(|version| version.image.as_ref())
            .chain(by_configuration.map(|configuration| &configuration.image));
        for image in images {
            let name = group.name.clone();
            usage.add(image, User::AutoScalingGroup { name });
        }
    }
    for instance in &facts.instances {
        if let Some(image) = &instance.image {
            let user = User::Instance {
                id: instance.id.clone(),
                state: instance.state.clone().unwrap_or_default(),
                group: instance.tag(GROUP_NAME).map(str::to_owned),
            };
            usage.add(image, user);
        }
    }
    usage
}

/// The versions that groups name by number and that are not among `known`, by the templates' ids.
pub fn numbered(groups: &[Group], known: &[TemplateVersion]) -> BTreeMap<String, BTreeSet<u64>> {
    let mut missing: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for reference in groups.iter().flat_map(|group| &group.templates) {
        let number = reference.version.as_deref();
        let Some(number) = number.and_then(|version| version.parse().ok()) else {
            continue;
        };
        let by_name = || {
            let mut same = known.iter();
            same.find(|version| Some(&version.name) == reference.name.as_ref())
        };
        let id = reference.id.clone();
        let Some(id) = id.or_else(|| by_name().map(|version| version.id.clone())) else {
            continue;
        };
        let is_known = known
            .iter()
            .any(|version| version.id == id && version.number == number);
        if !is_known {
            missing.entry(id).or_default().insert(number);
        }
    }
    missing
}

fn means(
    reference: &TemplateReference,
    version: &TemplateVersion,
    latest: &BTreeMap<&str, u64>,
) -> bool {
    let same = match (&reference.id, &reference.name) {
        (Some(id), _) => *id == version.id,
        (None, Some(name)) => *name == version.name,
        (None, None) => false,
    };
    same && match reference.version.as_deref() {
        None | Some("" | "$Default") => version.is_default,
        Some("$Latest") => latest.get(version.id.as_str()) == Some(&version.number),
        Some(number) => number.parse() == Ok(version.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::aws::resources::Kind;

    fn version(name: &str, number: u64, is_default: bool, image: &str) -> TemplateVersion {
        TemplateVersion {
            id: format!("lt-{name}"),
            name: name.into(),
            number,
            is_default,
            image: Some(image.into()),
        }
    }

    fn group(name: &str, template: &str, number: &str) -> Group {
        Group {
            name: name.into(),
            templates: vec![TemplateReference {
                id: Some(format!("lt-{template}")),
                name: None,
                version: Some(number.into()),
            }],
            configuration: None,
        }
    }

    fn phrases(usage: &Usage, image: &str) -> Vec<String> {
        usage.of(image).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn versions_that_nothing_starts_use_nothing() {
        let facts = Facts {
            templates: vec![
                version("web", 1, true, "ami-1"),
                version("web", 2, false, "ami-2"),
                version("web", 3, false, "ami-3"),
            ],
            ..Facts::default()
        };
        let usage = told_by(&facts);
        assert_eq!(
            phrases(&usage, "ami-1"),
            ["launch template web (version 1, $Default)"]
        );
        assert_eq!(phrases(&usage, "ami-2"), [""; 0]);
        assert_eq!(
            phrases(&usage, "ami-3"),
            ["launch template web (version 3, $Latest)"]
        );
    }

    #[test]
    fn a_group_uses_the_version_that_it_names() {
        let groups = vec![group("blue", "web", "2"), group("green", "web", "$Latest")];
        let known = [
            version("web", 1, true, "ami-1"),
            version("web", 3, false, "ami-3"),
        ];
        let missing = numbered(&groups, &known);
        assert_eq!(
            missing,
            BTreeMap::from([("lt-web".to_owned(), BTreeSet::from([2]))])
        );
        let mut templates = known.to_vec();
        templates.push(version("web", 2, false, "ami-2"));
        let usage = told_by(&Facts {
            templates,
            groups,
            ..Facts::default()
        });
        assert_eq!(
            phrases(&usage, "ami-2"),
            ["launch template web (version 2)", "auto scaling group blue"]
        );
        assert!(phrases(&usage, "ami-3").contains(&"auto scaling group green".to_owned()));
    }

    #[test]
    fn launch_configurations_count_through_their_groups() {
        let facts = Facts {
            groups: vec![Group {
                name: "old".into(),
                configuration: Some("lc".into()),
                ..Group::default()
            }],
            configurations: ["lc", "unused"]
                .map(|name| Configuration {
                    name: name.into(),
                    image: format!("ami-{name}"),
                })
                .to_vec(),
            ..Facts::default()
        };
        let usage = told_by(&facts);
        assert_eq!(phrases(&usage, "ami-lc"), ["auto scaling group old"]);
        assert_eq!(phrases(&usage, "ami-unused"), [""; 0]);
    }

    #[test]
    fn a_parameter_in_the_place_of_an_ami_is_named() {
        let facts = Facts {
            templates: vec![version("web", 1, true, "resolve:ssm:/golden")],
            ..Facts::default()
        };
        let usage = told_by(&facts);
        let unknown = usage.unknown.first().unwrap();
        assert!(unknown.contains("launch template web"), "{unknown}");
        assert!(unknown.contains("resolve:ssm:/golden"), "{unknown}");
    }

    #[test]
    fn users_have_phrases() {
        let facts = Facts {
            instances: vec![Resource {
                kind: Kind::Instance,
                id: "i-1".into(),
                name: None,
                state: Some("stopped".into()),
                image: Some("ami-1".into()),
                tags: vec![(GROUP_NAME.into(), "web".into())],
            }],
            ..Facts::default()
        };
        assert_eq!(told_by(&facts).of("ami-1")[0].names(), ["i-1", "web"]);
        assert_eq!(
            phrases(&told_by(&facts), "ami-1"),
            ["instance i-1 (stopped)"]
        );
        let state = User::TerraformState {
            deployment: "web/prod".into(),
            address: "aws_launch_template.web".into(),
        };
        assert_eq!(
            state.to_string(),
            "Terraform state of web/prod: aws_launch_template.web"
        );
    }
}
