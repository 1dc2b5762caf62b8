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
    events::{Happening, PlannedChanges, Step},
};

pub async fn run(context: &Context) -> StepEnd {
    let changes = match context.output_of(&Step::TerraformPlan) {
        Some(StepOutput::Planned(changes)) => changes,
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
    match &context.base.questions {
        Questions::Nobody => Err(Stopped::Declined(
            Failure::of(Exit::Declined, "there is nobody to ask for approval")
                .hint("rerun with --yes to apply without being asked, or in a terminal"),
        )),
        Questions::Terminal(read_line) => {
            context.events.send(Happening::ApprovalAsked(changes));
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
            if approved {
                Ok(Done::succeeded("by you"))
            } else {
                Err(Stopped::Declined(Failure::of(
                    Exit::Declined,
                    "you did not approve; nothing was changed",
                )))
            }
        }
    }
}

/// Only the whole word counts, as with Terraform itself.
fn is_yes(answer: &str) -> bool {
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
