//! Looks at AMIs: all of a stack, and whether a new one can really be used.

use std::time::{Duration, Instant};

use crate::{
    command::ToolCommand,
    events::Step,
    images::tag,
    runner::{context::Context, failure::Failure, step_output::Stopped},
    tools::aws::images::{self as ami, Ami},
};

/// How long a new image may take to become visible and available once Packer, which waits itself, is done.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
/// How long AWS may take to make an AMI: large volumes are copied to snapshots in a good part of an hour.
pub const MADE_WITHIN: Duration = Duration::from_secs(3600);
/// Pause between two looks at it.
pub const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Every AMI with the tags of the stack in this environment, newest first, whatever its name.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn of_stack(context: &Context) -> Result<Vec<Ami>, Failure> {
    let stack = &context.base.stack;
    let tags = [
        (tag::STACK, stack.name.as_str()),
        (tag::ENVIRONMENT, stack.environment.name.as_str()),
    ];
    describe(context, ami::own_images(&context.access.aws, &tags)).await
}

/// The image `id` as AWS itself describes it, once it is available and carries this run's tag.
///
/// # Errors
///
/// When it does not get there in time, or is not what this run built.
pub async fn verified(context: &Context, step: &Step, id: &str) -> Result<Ami, Stopped> {
    let deadline = Instant::now() + AVAILABLE_WITHIN;
    loop {
        let seen = look(context, id).await?;
        let problem = match seen {
            Some(ami) if ami.tag(tag::RUN) != Some(context.base.run.as_str()) => {
                return Err(Failure::new(format!(
                    "{id} does not carry the tag of this run, so it is not used"
                ))
                .into());
            }
            Some(ami) if ami.is_available() => return Ok(ami),
            Some(ami) => format!("{id} is {}", ami.state),
            None => format!("{id} is not visible yet"),
        };
        context.events.doing(step, problem.as_str());
        if Instant::now() + LOOK_AGAIN > deadline {
            return Err(Failure::new(format!(
                "{problem}, {} s after Packer was done",
                AVAILABLE_WITHIN.as_secs()
            ))
            .hint("rerun: an image that becomes available in the meantime is reused")
            .into());
        }
        pause(context, vec![id.to_owned()]).await?;
    }
}

/// The image `id`; `None` when it is gone or not visible yet.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn look(context: &Context, id: &str) -> Result<Option<Ami>, Failure> {
    let answer = context
        .ask(ami::by_ids(&context.access.aws, &[id.to_owned()]))
        .await?;
    // CreateImage is eventually consistent (EC2 API reference, "Eventual consistency").
    if !answer.success() && is_missing(&answer.stderr_text()) {
        return Ok(None);
    }
    if !answer.success() {
        return Err(refused(&answer.stderr_text()));
    }
    Ok(ami::decode(&answer.stdout).and_then(|images| images.into_iter().next()))
}

/// Sets `tags` of `ami` and of its snapshots; returns it with them.
///
/// # Errors
///
/// When AWS refuses.
pub async fn tag(context: &Context, ami: &Ami, tags: &[(String, String)]) -> Result<Ami, Failure> {
    let mut resources = vec![ami.id.clone()];
    resources.extend(ami.snapshots.iter().cloned());
    let command = ami::create_tags(&context.access.aws, &resources, tags);
    let answer = context.capture(command).await?;
    if !answer.success() {
        let complaint = answer.stderr_text();
        return Err(Failure::new(format!("failed to tag {}", ami.id))
            .because(&complaint)
            .excerpt(complaint.lines().map(str::to_owned)));
    }
    let mut tagged = ami.clone();
    tagged
        .tags
        .retain(|(key, _)| !tags.iter().any(|(set, _)| set == key));
    tagged.tags.extend(tags.iter().cloned());
    Ok(tagged)
}

/// Whether AWS says that there is no such AMI, or no longer (EC2 API reference, "Error codes").
pub fn is_missing(complaint: &str) -> bool {
    complaint.contains("InvalidAMIID.NotFound") || complaint.contains("InvalidAMIID.Unavailable")
}

/// Our own images that are called one of `names`, in which `*` stands for anything.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn named(context: &Context, names: &[String]) -> Result<Vec<Ami>, Failure> {
    let filters = [("name".to_owned(), names.to_vec())];
    let command = ami::by_filters(&context.access.aws, &["self".to_owned()], &filters);
    describe(context, command).await
}

/// Waits while the image `id` is being made, and returns it in the state that it then has; `None` when it is gone.
///
/// # Errors
///
/// When it is still pending after [`MADE_WITHIN`], or the user stops.
pub async fn made(
    context: &Context,
    step: &Step,
    id: &str,
    whose: &str,
) -> Result<Option<Ami>, Stopped> {
    let deadline = Instant::now() + MADE_WITHIN;
    loop {
        match look(context, id).await? {
            Some(ami) if ami.is_pending() => {}
            seen => return Ok(seen),
        }
        if Instant::now() > deadline {
            let minutes = MADE_WITHIN.as_secs() / 60;
            return Err(
                Failure::new(format!("{id} is still pending after {minutes} minutes"))
                    .hint("rerun: it is reused once it is available; or build anew with --rebuild")
                    .into(),
            );
        }
        let text = format!("waiting for {id} to become available, {whose}");
        context.events.doing(step, text);
        pause(context, vec![format!("{id} (reused once it is available)")]).await?;
    }
}

/// Waits a moment before the next look at AWS.
///
/// # Errors
///
/// [`Stopped::Interrupted`] with `pending` when the user stops.
pub async fn pause(context: &Context, pending: Vec<String>) -> Result<(), Stopped> {
    tokio::select! {
        () = tokio::time::sleep(LOOK_AGAIN) => Ok(()),
        () = context.base.stop.requested() => Err(Stopped::Interrupted { pending }),
    }
}

/// The images that `command` asks for.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn describe(context: &Context, command: ToolCommand) -> Result<Vec<Ami>, Failure> {
    let answer = context.ask(command).await?;
    if !answer.success() {
        return Err(refused(&answer.stderr_text()));
    }
    ami::decode(&answer.stdout)
        .ok_or_else(|| Failure::new("the aws command gave something that is not a list of images"))
}

fn refused(complaint: &str) -> Failure {
    Failure::new("AWS does not say which images there are")
        .because(complaint)
        .excerpt(
            complaint
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned),
        )
}
