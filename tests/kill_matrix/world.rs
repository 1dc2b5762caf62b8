//! What is there at a moment: processes, state, AMIs and what builds leave.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

use super::{
    project::Project,
    strict_aws::{moto::Moto, xml},
};

const REGION: &str = "us-east-1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Instance,
    KeyPair,
    SecurityGroup,
}

/// The runs' folders, oldest first.
pub fn runs(project: &Project) -> Vec<PathBuf> {
    let folder = project.path().join(".amiable/runs");
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    runs
}

/// The newest run's id.
pub fn last_run(project: &Project) -> String {
    let runs = runs(project);
    let last = runs.last().expect("a run");
    last.file_name().unwrap().to_string_lossy().into_owned()
}

/// How many records the newest run's journal has; a torn one counts.
pub fn records(project: &Project) -> usize {
    let last = runs(project).pop().expect("a run");
    let journal = fs::read(last.join("journal.jsonl")).unwrap_or_default();
    let lines = journal.split(|&byte| byte == b'\n');
    lines.filter(|line| !line.is_empty()).count()
}

/// The long children of `run` and their descendants that are still there.
pub fn children(run: &str) -> Vec<u32> {
    let mark = format!("AMIABLE_CHILD={run}/");
    let carries = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut variables = environment.split(|&byte| byte == 0);
        variables.any(|variable| variable.starts_with(mark.as_bytes()))
    };
    let pids = fs::read_dir("/proc").expect("a /proc").flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(carries)
        .collect()
}

/// Terraform's state.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    Absent,
    /// So many resources are in it.
    Whole(usize),
    /// Truncated or otherwise not what Terraform writes.
    Lost(String),
}

impl State {
    pub fn look(project: &Project) -> Self {
        // One emulator serves the project from the first run to the last.
        let instances = fs::read_dir(project.path().join(".amiable/sandbox/instances"));
        let mut instances = instances.into_iter().flatten().flatten();
        let Some(instance) = instances.next() else {
            return Self::Absent;
        };
        assert!(instances.next().is_none(), "a second emulator");
        let path = instance.path().join("web.tfstate");
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::Absent,
            Err(error) => Self::Lost(error.to_string()),
            Ok(text) => match serde_json::from_str::<Value>(&text) {
                Ok(state) => match state["resources"].as_array() {
                    Some(resources) => Self::Whole(resources.len()),
                    None => Self::Lost(text),
                },
                Err(error) => Self::Lost(format!("{error}, in {} bytes", text.len())),
            },
        }
    }
}

/// What AWS has that a build or an apply made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct World {
    /// Every AMI of ours.
    pub amis: BTreeSet<String>,
    /// Instances, key pairs and security groups: what Packer makes for a while.
    pub temporary: BTreeSet<(Kind, String)>,
    /// What Terraform makes.
    pub deployed: Vec<String>,
}

impl World {
    pub fn look(moto: Moto) -> Self {
        let ask = |action: &str| moto.ask(REGION, action, &[]).unwrap();
        let amis = moto.own_images(REGION).unwrap().into_iter();
        let mut temporary = BTreeSet::new();
        let reservations = ask("DescribeInstances");
        for reservation in xml::items_of(&reservations, "reservationSet") {
            for instance in xml::items_of(reservation, "instancesSet") {
                let state = instance
                    .split_once("<instanceState>")
                    .and_then(|(_, state)| xml::text(state, "name"));
                if state.as_deref() != Some("terminated") {
                    temporary
                        .extend(xml::text(instance, "instanceId").map(|id| (Kind::Instance, id)));
                }
            }
        }
        for key in xml::items_of(&ask("DescribeKeyPairs"), "keySet") {
            temporary.extend(xml::text(key, "keyName").map(|name| (Kind::KeyPair, name)));
        }
        for group in xml::items_of(&ask("DescribeSecurityGroups"), "securityGroupInfo") {
            if xml::text(group, "groupName").as_deref() != Some("default") {
                temporary.extend(xml::text(group, "groupId").map(|id| (Kind::SecurityGroup, id)));
            }
        }
        let mut deployed = Vec::new();
        for (action, set, id) in [
            (
                "DescribeLaunchTemplates",
                "launchTemplates",
                "launchTemplateId",
            ),
            ("DescribeVpcs", "vpcSet", "vpcId"),
            ("DescribeSubnets", "subnetSet", "subnetId"),
        ] {
            for item in xml::items_of(&ask(action), set) {
                if xml::text(item, "isDefault").as_deref() != Some("true")
                    && xml::text(item, "defaultForAz").as_deref() != Some("true")
                {
                    deployed.extend(xml::text(item, id));
                }
            }
        }
        Self {
            amis: amis.map(|image| image.id).collect(),
            temporary,
            deployed,
        }
    }

    /// Ids of AMIs and of Packer's things that `before` had not, and that are not `wanted`.
    pub fn new_since(&self, before: &Self, wanted: Option<&str>) -> Vec<String> {
        let amis = self.amis.difference(&before.amis);
        let amis = amis.filter(|ami| Some(ami.as_str()) != wanted).cloned();
        let temporary = self.temporary.difference(&before.temporary);
        amis.chain(temporary.map(|(_, id)| id.clone())).collect()
    }
}

/// The AMI in the launch template's latest version, with the word that is its content.
pub fn deployed_image(moto: Moto) -> Option<(String, Option<String>)> {
    let versions = moto
        .ask(
            REGION,
            "DescribeLaunchTemplateVersions",
            &[
                ("LaunchTemplateName", "web"),
                ("LaunchTemplateVersion.1", "$Latest"),
            ],
        )
        .ok()?;
    let versions = xml::items_of(&versions, "launchTemplateVersionSet");
    let id = xml::text(versions.first()?, "imageId")?;
    let image = moto.image(REGION, &id).ok()??;
    let content = image.tag("content").map(str::to_owned);
    Some((id, content))
}

/// Whether the team has an AMI that it could deploy.
pub fn has_usable_image(moto: Moto) -> bool {
    let images = moto.own_images(REGION).unwrap_or_default();
    let mut complete = images
        .iter()
        .filter(|image| image.tag("amiable:image") == Some("web"));
    complete.any(|image| image.state == "available")
}
