//! Takes an AMI away with those of its snapshots that nothing else uses. What is announced in the journal and not
//! done, the next run does.

use std::collections::BTreeSet;

use super::lookup;
use crate::{
    events::Step,
    journal::{PastRelease, Record},
    runner::{context::Context, failure::Failure},
    tools::aws::images::{self as command, Ami},
};

/// Deregisters `ami` of `image`, whose content `twin` has as well. Its snapshots stay for now.
///
/// # Errors
///
/// When it cannot be recorded or AWS refuses.
pub async fn deregister(
    context: &Context,
    step: &Step,
    image: &str,
    ami: &Ami,
    twin: Option<&str>,
) -> Result<PastRelease, Failure> {
    let release = PastRelease {
        ami: ami.id.clone(),
        snapshots: ami.snapshots.clone(),
        twin: twin.map(str::to_owned),
    };
    context.base.record(Record::ImageReleasing {
        image: image.to_owned(),
        ami: release.ami.clone(),
        snapshots: release.snapshots.clone(),
        twin: release.twin.clone(),
    })?;
    context
        .events
        .doing(step, format!("deregistering {} {}", ami.id, ami.name));
    let answer = context
        .capture(command::deregister(&context.access.aws, &ami.id))
        .await?;
    let complaint = answer.stderr_text();
    // A reply that was lost: the call has worked.
    if answer.success() || lookup::is_missing(&complaint) {
        return Ok(release);
    }
    Err(
        Failure::new(format!("failed to deregister {} {}", ami.id, ami.name))
            .because(&complaint)
            .excerpt(complaint.lines().map(str::to_owned)),
    )
}

/// Deletes snapshots that no other AMI uses, and records that the image is settled: those of `done`, whose AMIs this
/// run has deregistered, and those of `begun`, which earlier runs announced, as far as their AMIs are gone. A
/// snapshot that stays is warned of; it costs nothing but its storage.
///
/// # Errors
///
/// When AWS does not say what is used.
pub async fn finish(
    context: &Context,
    step: &Step,
    image: &str,
    done: &[PastRelease],
    begun: &[PastRelease],
) -> Result<(), Failure> {
    if !done.is_empty() || !begun.is_empty() {
        let all = command::by_filters(&context.access.aws, &["self".to_owned()], &[]);
        let registered = lookup::describe(context, all).await?;
        for snapshot in deletable(done, begun, registered) {
            delete(context, step, &snapshot).await?;
        }
    }
    context.base.record(Record::ImageSettled {
        image: image.to_owned(),
    })
}

fn deletable(
    done: &[PastRelease],
    begun: &[PastRelease],
    mut registered: Vec<Ami>,
) -> BTreeSet<String> {
    // AWS shows an AMI for a while after it is gone.
    registered.retain(|ami| !ami.is_gone() && !done.iter().any(|release| release.ami == ami.id));
    let is_gone = |release: &&PastRelease| !registered.iter().any(|ami| ami.id == release.ami);
    let removed: Vec<&PastRelease> = done.iter().chain(begun).filter(is_gone).collect();
    let used: BTreeSet<&String> = registered.iter().flat_map(|ami| &ami.snapshots).collect();
    let unshared = removed
        .iter()
        .flat_map(|release| &release.snapshots)
        .filter(|snapshot| !used.contains(snapshot));
    unshared.cloned().collect()
}

async fn delete(context: &Context, step: &Step, snapshot: &str) -> Result<(), Failure> {
    let aws = &context.access.aws;
    context.events.doing(step, format!("deleting {snapshot}"));
    let answer = context
        .capture(command::delete_snapshot(aws, snapshot))
        .await?;
    let complaint = answer.stderr_text();
    let fine = ["InvalidSnapshot.InUse", "InvalidSnapshot.NotFound"];
    if !answer.success() && !fine.iter().any(|code| complaint.contains(code)) {
        let hint = format!(
            "aws ec2 delete-snapshot --snapshot-id {snapshot} --region {}",
            aws.region()
        );
        let text = format!("{snapshot} stays behind: {complaint}");
        context.events.warn(step, text, Some(hint));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(ami: &str, snapshots: &[&str]) -> PastRelease {
        PastRelease {
            ami: ami.into(),
            snapshots: snapshots.iter().map(|&snapshot| snapshot.into()).collect(),
            twin: None,
        }
    }

    fn ami(id: &str, snapshots: &[&str]) -> Ami {
        Ami {
            id: id.into(),
            state: "available".into(),
            snapshots: snapshots.iter().map(|&snapshot| snapshot.into()).collect(),
            ..Ami::default()
        }
    }

    #[test]
    fn only_snapshots_of_images_that_are_gone_and_that_nothing_shares_are_deleted() {
        let done = [release("ami-1", &["snap-1", "snap-shared"])];
        let begun = [release("ami-2", &["snap-2"]), release("ami-3", &["snap-3"])];
        let registered = vec![
            // It was deregistered a moment ago.
            ami("ami-1", &["snap-1", "snap-shared"]),
            ami("ami-3", &["snap-3"]),
            ami("ami-4", &["snap-shared"]),
        ];
        let deletable = deletable(&done, &begun, registered);
        assert_eq!(
            deletable,
            BTreeSet::from(["snap-1".into(), "snap-2".into()])
        );
    }
}
