//! `ec2 describe-*` and the calls that remove, for the kinds of things that Packer makes on the way to
//! an AMI.

use serde_json::{Value, json};

use super::{Aws, images::Filter};
use crate::command::ToolCommand;

/// A kind of thing, in the order in which things can be removed: each before what it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Instance,
    Volume,
    SecurityGroup,
    /// Known by its name, which is what removes it.
    KeyPair,
    Snapshot,
}

/// A thing that AWS told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: Kind,
    pub id: String,
    pub name: Option<String>,
    /// AWS's word for it, where the kind has states.
    pub state: Option<String>,
    /// The AMI of an instance.
    pub image: Option<String>,
    pub tags: Vec<(String, String)>,
}

/// Where an answer has what we read.
struct Members {
    list: &'static str,
    id: &'static str,
    name: Option<&'static str>,
    state: Option<&'static str>,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Instance,
        Kind::Volume,
        Kind::SecurityGroup,
        Kind::KeyPair,
        Kind::Snapshot,
    ];

    /// The filter that finds a thing of the kind by its name, where it has one of its own.
    pub fn name_filter(self) -> Option<&'static str> {
        match self {
            Kind::KeyPair => Some("key-name"),
            Kind::SecurityGroup => Some("group-name"),
            Kind::Instance | Kind::Volume | Kind::Snapshot => None,
        }
    }

    fn members(self) -> Members {
        let members = |list, id, name, state| Members {
            list,
            id,
            name,
            state,
        };
        match self {
            Kind::Instance => members("Reservations", "InstanceId", None, None),
            Kind::Volume => members("Volumes", "VolumeId", None, Some("State")),
            Kind::SecurityGroup => members("SecurityGroups", "GroupId", Some("GroupName"), None),
            Kind::KeyPair => members("KeyPairs", "KeyName", None, None),
            Kind::Snapshot => members("Snapshots", "SnapshotId", None, Some("State")),
        }
    }
}

impl Resource {
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter();
        let found = tags.find(|(name, _)| name == key)?;
        Some(found.1.as_str())
    }
}

/// The things of `kind` that match all of `filters`.
pub fn describe(aws: &Aws, kind: Kind, filters: &[Filter]) -> ToolCommand {
    let action = match kind {
        Kind::Instance => "describe-instances",
        Kind::Volume => "describe-volumes",
        Kind::SecurityGroup => "describe-security-groups",
        Kind::KeyPair => "describe-key-pairs",
        Kind::Snapshot => "describe-snapshots",
    };
    let mut command = aws.command("ec2", action);
    if kind == Kind::Snapshot {
        command = command.args(["--owner-ids", "self"]);
    }
    let filters: Vec<Value> = filters
        .iter()
        .map(|(name, values)| json!({"Name": name, "Values": values}))
        .collect();
    command
        .arg("--filters")
        .arg(Value::Array(filters).to_string())
}

/// Removes one thing.
pub fn remove(aws: &Aws, kind: Kind, id: &str) -> ToolCommand {
    let (action, option) = match kind {
        Kind::Instance => ("terminate-instances", "--instance-ids"),
        Kind::Volume => ("delete-volume", "--volume-id"),
        Kind::SecurityGroup => ("delete-security-group", "--group-id"),
        Kind::KeyPair => ("delete-key-pair", "--key-name"),
        Kind::Snapshot => ("delete-snapshot", "--snapshot-id"),
    };
    aws.command("ec2", action).args([option, id])
}

/// Instances that are there and were started from one of `images`.
pub fn instances_of(aws: &Aws, images: &[String]) -> ToolCommand {
    let states = ["pending", "running", "stopping", "stopped"].map(str::to_owned);
    let filters = [
        ("image-id".to_owned(), images.to_vec()),
        ("instance-state-name".to_owned(), states.to_vec()),
    ];
    describe(aws, Kind::Instance, &filters)
}

/// Reads the answer to [`describe`]; `None` when it is not one.
pub fn decode(kind: Kind, stdout: &[u8]) -> Option<Vec<Resource>> {
    let answer: Value = serde_json::from_slice(stdout).ok()?;
    let members = kind.members();
    let list = answer.get(members.list)?.as_array()?;
    let raw: Vec<&Value> = match kind {
        Kind::Instance => list
            .iter()
            .filter_map(|reservation| reservation.get("Instances")?.as_array())
            .flatten()
            .collect(),
        _ => list.iter().collect(),
    };
    raw.into_iter()
        .map(|raw| resource(kind, &members, raw))
        .collect()
}

fn resource(kind: Kind, members: &Members, raw: &Value) -> Option<Resource> {
    let text = |member: &str| raw.get(member)?.as_str().map(str::to_owned);
    let state = match kind {
        Kind::Instance => raw
            .pointer("/State/Name")
            .and_then(Value::as_str)
            .map(str::to_owned),
        _ => members.state.and_then(text),
    };
    let tags = raw.get("Tags").and_then(Value::as_array);
    let tag = |tag: &Value| {
        let text = |member: &str| tag.get(member)?.as_str().map(str::to_owned);
        Some((text("Key")?, text("Value")?))
    };
    Some(Resource {
        kind,
        id: text(members.id)?,
        name: members.name.and_then(text),
        state,
        image: text("ImageId"),
        tags: tags.into_iter().flatten().filter_map(tag).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_lie_in_reservations_and_have_a_nested_state() {
        let text = br#"{"Reservations":[{"Instances":[
            {"InstanceId":"i-1","ImageId":"ami-1","State":{"Code":16,"Name":"running"},"Tags":[{"Key":"a","Value":"b"}]}]}]}"#;
        let found = decode(Kind::Instance, text).unwrap();
        assert_eq!(found[0].state.as_deref(), Some("running"));
        assert_eq!(found[0].image.as_deref(), Some("ami-1"));
        assert_eq!(found[0].tag("a"), Some("b"));
        assert_eq!(decode(Kind::Volume, text), None);
    }

    #[test]
    fn key_pairs_are_known_by_their_name() {
        let text = br#"{"KeyPairs":[{"KeyName":"packer_1","KeyPairId":"key-1"}]}"#;
        assert_eq!(decode(Kind::KeyPair, text).unwrap()[0].id, "packer_1");
        let aws = Aws::new("aws", "r", Vec::new());
        let command = remove(&aws, Kind::KeyPair, "packer_1").display();
        assert!(command.ends_with("--key-name packer_1"), "{command}");
    }

    #[test]
    fn snapshots_are_asked_for_among_our_own_only() {
        let aws = Aws::new("aws", "r", Vec::new());
        let filters = [("tag-key".to_owned(), vec!["k".to_owned()])];
        let command = describe(&aws, Kind::Snapshot, &filters).display();
        assert!(command.contains("--owner-ids self"), "{command}");
    }
}
