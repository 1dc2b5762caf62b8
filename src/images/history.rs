//! What was deployed when, as the tags of the AMIs tell it, and what a run writes there. Pure.
//!
//! History is about builds. The holder of an exact name is a copy of one and stands for it.

use std::collections::{BTreeMap, BTreeSet};

use super::tag;
use crate::{run_id::RunId, tools::aws::images::Ami};

/// So many runs fit a tag's value ([`tag::LONGEST_VALUE`]) with room to spare.
const REMEMBERED: usize = 10;

/// The builds that a run deployed together: image to AMI. An AMI that has been removed is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub run: RunId,
    pub images: BTreeMap<String, String>,
}

/// What is written to AMIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Set {
        key: &'static str,
        value: String,
        amis: Vec<String>,
    },
    Remove {
        key: &'static str,
        amis: Vec<String>,
    },
}

/// The id of the build that `ami` is or is a copy of.
pub fn build_of(ami: &Ami) -> &str {
    ami.tag(tag::COPY_OF).unwrap_or(&ami.id)
}

/// True for a copy of a build.
pub fn is_copy(ami: &Ami) -> bool {
    ami.tag(tag::COPY_OF).is_some()
}

pub fn is_rolled_back(ami: &Ami) -> bool {
    ami.tag(tag::ROLLED_BACK).is_some()
}

/// The run that rolled back from it; `None` also when the tag holds something else.
pub fn rolled_back_by(ami: &Ami) -> Option<RunId> {
    ami.tag(tag::ROLLED_BACK).and_then(RunId::parse)
}

/// The runs that deployed `ami`, oldest first.
pub fn runs(ami: &Ami) -> Vec<RunId> {
    let value = ami.tag(tag::DEPLOYED).unwrap_or_default();
    value.split_whitespace().filter_map(RunId::parse).collect()
}

/// The deployments that the tags of `amis` tell of, newest first.
pub fn deployments(amis: &[Ami]) -> Vec<Deployment> {
    let mut by_run: BTreeMap<RunId, BTreeMap<String, String>> = BTreeMap::new();
    for ami in amis.iter().filter(|ami| !is_copy(ami)) {
        let Some(image) = ami.tag(tag::IMAGE) else {
            continue;
        };
        for run in runs(ami) {
            let images = by_run.entry(run).or_default();
            images.entry(image.to_owned()).or_insert(ami.id.clone());
        }
    }
    let newest_first = by_run.into_iter().rev();
    newest_first
        .map(|(run, images)| Deployment { run, images })
        .collect()
}

/// Marks the builds in `left`, from which `run` rolls back, unless they are marked already.
pub fn leave(run: &RunId, left: &BTreeSet<String>, amis: &[Ami]) -> Vec<Change> {
    let marked = |id: &str| amis.iter().any(|ami| ami.id == *id && is_rolled_back(ami));
    let unmarked: Vec<String> = left.iter().filter(|id| !marked(id)).cloned().collect();
    if unmarked.is_empty() {
        return Vec::new();
    }
    vec![Change::Set {
        key: tag::ROLLED_BACK,
        value: run.to_string(),
        amis: unmarked,
    }]
}

/// What is to be written once `run` has deployed the builds in `images`: nothing when the tags in `amis`
/// say already that these are deployed.
pub fn arrive(run: &RunId, images: &BTreeMap<String, String>, amis: &[Ami]) -> Vec<Change> {
    let known = |id: &String| amis.iter().find(|ami| ami.id == *id);
    let mut changes = Vec::new();
    let last = deployments(amis).into_iter().next();
    if last.as_ref().is_none_or(|last| last.images != *images) {
        let cut_short = last.filter(|last| is_cut_short(last, images, amis));
        let run = cut_short.map_or_else(|| run.clone(), |last| last.run);
        let mut by_value: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in images.values() {
            let runs = known(id).map(runs).unwrap_or_default();
            if !runs.contains(&run) {
                let value = with_run(runs, run.clone());
                by_value.entry(value).or_default().push(id.clone());
            }
        }
        let sets = by_value.into_iter().map(|(value, amis)| Change::Set {
            key: tag::DEPLOYED,
            value,
            amis,
        });
        changes.extend(sets);
    }
    let back: Vec<String> = images
        .values()
        .filter(|id| known(id).is_some_and(is_rolled_back))
        .cloned()
        .collect();
    if !back.is_empty() {
        changes.push(Change::Remove {
            key: tag::ROLLED_BACK,
            amis: back,
        });
    }
    changes
}

/// Whether `last` looks like a deployment of `images` that was killed while it wrote its tags: it lacks
/// some, and all of those were there when it ran.
fn is_cut_short(last: &Deployment, images: &BTreeMap<String, String>, amis: &[Ami]) -> bool {
    let was_there = |id: &String| {
        let built_by = amis.iter().find(|ami| ami.id == *id);
        let built_by = built_by.and_then(|ami| RunId::parse(ami.tag(tag::RUN)?));
        built_by.is_some_and(|run| run <= last.run)
    };
    let lacks = |image: &String| !last.images.contains_key(image);
    let has = |(image, id): (&String, &String)| images.get(image) == Some(id);
    last.images.iter().all(has)
        && images
            .iter()
            .all(|(image, id)| !lacks(image) || was_there(id))
}

fn with_run(mut runs: Vec<RunId>, run: RunId) -> String {
    runs.push(run);
    runs.sort_unstable();
    let forgotten = runs.len().saturating_sub(REMEMBERED);
    let kept: Vec<&str> = runs[forgotten..].iter().map(RunId::as_str).collect();
    kept.join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The id of the `number`th run.
    pub fn run(number: u32) -> RunId {
        RunId::parse(&format!("20260101-{number:06}-abcdef")).unwrap()
    }

    /// An available AMI of `image` that the runs of `deployed` deployed.
    pub fn ami(image: &str, id: &str, deployed: &[u32]) -> Ami {
        let ami = Ami {
            id: id.into(),
            name: format!("{image}-{id}"),
            state: "available".into(),
            ..Ami::default()
        };
        let runs: Vec<String> = deployed.iter().map(|&n| run(n).to_string()).collect();
        let ami = tagged(ami, tag::IMAGE, image);
        match runs.as_slice() {
            [] => ami,
            runs => tagged(ami, tag::DEPLOYED, &runs.join(" ")),
        }
    }

    pub fn tagged(mut ami: Ami, key: &str, value: &str) -> Ami {
        ami.tags.push((key.to_owned(), value.to_owned()));
        ami
    }

    pub fn rolled_back(ami: Ami, by: u32) -> Ami {
        tagged(ami, tag::ROLLED_BACK, run(by).as_str())
    }

    pub fn set(images: &[(&str, &str)]) -> BTreeMap<String, String> {
        let images = images.iter();
        images
            .map(|&(image, id)| (image.to_owned(), id.to_owned()))
            .collect()
    }

    fn deployed(number: u32, amis: &[&str]) -> Change {
        Change::Set {
            key: tag::DEPLOYED,
            value: run(number).to_string(),
            amis: amis.iter().map(|&id| id.to_owned()).collect(),
        }
    }

    #[test]
    fn the_images_of_a_run_belong_together_and_copies_do_not_count() {
        let copy = tagged(ami("web", "ami-9", &[2]), tag::COPY_OF, "ami-2");
        assert_eq!(build_of(&copy), "ami-2");
        let amis = [
            copy,
            ami("web", "ami-2", &[2]),
            ami("web", "ami-1", &[1]),
            ami("db", "ami-d", &[1, 2]),
        ];
        assert_eq!(
            deployments(&amis),
            [
                Deployment {
                    run: run(2),
                    images: set(&[("web", "ami-2"), ("db", "ami-d")]),
                },
                Deployment {
                    run: run(1),
                    images: set(&[("web", "ami-1"), ("db", "ami-d")]),
                },
            ]
        );
    }

    #[test]
    fn what_is_no_run_in_a_tag_is_passed_over() {
        let odd = tagged(ami("web", "ami-1", &[]), tag::DEPLOYED, "x  ../ \u{1b}[2J");
        assert_eq!(deployments(&[odd]), []);
    }

    #[test]
    fn a_deployment_of_the_same_images_writes_nothing() {
        let amis = [ami("web", "ami-1", &[1]), ami("db", "ami-d", &[1])];
        let same = set(&[("web", "ami-1"), ("db", "ami-d")]);
        assert_eq!(arrive(&run(2), &same, &amis), []);
    }

    #[test]
    fn a_changed_set_is_written_to_every_image_of_it() {
        let amis = [
            ami("web", "ami-2", &[]),
            ami("web", "ami-1", &[1]),
            ami("db", "ami-d", &[1]),
        ];
        let images = set(&[("web", "ami-2"), ("db", "ami-d")]);
        let both = format!("{} {}", run(1), run(3));
        assert_eq!(
            arrive(&run(3), &images, &amis),
            [
                Change::Set {
                    key: tag::DEPLOYED,
                    value: both,
                    amis: vec!["ami-d".into()],
                },
                deployed(3, &["ami-2"]),
            ]
        );
        // One that was built in this run is not among the known ones.
        let images = set(&[("web", "ami-3"), ("db", "ami-e")]);
        assert_eq!(
            arrive(&run(3), &images, &amis),
            [deployed(3, &["ami-e", "ami-3"])]
        );
    }

    #[test]
    fn a_deployment_that_was_killed_while_it_was_written_down_is_completed() {
        let built = |image, id, by: u32, deployed: &[u32]| {
            tagged(ami(image, id, deployed), tag::RUN, run(by).as_str())
        };
        let amis = [
            built("web", "ami-2", 3, &[3]),
            built("db", "ami-d", 1, &[1]),
        ];
        let images = set(&[("web", "ami-2"), ("db", "ami-d")]);
        let both = format!("{} {}", run(1), run(3));
        assert_eq!(
            arrive(&run(4), &images, &amis),
            [Change::Set {
                key: tag::DEPLOYED,
                value: both,
                amis: vec!["ami-d".into()],
            }]
        );
        // An image that the stack got later is a deployment of its own.
        let amis = [built("web", "ami-2", 3, &[3]), built("db", "ami-e", 4, &[])];
        let images = set(&[("web", "ami-2"), ("db", "ami-e")]);
        let changes = arrive(&run(4), &images, &amis);
        assert_eq!(changes.len(), 2, "{changes:?}");
    }

    #[test]
    fn a_value_never_outgrows_a_tag() {
        let all: Vec<u32> = (1..=10).collect();
        let amis = [ami("web", "ami-1", &all), ami("web", "ami-2", &[11])];
        let changes = arrive(&run(12), &set(&[("web", "ami-1")]), &amis);
        let [Change::Set { value, .. }] = changes.as_slice() else {
            panic!("{changes:?}");
        };
        assert!(value.len() <= tag::LONGEST_VALUE, "{value}");
        assert!(value.starts_with(run(2).as_str()), "{value}");
        assert!(value.ends_with(run(12).as_str()), "{value}");
    }

    #[test]
    fn whoever_is_deployed_again_loses_the_mark_and_the_one_that_is_left_gets_it_once() {
        let amis = [
            ami("web", "ami-2", &[2]),
            rolled_back(ami("web", "ami-1", &[1]), 2),
        ];
        let changes = arrive(&run(3), &set(&[("web", "ami-1")]), &amis);
        assert_eq!(
            changes.last(),
            Some(&Change::Remove {
                key: tag::ROLLED_BACK,
                amis: vec!["ami-1".into()],
            })
        );
        let left = BTreeSet::from(["ami-1".to_owned(), "ami-2".to_owned()]);
        assert_eq!(
            leave(&run(3), &left, &amis),
            [Change::Set {
                key: tag::ROLLED_BACK,
                value: run(3).to_string(),
                amis: vec!["ami-2".into()],
            }]
        );
    }
}
