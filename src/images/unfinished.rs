//! AMIs that an interrupted build left and that the wanted image may be among. Pure.
//!
//! Packer asks for the AMI only after every provisioner has succeeded, so an AMI with a build's unique name is the
//! product of a complete one.

use super::{decide::Wanted, decide::is_provisioned, tag};
use crate::{journal::PastBuild, run_id::RunId, tools::aws::images::Ami};

/// An AMI that makes a build needless once it is available and tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished<'a> {
    /// It is tagged and still being made.
    Pending(&'a Ami),
    /// A Packer that was killed made it for `run` and did not come to tagging it.
    Untagged {
        ami: &'a Ami,
        run: &'a RunId,
        provisioned: bool,
    },
}

/// Looks for one. `existing` are the AMIs of the image, `untagged` those without our tags; `builds` are what ended
/// runs began, with the fingerprints they were for.
pub fn find<'a>(
    wanted: Wanted<'_>,
    image: &str,
    existing: &'a [Ami],
    untagged: &'a [Ami],
    builds: impl IntoIterator<Item = (&'a RunId, &'a PastBuild)>,
) -> Option<Unfinished<'a>> {
    let fits = |ami: &&Ami| {
        ami.tag(tag::FINGERPRINT) == Some(wanted.fingerprint)
            && (is_provisioned(ami) || wanted.unprovisioned_will_do)
    };
    let mut fitting = existing.iter().filter(fits);
    if wanted.forced || fitting.clone().any(Ami::is_available) {
        return None;
    }
    if let Some(pending) = fitting.find(|ami| ami.is_pending()) {
        return Some(Unfinished::Pending(pending));
    }
    builds.into_iter().find_map(|(run, build)| {
        let wanted_build = build.image == image
            && build.fingerprint.as_deref() == Some(wanted.fingerprint)
            && (build.provisioned || wanted.unprovisioned_will_do);
        let usable = |ami: &&Ami| ami.is_available() || ami.is_pending();
        let ami = untagged
            .iter()
            .filter(|_| wanted_build)
            .filter(usable)
            .find(|ami| ami.name == build.ami_name)?;
        Some(Unfinished::Untagged {
            ami,
            run,
            provisioned: build.provisioned,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const WANTED: Wanted<'_> = Wanted {
        fingerprint: "f",
        forced: false,
        unprovisioned_will_do: false,
        undo_rollback: false,
    };

    fn ami(id: &str, name: &str, state: &str, fingerprint: Option<&str>) -> Ami {
        let tag = fingerprint.map(|value| (tag::FINGERPRINT.to_owned(), value.to_owned()));
        Ami {
            id: id.into(),
            name: name.into(),
            state: state.into(),
            tags: tag.into_iter().collect(),
            ..Ami::default()
        }
    }

    fn run() -> RunId {
        RunId::new(Timestamp::UNIX_EPOCH, [0, 1])
    }

    fn build() -> PastBuild {
        PastBuild {
            image: "app".into(),
            ami_name: "web-r1".into(),
            region: "r".into(),
            fingerprint: Some("f".into()),
            provisioned: true,
            verified: false,
        }
    }

    fn untagged(wanted: Wanted<'_>, state: &str, build: PastBuild) -> bool {
        let left = [ami("ami-1", "web-r1", state, None)];
        let run = run();
        let found = find(wanted, "app", &[], &left, [(&run, &build)]);
        found
            == Some(Unfinished::Untagged {
                ami: &left[0],
                run: &run,
                provisioned: true,
            })
    }

    #[test]
    fn a_tagged_image_that_is_being_made_is_waited_for() {
        let existing = [ami("ami-1", "web-r1", "pending", Some("f"))];
        let found = find(WANTED, "app", &existing, &[], []);
        assert_eq!(found, Some(Unfinished::Pending(&existing[0])));

        let available = [
            existing[0].clone(),
            ami("ami-2", "web-r0", "available", Some("f")),
        ];
        assert_eq!(find(WANTED, "app", &available, &[], []), None);
        let forced = Wanted {
            forced: true,
            ..WANTED
        };
        assert_eq!(find(forced, "app", &existing, &[], []), None);
    }

    #[test]
    fn an_untagged_image_is_taken_only_from_the_very_build_that_is_wanted() {
        assert!(untagged(WANTED, "available", build()));
        assert!(untagged(WANTED, "pending", build()));
        assert!(!untagged(WANTED, "failed", build()));
        let others = [
            PastBuild {
                image: "db".into(),
                ..build()
            },
            PastBuild {
                ami_name: "web-r2".into(),
                ..build()
            },
            PastBuild {
                fingerprint: Some("g".into()),
                ..build()
            },
            PastBuild {
                fingerprint: None,
                ..build()
            },
            PastBuild {
                provisioned: false,
                ..build()
            },
        ];
        for other in others {
            assert!(!untagged(WANTED, "available", other.clone()), "{other:?}");
        }
    }
}
