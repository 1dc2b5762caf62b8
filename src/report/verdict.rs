//! [`Verdict`]: how a step or a run ended, in the words and signs that every rendering shares.

use crate::{
    events::{ImageOrigin, Operation, RunResult, Step, StepResult},
    report::aggregate::{RunSummary, StepRecord},
};

/// How a step stands. Each has a word and a sign of its own: colour never tells alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Succeeded,
    /// An image that did not have to be built.
    Reused,
    Skipped,
    Degraded,
    Unverified,
    Failed,
    /// The approval was not given.
    Declined,
    Interrupted,
    NotRun,
    /// It started, and nobody saw its end.
    Unfinished,
}

impl Verdict {
    /// The verdict on a step of `summary`.
    pub fn of(record: &StepRecord, summary: &RunSummary) -> Self {
        match &record.result {
            None => Verdict::Unfinished,
            Some(StepResult::Succeeded { .. }) if is_reused(&record.step, summary) => {
                Verdict::Reused
            }
            Some(StepResult::Succeeded { .. }) => Verdict::Succeeded,
            Some(StepResult::Degraded { .. }) => Verdict::Degraded,
            Some(StepResult::Unverified { .. }) => Verdict::Unverified,
            Some(StepResult::Skipped { .. }) => Verdict::Skipped,
            Some(StepResult::Failed(_)) if record.step == Step::Approve => Verdict::Declined,
            Some(StepResult::Failed(_)) => Verdict::Failed,
            Some(StepResult::Interrupted { .. }) => Verdict::Interrupted,
            Some(StepResult::NotRun) => Verdict::NotRun,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Verdict::Succeeded => "done",
            Verdict::Reused => "reused",
            Verdict::Skipped => "skipped",
            Verdict::Degraded => "degraded",
            Verdict::Unverified => "unverified",
            Verdict::Failed => "failed",
            Verdict::Declined => "declined",
            Verdict::Interrupted => "interrupted",
            Verdict::NotRun => "not run",
            Verdict::Unfinished => "unfinished",
        }
    }
}

fn is_reused(step: &Step, summary: &RunSummary) -> bool {
    let Step::Image(name) = step else {
        return false;
    };
    summary.images.iter().any(|record| {
        record.image == *name
            && record
                .outcome
                .as_ref()
                .is_some_and(|outcome| matches!(outcome.origin, ImageOrigin::Reused { .. }))
    })
}

/// What the step itself says about its end, without the verdict's word; empty when it says nothing.
pub fn detail(record: &StepRecord) -> String {
    match &record.result {
        Some(
            StepResult::Succeeded { summary }
            | StepResult::Degraded { summary }
            | StepResult::Unverified { summary },
        ) => summary.clone(),
        Some(StepResult::Skipped { reason }) => reason.clone(),
        Some(StepResult::Failed(failure)) => failure.message.clone(),
        Some(StepResult::Interrupted { pending }) if !pending.is_empty() => {
            format!("pending: {}", pending.join(", "))
        }
        Some(StepResult::Interrupted { .. } | StepResult::NotRun) | None => String::new(),
    }
}

/// `up succeeded`, `destroy was declined`: the run in a few words.
pub fn headline(operation: Operation, result: Option<RunResult>) -> String {
    let ending = match result {
        Some(RunResult::Succeeded) => "succeeded",
        Some(RunResult::Degraded) => "succeeded, degraded",
        Some(RunResult::Unverified) => "ended unverified",
        Some(RunResult::Failed) => "failed",
        Some(RunResult::CheckFailed) => "deployed, but a check failed",
        Some(RunResult::Declined) => "was declined",
        Some(RunResult::Refused) => "was refused",
        Some(RunResult::Interrupted) => "was interrupted",
        Some(RunResult::Terminated) => "was terminated",
        None => "stopped without a result",
    };
    format!("{} {ending}", operation.word())
}
