//! Which AMIs and snapshots are to go, over all regions. Pure.
//!
//! A build is its AMI at home and the copies of it in other regions. It goes as a whole, the AMI at home
//! last: as long as that is there, the copies are found through it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    retention::{Fate, Keeping, Stays, built_by, sort_out},
    tag,
    usage::{Usage, User},
};
use crate::{run_id::RunId, tools::aws::images::Ami};

/// Every AMI that the account has in a region.
#[derive(Debug, Clone, Default)]
pub struct InRegion {
    pub region: String,
    pub amis: Vec<Ami>,
}

/// Whose AMIs they are.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub stack: &'a str,
    pub environment: &'a str,
}

/// What may go.
#[derive(Debug, Clone)]
pub enum Scope {
    /// What is beyond the kept ones of these images.
    Beyond(BTreeMap<String, Kept>),
    /// All AMIs of the owner, as when everything is destroyed.
    Everything,
}

/// How much of an image stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    pub keep: usize,
    /// The AMI that is deployed, where it is known without the tags.
    pub current: Option<String>,
}

/// An AMI with its region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub region: String,
    pub ami: Ami,
}

/// An AMI at home, last, and the copies of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    pub members: Vec<Member>,
}

/// An AMI that goes, with the snapshots that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    pub member: Member,
    pub snapshots: Vec<String>,
}

impl Owner<'_> {
    pub fn owns(&self, ami: &Ami) -> bool {
        ami.tag(tag::STACK) == Some(self.stack)
            && ami.tag(tag::ENVIRONMENT) == Some(self.environment)
    }
}

/// The builds that may go, oldest first, unless something uses them. The first of `regions` is home.
pub fn candidates(
    regions: &[InRegion],
    owner: Owner<'_>,
    scope: &Scope,
    living: &BTreeSet<RunId>,
) -> Vec<Build> {
    let Some((home, others)) = regions.split_first() else {
        return Vec::new();
    };
    let own: Vec<&Ami> = home.amis.iter().filter(|ami| owner.owns(ami)).collect();
    let mut going: Vec<&Ami> = match scope {
        Scope::Beyond(images) => images
            .iter()
            .flat_map(|(image, kept)| beyond(&own, image, kept, living))
            .collect(),
        Scope::Everything => own
            .iter()
            .copied()
            .filter(|ami| built_by(ami).is_none_or(|run| !living.contains(&run)))
            .collect(),
    };
    going.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    let member = |region: &InRegion, ami: &Ami| Member {
        region: region.region.clone(),
        ami: ami.clone(),
    };
    let mut builds = Vec::new();
    for of in going {
        let mut members = Vec::new();
        for region in others {
            let copies = region.amis.iter();
            let copies = copies.filter(|ami| owner.owns(ami) && is_same_build(ami, of));
            members.extend(copies.map(|ami| member(region, ami)));
        }
        members.push(member(home, of));
        builds.push(Build { members });
    }
    // Copies that are left of a build whose AMI at home is gone.
    let wanted = |ami: &Ami| match scope {
        Scope::Everything => true,
        Scope::Beyond(images) => ami
            .tag(tag::IMAGE)
            .is_some_and(|image| images.contains_key(image)),
    };
    for region in others {
        for ami in &region.amis {
            let orphaned = owner.owns(ami)
                && wanted(ami)
                && ami.is_available()
                && built_by(ami).is_some_and(|run| !living.contains(&run))
                && !own.iter().any(|at_home| is_same_build(ami, at_home));
            if orphaned {
                builds.push(Build {
                    members: vec![member(region, ami)],
                });
            }
        }
    }
    builds
}

/// The AMIs of `image` that are beyond the kept ones.
fn beyond<'a>(own: &[&'a Ami], image: &str, kept: &Kept, living: &BTreeSet<RunId>) -> Vec<&'a Ami> {
    let of_it: Vec<&Ami> = own
        .iter()
        .copied()
        .filter(|ami| ami.tag(tag::IMAGE) == Some(image))
        .collect();
    let amis: Vec<Ami> = of_it.iter().copied().cloned().collect();
    let keeping = Keeping {
        keep: kept.keep,
        current: kept.current.as_deref(),
        living,
    };
    let fates = sort_out(image, &amis, keeping);
    let both = of_it.into_iter().zip(fates);
    both.filter(|(_, fate)| *fate == Fate::Beyond)
        .map(|(ami, _)| ami)
        .collect()
}

/// Why an AMI of `image` stays, by its tags alone; `None` when it is beyond what is kept.
pub fn stays(
    image: &str,
    amis: &[Ami],
    keep: usize,
    living: &BTreeSet<RunId>,
) -> Vec<Option<Stays>> {
    let keeping = Keeping {
        keep,
        current: None,
        living,
    };
    let fates = sort_out(image, amis, keeping).into_iter();
    fates
        .map(|fate| match fate {
            Fate::Stays(stays) => Some(stays),
            Fate::Beyond => None,
        })
        .collect()
}

fn is_same_build(copy: &Ami, of: &Ami) -> bool {
    copy.tag(tag::RUN).is_some()
        && copy.tag(tag::RUN) == of.tag(tag::RUN)
        && copy.tag(tag::IMAGE) == of.tag(tag::IMAGE)
}

/// Builds that nothing uses, and those that stay with their users: a copy that is used keeps its whole
/// build.
pub fn without_used(builds: Vec<Build>, usage: &Usage) -> (Vec<Build>, Vec<(Build, Vec<User>)>) {
    let mut going = Vec::new();
    let mut used = Vec::new();
    for build in builds {
        let users: BTreeSet<User> = build
            .members
            .iter()
            .flat_map(|member| usage.of(&member.ami.id))
            .collect();
        if users.is_empty() {
            going.push(build);
        } else {
            used.push((build, users.into_iter().collect()));
        }
    }
    (going, used)
}

/// The AMIs of `builds` with their snapshots: each snapshot with the last AMI that uses it, and none that
/// an AMI uses which stays.
pub fn retirements(builds: &[Build], regions: &[InRegion]) -> Vec<Retirement> {
    let members: Vec<&Member> = builds.iter().flat_map(|build| &build.members).collect();
    let mut claimed: BTreeSet<(&str, &str)> = BTreeSet::new();
    for region in regions {
        for ami in &region.amis {
            let goes = members
                .iter()
                .any(|member| member.region == region.region && member.ami.id == ami.id);
            if !goes {
                let snapshots = ami.snapshots.iter();
                claimed.extend(snapshots.map(|id| (region.region.as_str(), id.as_str())));
            }
        }
    }
    let mut retirements: Vec<Retirement> = members
        .iter()
        .rev()
        .map(|member| {
            let snapshots = member.ami.snapshots.iter();
            Retirement {
                member: (*member).clone(),
                snapshots: snapshots
                    .filter(|id| claimed.insert((&member.region, id)))
                    .cloned()
                    .collect(),
            }
        })
        .collect();
    retirements.reverse();
    retirements
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWNER: Owner<'_> = Owner {
        stack: "web",
        environment: "prod",
    };

    fn run(number: u8) -> RunId {
        RunId::new(jiff::Timestamp::UNIX_EPOCH, [0, number])
    }

    fn ami(id: &str, number: u8, snapshots: &[&str]) -> Ami {
        let run = run(number).to_string();
        let tags = [
            (tag::STACK, "web"),
            (tag::ENVIRONMENT, "prod"),
            (tag::IMAGE, "front"),
            (tag::RUN, &run),
        ];
        Ami {
            id: id.into(),
            state: "available".into(),
            created: format!("2026-01-01T00:00:{number:02}.000Z"),
            snapshots: snapshots.iter().map(|&id| id.into()).collect(),
            tags: tags.map(|(key, value)| (key.into(), value.into())).to_vec(),
            ..Ami::default()
        }
    }

    fn region(name: &str, amis: &[Ami]) -> InRegion {
        InRegion {
            region: name.into(),
            amis: amis.to_vec(),
        }
    }

    fn keeping(keep: usize) -> Scope {
        let kept = Kept {
            keep,
            current: None,
        };
        Scope::Beyond(BTreeMap::from([("front".to_owned(), kept)]))
    }

    fn ids(builds: &[Build]) -> Vec<Vec<&str>> {
        builds
            .iter()
            .map(|build| {
                let members = build.members.iter();
                members.map(|member| member.ami.id.as_str()).collect()
            })
            .collect()
    }

    #[test]
    fn a_build_goes_with_its_copies_and_the_one_at_home_goes_last() {
        let mut foreign = ami("ami-foreign", 1, &[]);
        foreign.tags.clear();
        let regions = [
            region("us", &[ami("ami-1", 1, &[]), ami("ami-2", 2, &[]), foreign]),
            region("eu", &[ami("ami-1eu", 1, &[]), ami("ami-2eu", 2, &[])]),
        ];
        let none = BTreeSet::new();
        let builds = candidates(&regions, OWNER, &keeping(0), &none);
        assert_eq!(ids(&builds), [["ami-1eu", "ami-1"]]);
        let builds = candidates(&regions, OWNER, &Scope::Everything, &none);
        assert_eq!(ids(&builds), [["ami-1eu", "ami-1"], ["ami-2eu", "ami-2"]]);
        let living = BTreeSet::from([run(1)]);
        assert!(candidates(&regions, OWNER, &keeping(0), &living).is_empty());
    }

    #[test]
    fn a_copy_without_its_build_is_found() {
        let regions = [
            region("us", &[ami("ami-2", 2, &[])]),
            region("eu", &[ami("ami-1eu", 1, &[]), ami("ami-2eu", 2, &[])]),
        ];
        let builds = candidates(&regions, OWNER, &keeping(1), &BTreeSet::new());
        assert_eq!(ids(&builds), [["ami-1eu"]]);
    }

    #[test]
    fn a_used_copy_keeps_its_build() {
        let regions = [
            region("us", &[ami("ami-1", 1, &[]), ami("ami-2", 2, &[])]),
            region("eu", &[ami("ami-1eu", 1, &[])]),
        ];
        let user = User::Instance {
            id: "i-1".into(),
            state: "running".into(),
            group: None,
        };
        let mut usage = Usage::default();
        usage.add("ami-1eu", user.clone());
        let builds = candidates(&regions, OWNER, &keeping(0), &BTreeSet::new());
        let (going, used) = without_used(builds, &usage);
        assert!(going.is_empty());
        assert_eq!(used[0].1, [user]);
    }

    #[test]
    fn a_shared_snapshot_stays_or_goes_with_the_last() {
        let amis = [
            ami("ami-1", 1, &["snap-1", "snap-shared", "snap-kept"]),
            ami("ami-2", 2, &["snap-2", "snap-shared"]),
            ami("ami-3", 3, &["snap-kept"]),
        ];
        let regions = [
            region("us", &amis),
            region("eu", &[ami("ami-x", 9, &["snap-1"])]),
        ];
        let builds = candidates(&regions[..1], OWNER, &keeping(0), &BTreeSet::new());
        let retired = retirements(&builds, &regions);
        assert_eq!(retired[0].snapshots, ["snap-1"]);
        assert_eq!(retired[1].snapshots, ["snap-2", "snap-shared"]);
    }

    proptest! {
        #[test]
        fn no_snapshot_of_an_ami_that_stays_goes_and_none_goes_twice(
            uses in prop::collection::vec(prop::collection::btree_set(0u8..8, 0..4), 1..8),
            keep in 0usize..4,
        ) {
            let amis: Vec<Ami> = uses
                .iter()
                .enumerate()
                .map(|(number, snapshots)| {
                    let number = u8::try_from(number).unwrap();
                    let snapshots: Vec<String> =
                        snapshots.iter().map(|id| format!("snap-{id}")).collect();
                    let snapshots: Vec<&str> = snapshots.iter().map(String::as_str).collect();
                    ami(&format!("ami-{number}"), number, &snapshots)
                })
                .collect();
            let regions = [region("us", &amis)];
            let builds = candidates(&regions, OWNER, &keeping(keep), &BTreeSet::new());
            let retired = retirements(&builds, &regions);
            let gone: BTreeSet<&str> = retired
                .iter()
                .map(|one| one.member.ami.id.as_str())
                .collect();
            let deleted: Vec<&String> = retired.iter().flat_map(|one| &one.snapshots).collect();
            let distinct: BTreeSet<&&String> = deleted.iter().collect();
            prop_assert_eq!(distinct.len(), deleted.len());
            for ami in amis.iter().filter(|ami| !gone.contains(ami.id.as_str())) {
                for snapshot in &ami.snapshots {
                    prop_assert!(!deleted.contains(&snapshot));
                }
            }
            // A snapshot is deleted only after every AMI that uses it is gone.
            for (at, one) in retired.iter().enumerate() {
                for later in &retired[at + 1..] {
                    for snapshot in &one.snapshots {
                        prop_assert!(!later.member.ami.snapshots.contains(snapshot));
                    }
                }
            }
        }
    }
}
