//! What became of a build, from all that Packer left.
//!
//! The exit code alone says too little: it is 0 when a clean-up call failed and an instance stayed, 0
//! when `-only` fitted no builder, and 1 when one of two builders failed and the other made its AMI.

use super::{
    RegionImage,
    decode::{PackerEvent, UiLevel},
    manifest::Manifest,
};

/// What Packer left of one build.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Exit code; `None` when a signal ended Packer.
    pub code: Option<i32>,
    pub events: &'a [PackerEvent],
    /// The manifest, when there is one that can be read.
    pub manifest: Option<&'a Manifest>,
}

/// What became of one builder. Whether an AMI is there is AWS's to confirm in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Packer made these AMIs and says nothing against it.
    Built { images: Vec<RegionImage> },
    /// The AMIs are there, and something is wrong: leftovers, or Packer and its manifest disagree.
    Degraded {
        images: Vec<RegionImage>,
        complaints: Vec<String>,
    },
    /// The build failed. AMIs that were named all the same may be there.
    Failed {
        errors: Vec<String>,
        images: Vec<RegionImage>,
    },
}

/// Judges the builder called `builder`, as [`crate::render::packer::Selected::builder`] names it.
pub fn outcome(builder: &str, evidence: Evidence) -> Outcome {
    let announced = announced(builder, evidence.events);
    let recorded = evidence.manifest.map(Manifest::images);
    let mut images = announced.clone();
    images.extend(recorded.clone().unwrap_or_default());
    images.sort();
    images.dedup();

    let mut errors = build_errors(builder, evidence.events);
    if errors.is_empty() && evidence.code != Some(0) && announced.is_empty() {
        errors = general_errors(evidence.events);
        if errors.is_empty() {
            errors.push(match evidence.code {
                Some(code) => format!("packer ended with exit code {code} and gave no reason"),
                None => "packer was ended by a signal".to_owned(),
            });
        }
    }
    if errors.is_empty() && images.is_empty() {
        errors.push(format!("packer ended well and made no AMI with {builder}"));
    }
    if !errors.is_empty() {
        return Outcome::Failed { errors, images };
    }

    let mut complaints = complaints(builder, evidence.events);
    let another_failed = evidence
        .events
        .iter()
        .any(|event| matches!(event, PackerEvent::BuildError { .. }));
    if evidence.code != Some(0) && !another_failed {
        complaints.push("packer did not end as it should after it made the AMI".to_owned());
    }
    if let Some(recorded) = recorded.filter(|recorded| *recorded != announced) {
        let names = |images: &[RegionImage]| {
            let names: Vec<&str> = images.iter().map(|image| image.ami.as_str()).collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        complaints.push(format!(
            "Packer's output names other AMIs ({}) than its manifest ({})",
            names(&announced),
            names(&recorded)
        ));
    }
    if complaints.is_empty() {
        Outcome::Built { images }
    } else {
        Outcome::Degraded { images, complaints }
    }
}

/// AMIs of the artifact lines, sorted, once each.
fn announced(builder: &str, events: &[PackerEvent]) -> Vec<RegionImage> {
    let mut images: Vec<RegionImage> = events
        .iter()
        .filter_map(|event| match event {
            PackerEvent::Artifact {
                builder: name,
                images,
                ..
            } if name == builder => Some(images.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    images.sort();
    images.dedup();
    images
}

fn build_errors(builder: &str, events: &[PackerEvent]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            PackerEvent::BuildError {
                builder: name,
                message,
            } if name == builder => Some(message.trim().to_owned()),
            _ => None,
        })
        .collect()
}

/// Errors about no builder: a template that cannot be parsed, a crash.
fn general_errors(events: &[PackerEvent]) -> Vec<String> {
    events
        .iter()
        .flat_map(|event| match event {
            PackerEvent::Ui {
                level: UiLevel::Error,
                lines,
            } => lines.iter().map(|line| line.text.clone()).collect(),
            PackerEvent::Text(text) if !text.trim().is_empty() => vec![text.clone()],
            _ => Vec::new(),
        })
        .collect()
}

/// Error lines of the builder that no script wrote.
///
/// Packer shows what a script writes to its standard error in the same way as its own errors. A script
/// runs from the line that announces it to the next thing that Packer says it does.
fn complaints(builder: &str, events: &[PackerEvent]) -> Vec<String> {
    let mut in_script = false;
    let mut complaints = Vec::new();
    for event in events {
        let PackerEvent::Ui { level, lines } = event else {
            continue;
        };
        for line in lines
            .iter()
            .filter(|line| line.builder.as_deref() == Some(builder))
        {
            match level {
                UiLevel::Say => in_script = starts_script(&line.text),
                UiLevel::Error if !in_script => complaints.push(line.text.clone()),
                UiLevel::Error | UiLevel::Message => {}
            }
        }
    }
    complaints
}

fn starts_script(text: &str) -> bool {
    [
        "Provisioning with",
        "Running local shell script",
        "Running post-processor",
        "Executing ",
        "Uploading ",
        "Downloading ",
        "Restarting ",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{super::decode::decode, *};

    const GOOD: &str = "\
1,,ui,say,==> a: Provisioning with shell script: x.sh
1,,ui,error,==> a: warning of the script
1,,ui,say,==> a: Stopping the source instance...
1,,ui,say,==> a: Terminating the source AWS instance...
1,a,artifact-count,2
1,a,artifact,0,id,us-east-1:ami-1
1,a,artifact,1,id,us-east-1:ami-1
";

    fn judge(code: Option<i32>, output: &str, manifest: Option<&str>) -> Outcome {
        let events: Vec<_> = output.lines().map(decode).collect();
        let manifest = manifest.map(|id| {
            let text = format!(
                r#"{{"builds": [{{"artifact_id": "{id}", "packer_run_uuid": "1"}}], "last_run_uuid": "1"}}"#
            );
            Manifest::parse(&text).unwrap()
        });
        outcome(
            "a",
            Evidence {
                code,
                events: &events,
                manifest: manifest.as_ref(),
            },
        )
    }

    fn images(amis: &[&str]) -> Vec<RegionImage> {
        let image = |ami: &&str| RegionImage {
            region: "us-east-1".to_owned(),
            ami: (*ami).to_owned(),
        };
        amis.iter().map(image).collect()
    }

    #[test]
    fn a_build_is_good_when_all_agree() {
        for manifest in [Some("us-east-1:ami-1"), None] {
            assert_eq!(
                judge(Some(0), GOOD, manifest),
                Outcome::Built {
                    images: images(&["ami-1"])
                }
            );
        }
    }

    #[test]
    fn a_failed_clean_up_degrades_and_a_scripts_stderr_does_not() {
        let output = GOOD.replace(
            "1,a,artifact-count",
            "1,,ui,error,==> a: Error terminating instance%!(PACKER_COMMA) may still be around: x\n1,a,artifact-count",
        );
        assert_eq!(
            judge(Some(0), &output, Some("us-east-1:ami-1")),
            Outcome::Degraded {
                images: images(&["ami-1"]),
                complaints: vec!["Error terminating instance, may still be around: x".to_owned()],
            }
        );
    }

    #[test]
    fn a_manifest_that_disagrees_degrades() {
        let Outcome::Degraded { images, complaints } =
            judge(Some(0), GOOD, Some("us-east-1:ami-2"))
        else {
            panic!("not degraded");
        };
        assert_eq!(images.len(), 2);
        assert!(complaints[0].contains("ami-1") && complaints[0].contains("ami-2"));
    }

    #[test]
    fn success_without_an_ami_is_a_failure() {
        let nothing = "1,,ui,say,\\n==> Builds finished but no artifacts were created.";
        assert!(matches!(
            judge(Some(0), nothing, None),
            Outcome::Failed { .. }
        ));
        assert!(matches!(judge(Some(0), "", None), Outcome::Failed { .. }));
    }

    #[test]
    fn the_failure_of_another_builder_leaves_this_one_good() {
        let output = format!("{GOOD}1,b,error,Timeout waiting for SSH.\n1,,error-count,1\n");
        assert!(matches!(
            judge(Some(1), &output, None),
            Outcome::Built { .. }
        ));
    }

    #[test]
    fn an_end_by_a_signal_after_the_image_degrades() {
        assert!(matches!(judge(None, GOOD, None), Outcome::Degraded { .. }));
    }

    #[test]
    fn failures_have_their_reasons() {
        for (code, output, reason) in [
            (
                Some(1),
                "1,a,error,Timeout waiting for SSH.",
                "Timeout waiting for SSH.",
            ),
            (
                Some(1),
                "1,,ui,error,Error: Unsupported argument\\n\\n  on t",
                "Error: Unsupported argument",
            ),
            (
                Some(127),
                "Usage: packer [--version]",
                "Usage: packer [--version]",
            ),
            (
                Some(1),
                "",
                "packer ended with exit code 1 and gave no reason",
            ),
            (None, "", "packer was ended by a signal"),
        ] {
            let Outcome::Failed { errors, .. } = judge(code, output, None) else {
                panic!("{output}");
            };
            assert_eq!(errors[0], reason);
        }
    }

    #[test]
    fn a_failure_after_the_image_names_it() {
        let output = format!("{GOOD}1,a,error,post-processor failed\n");
        let outcome = judge(Some(1), &output, None);
        assert_eq!(
            outcome,
            Outcome::Failed {
                errors: vec!["post-processor failed".to_owned()],
                images: images(&["ami-1"]),
            }
        );
    }
}
