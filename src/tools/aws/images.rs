//! AMIs: what there is (`ec2 describe-images`), and what is done to them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Aws;
use crate::command::ToolCommand;

/// An AMI as far as we use what AWS says of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ami {
    pub id: String,
    pub name: String,
    pub state: String,
    /// ISO 8601, as AWS gives it; sorts as text.
    pub created: String,
    pub owner: String,
    pub tags: Vec<(String, String)>,
    pub snapshots: Vec<String>,
    /// What filters that [`Ami::shows`] look at, as far as AWS gave it.
    pub attributes: BTreeMap<&'static str, String>,
}

/// Filters of `describe-images`, and where its answer has what they look at (EC2 API reference,
/// DescribeImages).
const ATTRIBUTES: [(&str, &str); 12] = [
    ("architecture", "Architecture"),
    ("description", "Description"),
    ("ena-support", "EnaSupport"),
    ("hypervisor", "Hypervisor"),
    ("image-type", "ImageType"),
    ("is-public", "Public"),
    ("name", "Name"),
    ("owner-alias", "ImageOwnerAlias"),
    ("owner-id", "OwnerId"),
    ("root-device-type", "RootDeviceType"),
    ("state", "State"),
    ("virtualization-type", "VirtualizationType"),
];

impl Ami {
    /// Whether the outcome of the filter `name` can be told from the answer.
    pub fn shows(name: &str) -> bool {
        ATTRIBUTES.iter().any(|(filter, _)| *filter == name)
    }

    /// What the filter `name` would look at.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    pub fn is_available(&self) -> bool {
        self.state == "available"
    }

    /// Whether it is still being made.
    pub fn is_pending(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "transient")
    }

    /// Whether it will never be usable (EC2 API reference, Image, `imageState`).
    pub fn has_failed(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "invalid" | "error")
    }

    /// AWS shows an AMI for a while after it is gone.
    pub fn is_gone(&self) -> bool {
        self.state == "deregistered"
    }
}

/// A filter of `describe-images`: name and accepted values.
pub type Filter = (String, Vec<String>);

/// All our images that carry every tag of `tags`.
pub fn own_images(aws: &Aws, tags: &[(&str, &str)]) -> ToolCommand {
    let filters: Vec<Filter> = tags
        .iter()
        .map(|(key, value)| (format!("tag:{key}"), vec![(*value).to_owned()]))
        .collect();
    by_filters(aws, &["self".to_owned()], &filters)
}

/// Images of `owners` that match `filters`.
pub fn by_filters(aws: &Aws, owners: &[String], filters: &[Filter]) -> ToolCommand {
    let mut command = aws.command("ec2", "describe-images");
    if !owners.is_empty() {
        command = command.arg("--owners").args(owners.iter().cloned());
    }
    if !filters.is_empty() {
        let filters: Vec<serde_json::Value> = filters
            .iter()
            .map(|(name, values)| serde_json::json!({"Name": name, "Values": values}))
            .collect();
        // As JSON, because the shorthand syntax splits values at commas.
        command = command
            .arg("--filters")
            .arg(serde_json::Value::Array(filters).to_string());
    }
    command
}

/// The images with exactly these ids.
pub fn by_ids(aws: &Aws, ids: &[String]) -> ToolCommand {
    aws.command("ec2", "describe-images")
        .arg("--image-ids")
        .args(ids.iter().cloned())
}

/// Deregisters an AMI. Its snapshots stay.
pub fn deregister(aws: &Aws, id: &str) -> ToolCommand {
    aws.command("ec2", "deregister-image")
        .args(["--image-id", id])
}

/// Deletes a snapshot. AWS refuses while an AMI uses it.
pub fn delete_snapshot(aws: &Aws, id: &str) -> ToolCommand {
    aws.command("ec2", "delete-snapshot")
        .args(["--snapshot-id", id])
}

/// What becomes of a copy.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    pub source: &'a str,
    pub name: &'a str,
    pub description: Option<&'a str>,
    /// All tags of the copy and its snapshots. AWS copies the source's too when asked; which of two values
    /// for one key it takes is not documented, so it is not asked.
    pub tags: &'a [(String, String)],
    /// The same token gives the same copy, however often the call is made (EC2 API reference, "Ensuring
    /// idempotency"); at most 64 characters.
    pub token: &'a str,
}

/// Copies an AMI within the region. Launch permissions are not copied (EC2 User Guide, "Copy an AMI").
pub fn copy(aws: &Aws, copy: Copy<'_>) -> ToolCommand {
    let tags = tag_list(copy.tags);
    let specifications = json!([
        {"ResourceType": "image", "Tags": tags},
        {"ResourceType": "snapshot", "Tags": tags},
    ]);
    let mut command = aws
        .command("ec2", "copy-image")
        .args(["--source-image-id", copy.source])
        .args(["--source-region", aws.region()])
        .args(["--name", copy.name, "--client-token", copy.token])
        .args(["--tag-specifications", &specifications.to_string()]);
    if let Some(description) = copy.description.filter(|text| !text.is_empty()) {
        // One word, because a text may begin with a dash.
        command = command.arg(format!("--description={description}"));
    }
    command
}

/// The id of the new AMI in the answer to [`copy`].
pub fn decode_copy(stdout: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(stdout).ok()?;
    answer["ImageId"].as_str().map(str::to_owned)
}

/// Sets tags of AMIs and snapshots.
pub fn create_tags(aws: &Aws, resources: &[String], tags: &[(String, String)]) -> ToolCommand {
    aws.command("ec2", "create-tags")
        .arg("--resources")
        .args(resources.iter().cloned())
        .args(["--tags", &tag_list(tags).to_string()])
}

fn tag_list(tags: &[(String, String)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

/// Who else may launch an AMI.
pub fn launch_permissions(aws: &Aws, id: &str) -> ToolCommand {
    aws.command("ec2", "describe-image-attribute").args([
        "--image-id",
        id,
        "--attribute",
        "launchPermission",
    ])
}

/// The permissions in the answer to [`launch_permissions`], as AWS writes them; `None` when it is not one.
pub fn decode_launch_permissions(stdout: &[u8]) -> Option<Vec<Value>> {
    let mut answer: Value = serde_json::from_slice(stdout).ok()?;
    match answer.get_mut("LaunchPermissions").map(Value::take) {
        Some(Value::Array(permissions)) => Some(permissions),
        Some(_) => None,
        None => answer.get("ImageId").map(|_| Vec::new()),
    }
}

/// Lets others launch an AMI. Granting what is granted already is fine.
pub fn permit_launch(aws: &Aws, id: &str, permissions: &[Value]) -> ToolCommand {
    aws.command("ec2", "modify-image-attribute")
        .args(["--image-id", id])
        .args([
            "--launch-permission",
            &json!({"Add": permissions}).to_string(),
        ])
}

/// Reads the answer to any `describe-images`, newest first; `None` when it is not one.
pub fn decode(stdout: &[u8]) -> Option<Vec<Ami>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        images: Vec<Value>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct RawImage {
        image_id: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        state: String,
        #[serde(default)]
        creation_date: String,
        #[serde(default)]
        owner_id: String,
        #[serde(default)]
        tags: Vec<RawTag>,
        #[serde(default)]
        block_device_mappings: Vec<RawMapping>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct RawTag {
        key: String,
        value: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct RawMapping {
        ebs: Option<RawEbs>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct RawEbs {
        snapshot_id: Option<String>,
    }

    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    let mut images: Vec<Ami> = answer
        .images
        .into_iter()
        .map(|image| (attributes(&image), RawImage::deserialize(image)))
        .map(|(attributes, raw)| {
            let raw = raw.ok()?;
            Some(Ami {
                attributes,
                id: raw.image_id,
                name: raw.name,
                state: raw.state,
                created: raw.creation_date,
                owner: raw.owner_id,
                tags: raw
                    .tags
                    .into_iter()
                    .map(|tag| (tag.key, tag.value))
                    .collect(),
                snapshots: raw
                    .block_device_mappings
                    .into_iter()
                    .filter_map(|mapping| mapping.ebs?.snapshot_id)
                    .collect(),
            })
        })
        .collect::<Option<_>>()?;
    images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    Some(images)
}

fn attributes(image: &Value) -> BTreeMap<&'static str, String> {
    let present = ATTRIBUTES.iter().filter_map(|(filter, member)| {
        let text = match image.get(member)? {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        Some((*filter, text))
    });
    present.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws() -> Aws {
        Aws::new("aws", "us-east-1", Vec::new())
    }

    #[test]
    fn filters_are_json_so_that_commas_survive() {
        let command = by_filters(
            &aws(),
            &["136693071363".to_owned()],
            &[("name".to_owned(), vec!["debian-12,*".to_owned()])],
        );
        assert_eq!(
            command.args.last().unwrap(),
            r#"[{"Name":"name","Values":["debian-12,*"]}]"#
        );
        assert!(command.display().contains("--owners 136693071363"));
    }

    #[test]
    fn a_copy_has_all_its_tags_from_its_first_moment() {
        let tags = [("amiable:copy-of".to_owned(), "ami-1".to_owned())];
        let command = copy(
            &aws(),
            Copy {
                source: "ami-1",
                name: "web",
                description: Some("-x"),
                tags: &tags,
                token: "t",
            },
        );
        assert_eq!(
            command.args[6..],
            [
                "--source-image-id",
                "ami-1",
                "--source-region",
                "us-east-1",
                "--name",
                "web",
                "--client-token",
                "t",
                "--tag-specifications",
                r#"[{"ResourceType":"image","Tags":[{"Key":"amiable:copy-of","Value":"ami-1"}]},{"ResourceType":"snapshot","Tags":[{"Key":"amiable:copy-of","Value":"ami-1"}]}]"#,
                "--description=-x",
            ]
        );
        assert_eq!(decode_copy(br#"{"ImageId":"ami-2"}"#), Some("ami-2".into()));
        assert_eq!(decode_copy(b""), None);
    }

    #[test]
    fn permissions_are_handed_on_as_they_are() {
        let answer = br#"{"ImageId":"ami-1","LaunchPermissions":[{"UserId":"1"},{"Group":"all"}]}"#;
        let permissions = decode_launch_permissions(answer).unwrap();
        let command = permit_launch(&aws(), "ami-2", &permissions);
        assert_eq!(
            command.args.last().unwrap(),
            r#"{"Add":[{"UserId":"1"},{"Group":"all"}]}"#
        );
        let none = decode_launch_permissions(br#"{"ImageId":"ami-1"}"#);
        assert_eq!(none, Some(Vec::new()));
        assert_eq!(decode_launch_permissions(b"{}"), None);
    }

    #[test]
    fn images_come_newest_first_with_tags_and_snapshots() {
        let text = br#"{"Images":[
            {"ImageId":"ami-1","Name":"a","State":"available","CreationDate":"2026-01-01T00:00:00.000Z","OwnerId":"1"},
            {"ImageId":"ami-2","Name":"b","State":"pending","CreationDate":"2026-02-01T00:00:00.000Z","OwnerId":"1",
             "Tags":[{"Key":"amiable:run","Value":"r"}],
             "BlockDeviceMappings":[{"DeviceName":"/dev/xvda","Ebs":{"SnapshotId":"snap-1"}},{"DeviceName":"/dev/sdb","VirtualName":"ephemeral0"}]}]}"#;
        let images = decode(text).unwrap();
        assert_eq!(images[0].id, "ami-2");
        assert_eq!(images[0].tag("amiable:run"), Some("r"));
        assert_eq!(images[0].snapshots, ["snap-1"]);
        assert_eq!(images[0].attribute("state"), Some("pending"));
        assert!(!images[0].is_available() && images[1].is_available());
        assert_eq!(decode(b"An error occurred"), None);
    }
}
