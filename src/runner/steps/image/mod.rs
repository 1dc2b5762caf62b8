//! `image.<name>`: reuse the AMI that is there, or build one and see for ourselves that it is.
//!
//! - [`survey`]: what AWS says there is, asked once for all images;
//! - [`reading`], [`inputs`]: the template, and what decides the image's content;
//! - [`lookup`]: a look at single AMIs;
//! - [`build`]: `packer build`;
//! - [`rollback`]: an AMI that was deployed before;
//! - [`machine`]: in the sandbox, the machine that provisioners run on.

mod build;
mod inputs;
pub mod lookup;
mod machine;
mod reading;
mod rollback;
pub mod survey;

use crate::{
    config::ImageSpec,
    errors::Exit,
    events::{
        BuildReason, Happening, ImageDecision, ImageOrigin, ImageOutcome, Operation, Step,
        StepResult,
    },
    images::{
        decide::{self, NothingToKeep, Wanted, decide, is_provisioned},
        fingerprint::{self, FingerprintManifest, digest_tags},
        history, tag,
    },
    plan::Only,
    run_id::RunId,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, ReadyImage, StepEnd, StepOutput, Stopped},
    },
    tools::aws::images::Ami,
};
use inputs::Inputs;

pub async fn run(context: &Context, image: &ImageSpec) -> StepEnd {
    if let Some(target) = &context.base.request.rollback {
        return rollback::run(context, image, target).await;
    }
    let step = Step::Image(image.name.clone());
    context
        .events
        .doing(&step, "looking for images that are there");
    let survey = survey::of(context).await?;
    let existing = survey.of_image(image);
    if context.base.request.only == Only::Terraform {
        return newest(context, image, &existing).await;
    }
    let inputs = inputs::gather(context, image, survey).await?;
    let decision = decide(
        Wanted {
            fingerprint: inputs.fingerprint(),
            forced: context.base.request.forces(&image.name)
                && !built_by_resumed(context, &existing),
            unprovisioned_will_do: context.base.request.no_provision,
            undo_rollback: context.base.request.undo_rollback,
        },
        &existing,
        |newest| reasons(context, image, &inputs, newest),
    )
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
            reuse(context, image, among(&ami)?).await
        }
        ImageDecision::Keep {
            ami,
            instead_of,
            rolled_back_by,
        } => keep(context, image, among(&ami)?, &instead_of, rolled_back_by).await,
        ImageDecision::Build { reasons } => {
            warn_of_end(context, &step, &existing, None);
            if context.base.request.operation == Operation::Plan {
                let fingerprint = inputs.fingerprint().to_owned();
                return Ok(Done::with(
                    format!("to be built: {}", phrase(&reasons)),
                    StepOutput::ImageToBuild { fingerprint },
                ));
            }
            make(context, image, &inputs, reasons).await
        }
    }
}

/// Whether the run that is being resumed has built the image already.
fn built_by_resumed(context: &Context, existing: &[Ami]) -> bool {
    context.base.request.resumed.as_ref().is_some_and(|run| {
        existing
            .iter()
            .any(|ami| ami.is_available() && ami.tag(tag::RUN) == Some(run.as_str()))
    })
}

/// `--only terraform`: the newest usable image, whatever its fingerprint.
async fn newest(context: &Context, image: &ImageSpec, existing: &[Ami]) -> StepEnd {
    let newest = decide::newest(existing, context.base.request.undo_rollback)
        .map_err(|error| nothing_to_keep(&error, image))?;
    match newest {
        Some(newest) => {
            let step = Step::Image(image.name.clone());
            warn_of_end(context, &step, existing, Some(&newest.id));
            reuse(context, image, newest.clone()).await
        }
        None => Err(
            Failure::new(format!("there is no image {:?} to deploy", image.name))
                .hint("build it: leave out `--only terraform`, or `amiable image build`")
                .into(),
        ),
    }
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

async fn reuse(context: &Context, image: &ImageSpec, ami: Ami) -> StepEnd {
    let built_by = ami.tag(tag::RUN).and_then(RunId::parse);
    let since = built_by
        .as_ref()
        .map_or_else(String::new, |run| format!(" since {run}"));
    let fingerprint = ami.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
    let ami = settle(context, image, ami).await?;
    let (result, origin) = if is_provisioned(&ami) {
        let summary = format!("{} reused: unchanged{since}", ami.id);
        (
            StepResult::Succeeded { summary },
            ImageOrigin::Reused { built_by },
        )
    } else {
        let summary = format!("{} reused: not provisioned", ami.id);
        (
            StepResult::Degraded { summary },
            ImageOrigin::NotProvisioned,
        )
    };
    Ok(ready(context, image, ami, fingerprint, origin, result))
}

/// What is deployed stays: a rollback left the one that would be deployed otherwise.
async fn keep(
    context: &Context,
    image: &ImageSpec,
    ami: Ami,
    instead_of: &str,
    rolled_back_by: Option<RunId>,
) -> StepEnd {
    let fingerprint = ami.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
    let ami = settle(context, image, ami).await?;
    let summary = format!(
        "{} kept: {} rolled back from {instead_of} (unchanged since); `up --undo-rollback` deploys it again",
        ami.id,
        decide::who(rolled_back_by.as_ref())
    );
    let result = if is_provisioned(&ami) {
        StepResult::Succeeded { summary }
    } else {
        let summary = format!("{summary}; it is not provisioned");
        StepResult::Degraded { summary }
    };
    Ok(ready(
        context,
        image,
        ami,
        fingerprint,
        ImageOrigin::Kept,
        result,
    ))
}

/// The AMI that Terraform gets for an image that is there: `build` itself, or whatever has to stand for it
/// under the name that Terraform looks up.
///
/// Every image has a unique name here: preflight lets no other naming through.
async fn settle(_context: &Context, _image: &ImageSpec, build: Ami) -> Result<Ami, Stopped> {
    Ok(build)
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
    let ami = lookup::verified(context, &step, &built.ami).await?;
    context.base.record(crate::journal::Record::ImageVerified {
        image: image.name.clone(),
        ami: ami.id.clone(),
        region: context.base.stack.region.clone(),
    })?;
    remember(context, &step, image, inputs);

    let (result, origin) = if inputs.provisions && context.base.request.no_provision {
        let summary = format!("{} built: not provisioned", ami.id);
        (
            StepResult::Degraded { summary },
            ImageOrigin::NotProvisioned,
        )
    } else if let Some(complaint) = built.complaint {
        let summary = format!("{} built, but: {complaint}", ami.id);
        (
            StepResult::Degraded { summary },
            ImageOrigin::Built { reasons },
        )
    } else {
        let summary = format!("{} built: {}", ami.id, phrase(&reasons));
        (
            StepResult::Succeeded { summary },
            ImageOrigin::Built { reasons },
        )
    };
    Ok(ready(
        context,
        image,
        ami,
        inputs.fingerprint().to_owned(),
        origin,
        result,
    ))
}

/// Tells that `ami` is what will be deployed.
fn ready(
    context: &Context,
    image: &ImageSpec,
    ami: Ami,
    fingerprint: String,
    origin: ImageOrigin,
    result: StepResult,
) -> Done {
    let build = history::build_of(&ami).to_owned();
    let outcome = ImageOutcome {
        image: image.name.clone(),
        ami: ami.id,
        ami_name: ami.name,
        region: context.base.stack.region.clone(),
        fingerprint,
        origin,
    };
    context.events.send(Happening::ImageReady(outcome.clone()));
    Done {
        result,
        output: StepOutput::Image(ReadyImage {
            outcome,
            build,
            rolled_back_from: None,
        }),
    }
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

fn phrase(reasons: &[BuildReason]) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> = reasons
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if reasons.len() > SHOWN {
        parts.push(format!("and {} more", reasons.len() - SHOWN));
    }
    parts.join(", ")
}
