//! `image.<name>`: reuse the AMI that is there, or build one and see for ourselves that it is.
//!
//! - [`survey`]: what AWS says there is, asked once for all images;
//! - [`reading`], [`inputs`]: the template, and what decides the image's content;
//! - [`lookup`]: a look at single AMIs;
//! - [`unfinished`]: what an interrupted build left;
//! - [`build`]: `packer build`;
//! - [`rollback`]: an AMI that was deployed before;
//! - [`exact`], [`release`], [`users`]: the one AMI that holds an exact name, and taking the one before away;
//! - [`before_build`]: taking it away before there is a new one, for those who ask;
//! - [`outcome`]: what the step ends with;
//! - [`machine`]: in the sandbox, the machine that provisioners run on.

mod before_build;
mod build;
pub mod exact;
mod inputs;
pub mod lookup;
mod machine;
mod outcome;
pub mod reading;
mod release;
mod rollback;
pub mod survey;
mod unfinished;
pub mod users;

use crate::{
    config::{ImageSpec, Naming},
    errors::Exit,
    events::{BuildReason, Happening, ImageDecision, Operation, Step},
    images::{
        decide::{self, NothingToKeep, Wanted, decide},
        exact::builds_first,
        fingerprint::{self, FingerprintManifest, digest_tags},
        tag,
        unfinished::Unfinished,
    },
    plan::Only,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
    tools::aws::images::Ami,
};
use inputs::Inputs;
use outcome::Origin;
use survey::Survey;

pub async fn run(context: &Context, image: &ImageSpec) -> StepEnd {
    let request = &context.base.request;
    if let Some(target) = &request.rollback {
        return rollback::run(context, image, target).await;
    }
    let step = Step::Image(image.name.clone());
    context
        .events
        .doing(&step, "looking for images that are there");
    let survey = survey::of(context).await?;
    let mut existing = builds_first(survey.of_image(image));
    if request.only == Only::Terraform || !request.may_build(&image.name) {
        return newest(context, image, &existing, survey).await;
    }
    exact::refuse_other_regions(context, image, survey.reading(&image.name)?.as_ref())?;
    let inputs = inputs::gather(context, image, survey).await?;
    let plan_only = request.operation == Operation::Plan;
    let wanted = Wanted {
        fingerprint: inputs.fingerprint(),
        forced: request.forces(&image.name) && !built_by_resumed(context, &existing),
        unprovisioned_will_do: request.no_provision || !inputs.provisions,
        undo_rollback: request.undo_rollback,
    };
    let mut taken_up = None;
    match unfinished::find(context, image, &inputs, wanted, survey, &existing).await? {
        None => {}
        Some(Unfinished::Incomplete { .. }) if plan_only => {}
        Some(_) if plan_only => {
            let text = "an interrupted build left it: `up` waits for it and uses it";
            return Ok(unknown_id(text, &inputs));
        }
        Some(found) => {
            if let Some((ami, whose)) = unfinished::take_up(context, image, &inputs, found).await? {
                taken_up = Some((ami.id.clone(), whose));
                existing.retain(|known| known.id != ami.id);
                existing.insert(0, ami);
            }
        }
    }
    let decision = decide(wanted, &existing, |newest| {
        reasons(context, image, &inputs, newest)
    })
    .map_err(|error| nothing_to_keep(&error, image))?;
    context.events.send(Happening::ImageDecided {
        image: image.name.clone(),
        decision: decision.clone(),
    });
    let among = |id: &str| {
        let found = existing.iter().find(|existing| existing.id == id).cloned();
        found.ok_or_else(|| Failure::new(format!("{id} is not among the images")))
    };
    match decision {
        // Rollbacks went their own way above; an AMI that is named is there in any case.
        ImageDecision::Reuse { ami, built_by: _ } | ImageDecision::RollBack { ami, from: _ } => {
            warn_of_end(context, &step, &existing, Some(&ami));
            let origin = match taken_up.filter(|(id, _)| *id == ami) {
                Some((_, whose)) => Origin::TakenUp(whose),
                None => Origin::Unchanged,
            };
            deploy(context, image, among(&ami)?, origin, survey, &inputs).await
        }
        ImageDecision::Keep {
            ami,
            instead_of,
            rolled_back_by: by,
        } => {
            let origin = Origin::Kept { instead_of, by };
            deploy(context, image, among(&ami)?, origin, survey, &inputs).await
        }
        ImageDecision::Build { reasons } => {
            warn_of_end(context, &step, &existing, None);
            if plan_only {
                let mut text = format!("to be built: {}", outcome::phrase(&reasons));
                for ami in before_build::goes(image, &existing, survey) {
                    text.push_str(&format!(", after {} is deregistered", ami.id));
                }
                return Ok(unknown_id(text, &inputs));
            }
            let retired = before_build::retire(context, image, &existing, survey).await?;
            let made = make(context, image, &inputs, reasons).await;
            match (made, retired) {
                (Err(Stopped::Failed(failure)), Some(retired)) => {
                    Err(retired.explain(image, failure).into())
                }
                (made, _) => made,
            }
        }
    }
}

/// Hands on an AMI that is there. `plan` gives no name to anything, and so has no id where that is missing.
async fn deploy(
    context: &Context,
    image: &ImageSpec,
    build: Ami,
    origin: Origin,
    survey: &Survey,
    inputs: &Inputs,
) -> StepEnd {
    let plan_only = context.base.request.operation == Operation::Plan;
    if plan_only && !exact::stands(context, image, &build, survey) {
        let text = format!(
            "{} reused: `up` gives it the name {}",
            build.id, image.ami_name
        );
        return Ok(unknown_id(text, inputs));
    }
    let ami = exact::settle(context, image, build.clone(), Some(survey)).await?;
    Ok(outcome::found(context, image, &build, ami, origin))
}

/// `plan`: an image whose id only `up` will know.
fn unknown_id(text: impl Into<String>, inputs: &Inputs) -> Done {
    let fingerprint = inputs.fingerprint().to_owned();
    Done::with(text, StepOutput::ImageToBuild { fingerprint })
}

/// Whether the run that is being resumed has built the image already.
fn built_by_resumed(context: &Context, existing: &[Ami]) -> bool {
    context.base.request.resumed.as_ref().is_some_and(|run| {
        existing
            .iter()
            .any(|ami| ami.is_available() && ami.tag(tag::RUN) == Some(run.as_str()))
    })
}

/// `--only terraform`, and images that are not to be replaced: the newest one, whatever its fingerprint. With
/// an exact name that is what holds it: the content that was kept of an earlier holder is younger than its build.
async fn newest(
    context: &Context,
    image: &ImageSpec,
    existing: &[Ami],
    survey: &Survey,
) -> StepEnd {
    let holder = existing
        .iter()
        .filter(|_| image.naming == Naming::Exact)
        .find(|ami| ami.is_available() && ami.name == image.ami_name);
    let newest = match holder {
        Some(holder) => Some(holder),
        None => decide::newest(existing, context.base.request.undo_rollback)
            .map_err(|error| nothing_to_keep(&error, image))?,
    };
    let Some(newest) = newest else {
        return Err(
            Failure::new(format!("there is no image {:?} to deploy", image.name))
                .hint("build it: leave out `--only terraform`, or `amiable image build`")
                .into(),
        );
    };
    let step = Step::Image(image.name.clone());
    warn_of_end(context, &step, existing, Some(&newest.id));
    let ami = exact::settle(context, image, newest.clone(), Some(survey)).await?;
    Ok(outcome::found(
        context,
        image,
        newest,
        ami,
        Origin::Unchanged,
    ))
}

fn nothing_to_keep(error: &NothingToKeep, image: &ImageSpec) -> Failure {
    Failure::of(Exit::Refused, error.to_string())
        .hint(format!(
            "to deploy {} again: amiable up --undo-rollback",
            error.left
        ))
        .hint(format!(
            "to build a new one: amiable up --rebuild {}",
            image.name
        ))
}

/// Says when `chosen`, or an image that is to be built, ends a rollback. Whoever asks for that with
/// `--undo-rollback` knows.
fn warn_of_end(context: &Context, step: &Step, existing: &[Ami], chosen: Option<&str>) {
    if context.base.request.undo_rollback {
        return;
    }
    let Some(rollback) = decide::in_force(existing) else {
        return;
    };
    if chosen == Some(rollback.kept.as_str()) {
        return;
    }
    let what = chosen.unwrap_or("the new image");
    let text = format!(
        "deploying {what} ends the rollback of {} from {} to {}",
        rollback.by, rollback.left, rollback.kept
    );
    context.events.warn(step, text, None);
}

/// Builds the image, looks at what came of it, and remembers what it was made of.
async fn make(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    reasons: Vec<BuildReason>,
) -> StepEnd {
    let step = Step::Image(image.name.clone());
    let built = build::run(context, image, inputs).await?;
    let build = lookup::verified(context, &step, &built.ami).await?;
    context.base.record(crate::journal::Record::ImageVerified {
        image: image.name.clone(),
        ami: build.id.clone(),
        region: context.base.stack.region.clone(),
    })?;
    remember(context, &step, image, inputs);
    let ami = exact::settle(context, image, build.clone(), None).await?;
    let origin = Origin::Built {
        reasons,
        complaint: built.complaint,
    };
    Ok(outcome::found(context, image, &build, ami, origin))
}

/// What differs from the build of `newest`: by the record of that build when it is here, or else by what
/// the AMI's tags tell.
fn reasons(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    newest: &Ami,
) -> Vec<BuildReason> {
    let path = context.base.state.fingerprint(&image.name);
    let known: Option<FingerprintManifest> = fs_err::read(path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    match known {
        Some(known)
            if newest.tag(tag::FINGERPRINT) == Some(known.fingerprint().to_string().as_str()) =>
        {
            fingerprint::diff(&known, &inputs.manifest)
        }
        _ => digest_tags::diff(&newest.tags, &inputs.manifest).unwrap_or_default(),
    }
}

fn remember(context: &Context, step: &Step, image: &ImageSpec, inputs: &Inputs) {
    let path = context.base.state.fingerprint(&image.name);
    let stored = serde_json::to_vec_pretty(&inputs.manifest)
        .map_err(std::io::Error::from)
        .and_then(|text| {
            fs_err::create_dir_all(path.with_file_name(""))?;
            fs_err::write(&path, text)
        });
    if let Err(error) = stored {
        let text = format!("the next run cannot say what changed in the image: {error}");
        context.events.warn(step, text, None);
    }
}
