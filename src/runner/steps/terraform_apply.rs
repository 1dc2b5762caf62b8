//! `terraform.apply`: exactly the saved plan, and proof that it was carried out.

use super::{
    super::{
        context::Context,
        failure::Failure,
        step_log::StepLog,
        step_output::{Done, SavedPlan, StepEnd, StepOutput, Stopped},
    },
    deployed, standing_outputs, state_accident, terraform_failure,
    terraform_plan::{self, decoded, discard, report_unknown_lines, take},
};
use crate::{
    errors::Exit,
    events::{Happening, Operation, Output as DeployedOutput, PlannedChanges, Step, StepResult},
    process::{Ended, Output, StopSignal},
    tools::terraform::{Terraform, outcome::Tally},
};

pub async fn run(context: &Context) -> StepEnd {
    let terraform = context.access.terraform()?;
    let destroy = context.base.request.operation == Operation::Destroy;
    let SavedPlan { changes, seal } = match context.output_of(&Step::TerraformPlan) {
        Some(StepOutput::Unchanged(outputs)) => return Ok(unchanged(context, outputs)),
        Some(StepOutput::Planned(plan)) => plan,
        _ => return Err(Failure::new("there is no plan to apply").into()),
    };
    if changes.is_empty() {
        let outputs = outputs_after(context, terraform, destroy).await?;
        return Ok(unchanged(context, outputs));
    }
    unbroken(context, seal.as_deref())?;
    if !destroy {
        deployed::announce(context).await?;
    }
    let end = apply(context, terraform, &changes, destroy).await;
    discard(context);
    end
}

/// Fails unless the saved plan is the file that was shown and judged.
fn unbroken(context: &Context, seal: Option<&str>) -> Result<(), Failure> {
    let plan = context.base.folder.plan();
    if seal.is_some() && terraform_plan::seal(&plan).ok().as_deref() == seal {
        return Ok(());
    }
    discard(context);
    Err(Failure::of(
        Exit::Refused,
        format!("the saved plan {plan} is not the one that was shown, so nothing was applied"),
    )
    .hint("find out what writes into the run's folder, then rerun: a new plan will be shown"))
}

/// Nothing was applied, and `outputs` stand.
fn unchanged(context: &Context, outputs: Vec<DeployedOutput>) -> Done {
    context.events.send(Happening::Outputs(outputs.clone()));
    Done {
        result: StepResult::Skipped {
            reason: "no changes".to_owned(),
        },
        output: StepOutput::Deployed(outputs),
    }
}

async fn outputs_after(
    context: &Context,
    terraform: &Terraform,
    destroy: bool,
) -> Result<Vec<DeployedOutput>, Failure> {
    if destroy {
        return Ok(Vec::new());
    }
    standing_outputs::now(context, terraform).await
}

async fn apply(
    context: &Context,
    terraform: &Terraform,
    changes: &PlannedChanges,
    destroy: bool,
) -> StepEnd {
    let step = Step::TerraformApply;
    let counts = changes.counts();
    let mut tally = Tally::expecting(counts.add + counts.change + counts.destroy);
    context.events.activity(&step, tally.activity());
    let command = terraform.apply(
        &context.base.folder.plan(),
        context.base.request.lock_timeout,
    );
    let mut log = StepLog::open(context, &step, &context.access.redactor);
    let ended = context
        .stream(
            &step,
            "terraform.apply",
            &command,
            StopSignal::Interrupt,
            |output| match output {
                Output::Line { channel, line } => {
                    let line = decoded(channel, line);
                    take(context, &step, &mut tally, &mut log, channel, line);
                    let pending = tally.pending().into_iter();
                    let pending = pending.map(|address| context.events.redact(&address));
                    context.base.at_work.busy_with(&step, pending.collect());
                }
                Output::Started { .. } => {}
            },
        )
        .await;
    log.finish();
    let ended = ended?;

    report_unknown_lines(context, &step, &tally);
    let unknown = tally.unknown();
    for outcome in tally.failed().iter().chain(&unknown) {
        context
            .events
            .send(Happening::ResourceDone(outcome.clone()));
    }
    if ended.was_stopped() && !ended.success() {
        return Err(Stopped::Interrupted {
            pending: tally.pending(),
        });
    }
    if !ended.success() || !tally.errors.is_empty() {
        let failure = terraform_failure::of("terraform apply", &ended, &tally, |text| {
            context.events.redact(text)
        });
        let failure = state_accident::after_apply(failure, context, terraform.folder());
        return Err(with_unknown(
            failure,
            unknown.iter().map(|outcome| outcome.address.as_str()),
        )
        .into());
    }

    let outputs = outputs_after(context, terraform, destroy).await?;
    let left = if destroy {
        state_entries(context, terraform).await?
    } else {
        0
    };
    context.events.send(Happening::Outputs(outputs.clone()));
    Ok(Done {
        result: judge(&ended, &tally, left),
        output: StepOutput::Deployed(outputs),
    })
}

/// Whether exit code, final summary and what was seen of every resource agree.
fn judge(ended: &Ended, tally: &Tally, left_in_state: usize) -> StepResult {
    let Some(summary) = &tally.summary else {
        // A full disk swallows the output of a Terraform that ends with 0 (terraform 1.11.4).
        return StepResult::Unverified {
            summary: format!(
                "Terraform ended with {} and without its final summary: `amiable plan` shows what is missing",
                ended.describe()
            ),
        };
    };
    let phrase = format!(
        "{} added, {} changed, {} destroyed",
        summary.add, summary.change, summary.remove
    );
    let seen = tally.done();
    if !tally.unknown().is_empty() {
        return StepResult::Unverified {
            summary: format!(
                "{phrase}; Terraform did not say how {} ended",
                tally.pending().join(", ")
            ),
        };
    }
    if seen != (summary.add, summary.change, summary.remove) {
        let (added, changed, destroyed) = seen;
        return StepResult::Unverified {
            summary: format!(
                "{phrase} by its summary, {added}, {changed} and {destroyed} by its messages"
            ),
        };
    }
    if left_in_state > 0 {
        return StepResult::Unverified {
            summary: format!("{phrase}; {left_in_state} entries are still in the state"),
        };
    }
    StepResult::Succeeded { summary: phrase }
}

async fn state_entries(context: &Context, terraform: &Terraform) -> Result<usize, Failure> {
    let answer = context.ask(terraform.state_list()).await?;
    Ok(answer
        .stdout_text()
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count())
}

fn with_unknown<'a>(failure: Failure, unknown: impl Iterator<Item = &'a str>) -> Failure {
    let unknown: Vec<&str> = unknown.collect();
    if unknown.is_empty() {
        return failure;
    }
    failure.hint(format!(
        "may exist without being in the state: {}; look for them in the console: what is there has to be taken in with `terraform import`, or removed",
        unknown.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::terraform::decode;

    const DONE: &str =
        r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const SUMMARY: &str = r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}"#;

    fn result(lines: &[&str], left: usize) -> StepResult {
        let mut tally = Tally::expecting(1);
        for line in lines {
            tally.take(decode::line(line));
        }
        let ended = Ended {
            code: Some(0),
            signal: None,
            requests: 0,
            stragglers: vec![],
        };
        judge(&ended, &tally, left)
    }

    #[test]
    fn success_needs_the_summary_and_the_messages_to_agree() {
        assert_eq!(
            result(&[DONE, SUMMARY], 0),
            StepResult::Succeeded {
                summary: "1 added, 0 changed, 0 destroyed".into()
            }
        );
        assert!(matches!(result(&[DONE], 0), StepResult::Unverified { .. }));
        assert!(matches!(
            result(&[SUMMARY], 0),
            StepResult::Unverified { .. }
        ));
        assert!(matches!(
            result(&[DONE, SUMMARY], 2),
            StepResult::Unverified { .. }
        ));
        assert!(matches!(result(&[], 0), StepResult::Unverified { .. }));
    }
}
