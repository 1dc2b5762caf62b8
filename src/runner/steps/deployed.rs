//! `deployed`: writes to the AMIs that they are deployed, for every machine to read.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        context::Context,
        failure::Failure,
        step_output::{Done, ReadyImage, StepEnd, StepOutput},
    },
    image::{lookup, survey},
};
use crate::{
    command::ToolCommand,
    events::{Step, StepResult},
    images::history::{self, Change},
    journal::Record,
    tools::aws::tags,
};

/// Writes nothing when the tags say already what is deployed. What cannot be written leaves the deployment
/// as it is: the next run writes it.
pub async fn run(context: &Context) -> StepEnd {
    let run = &context.base.run;
    let images = images(context);
    let wanted = |amis: &[_]| {
        let mut changes = history::leave(run, &left(context), amis);
        changes.extend(history::arrive(run, &images, amis));
        changes
    };
    let seen = &survey::of(context).await?.own;
    if wanted(seen).is_empty() {
        let last = history::deployments(seen).into_iter().next();
        let since = last.map_or_else(String::new, |last| format!(" since {}", last.run));
        return Ok(Done::skipped(format!("the same images{since}")));
    }
    context
        .events
        .doing(&Step::Deployed, "writing it to the images");
    // A build takes minutes: what was seen before it may be old.
    let amis = match lookup::of_stack(context).await {
        Ok(amis) => amis,
        Err(failure) => return Ok(not_written(context, &images, &failure)),
    };
    for change in wanted(&amis) {
        if let Err(failure) = write(context, &change).await {
            return Ok(not_written(context, &images, &failure));
        }
    }
    let ids: Vec<&str> = images.values().map(String::as_str).collect();
    Ok(Done::succeeded(ids.join(", ")))
}

/// Before an apply: notes what is going to be deployed, and marks what a rollback leaves, so that no run
/// that comes after a kill takes it for what is wanted.
///
/// # Errors
///
/// When the journal cannot be written. A mark that AWS refuses is warned of, and tried again afterwards.
pub async fn announce(context: &Context) -> Result<(), Failure> {
    let images = images(context);
    if images.is_empty() {
        return Ok(());
    }
    context.base.record(Record::DeploymentStarting { images })?;
    let seen = &survey::of(context).await?.own;
    for change in history::leave(&context.base.run, &left(context), seen) {
        if let Err(failure) = write(context, &change).await {
            let text = format!(
                "until this run has ended `amiable up` would deploy {} again: {}",
                ids(&change).join(", "),
                failure.failure.message
            );
            context.events.warn(&Step::TerraformApply, text, None);
        }
    }
    Ok(())
}

/// The builds that are being deployed: image to AMI.
fn images(context: &Context) -> BTreeMap<String, String> {
    let ready = ready(context).into_iter();
    ready
        .map(|image| (image.outcome.image, image.build))
        .collect()
}

/// The builds that a rollback leaves.
fn left(context: &Context) -> BTreeSet<String> {
    let ready = ready(context).into_iter();
    ready.filter_map(|image| image.rolled_back_from).collect()
}

fn ready(context: &Context) -> Vec<ReadyImage> {
    let outputs = context.base.stack.images.iter();
    outputs
        .filter_map(|image| match context.image(&image.name) {
            Some(StepOutput::Image(image)) => Some(image),
            _ => None,
        })
        .collect()
}

async fn write(context: &Context, change: &Change) -> Result<(), Failure> {
    let command = command(context, change);
    let answer = context.capture(command.clone()).await?;
    if answer.success() {
        return Ok(());
    }
    let complaint = context.events.redact(answer.stderr_text().trim());
    let failure = Failure::new(complaint.lines().next_back().unwrap_or("AWS refuses"));
    Err(failure.hint(format!("by hand: {}", command.display())))
}

fn command(context: &Context, change: &Change) -> ToolCommand {
    let aws = &context.access.aws;
    match change {
        Change::Set { key, value, amis } => tags::set(aws, amis, key, value),
        Change::Remove { key, amis } => tags::remove(aws, amis, key),
    }
}

fn ids(change: &Change) -> &[String] {
    match change {
        Change::Set { amis, .. } | Change::Remove { amis, .. } => amis,
    }
}

fn not_written(context: &Context, images: &BTreeMap<String, String>, failure: &Failure) -> Done {
    let ids: Vec<&str> = images.values().map(String::as_str).collect();
    let summary = format!(
        "{} deployed, but their tags do not say so: {}",
        ids.join(", "),
        failure.failure.message
    );
    let mut mends =
        vec!["the next `amiable up` writes them: it needs ec2:CreateTags and ec2:DeleteTags"];
    mends.extend(failure.failure.hints.iter().map(String::as_str));
    let hint = mends.join("; ");
    let text = "`amiable image history` and `image rollback` do not know of this deployment yet";
    context.events.warn(&Step::Deployed, text, Some(hint));
    Done {
        result: StepResult::Degraded { summary },
        output: StepOutput::Nothing,
    }
}
