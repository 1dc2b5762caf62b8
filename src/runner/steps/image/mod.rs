//! `image.<name>`: reuse the AMI that is there, or build one and see for ourselves that it is.
//!
//! - [`survey`]: what AWS says there is, asked once for all images;
//! - [`reading`], [`inputs`]: the template, and what decides the image's content;
//! - [`lookup`]: a look at single AMIs;
//! - [`build`]: `packer build`;
//! - [`unfinished`]: what an interrupted build left;
//! - [`exact`], [`release`], [`users`]: the one AMI that holds an exact name, and taking the one before away;
//! - [`before_build`]: taking it away before there is a new one, for those who ask;
//! - [`machine`]: in the sandbox, the machine that provisioners run on.

mod before_build;
mod build;
pub mod exact;
mod inputs;
pub mod lookup;
mod machine;
mod reading;
mod release;
pub mod survey;
mod unfinished;
pub mod users;

use crate::{
    config::ImageSpec,
    events::{
        BuildReason, Happening, ImageDecision, ImageOrigin, ImageOutcome, Operation, Step,
        StepResult,
    },
    images::{
        decide::{Wanted, decide, is_provisioned},
        exact::builds_first,
        fingerprint::{self, FingerprintManifest},
        tag,
    },
    plan::Only,
    run_id::RunId,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
    tools::aws::images::Ami,
};
use inputs::Inputs;
use survey::Survey;

pub async fn run(context: &Context, image: &ImageSpec) -> StepEnd {
    let step = Step::Image(image.name.clone());
    context
        .events
        .doing(&step, "looking for images that are there");
    let request = &context.base.request;
    let plan_only = request.operation == Operation::Plan;
    let builds = request.only != Only::Terraform && request.may_build(&image.name);
    if builds && !plan_only {
        unfinished::wait_for_orphans(context, &step).await?;
    }
    let survey = survey::of(context).await?;
    let mut existing = builds_first(survey.of_image(image));
    if !builds {
        return newest(context, image, &existing, survey).await;
    }
    exact::refuse_other_regions(context, image, survey.reading(&image.name)?.as_ref())?;
    let inputs = inputs::gather(context, image, survey).await?;
    let wanted = Wanted {
        fingerprint: inputs.fingerprint(),
        forced: request.forces(&image.name),
        unprovisioned_will_do: request.no_provision,
    };
    let mut origin = None;
    if let Some(found) = unfinished::find(context, image, wanted, survey, &existing).await? {
        if plan_only {
            let text = "an interrupted build left it: `up` waits for it and uses it";
            return Ok(unknown_id(text, &inputs));
        }
        if let Some((ami, whose)) = unfinished::take_up(context, image, &inputs, found).await? {
            origin = Some((ami.id.clone(), whose));
            existing.retain(|known| known.id != ami.id);
            existing.insert(0, ami);
        }
    }
    let decision = decide(wanted, &existing, |newest| {
        reasons(context, image, &inputs, newest)
    });
    context.events.send(Happening::ImageDecided {
        image: image.name.clone(),
        decision: decision.clone(),
    });
    match decision {
        ImageDecision::Reuse { ami, built_by: _ } => {
            let Some(ami) = existing.into_iter().find(|existing| existing.id == ami) else {
                return Err(Failure::new(format!("{ami} is not among the images")).into());
            };
            if plan_only && !exact::stands(context, image, &ami, survey) {
                let text = format!(
                    "{} reused: `up` gives it the name {}",
                    ami.id, image.ami_name
                );
                return Ok(unknown_id(text, &inputs));
            }
            let whose = origin
                .filter(|(id, _)| *id == ami.id)
                .map(|(_, whose)| whose);
            reuse(context, image, ami, whose, survey).await
        }
        ImageDecision::Build { reasons } if plan_only => {
            let mut text = format!("to be built: {}", phrase(&reasons));
            for ami in before_build::goes(image, &existing, survey) {
                text.push_str(&format!(", after {} is deregistered", ami.id));
            }
            if let Some((run, pid)) = unfinished::orphan(context).await? {
                text.push_str(&format!(
                    "; `up` waits for the build of {run} first, which goes on without its driver (process {pid})"
                ));
            }
            Ok(unknown_id(text, &inputs))
        }
        ImageDecision::Build { reasons } => {
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

/// `plan`: an image whose id only `up` will know.
fn unknown_id(text: impl Into<String>, inputs: &Inputs) -> Done {
    let fingerprint = inputs.fingerprint().to_owned();
    Done::with(text, StepOutput::ImageToBuild { fingerprint })
}

/// `--only terraform`, and images that are not to be replaced: the newest usable one, whatever its fingerprint. With
/// an exact name that is what holds it: the content that was kept of an earlier holder is younger than its build.
async fn newest(
    context: &Context,
    image: &ImageSpec,
    existing: &[Ami],
    survey: &Survey,
) -> StepEnd {
    let usable = || existing.iter().filter(|ami| ami.is_available());
    let holder = usable().find(|ami| ami.name == image.ami_name);
    match holder.or_else(|| usable().next()) {
        Some(newest) => reuse(context, image, newest.clone(), None, survey).await,
        None => Err(
            Failure::new(format!("there is no image {:?} to deploy", image.name))
                .hint("build it: leave out `--only terraform`, or `amiable image build`")
                .into(),
        ),
    }
}

/// Deploys an image that is there. `whose` tells where one comes from that was found again.
async fn reuse(
    context: &Context,
    image: &ImageSpec,
    build: Ami,
    whose: Option<String>,
    survey: &Survey,
) -> StepEnd {
    let built_by = build.tag(tag::RUN).and_then(RunId::parse);
    let since = built_by
        .as_ref()
        .map_or_else(String::new, |run| format!(" since {run}"));
    let unprovisioned = match &whose {
        Some(whose) => format!("not provisioned, {whose}"),
        None => "not provisioned".to_owned(),
    };
    let why = whose.unwrap_or_else(|| format!("unchanged{since}"));
    let id = build.id.clone();
    let ami = exact::settle(context, image, build, Some(survey)).await?;
    let fingerprint = ami.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
    let (result, origin) = if is_provisioned(&ami) {
        let summary = named(format!("{id} reused: {why}"), &id, &ami);
        (
            StepResult::Succeeded { summary },
            ImageOrigin::Reused { built_by },
        )
    } else {
        let summary = named(format!("{id} reused: {unprovisioned}"), &id, &ami);
        (
            StepResult::Degraded { summary },
            ImageOrigin::NotProvisioned,
        )
    };
    Ok(ready(context, image, ami, fingerprint, origin, result))
}

/// Adds the AMI that holds the exact name, where that is another than the build.
fn named(summary: String, build: &str, holder: &Ami) -> String {
    if holder.id == build {
        summary
    } else {
        format!("{summary}; {} is {}", holder.name, holder.id)
    }
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
    let id = ami.id.clone();
    let ami = exact::settle(context, image, ami, None).await?;

    let (result, origin) = if context.base.request.no_provision {
        let summary = named(format!("{id} built: not provisioned"), &id, &ami);
        (
            StepResult::Degraded { summary },
            ImageOrigin::NotProvisioned,
        )
    } else if let Some(complaint) = built.complaint {
        let summary = named(format!("{id} built, but: {complaint}"), &id, &ami);
        (
            StepResult::Degraded { summary },
            ImageOrigin::Built { reasons },
        )
    } else {
        let summary = named(format!("{id} built: {}", phrase(&reasons)), &id, &ami);
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
