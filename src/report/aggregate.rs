//! [`RunSummary`]: what a run did, folded from its events. Pure; what every rendering starts from.

use camino::Utf8PathBuf;
use jiff::{SignedDuration, Timestamp};

use crate::{
    events::{
        Action, Event, Happening, ImageDecision, ImageOutcome, Operation, Output, PlannedChanges,
        Removal, ResourceOutcome, ResourceResult, RunResult, RunStart, Signal, Step, StepFailure,
        StepResult, Warning,
    },
    report::duration,
    run_id::RunId,
};

/// A run as far as its events tell.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    pub run: RunId,
    pub operation: Operation,
    pub stack: String,
    pub environment: String,
    pub region: String,
    /// Folder with the run's records.
    pub folder: Utf8PathBuf,
    pub git: Git,
    pub started_at: Timestamp,
    /// Time of the last event.
    pub ended_at: Timestamp,
    /// `None` while the run goes on, and of a run that stopped without saying how.
    pub result: Option<RunResult>,
    /// In the order in which they are shown.
    pub steps: Vec<StepRecord>,
    pub credentials: Vec<CredentialUse>,
    pub images: Vec<ImageRecord>,
    /// `None` until Terraform's plan is complete.
    pub planned: Option<PlannedChanges>,
    /// In the order in which Terraform finished with them.
    pub resources: Vec<ResourceOutcome>,
    /// `None` when the run did not get as far as to know them.
    pub outputs: Option<Vec<Output>>,
    /// The lines of the stack's own `summary`.
    pub summary: Vec<String>,
    pub warnings: Vec<WarningRecord>,
    pub unknown_lines: Vec<UnknownLines>,
    pub interruptions: Vec<Interruption>,
    /// What was removed, or was to be, and what stays although it might have gone.
    pub removals: Vec<Removal>,
}

/// The commit that was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Git {
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// There were changes that no commit has.
    pub dirty: bool,
}

/// One step and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    pub step: Step,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// `None` while it runs, and of a step whose end nobody saw.
    pub result: Option<StepResult>,
}

impl StepRecord {
    fn planned(step: Step) -> Self {
        Self {
            step,
            started_at: None,
            ended_at: None,
            result: None,
        }
    }

    /// How long it took; `None` when it did not run or did not end.
    pub fn took(&self) -> Option<SignedDuration> {
        Some(duration::between(self.started_at?, self.ended_at?))
    }
}

/// Where a credential came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialUse {
    pub name: String,
    pub source: String,
}

/// What was decided about an image and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRecord {
    pub image: String,
    pub decision: Option<ImageDecision>,
    /// `None` when it was not built: `plan`, or a failure.
    pub outcome: Option<ImageOutcome>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningRecord {
    pub step: Option<Step>,
    pub warning: Warning,
}

/// How many lines of a step's tool no decoder understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLines {
    pub step: Step,
    pub count: usize,
}

/// One request to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    pub at: Timestamp,
    pub signal: Signal,
    /// 1 for the first.
    pub request: u8,
    pub waiting_for: Vec<String>,
}

/// What became of Terraform's resources. A replacement is one of each of added and destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoneCounts {
    pub added: usize,
    pub changed: usize,
    pub destroyed: usize,
    pub failed: usize,
    pub unknown: usize,
}

impl DoneCounts {
    /// How many resources Terraform touched.
    pub fn total(self) -> usize {
        self.added + self.changed + self.destroyed + self.failed + self.unknown
    }
}

impl RunSummary {
    /// The summary of a run that starts.
    pub fn started(at: Timestamp, start: &RunStart) -> Self {
        Self {
            run: start.run.clone(),
            operation: start.operation,
            stack: start.stack.clone(),
            environment: start.environment.clone(),
            region: start.region.clone(),
            folder: start.folder.clone(),
            git: Git {
                commit: start.git_commit.clone(),
                branch: start.git_branch.clone(),
                dirty: start.git_dirty,
            },
            started_at: at,
            ended_at: at,
            result: None,
            steps: start
                .steps
                .iter()
                .cloned()
                .map(StepRecord::planned)
                .collect(),
            credentials: Vec::new(),
            images: Vec::new(),
            planned: None,
            resources: Vec::new(),
            outputs: None,
            summary: Vec::new(),
            warnings: Vec::new(),
            unknown_lines: Vec::new(),
            interruptions: Vec::new(),
            removals: Vec::new(),
        }
    }

    /// Takes in what happened next.
    pub fn fold(&mut self, event: &Event) {
        self.ended_at = self.ended_at.max(event.at);
        match &event.what {
            // Only the first start counts, and [`RunSummary::started`] had it.
            Happening::RunStarted(_) => {}
            Happening::StepStarted { step } => {
                let record = self.record(step);
                record.started_at.get_or_insert(event.at);
            }
            // Progress and logs are for those who watch; the log file keeps them.
            Happening::Activity { .. } | Happening::Log { .. } => {}
            // The end of the step tells how it went.
            Happening::ApprovalAsked(_)
            | Happening::ApprovalAnswered { .. }
            | Happening::StopAnswered { .. } => {}
            Happening::CredentialFound { name, source } => self.credentials.push(CredentialUse {
                name: name.clone(),
                source: source.clone(),
            }),
            Happening::ImageDecided { image, decision } => {
                self.image(image).decision = Some(decision.clone());
            }
            Happening::ImageReady(outcome) => {
                self.image(&outcome.image).outcome = Some(outcome.clone());
            }
            Happening::Planned(changes) => self.planned = Some(changes.clone()),
            Happening::ResourceDone(outcome) => self.resources.push(outcome.clone()),
            Happening::Outputs(outputs) => self.outputs = Some(outputs.clone()),
            Happening::Summary(line) => self.summary.push(line.clone()),
            Happening::Warning { step, warning } => self.warnings.push(WarningRecord {
                step: step.clone(),
                warning: warning.clone(),
            }),
            Happening::UnknownLines { step, count } => {
                match self
                    .unknown_lines
                    .iter_mut()
                    .find(|known| known.step == *step)
                {
                    Some(known) => known.count += count,
                    None => self.unknown_lines.push(UnknownLines {
                        step: step.clone(),
                        count: *count,
                    }),
                }
            }
            Happening::StepFinished { step, result } => {
                let record = self.record(step);
                record.ended_at = record.started_at.map(|_| event.at);
                record.result = Some(result.clone());
            }
            Happening::Interrupting {
                signal,
                request,
                waiting_for,
                asked: _,
            } => self.interruptions.push(Interruption {
                at: event.at,
                signal: *signal,
                request: *request,
                waiting_for: waiting_for.clone(),
            }),
            Happening::RemovalsProposed { removals, asked: _ } => {
                removals.iter().for_each(|removal| self.removal(removal));
            }
            Happening::RemovalDone(removal) => self.removal(removal),
            Happening::RunFinished { result } => {
                self.result = Some(*result);
                self.settle();
            }
        }
    }

    /// Marks the steps that never started as such: nothing more will happen.
    pub fn settle(&mut self) {
        for record in &mut self.steps {
            if record.started_at.is_none() && record.result.is_none() {
                record.result = Some(StepResult::NotRun);
            }
        }
    }

    /// From the first event to the last.
    pub fn took(&self) -> SignedDuration {
        duration::between(self.started_at, self.ended_at)
    }

    /// `dashboard/sandbox`
    pub fn target(&self) -> String {
        format!("{}/{}", self.stack, self.environment)
    }

    pub fn step(&self, step: &Step) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.step == *step)
    }

    /// The steps that failed, in the order in which they are shown.
    pub fn failures(&self) -> impl Iterator<Item = (&Step, &StepFailure)> {
        self.steps.iter().filter_map(|record| match &record.result {
            Some(StepResult::Failed(failure)) => Some((&record.step, failure)),
            _ => None,
        })
    }

    pub fn done(&self) -> DoneCounts {
        let mut counts = DoneCounts::default();
        for outcome in &self.resources {
            match outcome.result {
                ResourceResult::Failed => counts.failed += 1,
                ResourceResult::Unknown => counts.unknown += 1,
                ResourceResult::Done => match outcome.action {
                    Action::Create => counts.added += 1,
                    Action::Update => counts.changed += 1,
                    Action::Destroy => counts.destroyed += 1,
                    Action::Replace => {
                        counts.added += 1;
                        counts.destroyed += 1;
                    }
                    Action::Read | Action::Forget => {}
                },
            }
        }
        counts
    }

    fn record(&mut self, step: &Step) -> &mut StepRecord {
        let index = match self.steps.iter().position(|record| record.step == *step) {
            Some(index) => index,
            None => {
                self.steps.push(StepRecord::planned(step.clone()));
                self.steps.len() - 1
            }
        };
        &mut self.steps[index]
    }

    /// The last word about a thing counts.
    fn removal(&mut self, removal: &Removal) {
        let same = |known: &&mut Removal| known.thing == removal.thing;
        match self.removals.iter_mut().find(same) {
            Some(known) => *known = removal.clone(),
            None => self.removals.push(removal.clone()),
        }
    }

    fn image(&mut self, name: &str) -> &mut ImageRecord {
        let index = match self.images.iter().position(|record| record.image == name) {
            Some(index) => index,
            None => {
                self.images.push(ImageRecord {
                    image: name.to_owned(),
                    decision: None,
                    outcome: None,
                });
                self.images.len() - 1
            }
        };
        &mut self.images[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + second).unwrap()
    }

    fn summary(steps: &[Step], events: &[(i64, Happening)]) -> RunSummary {
        let start = RunStart {
            run: RunId::new(at(0), [2, 3]),
            operation: Operation::Up,
            stack: "dashboard".into(),
            environment: "sandbox".into(),
            region: "us-east-1".into(),
            steps: steps.to_vec(),
            folder: "runs/x".into(),
            git_commit: None,
            git_branch: None,
            git_dirty: false,
        };
        let mut summary = RunSummary::started(at(0), &start);
        for (second, what) in events {
            summary.fold(&Event {
                at: at(*second),
                what: what.clone(),
            });
        }
        summary
    }

    fn done(action: Action, result: ResourceResult) -> Happening {
        Happening::ResourceDone(ResourceOutcome {
            address: "aws_vpc.main".into(),
            action,
            result,
            seconds: None,
        })
    }

    #[test]
    fn steps_have_durations_and_those_that_never_started_are_not_run() {
        let summary = summary(
            &[Step::Preflight, Step::Approve, Step::Rollout],
            &[
                (
                    1,
                    Happening::StepStarted {
                        step: Step::Preflight,
                    },
                ),
                (
                    3,
                    Happening::StepFinished {
                        step: Step::Preflight,
                        result: StepResult::Succeeded {
                            summary: String::new(),
                        },
                    },
                ),
                (
                    4,
                    Happening::StepStarted {
                        step: Step::Rollout,
                    },
                ),
                (
                    9,
                    Happening::RunFinished {
                        result: RunResult::Failed,
                    },
                ),
            ],
        );
        let step = |step| summary.step(&step).unwrap();
        assert_eq!(
            step(Step::Preflight).took(),
            Some(SignedDuration::from_secs(2))
        );
        assert_eq!(step(Step::Approve).result, Some(StepResult::NotRun));
        assert_eq!(step(Step::Rollout).result, None, "nobody saw its end");
        assert_eq!(step(Step::Rollout).took(), None);
        assert_eq!(summary.took(), SignedDuration::from_secs(9));
    }

    #[test]
    fn a_step_nobody_announced_is_added_at_the_end() {
        let step = Step::Task("logs".into());
        let summary = summary(
            &[Step::Preflight],
            &[(1, Happening::StepStarted { step: step.clone() })],
        );
        assert_eq!(summary.steps[1].step, step);
    }

    #[test]
    fn resources_are_counted_by_what_became_of_them() {
        let summary = summary(
            &[],
            &[
                (1, done(Action::Create, ResourceResult::Done)),
                (1, done(Action::Replace, ResourceResult::Done)),
                (1, done(Action::Update, ResourceResult::Done)),
                (1, done(Action::Destroy, ResourceResult::Failed)),
                (1, done(Action::Create, ResourceResult::Unknown)),
                (1, done(Action::Read, ResourceResult::Done)),
            ],
        );
        let expected = DoneCounts {
            added: 2,
            changed: 1,
            destroyed: 1,
            failed: 1,
            unknown: 1,
        };
        assert_eq!(summary.done(), expected);
        assert_eq!(expected.total(), 6);
    }

    #[test]
    fn unknown_lines_of_a_step_add_up() {
        let lines = |count| Happening::UnknownLines {
            step: Step::TerraformPlan,
            count,
        };
        let summary = summary(&[], &[(1, lines(2)), (2, lines(3))]);
        assert_eq!(
            summary.unknown_lines,
            [UnknownLines {
                step: Step::TerraformPlan,
                count: 5
            }]
        );
    }
}
