//! What a build did: from its lines, its manifest and its exit code. Pure.

use super::{
    decode::{Channel, Line, Property, RegionalAmi},
    manifest::Build,
};

/// The fold over the lines of one `packer build` of one builder.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    amis: Vec<RegionalAmi>,
    /// Errors with which a builder ended.
    errors: Vec<String>,
    /// Error lines that did not end it, and the last output before them.
    complaints: Vec<String>,
    /// The last lines of any kind, for an error that says nothing itself.
    recent: std::collections::VecDeque<String>,
    pub unknown_lines: usize,
}

/// How many of the last lines are kept.
const RECENT: usize = 25;

/// How the build ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Built {
        amis: Vec<RegionalAmi>,
        /// Something went wrong on the side: a clean-up call failed and left something behind, and
        /// Packer ended with 0 all the same (packer 1.6.6).
        complaint: Option<String>,
    },
    /// Packer names no AMI, but one may be registered: it was stopped, or the reply to CreateImage was
    /// lost. AWS has to be asked by the run's tag.
    Failed {
        message: String,
        /// The part of the output that matters, oldest first.
        excerpt: Vec<String>,
    },
}

impl Tally {
    pub fn take(&mut self, line: Line) {
        match line {
            Line::Ui { channel, text } => {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    if self.recent.len() == RECENT {
                        self.recent.pop_front();
                    }
                    self.recent.push_back(line.to_owned());
                }
                if channel == Channel::Error {
                    self.complaints.push(text);
                }
            }
            Line::Artifact {
                property: Property::Ids(amis),
                ..
            } => {
                for ami in amis {
                    if !self.amis.contains(&ami) {
                        self.amis.push(ami);
                    }
                }
            }
            Line::Error { text, .. } => self.errors.push(text),
            Line::Unknown { .. } => self.unknown_lines += 1,
            Line::Plain(text) if !text.trim().is_empty() => {
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(text);
            }
            Line::Plain(_)
            | Line::Artifact { .. }
            | Line::ArtifactCount { .. }
            | Line::ErrorCount(_)
            | Line::Version(_) => {}
        }
    }

    /// The outcome, now that Packer has ended with `code` and left `manifest`.
    pub fn outcome(&self, code: Option<i32>, manifest: Option<&[Build]>) -> Outcome {
        let mut amis = self.amis.clone();
        for build in manifest.unwrap_or_default() {
            amis.extend(
                build
                    .amis
                    .iter()
                    .filter(|ami| !self.amis.contains(ami))
                    .cloned(),
            );
        }
        if code == Some(0) && !amis.is_empty() && self.errors.is_empty() {
            return Outcome::Built {
                amis,
                complaint: self.complaint(),
            };
        }
        let message = self
            .errors
            .last()
            .and_then(|error| error.lines().find(|line| !line.trim().is_empty()))
            .map_or_else(|| how(code), str::to_owned);
        Outcome::Failed {
            message,
            excerpt: self.recent.iter().cloned().collect(),
        }
    }

    /// The first line of the last complaint. Provisioners write their standard error as errors, which
    /// is no complaint of Packer's: those lines carry no arrow.
    fn complaint(&self) -> Option<String> {
        let own = self
            .complaints
            .iter()
            .filter(|text| text.trim_start().starts_with("==>"));
        let last = own.last()?;
        super::activity::phrase(last).map(str::to_owned)
    }
}

fn how(code: Option<i32>) -> String {
    match code {
        Some(0) => "packer ended with 0 and named no AMI".to_owned(),
        Some(code) => format!("packer ended with exit code {code}"),
        None => "packer was ended by a signal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::packer::decode;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.take(decode::line(line));
        }
        tally
    }

    const ARTIFACT: &str = "1,amazon-ebs.web,artifact,0,id,us-east-1:ami-1";
    const AGAIN: &str = "1,amazon-ebs.web,artifact,1,id,us-east-1:ami-1";

    #[test]
    fn the_ami_is_counted_once_though_post_processors_repeat_it() {
        let outcome = tally(&[ARTIFACT, AGAIN]).outcome(Some(0), None);
        let amis = vec![RegionalAmi {
            region: "us-east-1".into(),
            ami: "ami-1".into(),
        }];
        assert_eq!(
            outcome,
            Outcome::Built {
                amis,
                complaint: None
            }
        );
    }

    #[test]
    fn the_manifest_says_it_when_the_lines_were_lost() {
        let amis = vec![RegionalAmi {
            region: "us-east-1".into(),
            ami: "ami-1".into(),
        }];
        let build = Build {
            name: "web".into(),
            amis: amis.clone(),
        };
        let outcome = tally(&[]).outcome(Some(0), Some(&[build]));
        assert_eq!(
            outcome,
            Outcome::Built {
                amis,
                complaint: None
            }
        );
    }

    #[test]
    fn a_clean_up_that_failed_is_a_complaint() {
        let complaint = "1,,ui,error,==> amazon-ebs.web: Error terminating instance%!(PACKER_COMMA) may still be around";
        let outcome = tally(&[ARTIFACT, complaint]).outcome(Some(0), None);
        let Outcome::Built {
            complaint: Some(text),
            ..
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        assert!(text.starts_with("Error terminating instance"), "{text}");
    }

    #[test]
    fn a_provisioners_standard_error_is_not_a_complaint() {
        let warning =
            "1,,ui,error,    amazon-ebs.web: WARNING: apt does not have a stable CLI interface.";
        let outcome = tally(&[ARTIFACT, warning]).outcome(Some(0), None);
        assert!(
            matches!(
                outcome,
                Outcome::Built {
                    complaint: None,
                    ..
                }
            ),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_failure_has_its_own_words_and_the_lines_before_them() {
        let outcome = tally(&[
            "1,,ui,message,    amazon-ebs.web: install.sh: nope",
            "1,amazon-ebs.web,error,Script exited with non-zero exit status: 1",
        ])
        .outcome(Some(1), None);
        let Outcome::Failed { message, excerpt } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(message, "Script exited with non-zero exit status: 1");
        assert_eq!(excerpt, ["    amazon-ebs.web: install.sh: nope"]);
    }
}
