//! Build or reuse: decided from what AWS says there is. Pure.

use super::tag;
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
}

/// Decides about one image. `existing` are its AMIs in any state, newest first; `reasons` says what
/// differs from the newest of them, as far as is known here.
pub fn decide(
    wanted: Wanted<'_>,
    existing: &[Ami],
    reasons: impl FnOnce(&Ami) -> Vec<BuildReason>,
) -> ImageDecision {
    if wanted.forced {
        return ImageDecision::Build {
            reasons: vec![BuildReason::Forced],
        };
    }
    let usable: Vec<&Ami> = existing.iter().filter(|ami| ami.is_available()).collect();
    let same = |ami: &&&Ami| ami.tag(tag::FINGERPRINT) == Some(wanted.fingerprint);
    let provisioned = |ami: &&&Ami| is_provisioned(ami) || wanted.unprovisioned_will_do;
    if let Some(ami) = usable.iter().filter(same).find(provisioned) {
        return ImageDecision::Reuse {
            ami: ami.id.clone(),
            built_by: ami.tag(tag::RUN).and_then(RunId::parse),
        };
    }
    let reasons = if usable.iter().any(|ami| same(&ami)) {
        vec![BuildReason::NotProvisioned]
    } else {
        match usable.first() {
            None => vec![BuildReason::FirstBuild],
            Some(newest) => some_reason(reasons(newest)),
        }
    };
    ImageDecision::Build { reasons }
}

/// False for an image that was built with `--no-provision`.
pub fn is_provisioned(ami: &Ami) -> bool {
    ami.tag(tag::PROVISIONED) != Some("no")
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
    };

    fn unknown(_: &Ami) -> Vec<BuildReason> {
        vec![]
    }

    fn build(reason: BuildReason) -> ImageDecision {
        ImageDecision::Build {
            reasons: vec![reason],
        }
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
            ImageDecision::Reuse {
                ami: "ami-1".into(),
                built_by: RunId::parse("20260101-000000-abcdef"),
            }
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
            ImageDecision::Reuse { .. }
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
}
