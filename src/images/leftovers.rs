//! What builds have left in the account: things with the tags of a run that is over. Pure.
//!
//! A thing is Packer's when it has both the tag of a run and that of an image; what Terraform makes has
//! at most the first.

use std::collections::{BTreeMap, BTreeSet};

use super::{retention::built_by, tag};
use crate::{
    events::{Thing, ThingKind},
    journal::past::PastTemporary,
    run_id::RunId,
    tools::aws::{
        images::Ami,
        resources::{Kind, Resource},
    },
};

/// Which runs are known here.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    pub living: BTreeSet<RunId>,
    pub over: BTreeSet<RunId>,
}

/// What AWS says of one region.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub region: String,
    pub resources: Vec<Resource>,
    /// Every AMI of the account.
    pub amis: Vec<Ami>,
    /// Things without tags, whose names the journal of a run that is over has.
    pub named: Vec<(RunId, Resource)>,
    /// Builds of runs that are over, by the names of their AMIs, which no other build has.
    pub builds: BTreeMap<String, RunId>,
}

/// The leftovers, in an order in which they can be removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftovers {
    /// Of runs that are over.
    pub of_dead_runs: Vec<Thing>,
    /// Of runs that this checkout does not know: they may go on elsewhere.
    pub of_unknown_runs: BTreeMap<RunId, Vec<Thing>>,
    /// Snapshots of the failed AMIs among them, by the AMIs' ids.
    pub snapshots: BTreeMap<String, Vec<String>>,
    /// The AMIs among them that a Packer left before it tagged them. The next run that wants their content uses them.
    pub untagged: BTreeSet<String>,
}

impl Leftovers {
    pub fn is_empty(&self) -> bool {
        self.of_dead_runs.is_empty() && self.of_unknown_runs.is_empty()
    }

    /// Takes in those of another region.
    pub fn extend(&mut self, other: Leftovers) {
        self.of_dead_runs.extend(other.of_dead_runs);
        self.of_dead_runs.sort_by_key(order);
        for (run, things) in other.of_unknown_runs {
            let known = self.of_unknown_runs.entry(run).or_default();
            known.extend(things);
            known.sort_by_key(order);
        }
        self.snapshots.extend(other.snapshots);
        self.untagged.extend(other.untagged);
    }
}

/// What is left in the region of `facts`, by `runs`.
pub fn sort_out(facts: &Facts, runs: &Runs) -> Leftovers {
    let used: BTreeSet<&String> = facts.amis.iter().flat_map(|ami| &ami.snapshots).collect();
    let tagged = facts.resources.iter().filter(|resource| {
        resource.tag(tag::IMAGE).is_some()
            && is_there(resource)
            && !(resource.kind == Kind::Snapshot && used.contains(&resource.id))
    });
    let mut found: Vec<(RunId, Thing)> = tagged
        .filter_map(|resource| {
            let run = resource.tag(tag::RUN).and_then(RunId::parse)?;
            Some((run.clone(), thing(resource, &facts.region, run)))
        })
        .collect();
    let mut leftovers = Leftovers::default();
    for ami in &facts.amis {
        let ours = built_by(ami).filter(|_| ami.tag(tag::IMAGE).is_some());
        let run = match ours {
            Some(run) if has_not_become_an_image(ami) => run,
            None if ami.tag(tag::RUN).is_none() => match facts.builds.get(&ami.name) {
                Some(run) => run.clone(),
                None => continue,
            },
            Some(_) | None => continue,
        };
        if ami.tag(tag::RUN).is_none() {
            leftovers.untagged.insert(ami.id.clone());
        }
        leftovers
            .snapshots
            .insert(ami.id.clone(), ami.snapshots.clone());
        let thing = Thing {
            kind: ThingKind::Ami,
            id: ami.id.clone(),
            name: Some(format!("{} ({})", ami.name, condition(ami))),
            region: facts.region.clone(),
            run: Some(run.clone()),
        };
        found.push((run, thing));
    }
    for (run, resource) in &facts.named {
        let thing = thing(resource, &facts.region, run.clone());
        let same = |(_, known): &(RunId, Thing)| known.kind == thing.kind && known.id == thing.id;
        if !found.iter().any(same) {
            found.push((run.clone(), thing));
        }
    }
    found.sort_by_key(|(_, thing)| order(thing));
    for (run, thing) in found {
        if runs.living.contains(&run) {
            continue;
        }
        if runs.over.contains(&run) {
            leftovers.of_dead_runs.push(thing);
        } else {
            let of_run = leftovers.of_unknown_runs.entry(run).or_default();
            of_run.push(thing);
        }
    }
    leftovers
}

/// Whether `resource` is the thing that a journal names, and not another with a tag that says otherwise.
pub fn is_named(named: &PastTemporary, resource: &Resource, run: &RunId) -> bool {
    use crate::journal::record::TemporaryKind;

    let same = match (named.kind, resource.kind) {
        (TemporaryKind::KeyPair, Kind::KeyPair) => resource.id == named.name,
        (TemporaryKind::SecurityGroup, Kind::SecurityGroup) => {
            resource.name.as_ref() == Some(&named.name)
        }
        _ => false,
    };
    let tag = resource.tag(tag::RUN);
    same && tag.is_none_or(|tag| tag == run.as_str())
}

/// Instances first, which hold the others; snapshots after the AMIs that use them.
fn order(thing: &Thing) -> u8 {
    match thing.kind {
        ThingKind::Container => 0,
        ThingKind::Instance => 1,
        ThingKind::Volume => 2,
        ThingKind::SecurityGroup => 3,
        ThingKind::KeyPair => 4,
        ThingKind::Ami => 5,
        ThingKind::Snapshot => 6,
    }
}

fn is_there(resource: &Resource) -> bool {
    let going = ["shutting-down", "terminated", "deleting", "deleted"];
    let state = resource.state.as_deref();
    state.is_none_or(|state| !going.contains(&state))
}

/// Whether nothing can be started from it, by EC2's states (EC2 API reference, Image), or it is not used because it
/// lacks something.
fn has_not_become_an_image(ami: &Ami) -> bool {
    let states = ["pending", "failed", "invalid", "error", "transient"];
    ami.tag(tag::INCOMPLETE).is_some() || states.contains(&ami.state.as_str())
}

fn condition(ami: &Ami) -> String {
    match ami.tag(tag::INCOMPLETE) {
        Some(lacks) => format!("without {lacks}"),
        None if ami.tag(tag::RUN).is_none() => "without tags".to_owned(),
        None => ami.state.clone(),
    }
}

fn thing(resource: &Resource, region: &str, run: RunId) -> Thing {
    let state = resource.state.as_ref();
    Thing {
        kind: match resource.kind {
            Kind::Instance => ThingKind::Instance,
            Kind::Volume => ThingKind::Volume,
            Kind::SecurityGroup => ThingKind::SecurityGroup,
            Kind::KeyPair => ThingKind::KeyPair,
            Kind::Snapshot => ThingKind::Snapshot,
        },
        id: resource.id.clone(),
        name: resource
            .name
            .clone()
            .or_else(|| resource.tag("Name").map(str::to_owned))
            .or_else(|| state.cloned()),
        region: region.to_owned(),
        run: Some(run),
    }
}

/// `1 instance, 2 key pairs`
pub fn counts(things: &[Thing]) -> String {
    let mut counts: Vec<(ThingKind, usize)> = Vec::new();
    for thing in things {
        match counts.iter_mut().find(|(kind, _)| *kind == thing.kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((thing.kind, 1)),
        }
    }
    let parts = counts.iter().map(|(kind, count)| match count {
        1 => format!("1 {kind}"),
        _ => format!("{count} {kind}s"),
    });
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::record::TemporaryKind;

    fn run(number: u8) -> RunId {
        RunId::new(jiff::Timestamp::UNIX_EPOCH, [0, number])
    }

    fn resource(kind: Kind, id: &str, state: &str, tags: &[(&str, &str)]) -> Resource {
        Resource {
            kind,
            id: id.into(),
            name: None,
            state: Some(state.into()),
            image: None,
            tags: tags
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    fn runs() -> Runs {
        Runs {
            living: BTreeSet::from([run(1)]),
            over: BTreeSet::from([run(2)]),
        }
    }

    fn ids(things: &[Thing]) -> Vec<&str> {
        things.iter().map(|thing| thing.id.as_str()).collect()
    }

    #[test]
    fn only_what_a_dead_run_made_is_its_leftover() {
        let (living, dead, unknown) = (run(1).to_string(), run(2).to_string(), run(3).to_string());
        let instance = |id: &str, state: &str, tags: &[(&str, &str)]| {
            resource(Kind::Instance, id, state, tags)
        };
        let facts = Facts {
            resources: vec![
                instance(
                    "i-living",
                    "running",
                    &[(tag::RUN, &living), (tag::IMAGE, "web")],
                ),
                instance(
                    "i-dead",
                    "running",
                    &[(tag::RUN, &dead), (tag::IMAGE, "web")],
                ),
                instance(
                    "i-gone",
                    "terminated",
                    &[(tag::RUN, &dead), (tag::IMAGE, "web")],
                ),
                instance(
                    "i-unknown",
                    "stopped",
                    &[(tag::RUN, &unknown), (tag::IMAGE, "web")],
                ),
                instance("i-terraforms", "running", &[(tag::RUN, &dead)]),
                instance("i-foreign", "running", &[]),
            ],
            ..Facts::default()
        };
        let leftovers = sort_out(&facts, &runs());
        assert_eq!(ids(&leftovers.of_dead_runs), ["i-dead"]);
        assert_eq!(ids(&leftovers.of_unknown_runs[&run(3)]), ["i-unknown"]);
        assert_eq!(leftovers.of_unknown_runs.len(), 1);
    }

    #[test]
    fn snapshots_that_an_image_uses_and_finished_images_are_none() {
        let dead = run(2).to_string();
        let tags = [(tag::RUN, dead.as_str()), (tag::IMAGE, "web")];
        let ami = |id: &str, state: &str, snapshot: &str| Ami {
            id: id.into(),
            state: state.into(),
            snapshots: vec![snapshot.into()],
            tags: resource(Kind::Volume, "", "", &tags).tags,
            ..Ami::default()
        };
        let facts = Facts {
            resources: vec![
                resource(Kind::Snapshot, "snap-used", "completed", &tags),
                resource(Kind::Snapshot, "snap-alone", "completed", &tags),
            ],
            amis: vec![
                ami("ami-good", "available", "snap-used"),
                ami("ami-failed", "failed", "snap-half"),
            ],
            ..Facts::default()
        };
        let leftovers = sort_out(&facts, &runs());
        assert_eq!(ids(&leftovers.of_dead_runs), ["ami-failed", "snap-alone"]);
        assert_eq!(leftovers.snapshots["ami-failed"], ["snap-half"]);
        assert_eq!(counts(&leftovers.of_dead_runs), "1 AMI, 1 snapshot");
    }

    #[test]
    fn an_image_that_its_packer_left_alone_is_known_by_the_name_of_the_build() {
        let dead = run(2).to_string();
        let ami = |name: &str, tags: &[(&str, &str)]| Ami {
            id: format!("ami-{name}"),
            name: name.into(),
            state: "available".into(),
            tags: resource(Kind::Volume, "", "", tags).tags,
            ..Ami::default()
        };
        let ours = [(tag::RUN, dead.as_str()), (tag::IMAGE, "web")];
        let incomplete = [&ours[..], &[(tag::INCOMPLETE, "ami_users")]].concat();
        let builds = ["web-1", "web-2", "web-3"].map(|name| (name.to_owned(), run(2)));
        let facts = Facts {
            amis: vec![
                ami("web-1", &ours),
                ami("web-2", &[("Name", "x")]),
                ami("web-3", &incomplete),
                ami("web-4", &[]),
            ],
            builds: builds.into(),
            ..Facts::default()
        };
        let leftovers = sort_out(&facts, &runs());
        assert_eq!(ids(&leftovers.of_dead_runs), ["ami-web-2", "ami-web-3"]);
        assert_eq!(leftovers.untagged, ["ami-web-2".to_owned()].into());
        let names = leftovers
            .of_dead_runs
            .iter()
            .map(|thing| thing.name.as_deref());
        assert_eq!(
            names.collect::<Vec<_>>(),
            [
                Some("web-2 (without tags)"),
                Some("web-3 (without ami_users)")
            ]
        );
    }

    #[test]
    fn a_named_thing_counts_once_and_only_under_its_name() {
        let named = PastTemporary {
            kind: TemporaryKind::KeyPair,
            name: "packer_1".into(),
            region: "r".into(),
        };
        let untagged = resource(Kind::KeyPair, "packer_1", "", &[]);
        assert!(is_named(&named, &untagged, &run(2)));
        let other = run(3).to_string();
        let anothers = resource(Kind::KeyPair, "packer_1", "", &[(tag::RUN, &other)]);
        assert!(!is_named(&named, &anothers, &run(2)));
        assert!(!is_named(
            &named,
            &resource(Kind::KeyPair, "mine", "", &[]),
            &run(2)
        ));

        let dead = run(2).to_string();
        let tagged = resource(
            Kind::KeyPair,
            "packer_1",
            "",
            &[(tag::RUN, &dead), (tag::IMAGE, "web")],
        );
        let facts = Facts {
            resources: vec![tagged],
            named: vec![(run(2), untagged)],
            ..Facts::default()
        };
        assert_eq!(ids(&sort_out(&facts, &runs()).of_dead_runs), ["packer_1"]);
    }

    #[test]
    fn things_come_in_the_order_in_which_they_can_go() {
        let dead = run(2).to_string();
        let tags = [(tag::RUN, dead.as_str()), (tag::IMAGE, "web")];
        let kinds = [
            Kind::Snapshot,
            Kind::KeyPair,
            Kind::SecurityGroup,
            Kind::Volume,
            Kind::Instance,
        ];
        let resources = kinds.map(|kind| resource(kind, &format!("{kind:?}"), "x", &tags));
        let facts = Facts {
            resources: resources.to_vec(),
            ..Facts::default()
        };
        let leftovers = sort_out(&facts, &runs());
        assert_eq!(
            ids(&leftovers.of_dead_runs),
            ["Instance", "Volume", "SecurityGroup", "KeyPair", "Snapshot"]
        );
    }
}
