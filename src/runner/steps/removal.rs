//! What removing steps share: asking whether a list may go, one call with what its refusal means, and the
//! count of what became of it.

use std::time::Duration;

use super::approve;
use crate::{
    command::ToolCommand,
    errors::Exit,
    events::{Happening, Removal, RemovalResult, Thing, ThingKind},
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
    tools::aws::refusal::{Refusal, refusal},
};

/// How often a thing is tried to be removed that EC2 says is in use: what used it went a moment ago.
const ATTEMPTS: usize = 4;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_secs(2);

/// Shows `removals` and asks whether `things` may go.
///
/// # Errors
///
/// [`Stopped::Declined`] when the user says no, or nobody can be asked.
pub async fn ask(context: &Context, removals: Vec<Removal>, things: Vec<Thing>) -> StepEnd {
    let ends = |reason: &str| Done {
        output: StepOutput::Allowed(Vec::new()),
        ..Done::skipped(reason)
    };
    let show = |asked: bool| {
        let removals = removals.clone();
        let shown = Happening::RemovalsProposed { removals, asked };
        context.events.send(shown);
    };
    if things.is_empty() {
        show(false);
        return Ok(ends("nothing to remove"));
    }
    match approve::ask(context, || show(true)).await? {
        Some(true) => Ok(Done::with("by you", StepOutput::Allowed(things))),
        Some(false) => Err(Stopped::Declined(Failure::of(
            Exit::Declined,
            "you did not allow it; nothing was removed",
        ))),
        None => {
            show(false);
            Err(Stopped::Declined(
                Failure::of(Exit::Declined, "there is nobody to ask whether this may go")
                    .hint("rerun with --yes to remove it without being asked, or in a terminal"),
            ))
        }
    }
}

/// Makes the call `command`, which removes one thing.
///
/// # Errors
///
/// When the `aws` command cannot be run, or the user asks to stop while something is waited for.
pub async fn remove(context: &Context, command: ToolCommand) -> Result<RemovalResult, Stopped> {
    let mut attempt = 1;
    loop {
        let answer = context.capture(command.clone()).await?;
        if answer.success() {
            return Ok(RemovalResult::Removed);
        }
        let complaint = context.events.redact(&answer.stderr_text());
        match refusal(&complaint) {
            Refusal::Gone => return Ok(RemovalResult::Gone),
            Refusal::Protected => {
                return Ok(RemovalResult::Stays {
                    because: "somebody has protected it".to_owned(),
                });
            }
            Refusal::InUse if attempt == ATTEMPTS => {
                return Ok(RemovalResult::Stays {
                    because: format!("still in use: {}", line(&complaint)),
                });
            }
            Refusal::InUse => attempt += 1,
            Refusal::Other => {
                return Ok(RemovalResult::Failed {
                    because: line(&complaint),
                });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = context.base.stop.requested() => {
                return Err(Stopped::Interrupted { pending: Vec::new() });
            }
        }
    }
}

fn line(complaint: &str) -> String {
    let mut lines = complaint.lines().map(str::trim);
    let found = lines.find(|line| !line.is_empty());
    found.unwrap_or("AWS gave no reason").to_owned()
}

/// What became of things.
#[derive(Debug, Default)]
pub struct Tally {
    removed: Vec<(ThingKind, usize)>,
    /// What stays because AWS says so, and why.
    pub stayed: Vec<String>,
    pub failed: Vec<String>,
}

impl Tally {
    /// Counts and tells what became of `thing`.
    pub fn take(&mut self, context: &Context, thing: Thing, result: RemovalResult) {
        match &result {
            RemovalResult::Removed | RemovalResult::Gone => self.count(thing.kind),
            RemovalResult::Stays { because } => {
                self.stayed.push(format!("{}: {because}", thing.id));
            }
            RemovalResult::Failed { because } => {
                self.failed.push(format!("{}: {because}", thing.id));
            }
            RemovalResult::Proposed => {}
        }
        let removal = Removal { thing, result };
        context.events.send(Happening::RemovalDone(removal));
    }

    fn count(&mut self, kind: ThingKind) {
        match self.removed.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.removed.push((kind, 1)),
        }
    }

    pub fn removed(&self) -> usize {
        self.removed.iter().map(|(_, count)| count).sum()
    }

    /// `2 AMIs, 3 snapshots removed`
    pub fn phrase(&self) -> String {
        let parts: Vec<String> = self
            .removed
            .iter()
            .map(|(kind, count)| match count {
                1 => format!("1 {kind}"),
                _ => format!("{count} {kind}s"),
            })
            .collect();
        match parts.as_slice() {
            [] => "nothing removed".to_owned(),
            parts => format!("{} removed", parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_by_kind() {
        let mut tally = Tally::default();
        for kind in [ThingKind::Ami, ThingKind::Snapshot, ThingKind::Snapshot] {
            tally.count(kind);
        }
        assert_eq!(tally.phrase(), "1 AMI, 2 snapshots removed");
        assert_eq!(tally.removed(), 3);
        assert_eq!(Tally::default().phrase(), "nothing removed");
    }
}
