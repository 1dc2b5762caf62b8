//! What a `plan` or `apply` did, folded from its lines: how far it is, what is under way, what is
//! known of every resource in the end.

use std::collections::BTreeMap;

use super::{
    decode::{ChangeSummary, Diagnostic, Line, Severity},
    diagnosis,
};
use crate::events::{Action, Activity, ResourceOutcome, ResourceResult};

/// The fold over the lines of one `terraform` call.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Changes that are to be applied; sets the total of the progress count.
    expected: usize,
    under_way: BTreeMap<String, Option<Action>>,
    finished: Vec<ResourceOutcome>,
    /// Ended in an error. What that means is known once the diagnostics are, which come last.
    failed: Vec<ResourceOutcome>,
    /// Resources whose state was read so far, while planning.
    refreshed: usize,
    /// Which version Terraform says it is.
    pub version: Option<String>,
    pub summary: Option<ChangeSummary>,
    pub errors: Vec<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
    /// Lines that were not understood.
    pub unknown_lines: usize,
    /// Lines that were not JSON, the last ones first to be dropped.
    pub plain_lines: Vec<String>,
    pub unsupported_format: bool,
}

/// Plain lines worth keeping: the head of a Go panic names its cause.
const PLAIN_LINES_KEPT: usize = 40;

impl Tally {
    /// A tally for an apply of `expected` resource changes.
    pub fn expecting(expected: usize) -> Self {
        Self {
            expected,
            ..Self::default()
        }
    }

    /// Takes a line in. Returns the outcome of a resource when the line ends one well; see [`Tally::failed`] and
    /// [`Tally::unknown`] for the others.
    pub fn take(&mut self, line: Line) -> Option<ResourceOutcome> {
        self.unsupported_format |= line.is_unsupported_version();
        match line {
            // Data sources are read while planning and applying; nothing becomes of them.
            Line::ApplyStart {
                action: Some(Action::Read),
                ..
            }
            | Line::ApplyFailed {
                action: Some(Action::Read),
                ..
            } => {}
            Line::ApplyDone {
                action: Some(Action::Read),
                ..
            }
            | Line::RefreshDone { .. } => self.refreshed += 1,
            Line::ApplyStart { address, action } => {
                self.under_way.insert(address, action);
            }
            Line::ApplyDone {
                address,
                action,
                seconds,
            } => {
                let outcome = self.finish(address, action, seconds, ResourceResult::Done);
                self.finished.push(outcome.clone());
                return Some(outcome);
            }
            Line::ApplyFailed {
                address,
                action,
                seconds,
            } => {
                let outcome = self.finish(address, action, seconds, ResourceResult::Failed);
                self.failed.push(outcome);
            }
            Line::ChangeSummary(summary) => self.summary = Some(summary),
            Line::Diagnostic(diagnostic) => match diagnostic.severity {
                Severity::Error => self.errors.push(diagnostic),
                Severity::Warning => self.warnings.push(diagnostic),
            },
            Line::Unknown { .. } => self.unknown_lines += 1,
            Line::Plain(text) => {
                if !text.trim().is_empty() && self.plain_lines.len() < PLAIN_LINES_KEPT {
                    self.plain_lines.push(text);
                }
            }
            Line::Version { terraform, .. } => self.version = Some(terraform),
            Line::PlannedChange { .. }
            | Line::Drift { .. }
            | Line::RefreshStart { .. }
            | Line::ApplyProgress { .. }
            | Line::Provisioner { .. }
            | Line::Outputs(_)
            | Line::Message(_) => {}
        }
        None
    }

    fn finish(
        &mut self,
        address: String,
        action: Option<Action>,
        seconds: Option<u64>,
        result: ResourceResult,
    ) -> ResourceOutcome {
        let started_as = self.under_way.remove(&address).flatten();
        ResourceOutcome {
            address,
            action: action.or(started_as).unwrap_or(Action::Update),
            result,
            seconds,
        }
    }

    /// Where the call stands, for the progress line.
    pub fn activity(&self) -> Activity {
        if self.expected == 0 {
            return Activity::Doing(match self.refreshed {
                0 => "reading the state".to_owned(),
                count => format!("{count} resources read"),
            });
        }
        let ended = self.finished.len() + self.failed.len();
        Activity::Count {
            done: ended,
            total: self.expected.max(ended),
            current: self.under_way.keys().cloned().collect(),
        }
    }

    /// Addresses of the resources that are being worked on.
    pub fn pending(&self) -> Vec<String> {
        self.under_way.keys().cloned().collect()
    }

    /// Resources of which AWS said that it did not do what was asked.
    pub fn failed(&self) -> Vec<ResourceOutcome> {
        let failed = self.failed.iter().filter(|one| !self.is_open(one));
        failed.cloned().collect()
    }

    /// Whether nobody knows what AWS did, although Terraform calls it failed.
    fn is_open(&self, failed: &ResourceOutcome) -> bool {
        self.errors.iter().any(|error| {
            error.address.as_ref() == Some(&failed.address) && diagnosis::leaves_open(error)
        })
    }

    /// Resources that were started and of which nobody knows how they ended: they may exist and be absent from the
    /// state. Terraform said nothing (a second signal), or that the provider crashed or AWS's answer was lost.
    pub fn unknown(&self) -> Vec<ResourceOutcome> {
        let open = self.failed.iter().filter(|one| self.is_open(one));
        let open = open.map(|outcome| ResourceOutcome {
            result: ResourceResult::Unknown,
            ..outcome.clone()
        });
        self.under_way
            .iter()
            .map(|(address, action)| ResourceOutcome {
                address: address.clone(),
                action: action.unwrap_or(Action::Update),
                result: ResourceResult::Unknown,
                seconds: None,
            })
            .chain(open)
            .collect()
    }

    /// How many resources were created, changed and destroyed.
    pub fn done(&self) -> (usize, usize, usize) {
        let count = |wanted: &[Action]| {
            let matching = |r: &&ResourceOutcome| {
                r.result == ResourceResult::Done && wanted.contains(&r.action)
            };
            self.finished.iter().filter(matching).count()
        };
        (
            count(&[Action::Create]),
            count(&[Action::Update]),
            count(&[Action::Destroy]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    fn tally(expected: usize, lines: &[&str]) -> Tally {
        let mut tally = Tally::expecting(expected);
        for line in lines {
            tally.take(decode::line(line));
        }
        tally
    }

    const START_A: &str =
        r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const START_B: &str =
        r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.b"},"action":"create"}}"#;
    const DONE_A: &str = r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create","elapsed_seconds":2}}"#;
    const FAILED_B: &str = r#"{"type":"apply_errored","hook":{"resource":{"addr":"aws_vpc.b"},"action":"create","elapsed_seconds":2}}"#;

    #[test]
    fn progress_counts_what_ended_and_names_what_is_under_way() {
        let tally = tally(7, &[START_A, START_B, DONE_A]);
        assert_eq!(
            tally.activity(),
            Activity::Count {
                done: 1,
                total: 7,
                current: vec!["aws_vpc.b".into()]
            }
        );
        assert_eq!(tally.pending(), ["aws_vpc.b"]);
    }

    #[test]
    fn what_started_and_never_ended_is_unknown() {
        let tally = tally(2, &[START_A, START_B, DONE_A]);
        let unknown = tally.unknown();
        assert_eq!(unknown.len(), 1);
        assert_eq!(unknown[0].address, "aws_vpc.b");
        assert_eq!(unknown[0].result, ResourceResult::Unknown);
        assert_eq!(tally.done(), (1, 0, 0));
    }

    #[test]
    fn data_sources_are_read_and_not_changed() {
        let read = r#"{"type":"apply_complete","hook":{"resource":{"addr":"data.aws_ami.x"},"action":"read","elapsed_seconds":0}}"#;
        let mut tally = Tally::default();
        assert_eq!(tally.take(decode::line(read)), None);
        assert_eq!(tally.activity(), Activity::Doing("1 resources read".into()));
    }

    #[test]
    fn a_failed_resource_is_neither_done_nor_unknown() {
        let tally = tally(2, &[START_A, START_B, DONE_A, FAILED_B]);
        assert_eq!(tally.done(), (1, 0, 0));
        assert_eq!(tally.failed().len(), 1);
        assert!(tally.unknown().is_empty());
        assert!(tally.summary.is_none());
    }

    #[test]
    fn a_failed_resource_whose_answer_was_lost_is_unknown() {
        let lost = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Error creating VPC: RequestError: send request failed\ncaused by: Post \"http://127.0.0.1/\": EOF","detail":"","address":"aws_vpc.b"}}"#;
        let tally = tally(2, &[START_B, FAILED_B, lost]);
        assert!(tally.failed().is_empty());
        assert_eq!(tally.unknown()[0].address, "aws_vpc.b");
        assert_eq!(tally.unknown()[0].result, ResourceResult::Unknown);
    }
}
