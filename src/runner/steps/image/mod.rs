//! `image.<name>`: reuse the AMI that is there, or build one and see for ourselves that it is.
//!
//! - [`survey`]: what AWS says there is, asked once for all images;
//! - [`reading`], [`inputs`]: the template, and what decides the image's content;
//! - [`lookup`]: a look at single AMIs;
//! - [`build`]: `packer build`;
//! - [`machine`]: in the sandbox, the machine that provisioners run on.

mod build;
mod inputs;
pub mod lookup;
mod machine;
pub mod reading;
pub mod survey;

use crate::{
    config::ImageSpec,
    events::{
        BuildReason, Happening, ImageDecision, ImageOrigin, ImageOutcome, Operation, Step,
        StepResult,
    },
    images::{
        decide::{Wanted, decide, is_provisioned},
        fingerprint::{self, FingerprintManifest},
        tag,
    },
    plan::Only,
    run_id::RunId,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput},
    },
    tools::aws::images::Ami,
};
use inputs::Inputs;

pub async fn run(context: &Context, image: &ImageSpec) -> StepEnd {
    let step = Step::Image(image.name.clone());
    context
        .events
        .doing(&step, "looking for images that are there");
    let survey = survey::of(context).await?;
    let existing = survey.of_image(image);
    if context.base.request.only == Only::Terraform {
        return newest(context, image, &existing);
    }
    let inputs = inputs::gather(context, image, survey).await?;
    let decision = decide(
        Wanted {
            fingerprint: inputs.fingerprint(),
            forced: context.base.request.forces(&image.name),
            unprovisioned_will_do: context.base.request.no_provision,
        },
        &existing,
        |newest| reasons(context, image, &inputs, newest),
    );
    context.events.send(Happening::ImageDecided {
        image: image.name.clone(),
        decision: decision.clone(),
    });
    match decision {
        ImageDecision::Reuse { ami, built_by: _ } => {
            match existing.into_iter().find(|existing| existing.id == ami) {
                Some(ami) => Ok(reuse(context, image, ami)),
                None => Err(Failure::new(format!("{ami} is not among the images")).into()),
            }
        }
        ImageDecision::Build { reasons } if context.base.request.operation == Operation::Plan => {
            let fingerprint = inputs.fingerprint().to_owned();
            Ok(Done::with(
                format!("to be built: {}", phrase(&reasons)),
                StepOutput::ImageToBuild { fingerprint },
            ))
        }
        ImageDecision::Build { reasons } => make(context, image, &inputs, reasons).await,
    }
}

/// `--only terraform`: the newest usable image, whatever its fingerprint.
fn newest(context: &Context, image: &ImageSpec, existing: &[Ami]) -> StepEnd {
    match existing.iter().find(|ami| ami.is_available()) {
        Some(newest) => Ok(reuse(context, image, newest.clone())),
        None => Err(
            Failure::new(format!("there is no image {:?} to deploy", image.name))
                .hint("build it: leave out `--only terraform`, or `amiable image build`")
                .into(),
        ),
    }
}

fn reuse(context: &Context, image: &ImageSpec, ami: Ami) -> Done {
    let built_by = ami.tag(tag::RUN).and_then(RunId::parse);
    let since = built_by
        .as_ref()
        .map_or_else(String::new, |run| format!(" since {run}"));
    let fingerprint = ami.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
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
    ready(context, image, ami, fingerprint, origin, result)
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

    let (result, origin) = if context.base.request.no_provision {
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
        output: StepOutput::Image(outcome),
    }
}

/// What differs from the build of `newest`, as far as the record of that build is here.
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
        _ => Vec::new(),
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
