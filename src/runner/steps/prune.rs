//! `prune`, as part of `destroy --images`: removes the stack's AMIs and their snapshots.

use super::super::{
    context::Context,
    failure::Failure,
    step_output::{Done, StepEnd},
};
use crate::{
    events::{Step, StepResult},
    images,
    tools::aws::images as ami,
};

pub async fn run(context: &Context) -> StepEnd {
    let step = Step::Prune;
    let aws = &context.access.aws;
    let own = super::image::lookup::of_stack(context).await?;
    if own.is_empty() {
        return Ok(Done::skipped("there are no images"));
    }
    let removable = images::retire::snapshots_to_delete(&own, &[]);
    let mut left = Vec::new();
    for image in &own {
        context.go_on()?;
        context
            .events
            .doing(&step, format!("deregistering {} {}", image.id, image.name));
        let answer = context.capture(ami::deregister(aws, &image.id)).await?;
        if !answer.success() {
            left.push(format!("{}: {}", image.id, answer.stderr_text()));
        }
    }
    for snapshot in &removable {
        context.go_on()?;
        context.events.doing(&step, format!("deleting {snapshot}"));
        let answer = context.capture(ami::delete_snapshot(aws, snapshot)).await?;
        if !answer.success() {
            left.push(format!("{snapshot}: {}", answer.stderr_text()));
        }
    }
    if left.len() == own.len() + removable.len() {
        return Err(Failure::new("no image could be removed")
            .excerpt(left)
            .into());
    }
    let summary = format!(
        "{} images and {} snapshots removed",
        own.len(),
        removable.len()
    );
    Ok(match left.as_slice() {
        [] => Done::succeeded(summary),
        left => Done {
            result: StepResult::Degraded {
                summary: format!("left behind: {}", left.join("; ")),
            },
            ..Done::succeeded(summary)
        },
    })
}
