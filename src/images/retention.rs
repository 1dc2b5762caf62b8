//! Which AMIs of an image stay and why, and which are beyond what is kept. Pure.
//!
//! An AMI's content is that of the build that it is a copy of, or its own. Where several regions have
//! copies, the build's AMI at home stands for them all.

use std::{cmp::Reverse, collections::BTreeSet, fmt};

use super::{history, tag};
use crate::{run_id::RunId, tools::aws::images::Ami};

/// What retention depends on besides the AMIs.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<'a> {
    /// How many builds before the current one stay for a rollback.
    pub keep: usize,
    /// The AMI that is deployed, where the caller knows; otherwise the tags tell.
    pub current: Option<&'a str>,
    /// Runs that go on: what they built is theirs.
    pub living: &'a BTreeSet<RunId>,
}

/// Why an AMI stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// It is deployed.
    Current,
    /// It has the exact name that Terraform code looks for.
    ExactName,
    /// The newest there is, which the next `up` would use.
    Newest,
    /// One of those kept for a rollback of the image.
    RollbackTarget(String),
    /// Its run goes on.
    Living(RunId),
    /// AWS has not finished it, or has failed to; its word for that.
    NotAvailable(String),
}

impl fmt::Display for Stays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stays::Current => f.write_str("current"),
            Stays::ExactName => f.write_str("exact name"),
            Stays::Newest => f.write_str("newest"),
            Stays::RollbackTarget(image) => write!(f, "rollback target of {image}"),
            Stays::Living(run) => write!(f, "run {run} goes on"),
            Stays::NotAvailable(state) => f.write_str(state),
        }
    }
}

/// What is to become of an AMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Stays(Stays),
    /// Beyond what is kept: it goes unless something uses it.
    Beyond,
}

/// Sorts out the AMIs of the image called `image`, in the order in which they are given. The newest
/// available build always stays, so that an image that has a usable AMI keeps one.
pub fn sort_out(image: &str, amis: &[Ami], keeping: Keeping<'_>) -> Vec<Fate> {
    let builds = || amis.iter().filter(|ami| is_usable_build(ami));
    let newest = builds().max_by_key(|ami| age_key(ami));
    let current = match keeping.current {
        // A holder of an exact name stands for the build that it is a copy of.
        Some(id) => Some(
            amis.iter()
                .find(|ami| ami.id == id)
                .map_or(id, |ami| history::build_of(ami)),
        ),
        None => current(amis),
    };
    let mut previous: Vec<&Ami> = builds()
        .filter(|ami| Some(history::build_of(ami)) != current)
        .collect();
    // What was rolled back from is the last that anybody goes back to.
    previous.sort_by_key(|ami| {
        (
            history::is_rolled_back(ami),
            Reverse((last_deployment(ami), age_key(ami))),
        )
    });
    // Without a deployment that is known the newest takes the place of the current one.
    if current.is_none() {
        previous.retain(|ami| Some(&ami.id) != newest.map(|newest| &newest.id));
    }
    previous.truncate(keeping.keep);

    let fate = |ami: &Ami| {
        if history::is_copy(ami) {
            return Fate::Stays(Stays::ExactName);
        }
        if Some(ami.id.as_str()) == current {
            return Fate::Stays(Stays::Current);
        }
        let run = built_by(ami).filter(|run| keeping.living.contains(run));
        if let Some(run) = run {
            return Fate::Stays(Stays::Living(run));
        }
        if !ami.is_available() {
            return Fate::Stays(Stays::NotAvailable(ami.state.clone()));
        }
        if newest.is_some_and(|newest| newest.id == ami.id) {
            return Fate::Stays(Stays::Newest);
        }
        if previous.iter().any(|kept| kept.id == ami.id) {
            return Fate::Stays(Stays::RollbackTarget(image.to_owned()));
        }
        Fate::Beyond
    };
    amis.iter().map(fate).collect()
}

/// The build that was deployed last, by the tags.
pub fn current(amis: &[Ami]) -> Option<&str> {
    let deployed = amis
        .iter()
        .filter_map(|ami| Some((last_deployment(ami)?, ami)));
    let last = deployed.max_by(|(a, _), (b, _)| a.cmp(b))?;
    Some(history::build_of(last.1))
}

/// The run that built it.
pub fn built_by(ami: &Ami) -> Option<RunId> {
    ami.tag(tag::RUN).and_then(RunId::parse)
}

/// The last run that deployed it.
pub fn last_deployment(ami: &Ami) -> Option<RunId> {
    history::runs(ami).into_iter().max()
}

/// The other regions that have copies of it.
pub fn other_regions(ami: &Ami) -> impl Iterator<Item = &str> {
    let regions = ami.tag(tag::REGIONS).unwrap_or_default();
    regions.split_ascii_whitespace()
}

fn is_usable_build(ami: &Ami) -> bool {
    ami.is_available() && !history::is_copy(ami)
}

/// Sorts by age; ids decide where AWS made two in the same moment.
fn age_key(ami: &Ami) -> (&str, &str) {
    (&ami.created, &ami.id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(number: u8) -> RunId {
        RunId::new(jiff::Timestamp::UNIX_EPOCH, [0, number])
    }

    fn ami(number: u8, tags: &[(&str, String)]) -> Ami {
        Ami {
            id: format!("ami-{number}"),
            state: "available".into(),
            created: format!("2026-01-01T00:00:{number:02}.000Z"),
            tags: tags
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            ..Ami::default()
        }
    }

    fn deployed(number: u8, runs: &[u8]) -> Ami {
        let runs: Vec<String> = runs.iter().map(|&number| run(number).to_string()).collect();
        ami(number, &[(tag::DEPLOYED, runs.join(" "))])
    }

    fn beyond(amis: &[Ami], keep: usize, current: Option<&str>) -> Vec<String> {
        let keeping = Keeping {
            keep,
            current,
            living: &BTreeSet::new(),
        };
        let fates = sort_out("web", amis, keeping);
        let both = amis.iter().zip(fates);
        both.filter(|(_, fate)| *fate == Fate::Beyond)
            .map(|(ami, _)| ami.id.clone())
            .collect()
    }

    #[test]
    fn the_current_one_and_as_many_before_it_stay() {
        let amis: Vec<Ami> = (1..=4).map(|number| ami(number, &[])).collect();
        assert_eq!(beyond(&amis, 1, Some("ami-4")), ["ami-1", "ami-2"]);
        assert_eq!(beyond(&amis, 0, Some("ami-4")), ["ami-1", "ami-2", "ami-3"]);
        assert_eq!(beyond(&amis, 9, Some("ami-4")), [""; 0]);
        assert_eq!(beyond(&amis, 1, None), ["ami-1", "ami-2"]);
    }

    #[test]
    fn after_a_rollback_the_one_that_was_left_stays_as_the_newest() {
        let amis = [deployed(1, &[1, 4]), deployed(2, &[2]), deployed(3, &[3])];
        assert_eq!(current(&amis), Some("ami-1"));
        assert_eq!(beyond(&amis, 0, None), ["ami-2"]);
        assert_eq!(beyond(&amis, 1, None), ["ami-2"]);
    }

    #[test]
    fn what_was_deployed_later_is_the_better_rollback_target() {
        let amis = [deployed(1, &[1, 5]), ami(2, &[]), deployed(3, &[3, 6])];
        assert_eq!(beyond(&amis, 1, Some("ami-3")), ["ami-2"]);
    }

    #[test]
    fn the_holder_of_an_exact_name_stands_for_its_build() {
        let holder = ami(9, &[(tag::COPY_OF, "ami-2".into())]);
        let amis = [ami(1, &[]), ami(2, &[]), ami(3, &[]), holder];
        let keeping = Keeping {
            keep: 0,
            current: Some("ami-9"),
            living: &BTreeSet::new(),
        };
        let fates = sort_out("web", &amis, keeping);
        let expected = [
            Fate::Beyond,
            Fate::Stays(Stays::Current),
            Fate::Stays(Stays::Newest),
            Fate::Stays(Stays::ExactName),
        ];
        assert_eq!(fates, expected);
    }

    #[test]
    fn what_a_living_run_built_and_what_is_not_finished_stay() {
        let mut pending = ami(1, &[]);
        pending.state = "pending".into();
        let theirs = ami(2, &[(tag::RUN, run(7).to_string())]);
        let amis = [pending, theirs, ami(3, &[])];
        let living = BTreeSet::from([run(7)]);
        let keeping = Keeping {
            keep: 0,
            current: None,
            living: &living,
        };
        let fates = sort_out("web", &amis, keeping);
        assert_eq!(
            fates[..2],
            [
                Fate::Stays(Stays::NotAvailable("pending".into())),
                Fate::Stays(Stays::Living(run(7)))
            ]
        );
    }

    prop_compose! {
        fn any_ami()(
            number in 0u8..60,
            state in prop::sample::select(vec!["available", "pending", "failed"]),
            copy_of in prop::option::weighted(0.2, 0u8..60),
            deployed in prop::option::of(prop::collection::vec(0u8..60, 0..4)),
            built in prop::option::of(0u8..60),
        ) -> Ami {
            let mut tags = Vec::new();
            tags.extend(copy_of.map(|id| (tag::COPY_OF, format!("ami-{id}"))));
            tags.extend(built.map(|id| (tag::RUN, run(id).to_string())));
            tags.extend(deployed.map(|runs| {
                let runs: Vec<String> = runs.iter().map(|&id| run(id).to_string()).collect();
                (tag::DEPLOYED, runs.join(" "))
            }));
            Ami { state: state.into(), ..ami(number, &tags) }
        }
    }

    proptest! {
        #[test]
        fn an_image_that_has_a_usable_build_keeps_one(
            amis in prop::collection::btree_map(0u8..60, any_ami(), 0..12),
            keep in 0usize..4,
            current in prop::option::of(0u8..60),
            living in prop::collection::btree_set((0u8..60).prop_map(run), 0..3),
        ) {
            let amis: Vec<Ami> = amis
                .into_iter()
                .map(|(number, one)| Ami { id: format!("ami-{number}"), ..one })
                .collect();
            let current = current.map(|number| format!("ami-{number}"));
            let keeping = Keeping { keep, current: current.as_deref(), living: &living };
            let fates = sort_out("web", &amis, keeping);
            prop_assert_eq!(fates.len(), amis.len());
            let stays: Vec<&Ami> = amis
                .iter()
                .zip(&fates)
                .filter(|(_, fate)| matches!(fate, Fate::Stays(_)))
                .map(|(ami, _)| ami)
                .collect();
            let usable = |ami: &&&Ami| is_usable_build(ami);
            prop_assert_eq!(
                amis.iter().any(is_usable_build),
                stays.iter().any(|ami| is_usable_build(ami))
            );
            // Nothing that is deployed, unfinished or somebody else's is ever beyond what is kept.
            for (ami, fate) in amis.iter().zip(&fates) {
                if *fate == Fate::Beyond {
                    prop_assert!(ami.is_available());
                    prop_assert!(!history::is_copy(ami));
                    prop_assert!(current.as_deref() != Some(ami.id.as_str()));
                    prop_assert!(built_by(ami).is_none_or(|run| !living.contains(&run)));
                }
            }
            // Retention keeps enough: `keep` before the current one, if there are so many.
            let builds = amis.iter().filter(|ami| is_usable_build(ami)).count();
            let kept = stays.iter().filter(usable).count();
            prop_assert!(kept >= builds.min(keep));
        }
    }
}
