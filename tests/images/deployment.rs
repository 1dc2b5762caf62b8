//! What AWS holds of a project, asked of moto directly: the proxy neither hinders nor counts it.

use std::collections::BTreeSet;

use super::{
    scenario::{Leftovers, Remaining, Scenario},
    strict_aws::{
        moto::{Image, Moto},
        xml,
    },
};

pub const REGION: &str = "us-east-1";

/// Name of the image.
const NAME: &str = "web-image";

/// What there is at one moment.
#[derive(Debug)]
pub struct Deployment {
    pub images: Vec<Image>,
    /// The AMI in the latest version of the launch template.
    pub deployed: String,
    /// Instances, key pairs and security groups, each as its kind and its id.
    pub others: Vec<(Kind, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Instance,
    KeyPair,
    SecurityGroup,
}

impl Deployment {
    pub fn look(moto: Moto) -> Self {
        let ask = |action, parameters: &[_]| moto.ask(REGION, action, parameters).unwrap();
        let versions = ask(
            "DescribeLaunchTemplateVersions",
            &[("LaunchTemplateVersion.1", "$Latest")],
        );
        let versions = xml::items_of(&versions, "launchTemplateVersionSet");
        assert_eq!(versions.len(), 1, "one launch template");
        let deployed = xml::text(versions[0], "imageId").expect("an AMI in the launch template");

        let mut others = Vec::new();
        let reservations = ask("DescribeInstances", &[]);
        for reservation in xml::items_of(&reservations, "reservationSet") {
            for instance in xml::items_of(reservation, "instancesSet") {
                let state = instance
                    .split_once("<instanceState>")
                    .and_then(|(_, state)| xml::text(state, "name"));
                if state.as_deref() != Some("terminated") {
                    others.extend(xml::text(instance, "instanceId").map(|id| (Kind::Instance, id)));
                }
            }
        }
        let keys = ask("DescribeKeyPairs", &[]);
        let keys = xml::items_of(&keys, "keySet").into_iter();
        others.extend(keys.filter_map(|key| Some((Kind::KeyPair, xml::text(key, "keyName")?))));
        let groups = ask("DescribeSecurityGroups", &[]);
        let groups = xml::items_of(&groups, "securityGroupInfo").into_iter();
        let own =
            groups.filter(|group| xml::text(group, "groupName").as_deref() != Some("default"));
        others.extend(
            own.filter_map(|group| Some((Kind::SecurityGroup, xml::text(group, "groupId")?))),
        );
        others.sort();
        Self {
            images: moto.own_images(REGION).unwrap(),
            deployed,
            others,
        }
    }

    /// What is wrong at any moment, whatever was interrupted: the team is without an AMI.
    pub fn without_image(&self) -> Vec<String> {
        let mut problems = self.without_usable_image();
        if !self.images.iter().any(|image| image.id == self.deployed) {
            problems.push(format!("{} is deployed and not registered", self.deployed));
        }
        problems
    }

    /// The same, as far as the deployment may name one that is gone.
    pub fn without_usable_image(&self) -> Vec<String> {
        match self.finished().any(|image| image.state == "available") {
            true => Vec::new(),
            false => vec!["no usable AMI is registered".to_owned()],
        }
    }

    /// What is wrong with exact names: the one AMI of the name is deployed, and the build that it is a copy of
    /// is there.
    fn misnamed(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let holders: Vec<&Image> = self.named().collect();
        match holders.as_slice() {
            [holder] if holder.id == self.deployed => {
                let build = holder.tag("amiable:copy-of");
                if !self
                    .images
                    .iter()
                    .any(|image| Some(image.id.as_str()) == build)
                {
                    problems.push("the build of the AMI with the exact name is gone".to_owned());
                }
            }
            holders => problems.push(format!(
                "{} AMIs have the exact name, or another is deployed",
                holders.len()
            )),
        }
        problems
    }

    fn named(&self) -> impl Iterator<Item = &Image> {
        self.images.iter().filter(|image| image.name == NAME)
    }

    /// What is wrong once `content` was deployed, and what is there without need. `before` is what there was
    /// when the replacement began.
    pub fn after(&self, before: &Self, content: &str, scenario: &Scenario) -> Verdict {
        let mut problems = self.without_image();
        let mut leftovers = Vec::new();
        let deployed = self.images.iter().find(|image| image.id == self.deployed);
        let is = deployed.and_then(|image| image.tag("content"));
        if is != Some(content) {
            problems.push(format!("{is:?} is deployed instead of {content:?}"));
        }

        let ids = |images: &mut dyn Iterator<Item = &Image>| -> BTreeSet<String> {
            images.map(|image| image.id.clone()).collect()
        };
        let old = ids(&mut before.finished());
        let new = ids(&mut self.finished());
        let kept = new.intersection(&old).count();
        match scenario.remaining {
            Remaining::All if kept < old.len() => {
                problems.push(format!("{} AMIs from before are gone", old.len() - kept));
            }
            Remaining::Newest(most) if kept > most => {
                leftovers.push(format!(
                    "{} AMIs that should have been removed",
                    kept - most
                ));
            }
            Remaining::Newest(most) if kept < most.min(old.len()) => {
                problems.push(format!(
                    "{kept} AMIs from before are left instead of {most}"
                ));
            }
            Remaining::All | Remaining::Newest(_) | Remaining::ByName => {}
        }
        let by_name = scenario.remaining == Remaining::ByName;
        if by_name {
            problems.extend(self.misnamed());
        }
        let build = deployed.and_then(|image| image.tag("amiable:copy-of"));
        for image in self
            .images
            .iter()
            .filter(|image| !old.contains(&image.id) && image.id != self.deployed)
            .filter(|image| !by_name || Some(image.id.as_str()) != build)
        {
            let what = match image.tag("content") {
                Some(_) => "an AMI that nothing uses",
                None => "an AMI without tags",
            };
            leftovers.push(what.to_owned());
        }
        for (kind, id) in &self.others {
            if !before.others.contains(&(*kind, id.clone())) {
                leftovers.push(format!("{kind:?}"));
            }
        }
        match scenario.leftovers {
            Leftovers::Counted => {}
            Leftovers::Refused => problems.append(&mut leftovers),
        }
        Verdict {
            problems,
            leftovers,
        }
    }

    /// Removes what the verdict calls leftovers, so that the next trial starts as the first did.
    pub fn sweep(&self, before: &Self, moto: Moto) {
        for (kind, id) in self
            .others
            .iter()
            .filter(|other| !before.others.contains(other))
        {
            let (action, parameter) = match kind {
                Kind::Instance => ("TerminateInstances", "InstanceId.1"),
                Kind::KeyPair => ("DeleteKeyPair", "KeyName"),
                Kind::SecurityGroup => ("DeleteSecurityGroup", "GroupId"),
            };
            moto.ask(REGION, action, &[(parameter, id)]).unwrap();
        }
        let known = |image: &Image| before.images.iter().any(|old| old.id == image.id);
        for image in self
            .images
            .iter()
            .filter(|image| !known(image) && image.id != self.deployed)
        {
            moto.ask(REGION, "DeregisterImage", &[("ImageId", &image.id)])
                .unwrap();
        }
    }

    /// The AMIs that got as far as having their tags.
    fn finished(&self) -> impl Iterator<Item = &Image> {
        self.images
            .iter()
            .filter(|image| image.tag("amiable:image") == Some("web"))
    }
}

/// What is wrong, and what is there without need.
#[derive(Debug, Default)]
pub struct Verdict {
    pub problems: Vec<String>,
    pub leftovers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::{super::scenario::UNIQUE, *};

    fn image(id: &str, content: Option<&str>) -> Image {
        let tags = content.map(|content| {
            [("amiable:image", "web"), ("content", content)]
                .map(|(key, value)| (key.into(), value.into()))
        });
        Image {
            id: id.into(),
            name: id.into(),
            state: "available".into(),
            snapshots: Vec::new(),
            tags: tags.into_iter().flatten().collect(),
        }
    }

    fn deployment(images: &[(&str, Option<&str>)], deployed: &str) -> Deployment {
        Deployment {
            images: images
                .iter()
                .map(|(id, content)| image(id, *content))
                .collect(),
            deployed: deployed.into(),
            others: Vec::new(),
        }
    }

    const OLD: (&str, Option<&str>) = ("ami-1", Some("old"));
    const NEW: (&str, Option<&str>) = ("ami-2", Some("new"));
    const SCRAP: (&str, Option<&str>) = ("ami-3", None);

    fn counts(after: &Deployment, remaining: Remaining, leftovers: Leftovers) -> (usize, usize) {
        let scenario = Scenario {
            remaining,
            leftovers,
            ..UNIQUE
        };
        let verdict = after.after(&deployment(&[OLD], "ami-1"), "new", &scenario);
        (verdict.problems.len(), verdict.leftovers.len())
    }

    #[test]
    fn images_too_few_and_too_many_are_told() {
        let (all, none) = (Remaining::All, Remaining::Newest(0));
        let both = deployment(&[OLD, NEW], "ami-2");
        let new = deployment(&[NEW], "ami-2");
        assert_eq!(counts(&both, all, Leftovers::Refused), (0, 0));
        assert_eq!(counts(&both, none, Leftovers::Refused), (1, 0));
        assert_eq!(counts(&new, none, Leftovers::Refused), (0, 0));
        assert_eq!(counts(&new, all, Leftovers::Refused), (1, 0));
        assert_eq!(
            counts(&new, Remaining::Newest(1), Leftovers::Refused),
            (1, 0)
        );
        let scrap = deployment(&[OLD, NEW, SCRAP], "ami-2");
        assert_eq!(counts(&scrap, all, Leftovers::Counted), (0, 1));
        assert_eq!(counts(&scrap, all, Leftovers::Refused), (1, 0));
    }

    #[test]
    fn the_old_image_deployed_and_no_image_at_all_are_told() {
        let old = deployment(&[OLD, NEW], "ami-1");
        // It is deployed instead of the new one, which nothing uses.
        assert_eq!(counts(&old, Remaining::All, Leftovers::Refused), (2, 0));
        assert_eq!(deployment(&[SCRAP], "ami-2").without_image().len(), 2);
        assert!(old.without_image().is_empty());
    }
}
