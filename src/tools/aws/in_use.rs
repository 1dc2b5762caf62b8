//! What launches one AMI: instances, launch templates and configurations, auto scaling groups.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Aws;
use crate::command::ToolCommand;

/// Something that uses an AMI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// The id or the name by which a Terraform state knows it.
    pub id: String,
    /// The auto scaling group that an instance belongs to.
    pub group: Option<String>,
    /// For people: `launch template web (lt-1), version 3`.
    pub what: String,
}

/// What AWS answered to the four questions.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    pub instances: &'a [u8],
    pub template_versions: &'a [u8],
    pub configurations: &'a [u8],
    pub groups: &'a [u8],
}

/// Instances of the AMI that are not terminated.
pub fn instances(aws: &Aws, ami: &str) -> ToolCommand {
    let states = "pending,running,shutting-down,stopping,stopped";
    aws.command("ec2", "describe-instances").args([
        "--filters".to_owned(),
        format!("Name=image-id,Values={ami}"),
        format!("Name=instance-state-name,Values={states}"),
    ])
}

/// The versions of every launch template that are launched unless another is named (EC2 API reference,
/// DescribeLaunchTemplateVersions: without a template, `$Latest` and `$Default` of all).
pub fn template_versions(aws: &Aws) -> ToolCommand {
    aws.command("ec2", "describe-launch-template-versions")
        .args(["--versions", "$Latest", "$Default"])
}

/// Single versions of one launch template.
pub fn versions_of(aws: &Aws, template: &str, versions: &[String]) -> ToolCommand {
    aws.command("ec2", "describe-launch-template-versions")
        .args(["--launch-template-id", template, "--versions"])
        .args(versions.iter().cloned())
}

pub fn configurations(aws: &Aws) -> ToolCommand {
    aws.command("autoscaling", "describe-launch-configurations")
}

pub fn groups(aws: &Aws) -> ToolCommand {
    aws.command("autoscaling", "describe-auto-scaling-groups")
}

/// Versions that groups name by number and that `answers` therefore may not have: template and versions.
pub fn versions_by_number(answers: Answers<'_>) -> Option<Vec<(String, Vec<String>)>> {
    let groups: Groups = serde_json::from_slice(answers.groups).ok()?;
    let known: Versions = serde_json::from_slice(answers.template_versions).ok()?;
    let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
    for reference in groups.list.iter().flat_map(Group::references) {
        let number = reference.version.clone().unwrap_or_default();
        let is_known = |version: &TemplateVersion| {
            version.template == reference.template && version.number.to_string() == number
        };
        if number.is_empty() || number.starts_with('$') || known.list.iter().any(is_known) {
            continue;
        }
        match wanted.iter_mut().find(|(id, _)| *id == reference.template) {
            Some((_, numbers)) if numbers.contains(&number) => {}
            Some((_, numbers)) => numbers.push(number),
            None => wanted.push((reference.template.clone(), vec![number])),
        }
    }
    Some(wanted)
}

/// The users of `ami`; `further` are answers to [`versions_of`]. `None` when an answer is not one.
pub fn users(ami: &str, answers: Answers<'_>, further: &[Vec<u8>]) -> Option<Vec<User>> {
    let reservations: Reservations = serde_json::from_slice(answers.instances).ok()?;
    let mut versions: Versions = serde_json::from_slice(answers.template_versions).ok()?;
    for answer in further {
        let more: Versions = serde_json::from_slice(answer).ok()?;
        versions.list.extend(more.list);
    }
    let configurations: Configurations = serde_json::from_slice(answers.configurations).ok()?;
    let groups: Groups = serde_json::from_slice(answers.groups).ok()?;
    versions.mark_latest();
    versions.list.retain(|version| version.data.image == ami);
    let configurations: Vec<Configuration> = configurations
        .list
        .into_iter()
        .filter(|configuration| configuration.image == ami)
        .collect();

    let mut users = Vec::new();
    for instance in reservations.list.into_iter().flat_map(|entry| entry.list) {
        if instance.image != ami {
            continue;
        }
        let group = instance
            .tags
            .into_iter()
            .find(|tag| tag.key == "aws:autoscaling:groupName");
        users.push(User {
            what: format!("instance {}", instance.id),
            id: instance.id,
            group: group.map(|tag| tag.value),
        });
    }
    for version in &versions.list {
        users.push(User {
            id: version.template.clone(),
            group: None,
            what: format!(
                "launch template {} ({}), version {}",
                version.name, version.template, version.number
            ),
        });
    }
    for configuration in &configurations {
        users.push(User {
            id: configuration.name.clone(),
            group: None,
            what: format!("launch configuration {}", configuration.name),
        });
    }
    for group in &groups.list {
        let by_template = group
            .references()
            .any(|reference| versions.list.iter().any(|version| reference.means(version)));
        let by_configuration = configurations
            .iter()
            .any(|configuration| group.configuration.as_ref() == Some(&configuration.name));
        if by_template || by_configuration {
            users.push(User {
                id: group.name.clone(),
                group: None,
                what: format!("auto scaling group {}", group.name),
            });
        }
    }
    users.sort();
    users.dedup();
    Some(users)
}

#[derive(Deserialize)]
struct Reservations {
    #[serde(rename = "Reservations")]
    list: Vec<Reservation>,
}

#[derive(Deserialize)]
struct Reservation {
    #[serde(rename = "Instances", default)]
    list: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(rename = "InstanceId")]
    id: String,
    #[serde(rename = "ImageId", default)]
    image: String,
    #[serde(rename = "Tags", default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(rename = "LaunchTemplateVersions")]
    list: Vec<TemplateVersion>,
}

#[derive(Deserialize)]
struct TemplateVersion {
    #[serde(rename = "LaunchTemplateId")]
    template: String,
    #[serde(rename = "LaunchTemplateName", default)]
    name: String,
    #[serde(rename = "VersionNumber")]
    number: u64,
    #[serde(rename = "DefaultVersion", default)]
    is_default: bool,
    #[serde(skip)]
    is_latest: bool,
    #[serde(rename = "LaunchTemplateData", default)]
    data: TemplateData,
}

#[derive(Deserialize, Default)]
struct TemplateData {
    #[serde(rename = "ImageId", default)]
    image: String,
}

#[derive(Deserialize)]
struct Configurations {
    #[serde(rename = "LaunchConfigurations")]
    list: Vec<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "LaunchConfigurationName")]
    name: String,
    #[serde(rename = "ImageId", default)]
    image: String,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(rename = "AutoScalingGroups")]
    list: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "AutoScalingGroupName")]
    name: String,
    #[serde(rename = "LaunchConfigurationName")]
    configuration: Option<String>,
    #[serde(rename = "LaunchTemplate")]
    template: Option<Reference>,
    #[serde(rename = "MixedInstancesPolicy")]
    mixed: Option<Mixed>,
}

#[derive(Deserialize)]
struct Mixed {
    #[serde(rename = "LaunchTemplate")]
    template: Option<MixedTemplate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MixedTemplate {
    launch_template_specification: Option<Reference>,
    #[serde(default)]
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Override {
    launch_template_specification: Option<Reference>,
}

/// What a group launches.
#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "LaunchTemplateId", default)]
    template: String,
    /// A number, `$Latest` or `$Default`, which is what is meant without one.
    #[serde(rename = "Version")]
    version: Option<String>,
}

impl Versions {
    /// The latest version of each template is among those that were asked for; it has the highest number.
    fn mark_latest(&mut self) {
        let mut latest: BTreeMap<String, u64> = BTreeMap::new();
        for version in &self.list {
            let known = latest.entry(version.template.clone()).or_default();
            *known = version.number.max(*known);
        }
        for version in &mut self.list {
            version.is_latest = latest.get(&version.template) == Some(&version.number);
        }
    }
}

impl Group {
    fn references(&self) -> impl Iterator<Item = &Reference> {
        let mixed = self
            .mixed
            .as_ref()
            .and_then(|mixed| mixed.template.as_ref());
        let overrides = mixed.into_iter().flat_map(|template| &template.overrides);
        self.template
            .iter()
            .chain(mixed.and_then(|template| template.launch_template_specification.as_ref()))
            .chain(overrides.filter_map(|entry| entry.launch_template_specification.as_ref()))
    }
}

impl Reference {
    fn means(&self, version: &TemplateVersion) -> bool {
        self.template == version.template
            && match self.version.as_deref() {
                None | Some("" | "$Default") => version.is_default,
                Some("$Latest") => version.is_latest,
                Some(number) => version.number.to_string() == number,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCES: &[u8] = br#"{"Reservations":[{"Instances":[
        {"InstanceId":"i-1","ImageId":"ami-1","Tags":[{"Key":"aws:autoscaling:groupName","Value":"web"}]},
        {"InstanceId":"i-2","ImageId":"ami-2"}]}]}"#;
    const VERSIONS: &[u8] = br#"{"LaunchTemplateVersions":[
        {"LaunchTemplateId":"lt-1","LaunchTemplateName":"web","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{"ImageId":"ami-0"}},
        {"LaunchTemplateId":"lt-1","LaunchTemplateName":"web","VersionNumber":3,"LaunchTemplateData":{"ImageId":"ami-1"}},
        {"LaunchTemplateId":"lt-2","LaunchTemplateName":"db","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{}}]}"#;
    const CONFIGURATIONS: &[u8] =
        br#"{"LaunchConfigurations":[{"LaunchConfigurationName":"old","ImageId":"ami-1"}]}"#;
    const GROUPS: &[u8] = br#"{"AutoScalingGroups":[
        {"AutoScalingGroupName":"latest","LaunchTemplate":{"LaunchTemplateId":"lt-1","Version":"$Latest"}},
        {"AutoScalingGroupName":"default","LaunchTemplate":{"LaunchTemplateId":"lt-1"}},
        {"AutoScalingGroupName":"second","LaunchTemplate":{"LaunchTemplateId":"lt-1","Version":"2"}},
        {"AutoScalingGroupName":"mixed","MixedInstancesPolicy":{"LaunchTemplate":{
            "LaunchTemplateSpecification":{"LaunchTemplateId":"lt-2","Version":"1"},
            "Overrides":[{"LaunchTemplateSpecification":{"LaunchTemplateId":"lt-1","Version":"3"}}]}}},
        {"AutoScalingGroupName":"ancient","LaunchConfigurationName":"old"}]}"#;
    const ANSWERS: Answers<'_> = Answers {
        instances: INSTANCES,
        template_versions: VERSIONS,
        configurations: CONFIGURATIONS,
        groups: GROUPS,
    };

    #[test]
    fn users_are_found_on_every_way_to_an_image() {
        let users = users("ami-1", ANSWERS, &[]).unwrap();
        let what: Vec<&str> = users.iter().map(|user| user.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "auto scaling group ancient",
                "instance i-1",
                "auto scaling group latest",
                "launch template web (lt-1), version 3",
                "auto scaling group mixed",
                "launch configuration old",
            ]
        );
        assert_eq!(users[1].group.as_deref(), Some("web"));
    }

    #[test]
    fn a_version_that_only_a_group_names_is_asked_for() {
        let wanted = versions_by_number(ANSWERS).unwrap();
        assert_eq!(wanted, [("lt-1".to_owned(), vec!["2".to_owned()])]);
        let second = br#"{"LaunchTemplateVersions":[{"LaunchTemplateId":"lt-1","LaunchTemplateName":"web","VersionNumber":2,"LaunchTemplateData":{"ImageId":"ami-9"}}]}"#;
        let users = users("ami-9", ANSWERS, &[second.to_vec()]).unwrap();
        assert_eq!(users.len(), 2, "{users:?}");
        assert_eq!(users[1].what, "auto scaling group second");
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_an_empty_one() {
        let broken = Answers {
            groups: b"",
            ..ANSWERS
        };
        assert_eq!(users("ami-1", broken, &[]), None);
    }
}
