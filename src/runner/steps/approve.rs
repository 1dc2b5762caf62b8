//! `approve`: whether the plan that was shown may be applied.

use super::super::{
    context::{Context, blocking},
    failure::Failure,
    frontend::Questions,
    step_output::{Done, StepEnd, StepOutput, Stopped},
};
use crate::{
    config::Approve,
    errors::Exit,
    events::{Happening, Operation, PlannedChanges, Step},
};

pub async fn run(context: &Context) -> StepEnd {
    match context.base.request.operation {
        Operation::ImagePrune => return super::prune::propose(context).await,
        Operation::ImageSweep => return super::sweep::propose(context).await,
        _ => {}
    }
    let changes = match context.output_of(&Step::TerraformPlan) {
        Some(StepOutput::Planned(plan)) => plan.changes,
        _ => PlannedChanges::default(),
    };
    if changes.is_empty() {
        return Ok(Done::skipped("no changes"));
    }
    if context.base.request.approved {
        return Ok(Done::succeeded("by --yes"));
    }
    let environment = &context.base.stack.environment;
    if environment.approve == Approve::Auto {
        return Ok(Done::succeeded(format!(
            "not asked for in {}",
            environment.name
        )));
    }
    let show = || context.events.send(Happening::ApprovalAsked(changes));
    match ask(context, show).await? {
        Some(true) => Ok(Done::succeeded("by you")),
        Some(false) => Err(Stopped::Declined(Failure::of(
            Exit::Declined,
            "you did not approve; nothing was changed",
        ))),
        None => Err(Stopped::Declined(
            Failure::of(Exit::Declined, "there is nobody to ask for approval")
                .hint("rerun with --yes to apply without being asked, or in a terminal"),
        )),
    }
}

/// Has `show` put the question and awaits the answer; `None` when there is nobody to ask.
///
/// # Errors
///
/// When the user asks to stop instead.
pub async fn ask(context: &Context, show: impl FnOnce()) -> Result<Option<bool>, Stopped> {
    let Questions::Terminal(read_line) = &context.base.questions else {
        return Ok(None);
    };
    show();
    let read_line = read_line.clone();
    let answer = tokio::select! {
        answer = blocking(move || read_line()) => answer?,
        () = context.base.stop.requested() => {
            return Err(Stopped::Interrupted { pending: Vec::new() });
        }
    };
    let approved = answer.is_some_and(|answer| is_yes(&answer));
    context
        .events
        .send(Happening::ApprovalAnswered { approved });
    Ok(Some(approved))
}

/// Only the whole word counts, as with Terraform itself.
pub(in super::super) fn is_yes(answer: &str) -> bool {
    answer.trim() == "yes"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_yes_is_yes() {
        assert!(is_yes("yes\n"));
        for answer in ["y", "Yes", "no", "", "yes please"] {
            assert!(!is_yes(answer), "{answer}");
        }
    }
}
