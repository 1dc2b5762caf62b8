//! Runs the steps of a plan: each as soon as the ones it waits for have succeeded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::task::JoinSet;

use super::{
    context::Context,
    emitter::Emitter,
    failure::Failure,
    step_output::{Done, StepEnd, Stopped},
    steps,
};
use crate::{
    errors::Exit,
    events::{Happening, RunResult, Step, StepResult},
    journal::Record,
    plan::Plan,
};

/// What a run amounts to so far, over all of its steps.
#[derive(Debug, Default)]
pub struct Verdict {
    first_failure: Option<Exit>,
    interrupted: bool,
    degraded: bool,
    /// Degraded, as the user wanted it.
    less_as_asked: bool,
    unverified: bool,
}

impl Verdict {
    /// Takes in how a step ended.
    pub fn take(&mut self, end: &StepEnd) {
        match end {
            Ok(done) => match done.result {
                StepResult::Degraded { .. } if done.is_as_asked() => self.less_as_asked = true,
                StepResult::Degraded { .. } => self.degraded = true,
                StepResult::Unverified { .. } => self.unverified = true,
                _ => {}
            },
            Err(Stopped::Failed(failure) | Stopped::Declined(failure)) => {
                // A failed check is the mildest: it must not hide another failure.
                let milder = matches!(self.first_failure, None | Some(Exit::CheckFailed));
                if milder {
                    self.first_failure = Some(failure.exit);
                }
            }
            Err(Stopped::Interrupted { .. }) => self.interrupted = true,
        }
    }

    /// The result of the run and its exit code. `terminated` tells SIGTERM and SIGHUP from Ctrl-C.
    pub fn result(&self, terminated: bool) -> (RunResult, Exit) {
        if self.interrupted {
            return if terminated {
                (RunResult::Terminated, Exit::Terminated)
            } else {
                (RunResult::Interrupted, Exit::Interrupted)
            };
        }
        match self.first_failure {
            Some(Exit::Declined) => (RunResult::Declined, Exit::Declined),
            Some(Exit::Refused) => (RunResult::Refused, Exit::Refused),
            Some(Exit::CheckFailed) => (RunResult::CheckFailed, Exit::CheckFailed),
            Some(exit) => (RunResult::Failed, exit),
            None if self.unverified => (RunResult::Unverified, Exit::Unverified),
            None if self.degraded => (RunResult::Degraded, Exit::Degraded),
            None if self.less_as_asked => (RunResult::Degraded, Exit::Done),
            None => (RunResult::Succeeded, Exit::Done),
        }
    }
}

/// Runs what is left of `plan` after preflight and credentials.
pub async fn execute(plan: &Plan, context: Arc<Context>, verdict: &mut Verdict) {
    let mut waiting: BTreeMap<Step, Vec<Step>> = plan
        .steps()
        .iter()
        .filter(|planned| !matches!(planned.step, Step::Preflight | Step::Credentials))
        .map(|planned| (planned.step.clone(), planned.after.clone()))
        .collect();
    let mut succeeded = BTreeSet::from([Step::Preflight, Step::Credentials]);
    let mut running: JoinSet<(Step, StepEnd)> = JoinSet::new();
    let mut images_building = 0;

    loop {
        let ready: Vec<Step> = waiting
            .iter()
            .filter(|(_, after)| after.iter().all(|step| succeeded.contains(step)))
            .map(|(step, _)| step.clone())
            .collect();
        for step in ready {
            if matches!(step, Step::Image(_)) {
                if images_building >= context.base.request.parallel {
                    continue;
                }
                images_building += 1;
            }
            waiting.remove(&step);
            let context = context.clone();
            running.spawn(async move {
                let end = one(&context, &step).await;
                (step, end)
            });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        let (step, end) = match joined {
            Ok(ended) => ended,
            // A panic is ours; the other steps still get their end.
            Err(error) => {
                let failure = Failure::new(format!("internal error: {error}"));
                verdict.take(&Err(Stopped::Failed(failure)));
                continue;
            }
        };
        if matches!(step, Step::Image(_)) {
            images_building -= 1;
        }
        verdict.take(&end);
        if let Ok(done) = end {
            let mut outputs = context
                .outputs
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            outputs.insert(step.clone(), done.output);
            drop(outputs);
            succeeded.insert(step);
        }
    }
    for step in plan.steps().iter().map(|planned| &planned.step) {
        if waiting.contains_key(step) {
            finish(&context.events, step, StepResult::NotRun);
        }
    }
}

/// Runs one step from its first event to its last.
async fn one(context: &Context, step: &Step) -> StepEnd {
    context
        .events
        .send(Happening::StepStarted { step: step.clone() });
    context.base.at_work.begin(step);
    let end = match started(context, step) {
        Ok(()) => stopped_at_once(work(context, step).await, context),
        Err(stopped) => Err(stopped),
    };
    context.base.at_work.end(step);
    let end = redacted(end, &context.events, context, step);
    let result = result_of(&end);
    let record = Record::StepEnded {
        step: step.to_string(),
        result: word(&result).to_owned(),
    };
    if let Err(failure) = context.base.record(record) {
        context.events.warn(step, failure.failure.message, None);
    }
    finish(&context.events, step, result);
    end
}

/// What fails once the user stops everything at once fails because of that.
fn stopped_at_once(end: StepEnd, context: &Context) -> StepEnd {
    match end {
        Err(Stopped::Failed(failure)) if context.base.stop.at_once() => Err(Stopped::Interrupted {
            pending: vec![failure.failure.message],
        }),
        end => end,
    }
}

fn started(context: &Context, step: &Step) -> Result<(), Stopped> {
    context.go_on()?;
    context.base.record(Record::StepStarted {
        step: step.to_string(),
    })?;
    Ok(())
}

async fn work(context: &Context, step: &Step) -> StepEnd {
    let stack = &context.base.stack;
    match step {
        // These two ran before there was a context.
        Step::Preflight | Step::Credentials => Ok(Done::succeeded("")),
        Step::Image(name) => match stack.images.iter().find(|image| image.name == *name) {
            Some(image) => steps::image::run(context, image).await,
            None => Err(unknown(step)),
        },
        Step::TerraformInit => steps::terraform_init::run(context).await,
        Step::TerraformPlan => steps::terraform_plan::run(context).await,
        Step::Approve => steps::approve::run(context).await,
        Step::TerraformApply => steps::terraform_apply::run(context).await,
        Step::Check(name) => match stack.checks.iter().find(|check| check.name == *name) {
            Some(check) => steps::check::run(context, check).await,
            None => Err(unknown(step)),
        },
        Step::Task(name) => match stack.tasks.iter().find(|task| task.name == *name) {
            Some(task) => steps::task::run(context, task).await,
            None => Err(unknown(step)),
        },
        Step::Rollout => Ok(Done::skipped("Terraform replaces instances itself")),
        Step::Prune => steps::prune::run(context).await,
        Step::Recover => steps::recover::run(context).await,
        Step::Unlock => steps::unlock::run(context, &context.base.request.unlock).await,
        Step::Deployed => steps::deployed::run(context).await,
        Step::Sweep => steps::sweep::run(context).await,
    }
}

fn unknown(step: &Step) -> Stopped {
    Stopped::Failed(Failure::new(format!("the stack has no {step}")))
}

/// Takes secrets out of a failure and tells where the whole log of the step is.
fn redacted(end: StepEnd, events: &Emitter, context: &Context, step: &Step) -> StepEnd {
    let with_log = |failure: Failure| {
        let mut failure = failure.map_text(|text| events.redact(text));
        let log = context.base.folder.log(&step.to_string());
        if log.exists() {
            failure.failure.log = Some(log);
        }
        failure
    };
    match end {
        Ok(done) => Ok(Done {
            result: redacted_result(done.result, events),
            ..done
        }),
        Err(Stopped::Failed(failure)) => Err(Stopped::Failed(with_log(failure))),
        Err(Stopped::Declined(failure)) => Err(Stopped::Declined(failure)),
        Err(Stopped::Interrupted { pending }) => Err(Stopped::Interrupted {
            pending: pending.iter().map(|text| events.redact(text)).collect(),
        }),
    }
}

/// A phrase may quote what a tool complained of.
fn redacted_result(result: StepResult, events: &Emitter) -> StepResult {
    match result {
        StepResult::Succeeded { summary } => StepResult::Succeeded {
            summary: events.redact(&summary),
        },
        StepResult::Degraded { summary } => StepResult::Degraded {
            summary: events.redact(&summary),
        },
        StepResult::Unverified { summary } => StepResult::Unverified {
            summary: events.redact(&summary),
        },
        StepResult::Skipped { reason } => StepResult::Skipped {
            reason: events.redact(&reason),
        },
        other @ (StepResult::Failed(_) | StepResult::Interrupted { .. } | StepResult::NotRun) => {
            other
        }
    }
}

/// What the reports are told about the end of a step.
pub fn result_of(end: &StepEnd) -> StepResult {
    match end {
        Ok(done) => done.result.clone(),
        Err(Stopped::Failed(failure) | Stopped::Declined(failure)) => {
            StepResult::Failed(failure.failure.clone())
        }
        Err(Stopped::Interrupted { pending }) => StepResult::Interrupted {
            pending: pending.clone(),
        },
    }
}

pub fn finish(events: &Emitter, step: &Step, result: StepResult) {
    events.send(Happening::StepFinished {
        step: step.clone(),
        result,
    });
}

/// The word of a result in the journal.
pub fn word(result: &StepResult) -> &'static str {
    match result {
        StepResult::Succeeded { .. } => "succeeded",
        StepResult::Degraded { .. } => "degraded",
        StepResult::Unverified { .. } => "unverified",
        StepResult::Skipped { .. } => "skipped",
        StepResult::Failed(_) => "failed",
        StepResult::Interrupted { .. } => "interrupted",
        StepResult::NotRun => "not-run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::step_output::StepOutput;

    fn failed(exit: Exit) -> StepEnd {
        Err(Stopped::Failed(Failure::of(exit, "x")))
    }

    #[test]
    fn a_failed_check_does_not_hide_a_failed_step_and_an_interrupt_wins() {
        let mut verdict = Verdict::default();
        verdict.take(&failed(Exit::CheckFailed));
        assert_eq!(
            verdict.result(false),
            (RunResult::CheckFailed, Exit::CheckFailed)
        );
        verdict.take(&failed(Exit::StepFailed));
        assert_eq!(verdict.result(false), (RunResult::Failed, Exit::StepFailed));
        verdict.take(&Err(Stopped::Interrupted { pending: vec![] }));
        assert_eq!(
            verdict.result(false),
            (RunResult::Interrupted, Exit::Interrupted)
        );
        assert_eq!(
            verdict.result(true),
            (RunResult::Terminated, Exit::Terminated)
        );
    }

    #[test]
    fn degraded_and_unverified_are_not_plain_success() {
        let done = |result| {
            Ok(Done {
                result,
                output: StepOutput::Nothing,
            })
        };
        let mut verdict = Verdict::default();
        verdict.take(&done(StepResult::Degraded {
            summary: "an instance is left".into(),
        }));
        assert_eq!(verdict.result(false), (RunResult::Degraded, Exit::Degraded));
        verdict.take(&done(StepResult::Unverified {
            summary: "?".into(),
        }));
        assert_eq!(
            verdict.result(false),
            (RunResult::Unverified, Exit::Unverified)
        );
    }
}
