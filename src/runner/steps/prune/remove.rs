//! Removes what was found: first the AMI, then its snapshots, each recorded before it begins.

use super::look::{Proposal, snapshot_of, thing};
use crate::{
    events::{RemovalResult, Step},
    journal::Record,
    runner::{
        context::Context,
        step_output::Stopped,
        steps::removal::{self, Tally},
    },
    tools::aws::images as ami,
};

/// Removes everything in `proposal`, as far as AWS lets it.
///
/// # Errors
///
/// When a removal cannot be recorded, or the user asks to stop.
pub async fn all(context: &Context, step: &Step, proposal: &Proposal) -> Result<Tally, Stopped> {
    let mut tally = Tally::default();
    for retirement in &proposal.retirements {
        context.go_on()?;
        let (id, region) = (&retirement.member.ami.id, &retirement.member.region);
        let aws = context.access.aws.in_region(region);
        context.base.record(Record::RemovalStarting {
            ami: id.clone(),
            region: region.clone(),
            snapshots: retirement.snapshots.clone(),
        })?;
        let what = thing(region, &retirement.member.ami);
        context.events.doing(step, format!("deregistering {id}"));
        let result = removal::remove(context, ami::deregister(&aws, id)).await?;
        let is_gone = matches!(result, RemovalResult::Removed | RemovalResult::Gone);
        let was_tried = !matches!(result, RemovalResult::Failed { .. });
        tally.take(context, what, result);
        let mut done = was_tried;
        for snapshot in retirement.snapshots.iter().filter(|_| is_gone) {
            context.events.doing(step, format!("deleting {snapshot}"));
            let result = removal::remove(context, ami::delete_snapshot(&aws, snapshot)).await?;
            done &= !matches!(result, RemovalResult::Failed { .. });
            tally.take(context, snapshot_of(retirement, snapshot), result);
        }
        if done {
            context.base.record(Record::RemovalEnded {
                ami: id.clone(),
                region: region.clone(),
            })?;
        }
    }
    for snapshot in &proposal.snapshots {
        context.go_on()?;
        let aws = context.access.aws.in_region(&snapshot.region);
        context
            .events
            .doing(step, format!("deleting {}", snapshot.id));
        let result = removal::remove(context, ami::delete_snapshot(&aws, &snapshot.id)).await?;
        tally.take(context, snapshot.clone(), result);
    }
    Ok(tally)
}
