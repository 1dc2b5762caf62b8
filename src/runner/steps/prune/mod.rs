//! `prune`: removes the AMIs beyond those that are kept, with their snapshots, and never one in use.
//!
//! - [`look`]: what may go, over all regions;
//! - [`remove`]: removing it, each removal recorded before it begins.
//!
//! It is the last step of `up`, what `image prune` does, and part of `destroy --images`.

mod look;
mod remove;

use std::collections::BTreeMap;

use self::look::Proposal;
use super::removal::{self, Tally};
use crate::{
    config::Stack,
    events::{Happening, Operation, Removal, RemovalResult, Step, StepResult},
    images::retire::{Kept, Scope},
    journal::Watermark,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
};

pub async fn run(context: &Context) -> StepEnd {
    let step = Step::Prune;
    if context.base.request.operation == Operation::Up
        && let Some(reason) = look::nothing_to_do(context).await?
    {
        remember(context, &step, None);
        return Ok(Done::skipped(reason));
    }
    context
        .events
        .doing(&step, "looking at who uses old images");
    let proposal = match look::look(context).await {
        Ok(proposal) => proposal,
        // The deployment itself succeeded.
        Err(Stopped::Failed(failure)) if context.base.request.operation == Operation::Up => {
            return Ok(not_told(&failure));
        }
        Err(stopped) => return Err(stopped),
    };
    warn_of_unknown(context, &step, &proposal);
    if context.base.request.removal.dry_run {
        context.events.send(Happening::RemovalsProposed {
            removals: proposal.removals(),
            asked: false,
        });
        let count = proposal.things().len();
        return Ok(Done::skipped(match count {
            0 => nothing(&proposal),
            _ => format!("dry run: {count} would be removed"),
        }));
    }
    let proposal = match context.output_of(&Step::Approve) {
        Some(StepOutput::Allowed(allowed)) => proposal.only(&allowed),
        _ => proposal,
    };
    for stays in proposal.stays() {
        context.events.send(Happening::RemovalDone(stays));
    }
    if proposal.things().is_empty() {
        remember(context, &step, Some(&proposal));
        return Ok(in_use_or(
            context,
            &proposal,
            Done::skipped(nothing(&proposal)),
        ));
    }
    let tally = remove::all(context, &step, &proposal).await?;
    if tally.failed.is_empty() {
        remember(context, &step, Some(&proposal));
    }
    end(context, &proposal, &tally)
}

/// `image prune`: shows what is to go and asks.
pub async fn propose(context: &Context) -> StepEnd {
    let step = Step::Approve;
    if context.base.request.approved {
        return Ok(Done::succeeded("by --yes"));
    }
    context
        .events
        .doing(&step, "looking at images and who uses them");
    let proposal = look::look(context).await?;
    removal::ask(context, proposal.removals(), proposal.things()).await
}

fn end(context: &Context, proposal: &Proposal, tally: &Tally) -> StepEnd {
    if tally.removed() == 0 && !tally.failed.is_empty() {
        return Err(Failure::new("no image could be removed")
            .excerpt(tally.failed.iter().cloned())
            .into());
    }
    let mut summary = tally.phrase();
    if !proposal.used.is_empty() {
        summary.push_str(&format!("; {}", used_phrase(proposal)));
    }
    if !tally.stayed.is_empty() {
        summary.push_str(&format!("; stays: {}", tally.stayed.join("; ")));
    }
    if tally.failed.is_empty() {
        return Ok(in_use_or(context, proposal, Done::succeeded(summary)));
    }
    Ok(Done {
        result: StepResult::Degraded {
            summary: format!("{summary}; left behind: {}", tally.failed.join("; ")),
        },
        output: StepOutput::Nothing,
    })
}

/// Who destroys everything is told when something has to stay; to a prune it is nothing special.
fn in_use_or(context: &Context, proposal: &Proposal, done: Done) -> Done {
    if context.base.request.operation != Operation::Destroy || proposal.used.is_empty() {
        return done;
    }
    let (StepResult::Succeeded { summary } | StepResult::Skipped { reason: summary }) = done.result
    else {
        return done;
    };
    Done {
        result: StepResult::Degraded { summary },
        output: done.output,
    }
}

fn nothing(proposal: &Proposal) -> String {
    match proposal.used.as_slice() {
        [] => "nothing beyond what is kept".to_owned(),
        _ => format!("nothing to remove; {}", used_phrase(proposal)),
    }
}

fn used_phrase(proposal: &Proposal) -> String {
    let used: Vec<String> = proposal
        .stays()
        .iter()
        .filter_map(|removal| match &removal.result {
            RemovalResult::Stays { because } => Some(format!("{} {because}", removal.thing.id)),
            _ => None,
        })
        .collect();
    used.join("; ")
}

fn not_told(failure: &Failure) -> Done {
    let mut why = failure.failure.message.clone();
    if let Some(line) = failure.failure.excerpt.last() {
        why = format!("{why}: {line}");
    }
    Done {
        result: StepResult::Degraded {
            summary: format!("no old image was removed: {why}"),
        },
        output: StepOutput::Nothing,
    }
}

fn warn_of_unknown(context: &Context, step: &Step, proposal: &Proposal) {
    for unknown in &proposal.unknown {
        context.events.warn(step, unknown, None);
    }
}

/// The removals of earlier runs are ended, and who uses what is known.
fn remember(context: &Context, step: &Step, proposal: Option<&Proposal>) {
    let mark = Watermark::at(context.base.state.removals_ended());
    let marked = mark.set(&context.base.run);
    let kept = proposal.map_or(Ok(()), |proposal| look::remember_in_use(context, proposal));
    if let Err(error) = marked.and(kept) {
        let text = format!("the next run looks at old images once more: {error}");
        context.events.warn(step, text, None);
    }
}

/// What may go of the images of `stack`, for the operation of the run.
fn scope(context: &Context) -> Scope {
    let stack: &Stack = &context.base.stack;
    if context.base.request.operation == Operation::Destroy {
        return Scope::Everything;
    }
    let kept = stack.images.iter().map(|image| {
        let current = match context.image(&image.name) {
            Some(StepOutput::Image(ready)) => Some(ready.build),
            _ => None,
        };
        let kept = Kept {
            keep: context.base.request.removal.keep.unwrap_or(image.keep),
            current,
        };
        (image.name.clone(), kept)
    });
    Scope::Beyond(kept.collect::<BTreeMap<_, _>>())
}

/// A removal that is only proposed.
fn proposed(thing: crate::events::Thing) -> Removal {
    Removal {
        thing,
        result: RemovalResult::Proposed,
    }
}
