//! Images that an interrupted or failed Packer left: found again, waited for, tagged and used.

use super::{inputs::Inputs, lookup, survey::Survey};
use crate::{
    config::ImageSpec,
    events::Step,
    images::{
        decide::Wanted,
        fingerprint::digest_tags,
        finishing::Finishing,
        tag,
        unfinished::{self, Unfinished},
    },
    run_id::RunId,
    runner::{context::Context, failure::Failure, past, step_output::Stopped},
    tools::aws::images::Ami,
};

/// How often AWS is asked for an AMI that Packer was about to make, until it counts as not made: a new one is not
/// visible at once (EC2 API reference, "Eventual consistency").
const LOOKS: u32 = 10;

/// The tags of an image that `run` makes of `inputs`.
pub fn tags(
    context: &Context,
    image: &ImageSpec,
    run: &RunId,
    inputs: &Inputs,
    provisioned: bool,
) -> Vec<(String, String)> {
    let stack = &context.base.stack;
    let mut tags = vec![
        (tag::STACK, stack.name.as_str()),
        (tag::ENVIRONMENT, stack.environment.name.as_str()),
        (tag::IMAGE, image.name.as_str()),
        (tag::RUN, run.as_str()),
        (tag::FINGERPRINT, inputs.fingerprint()),
    ];
    if !provisioned {
        tags.push((tag::PROVISIONED, "no"));
    }
    let regions = inputs.regions.join(" ");
    if !regions.is_empty() {
        tags.push((tag::REGIONS, &regions));
    }
    tags.into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .chain(digest_tags::tags(&inputs.manifest))
        .collect()
}

/// What an interrupted build left for `image`.
///
/// # Errors
///
/// When the journals cannot be read.
pub async fn find<'a>(
    context: &'a Context,
    image: &ImageSpec,
    inputs: &'a Inputs,
    wanted: Wanted<'_>,
    survey: &'a Survey,
    existing: &'a [Ami],
) -> Result<Option<Unfinished<'a>>, Failure> {
    let region = &context.base.stack.region;
    let ended = context
        .past()
        .await?
        .iter()
        .filter(|past| !past::is_alive(past));
    let builds = ended
        .flat_map(|past| past.builds.iter().map(|build| (&past.run, build)))
        .filter(|(_, build)| build.region == *region);
    Ok(unfinished::find(
        wanted,
        &image.name,
        existing,
        &survey.untagged,
        &inputs.finishing,
        builds,
    ))
}

/// Waits for what was found and tags it; with a phrase about where it comes from. `None` when it ends as failed or
/// lacks something: then there is nothing to do but to build.
///
/// # Errors
///
/// When it does not become available in time, AWS refuses, or the user stops.
pub async fn take_up(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    found: Unfinished<'_>,
) -> Result<Option<(Ami, String)>, Stopped> {
    let step = Step::Image(image.name.clone());
    let (id, run) = match found {
        Unfinished::Pending(ami) => (&ami.id, ami.tag(tag::RUN).and_then(RunId::parse)),
        Unfinished::Untagged { ami, run, .. } => (&ami.id, Some(run.clone())),
        Unfinished::Incomplete { ami, run, lacks } => {
            set_aside(context, image, ami, run, lacks).await?;
            return Ok(None);
        }
    };
    let whose = run.as_ref().map_or_else(
        || "made by an earlier run".to_owned(),
        |run| format!("made by {run}, which was interrupted"),
    );
    let made = lookup::made(context, &step, id, &whose).await?;
    let Some(ami) = made.filter(Ami::is_available) else {
        let text = format!("{id}, {whose}, did not become available: it is built anew");
        context.events.warn(&step, text, None);
        return Ok(None);
    };
    let ami = match (found, run) {
        (
            Unfinished::Untagged {
                provisioned,
                tags: of_template,
                ..
            },
            Some(run),
        ) => {
            let ours = tags(context, image, &run, inputs, provisioned);
            let tags = [of_template, &ours].concat();
            lookup::tag(context, &ami, &tags).await?
        }
        _ => ami,
    };
    Ok(Some((ami, whose)))
}

/// Asks AWS for the image called `ami_name` after a Packer that failed or was stopped: it is complete when it is
/// there, because Packer asks for it after the last provisioner. Returns its id once it is available and tagged, and
/// the failure or interruption as it was when there is none. `creating` tells that Packer had begun to make it.
///
/// # Errors
///
/// `stopped`, with what was found out.
pub async fn after(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    ami_name: &str,
    creating: bool,
    stopped: Stopped,
) -> Result<(String, String), Stopped> {
    let step = Step::Image(image.name.clone());
    let base = &context.base;
    context
        .events
        .doing(&step, format!("asking AWS whether there is a {ami_name}"));
    let provisioned = inputs.provisioned(base);
    let ours = tags(context, image, &base.run, inputs, provisioned);
    let failure = match stopped {
        Stopped::Interrupted { mut pending } => {
            // No waiting now: it is tagged as far as it is, and found by the next run.
            if let Ok(Some(ami)) = look(context, ami_name).await {
                let fate = match &inputs.finishing {
                    Finishing::Tags(of_template) => {
                        // What cannot be tagged now, the next run tags.
                        let tags = [of_template.as_slice(), &ours].concat();
                        let _ = lookup::tag(context, &ami, &tags).await;
                        "complete; the next run uses it"
                    }
                    Finishing::Packer(_) => "to be removed: amiable image sweep",
                };
                pending = vec![format!("{} {ami_name} ({fate})", ami.id)];
            }
            return Err(Stopped::Interrupted { pending });
        }
        Stopped::Failed(failure) => failure,
        Stopped::Declined(_) => return Err(stopped),
    };
    let mut found = look(context, ami_name).await?;
    let mut looks = 1;
    while found.is_none() && creating && looks < LOOKS {
        lookup::pause(context, vec![step.to_string()]).await?;
        found = look(context, ami_name).await?;
        looks += 1;
    }
    let Some(ami) = found else {
        return Err(failure.into());
    };
    let of_template = match &inputs.finishing {
        Finishing::Tags(tags) => tags,
        Finishing::Packer(lacks) => {
            set_aside(context, image, &ami, &base.run, lacks).await?;
            return Err(failure.into());
        }
    };
    // At once, so that it is known for what it is whatever happens to this run.
    lookup::tag(context, &ami, &[of_template.as_slice(), &ours].concat()).await?;
    let whose = "which Packer left";
    match lookup::made(context, &step, &ami.id, whose).await? {
        Some(ami) if ami.is_available() => {
            let complaint = format!(
                "Packer failed after the image was made: {}",
                failure.failure.message
            );
            Ok((ami.id, complaint))
        }
        Some(ami) => {
            let hint = format!("the AMI {} that Packer left is {}", ami.id, ami.state);
            Err(failure.hint(hint).into())
        }
        None => Err(failure.into()),
    }
}

/// Marks an AMI of `run` as one that nothing uses, so that `image sweep` removes it.
async fn set_aside(
    context: &Context,
    image: &ImageSpec,
    ami: &Ami,
    run: &RunId,
    lacks: &str,
) -> Result<(), Failure> {
    let tags = [
        (tag::RUN, run.as_str()),
        (tag::IMAGE, image.name.as_str()),
        (tag::INCOMPLETE, lacks),
    ];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    lookup::tag(context, ami, &tags).await?;
    let id = &ami.id;
    let text = format!(
        "{id}, which Packer left, is not used: only Packer can do for it what the template's `{lacks}` asks for"
    );
    let hint = "to remove it once this run is over: amiable image sweep".to_owned();
    context
        .events
        .warn(&Step::Image(image.name.clone()), text, Some(hint));
    Ok(())
}

async fn look(context: &Context, ami_name: &str) -> Result<Option<Ami>, Failure> {
    let seen = lookup::named(context, &[ami_name.to_owned()]).await?;
    Ok(seen.into_iter().find(|ami| !ami.is_gone()))
}
