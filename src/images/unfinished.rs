//! AMIs that an interrupted build left and that the wanted image may be among. Pure.
//!
//! Packer asks for the AMI only after every provisioner has succeeded, so an AMI with a build's unique name is the
//! product of a complete one.

use super::{decide::Wanted, decide::is_provisioned, finishing::Finishing, tag};
use crate::{journal::PastBuild, run_id::RunId, tools::aws::images::Ami};

/// An AMI with the wanted content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished<'a> {
    /// It is tagged and still being made. A build is needless once it is available.
    Pending(&'a Ami),
    /// A Packer that was killed made it for `run` and did not come to tagging it. A build is needless once it is
    /// available and has `tags`, which the template gives it, and ours.
    Untagged {
        ami: &'a Ami,
        run: &'a RunId,
        provisioned: bool,
        tags: &'a [(String, String)],
    },
    /// The same, and it `lacks` what only Packer does: it has to be built anew.
    Incomplete {
        ami: &'a Ami,
        run: &'a RunId,
        lacks: &'static str,
    },
}

/// Looks for one. `existing` are the AMIs of the image, `untagged` those without our tags; `builds` are what ended
/// runs began, with the fingerprints they were for; `finishing` is what Packer does once the AMI is made.
pub fn find<'a>(
    wanted: Wanted<'_>,
    image: &str,
    existing: &'a [Ami],
    untagged: &'a [Ami],
    finishing: &'a Finishing,
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
        let usable = |ami: &&Ami| {
            (ami.is_available() || ami.is_pending()) && ami.tag(tag::INCOMPLETE).is_none()
        };
        let ami = untagged
            .iter()
            .filter(|_| wanted_build)
            .filter(usable)
            .find(|ami| ami.name == build.ami_name)?;
        Some(match finishing {
            Finishing::Tags(tags) => Unfinished::Untagged {
                ami,
                run,
                provisioned: build.provisioned,
                tags,
            },
            Finishing::Packer(lacks) => Unfinished::Incomplete { ami, run, lacks },
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

    static NO_TAGS: Finishing = Finishing::Tags(Vec::new());

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
        let found = find(wanted, "app", &[], &left, &NO_TAGS, [(&run, &build)]);
        found
            == Some(Unfinished::Untagged {
                ami: &left[0],
                run: &run,
                provisioned: true,
                tags: &[],
            })
    }

    #[test]
    fn an_untagged_image_that_packer_has_more_to_do_with_is_set_aside_once() {
        let mut left = [ami("ami-1", "web-r1", "available", None)];
        let (run, build) = (run(), build());
        let finishing = Finishing::Packer("ami_users");
        let found = find(WANTED, "app", &[], &left, &finishing, [(&run, &build)]);
        assert_eq!(
            found,
            Some(Unfinished::Incomplete {
                ami: &left[0],
                run: &run,
                lacks: "ami_users",
            })
        );

        left[0].tags = vec![(tag::INCOMPLETE.to_owned(), "ami_users".to_owned())];
        for finishing in [&finishing, &NO_TAGS] {
            let found = find(WANTED, "app", &[], &left, finishing, [(&run, &build)]);
            assert_eq!(found, None);
        }
    }

    #[test]
    fn a_tagged_image_that_is_being_made_is_waited_for() {
        let existing = [ami("ami-1", "web-r1", "pending", Some("f"))];
        let found = find(WANTED, "app", &existing, &[], &NO_TAGS, []);
        assert_eq!(found, Some(Unfinished::Pending(&existing[0])));

        let available = [
            existing[0].clone(),
            ami("ami-2", "web-r0", "available", Some("f")),
        ];
        assert_eq!(find(WANTED, "app", &available, &[], &NO_TAGS, []), None);
        let forced = Wanted {
            forced: true,
            ..WANTED
        };
        assert_eq!(find(forced, "app", &existing, &[], &NO_TAGS, []), None);
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
