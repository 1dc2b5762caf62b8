//! `ec2 describe-launch-template-versions`: which AMI a launch template starts.

use serde::Deserialize;

use super::Aws;
use crate::command::ToolCommand;

/// One version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    pub id: String,
    pub name: String,
    pub number: u64,
    pub is_default: bool,
    /// An AMI's id, `resolve:ssm:PARAMETER`, or nothing where groups bring their own.
    pub image: Option<String>,
}

/// The default and the latest version of every launch template, in one call (EC2 API reference,
/// DescribeLaunchTemplateVersions: without a template, `$Latest` and `$Default` are for all).
pub fn defaults(aws: &Aws) -> ToolCommand {
    describe(aws).args(["--versions", "$Latest", "$Default"])
}

/// Versions of the launch template `id`, by their numbers.
pub fn numbered(aws: &Aws, id: &str, numbers: impl IntoIterator<Item = u64>) -> ToolCommand {
    describe(aws)
        .args(["--launch-template-id", id, "--versions"])
        .args(numbers.into_iter().map(|number| number.to_string()))
}

fn describe(aws: &Aws) -> ToolCommand {
    // moto gives one page only, and 15 versions when it is not told how many.
    aws.command("ec2", "describe-launch-template-versions")
        .args(["--page-size", "200"])
}

/// Reads the answer; `None` when it is not one.
pub fn decode(stdout: &[u8]) -> Option<Vec<TemplateVersion>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        launch_template_versions: Vec<Version>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Version {
        launch_template_id: String,
        #[serde(default)]
        launch_template_name: String,
        version_number: u64,
        #[serde(default)]
        default_version: bool,
        #[serde(default)]
        launch_template_data: Data,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase")]
    struct Data {
        image_id: Option<String>,
    }

    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    let versions = answer.launch_template_versions.into_iter();
    let read = versions.map(|version| TemplateVersion {
        id: version.launch_template_id,
        name: version.launch_template_name,
        number: version.version_number,
        is_default: version.default_version,
        image: version.launch_template_data.image_id,
    });
    Some(read.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_an_image() {
        let text = br#"{"LaunchTemplateVersions":[
            {"LaunchTemplateId":"lt-1","LaunchTemplateName":"web","VersionNumber":2,"DefaultVersion":true,"LaunchTemplateData":{"ImageId":"ami-1"}},
            {"LaunchTemplateId":"lt-2","LaunchTemplateName":"bare","VersionNumber":1,"DefaultVersion":true,"LaunchTemplateData":{}}]}"#;
        let versions = decode(text).unwrap();
        assert_eq!(versions[0].image.as_deref(), Some("ami-1"));
        assert_eq!((versions[0].number, versions[0].is_default), (2, true));
        assert_eq!(versions[1].image, None);
        assert_eq!(decode(b"oops"), None);
    }
}
