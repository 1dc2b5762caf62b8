//! Looks at AMIs: all of a stack, and whether a new one can really be used.

use std::time::{Duration, Instant};

use crate::{
    command::ToolCommand,
    events::Step,
    images::tag,
    runner::{context::Context, failure::Failure, step_output::Stopped},
    tools::{
        aws::images::{self as ami, Ami},
        terraform::diagnosis,
    },
};

/// How long a new image may take to become visible and available once Packer, which waits itself, is done.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
/// Pause between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

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
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = context.base.stop.requested() => {
                return Err(Stopped::Interrupted { pending: vec![id.to_owned()] });
            }
        }
    }
}

async fn look(context: &Context, id: &str) -> Result<Option<Ami>, Failure> {
    let answer = context
        .capture(ami::by_ids(&context.access.aws, &[id.to_owned()]))
        .await?;
    // CreateImage is eventually consistent (EC2 API reference, "Eventual consistency").
    if !answer.success() && answer.stderr_text().contains("InvalidAMIID.NotFound") {
        return Ok(None);
    }
    if !answer.success() {
        return Err(refused(&answer.stderr_text()));
    }
    Ok(ami::decode(&answer.stdout).and_then(|images| images.into_iter().next()))
}

/// The images that `command` asks for.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn describe(context: &Context, command: ToolCommand) -> Result<Vec<Ami>, Failure> {
    let answer = context.capture(command).await?;
    if !answer.success() {
        return Err(refused(&answer.stderr_text()));
    }
    ami::decode(&answer.stdout)
        .ok_or_else(|| Failure::new("the aws command gave something that is not a list of images"))
}

fn refused(complaint: &str) -> Failure {
    Failure::new("AWS does not say which images there are")
        .hints(diagnosis::mend_of_text(complaint).map(str::to_owned))
        .excerpt(
            complaint
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned),
        )
}
