//! `image.<name>`: reuse the AMI that is there, or build one and see with our own eyes that it is.

use std::time::Duration;

use super::super::{
    context::{Context, blocking},
    failure::Failure,
    step_output::{Done, StepEnd, StepOutput, Stopped},
};
use crate::{
    config::ImageSpec,
    errors::Exit,
    events::{
        BuildReason, Happening, ImageDecision, ImageOrigin, ImageOutcome, Operation, Step,
        StepResult,
    },
    images::{
        decide::{Wanted, decide, is_provisioned, tag},
        fingerprint::{self, Fingerprint},
    },
    journal::Record,
    plan::Only,
    process::{Output, StopSignal},
    tools::aws::images::{self as ami, Ami},
};

/// How long a new image may take to become available after Packer is done, which waits itself.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
/// Pause between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub async fn run(context: &Context, image: &ImageSpec) -> StepEnd {
    let step = Step::Image(image.name.clone());
    context.events.doing(&step, "looking for images that are there");
    let existing = existing(context, image).await?;
    if context.base.request.only == Only::Terraform {
        return newest(context, image, &existing);
    }

    let inputs = super::super::image_inputs::gather(context, image).await?;
    let decision = decide(
        Wanted {
            fingerprint: inputs.fingerprint.as_str(),
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
        ImageDecision::Reuse { ami, built_by } => {
            let known = existing.iter().find(|existing| existing.id == ami);
            let name = known.map_or_else(String::new, |known| known.name.clone());
            let provisioned = known.is_none_or(is_provisioned);
            Ok(reused(context, image, ami, name, inputs.fingerprint.as_str(), built_by, provisioned))
        }
        ImageDecision::Build { reasons } if context.base.request.operation == Operation::Plan => {
            let fingerprint = inputs.fingerprint.as_str().to_owned();
            Ok(Done::with(
                format!("to be built: {}", phrase(&reasons)),
                StepOutput::ImageToBuild { fingerprint },
            ))
        }
        ImageDecision::Build { reasons } => build(context, image, &inputs, reasons).await,
    }
}
