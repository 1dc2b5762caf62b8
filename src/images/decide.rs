//! Build, reuse or keep: decided from what AWS says there is. Pure.

use thiserror::Error;

use super::{history, tag};
use crate::{
    events::{BuildReason, ImageDecision},
    run_id::RunId,
    tools::aws::images::Ami,
};

/// What is wanted of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub fingerprint: &'a str,
    /// `--rebuild`.
    pub forced: bool,
    /// `--no-provision`: an image without its provisioners will do.
    pub unprovisioned_will_do: bool,
    /// `--undo-rollback`: an AMI that was rolled back from will do.
    pub undo_rollback: bool,
}

/// A rollback left the AMI that would be deployed, and there is none to keep in its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} rolled back from {left}, and no other AMI of the image that was deployed is available", who(.by.as_ref()))]
pub struct NothingToKeep {
    pub left: String,
    pub by: Option<RunId>,
}

/// A rollback that still decides what is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub left: String,
    pub by: RunId,
    /// What is deployed in its place.
    pub kept: String,
}

/// Decides about one image. `existing` are its AMIs in any state, newest first; `reasons` says what
/// differs from the newest of them, as far as is known here.
///
/// # Errors
///
/// [`NothingToKeep`].
pub fn decide(
    wanted: Wanted<'_>,
    existing: &[Ami],
    reasons: impl FnOnce(&Ami) -> Vec<BuildReason>,
) -> Result<ImageDecision, NothingToKeep> {
    if wanted.forced {
        return Ok(ImageDecision::Build {
            reasons: vec![BuildReason::Forced],
        });
    }
    let usable: Vec<&Ami> = usable(existing).collect();
    let same = |ami: &&Ami| ami.tag(tag::FINGERPRINT) == Some(wanted.fingerprint);
    let provisioned = |ami: &&Ami| is_provisioned(ami) || wanted.unprovisioned_will_do;
    let mut fitting = usable.iter().copied().filter(same).filter(provisioned);
    let newest_fitting = fitting.clone().next();
    let will_do = |ami: &&Ami| wanted.undo_rollback || !history::is_rolled_back(ami);
    if let Some(ami) = fitting.find(will_do) {
        return Ok(ImageDecision::Reuse {
            ami: ami.id.clone(),
            built_by: ami.tag(tag::RUN).and_then(RunId::parse),
        });
    }
    if let Some(left) = newest_fitting {
        return match last_deployed(existing) {
            Some(kept) => Ok(ImageDecision::Keep {
                ami: kept.id.clone(),
                instead_of: left.id.clone(),
                rolled_back_by: history::rolled_back_by(left),
            }),
            None => Err(NothingToKeep {
                left: left.id.clone(),
                by: history::rolled_back_by(left),
            }),
        };
    }
    let reasons = if usable.iter().any(same) {
        vec![BuildReason::NotProvisioned]
    } else {
        match usable.first() {
            None => vec![BuildReason::FirstBuild],
            Some(newest) => some_reason(reasons(newest)),
        }
    };
    Ok(ImageDecision::Build { reasons })
}

/// The newest image there is, whatever it was made of: with `--only terraform`. One that was rolled back
/// from counts only when the rollback is to be undone.
///
/// # Errors
///
/// [`NothingToKeep`] when there are only such. `Ok(None)` is for when there are none at all.
pub fn newest(existing: &[Ami], undo_rollback: bool) -> Result<Option<&Ami>, NothingToKeep> {
    let will_do = |ami: &&Ami| undo_rollback || !history::is_rolled_back(ami);
    let Some(newest) = usable(existing).next() else {
        return Ok(None);
    };
    match usable(existing).find(will_do) {
        Some(ami) => Ok(Some(ami)),
        None => Err(NothingToKeep {
            left: newest.id.clone(),
            by: history::rolled_back_by(newest),
        }),
    }
}

/// The rollback that decides what is deployed of the image now, if one does: another AMI than the kept
/// one ends it.
pub fn in_force(existing: &[Ami]) -> Option<InForce> {
    let builds = existing.iter().filter(|ami| !history::is_copy(ami));
    let left = builds
        .filter_map(|ami| Some((history::rolled_back_by(ami)?, ami)))
        .max_by(|(one, _), (other, _)| one.cmp(other));
    let (by, left) = left?;
    let kept = last_deployed(existing)?;
    // One that was first deployed after the rollback has ended it.
    let first = history::runs(kept).into_iter().next()?;
    (first <= by).then(|| InForce {
        left: left.id.clone(),
        by,
        kept: kept.id.clone(),
    })
}

/// False for an image that was built with `--no-provision`.
pub fn is_provisioned(ami: &Ami) -> bool {
    ami.tag(tag::PROVISIONED) != Some("no")
}

/// `RUN`, or words for it where it is not known.
pub fn who(run: Option<&RunId>) -> String {
    run.map_or_else(|| "a rollback".to_owned(), ToString::to_string)
}

/// The builds that can be launched. Copies of them are made of the builds when they are needed.
fn usable(existing: &[Ami]) -> impl Iterator<Item = &Ami> {
    let builds = existing.iter().filter(|ami| !history::is_copy(ami));
    builds.filter(|ami| ami.is_available())
}

/// The AMI that was deployed last, but for those that were rolled back from.
fn last_deployed(existing: &[Ami]) -> Option<&Ami> {
    let standing = usable(existing).filter(|ami| !history::is_rolled_back(ami));
    let deployed =
        standing.filter_map(|ami| Some((history::runs(ami).into_iter().next_back()?, ami)));
    deployed
        .max_by(|(one, _), (other, _)| one.cmp(other))
        .map(|(_, ami)| ami)
}

fn some_reason(reasons: Vec<BuildReason>) -> Vec<BuildReason> {
    if reasons.is_empty() {
        vec![BuildReason::DetailsUnknown]
    } else {
        reasons
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::history::tests::{ami as of_image, rolled_back, run, tagged};
    use super::*;

    fn ami(id: &str, state: &str, tags: &[(&str, &str)]) -> Ami {
        Ami {
            id: id.into(),
            name: id.into(),
            state: state.into(),
            tags: tags
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
            ..Ami::default()
        }
    }

    const WANTED: Wanted<'_> = Wanted {
        fingerprint: "f1",
        forced: false,
        unprovisioned_will_do: false,
        undo_rollback: false,
    };

    const UNDONE: Wanted<'_> = Wanted {
        undo_rollback: true,
        ..WANTED
    };

    fn unknown(_: &Ami) -> Vec<BuildReason> {
        vec![]
    }

    fn build(reason: BuildReason) -> Result<ImageDecision, NothingToKeep> {
        Ok(ImageDecision::Build {
            reasons: vec![reason],
        })
    }

    #[test]
    fn an_available_image_with_the_same_fingerprint_is_reused() {
        let existing = [
            ami("ami-2", "available", &[(tag::FINGERPRINT, "f2")]),
            ami(
                "ami-1",
                "available",
                &[
                    (tag::FINGERPRINT, "f1"),
                    (tag::RUN, "20260101-000000-abcdef"),
                ],
            ),
        ];
        assert_eq!(
            decide(WANTED, &existing, unknown),
            Ok(ImageDecision::Reuse {
                ami: "ami-1".into(),
                built_by: RunId::parse("20260101-000000-abcdef"),
            })
        );
        let forced = Wanted {
            forced: true,
            ..WANTED
        };
        assert_eq!(
            decide(forced, &existing, unknown),
            build(BuildReason::Forced)
        );
    }

    #[test]
    fn an_image_that_is_not_available_does_not_count() {
        let pending = [ami("ami-1", "pending", &[(tag::FINGERPRINT, "f1")])];
        assert_eq!(
            decide(WANTED, &pending, unknown),
            build(BuildReason::FirstBuild)
        );
    }

    #[test]
    fn an_unprovisioned_image_is_reused_only_when_it_will_do() {
        let existing = [ami(
            "ami-1",
            "available",
            &[(tag::FINGERPRINT, "f1"), (tag::PROVISIONED, "no")],
        )];
        assert_eq!(
            decide(WANTED, &existing, unknown),
            build(BuildReason::NotProvisioned)
        );
        let will_do = Wanted {
            unprovisioned_will_do: true,
            ..WANTED
        };
        assert!(matches!(
            decide(will_do, &existing, unknown),
            Ok(ImageDecision::Reuse { .. })
        ));
    }

    #[test]
    fn the_reason_is_what_differs_from_the_newest() {
        let existing = [ami("ami-1", "available", &[(tag::FINGERPRINT, "f0")])];
        let changed = BuildReason::Changed("scripts/install.sh".into());
        assert_eq!(
            decide(WANTED, &existing, |_| vec![changed.clone()]),
            build(changed)
        );
        assert_eq!(
            decide(WANTED, &existing, unknown),
            build(BuildReason::DetailsUnknown)
        );
    }

    /// Of the wanted image, with its fingerprint.
    fn made_of(fingerprint: &str, id: &str, deployed: &[u32]) -> Ami {
        tagged(of_image("web", id, deployed), tag::FINGERPRINT, fingerprint)
    }

    fn reuse(id: &str) -> Result<ImageDecision, NothingToKeep> {
        Ok(ImageDecision::Reuse {
            ami: id.to_owned(),
            built_by: None,
        })
    }

    /// A rollback of run 3 left `ami-2`, which is the wanted one; `ami-1` is deployed again.
    fn rolled_back_from_the_wanted() -> Vec<Ami> {
        vec![
            rolled_back(made_of("f1", "ami-2", &[2]), 3),
            made_of("f0", "ami-1", &[1, 3]),
        ]
    }

    #[test]
    fn what_was_rolled_back_from_is_not_deployed_again() {
        let existing = rolled_back_from_the_wanted();
        let keep = ImageDecision::Keep {
            ami: "ami-1".into(),
            instead_of: "ami-2".into(),
            rolled_back_by: Some(run(3)),
        };
        assert_eq!(decide(WANTED, &existing, unknown), Ok(keep));
        assert_eq!(decide(UNDONE, &existing, unknown), reuse("ami-2"));
        let forced = Wanted {
            forced: true,
            ..WANTED
        };
        assert_eq!(
            decide(forced, &existing, unknown),
            build(BuildReason::Forced)
        );
        let fixed = Wanted {
            fingerprint: "f2",
            ..WANTED
        };
        assert_eq!(
            decide(fixed, &existing, unknown),
            build(BuildReason::DetailsUnknown)
        );
    }

    #[test]
    fn another_image_of_the_same_content_is_reused() {
        let mut existing = rolled_back_from_the_wanted();
        existing.push(made_of("f1", "ami-0", &[]));
        assert_eq!(decide(WANTED, &existing, unknown), reuse("ami-0"));
        // And undoing prefers the newest.
        assert_eq!(decide(UNDONE, &existing, unknown), reuse("ami-2"));
    }

    #[test]
    fn a_rollback_that_was_cut_short_keeps_what_was_deployed_before() {
        let existing = [
            rolled_back(made_of("f1", "ami-2", &[2]), 3),
            made_of("f0", "ami-1", &[1]),
        ];
        assert!(matches!(
            decide(WANTED, &existing, unknown),
            Ok(ImageDecision::Keep { ami, .. }) if ami == "ami-1"
        ));
    }

    #[test]
    fn with_nothing_to_keep_nothing_is_deployed_silently() {
        let mut existing = rolled_back_from_the_wanted();
        existing[1].state = "deregistered".into();
        let error = decide(WANTED, &existing, unknown).unwrap_err();
        assert_eq!(
            error.to_string(),
            "20260101-000003-abcdef rolled back from ami-2, and no other AMI of the image that was deployed is available"
        );
        assert_eq!(newest(&existing, false), Err(error));
        assert_eq!(decide(UNDONE, &existing, unknown), reuse("ami-2"));
    }

    #[test]
    fn the_newest_without_a_template_is_not_one_that_was_rolled_back_from() {
        let existing = rolled_back_from_the_wanted();
        let id = |undo| newest(&existing, undo).unwrap().map(|ami| ami.id.as_str());
        assert_eq!(id(false), Some("ami-1"));
        assert_eq!(id(true), Some("ami-2"));
        assert_eq!(newest(&[], false), Ok(None));
    }

    #[test]
    fn a_rollback_is_in_force_until_something_else_is_deployed() {
        let mut existing = rolled_back_from_the_wanted();
        let rollback = in_force(&existing).unwrap();
        assert_eq!((rollback.by, rollback.kept.as_str()), (run(3), "ami-1"));
        existing.insert(0, made_of("f2", "ami-3", &[]));
        assert!(in_force(&existing).is_some(), "built and not deployed");
        existing[0] = made_of("f2", "ami-3", &[4]);
        assert_eq!(in_force(&existing), None);
        assert_eq!(in_force(&existing[2..]), None);
    }

    #[test]
    fn a_copy_under_an_exact_name_is_never_chosen() {
        let copy = tagged(made_of("f1", "ami-c", &[1]), tag::COPY_OF, "ami-1");
        let existing = [copy, made_of("f1", "ami-1", &[1])];
        assert_eq!(decide(WANTED, &existing, unknown), reuse("ami-1"));
    }

    /// An AMI with any state and any of the tags that matter.
    fn any_ami() -> impl Strategy<Value = Ami> {
        (
            0..100u32,
            prop::sample::select(vec!["available", "pending", "failed", "deregistered"]),
            prop::option::of(prop::sample::select(vec!["f1", "f2"])),
            prop::collection::vec(0..9u32, 0..3),
            prop::option::of(prop::sample::select(vec![
                "20260101-000003-abcdef",
                "",
                "x",
            ])),
            any::<[bool; 2]>(),
        )
            .prop_map(|(id, state, fingerprint, deployed, left, [bare, copy])| {
                let mut ami = of_image("web", &format!("ami-{id}"), &deployed);
                ami.state = state.into();
                let tags = [
                    (tag::FINGERPRINT, fingerprint),
                    (tag::ROLLED_BACK, left),
                    (tag::PROVISIONED, bare.then_some("no")),
                    (tag::COPY_OF, copy.then_some("ami-0")),
                ];
                for (key, value) in tags {
                    if let Some(value) = value {
                        ami = tagged(ami, key, value);
                    }
                }
                ami
            })
    }

    proptest! {
        #[test]
        fn whatever_the_tags_only_available_images_are_named(
            mut existing in prop::collection::vec(any_ami(), 0..6),
            [forced, unprovisioned_will_do, undo_rollback] in any::<[bool; 3]>(),
        ) {
            existing.dedup_by(|one, other| one.id == other.id);
            let wanted = Wanted { fingerprint: "f1", forced, unprovisioned_will_do, undo_rollback };
            let named = match decide(wanted, &existing, unknown) {
                Ok(ImageDecision::Reuse { ami, .. } | ImageDecision::Keep { ami, .. }) => Some(ami),
                _ => None,
            };
            let newest = newest(&existing, undo_rollback).ok().flatten();
            for id in named.iter().chain(newest.map(|ami| &ami.id)) {
                let is_fine = |ami: &Ami| {
                    ami.id == *id
                        && ami.is_available()
                        && (undo_rollback || ami.tag(tag::ROLLED_BACK).is_none())
                };
                prop_assert!(existing.iter().any(is_fine), "{id} of {existing:?}");
            }
        }
    }
}
