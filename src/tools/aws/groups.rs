//! `autoscaling describe-*`: what auto scaling groups start their instances from.

use serde::Deserialize;

use super::Aws;
use crate::command::ToolCommand;

/// An auto scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    pub name: String,
    /// Its launch template, and those that a mixed instances policy names.
    pub templates: Vec<TemplateReference>,
    pub configuration: Option<String>,
}

/// A launch template as a group names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TemplateReference {
    #[serde(rename = "LaunchTemplateId", default)]
    pub id: Option<String>,
    #[serde(rename = "LaunchTemplateName", default)]
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`; without it the default one.
    #[serde(rename = "Version", default)]
    pub version: Option<String>,
}

/// A launch configuration, which is what groups had before launch templates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Configuration {
    #[serde(rename = "LaunchConfigurationName")]
    pub name: String,
    #[serde(rename = "ImageId")]
    pub image: String,
}

/// All groups.
pub fn groups(aws: &Aws) -> ToolCommand {
    aws.command("autoscaling", "describe-auto-scaling-groups")
}

/// All launch configurations.
pub fn configurations(aws: &Aws) -> ToolCommand {
    aws.command("autoscaling", "describe-launch-configurations")
}

/// Reads the groups; `None` when it is not a list of them.
pub fn decode_groups(stdout: &[u8]) -> Option<Vec<Group>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        auto_scaling_groups: Vec<Raw>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Raw {
        auto_scaling_group_name: String,
        launch_template: Option<TemplateReference>,
        launch_configuration_name: Option<String>,
        mixed_instances_policy: Option<Policy>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Policy {
        launch_template: Option<PolicyTemplate>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct PolicyTemplate {
        launch_template_specification: Option<TemplateReference>,
        #[serde(default)]
        overrides: Vec<Override>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Override {
        launch_template_specification: Option<TemplateReference>,
    }

    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    let groups = answer.auto_scaling_groups.into_iter().map(|raw| {
        let mut templates: Vec<TemplateReference> = raw.launch_template.into_iter().collect();
        let mixed = raw
            .mixed_instances_policy
            .and_then(|policy| policy.launch_template);
        if let Some(mixed) = mixed {
            templates.extend(mixed.launch_template_specification);
            let overrides = mixed.overrides.into_iter();
            templates.extend(overrides.filter_map(|one| one.launch_template_specification));
        }
        Group {
            name: raw.auto_scaling_group_name,
            templates,
            // moto gives an empty name where there is none.
            configuration: raw
                .launch_configuration_name
                .filter(|name| !name.is_empty()),
        }
    });
    Some(groups.collect())
}

/// Reads the launch configurations; `None` when it is not a list of them.
pub fn decode_configurations(stdout: &[u8]) -> Option<Vec<Configuration>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        launch_configurations: Vec<Configuration>,
    }
    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    Some(answer.launch_configurations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_of_a_group_is_read() {
        let text = br#"{"AutoScalingGroups":[
            {"AutoScalingGroupName":"a","LaunchTemplate":{"LaunchTemplateId":"lt-1","LaunchTemplateName":"one","Version":"$Latest"}},
            {"AutoScalingGroupName":"b","MixedInstancesPolicy":{"LaunchTemplate":{
                "LaunchTemplateSpecification":{"LaunchTemplateId":"lt-2","Version":"3"},
                "Overrides":[{"InstanceType":"t3.micro"},{"LaunchTemplateSpecification":{"LaunchTemplateName":"arm"}}]}}},
            {"AutoScalingGroupName":"c","LaunchConfigurationName":"lc"}]}"#;
        let groups = decode_groups(text).unwrap();
        assert_eq!(groups[0].templates[0].version.as_deref(), Some("$Latest"));
        let names: Vec<_> = groups[1]
            .templates
            .iter()
            .map(|template| template.id.as_deref().or(template.name.as_deref()))
            .collect();
        assert_eq!(names, [Some("lt-2"), Some("arm")]);
        assert_eq!(groups[2].configuration.as_deref(), Some("lc"));
        assert_eq!(decode_groups(b"{}"), None);
    }

    #[test]
    fn configurations_name_their_image() {
        let text =
            br#"{"LaunchConfigurations":[{"LaunchConfigurationName":"lc","ImageId":"ami-1"}]}"#;
        assert_eq!(decode_configurations(text).unwrap()[0].image, "ami-1");
    }
}
