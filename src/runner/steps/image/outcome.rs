//! What an image step ends with: the AMI that will be deployed, and how it came about.

use crate::{
    config::ImageSpec,
    events::{BuildReason, Happening, ImageOrigin, ImageOutcome, StepResult},
    images::{
        decide::{self, is_provisioned},
        history, tag,
    },
    run_id::RunId,
    runner::{
        context::Context,
        step_output::{Done, ReadyImage, StepOutput},
    },
    tools::aws::images::Ami,
};

/// How an AMI came about.
pub enum Origin {
    /// It was there, and nothing that decides its content has changed.
    Unchanged,
    /// It was there, of a build that was interrupted; with a phrase about that.
    TakenUp(String),
    /// It was there, and a rollback to it is in force.
    Kept {
        instead_of: String,
        by: Option<RunId>,
    },
    Built {
        reasons: Vec<BuildReason>,
        /// What went wrong on the side.
        complaint: Option<String>,
    },
}

/// Tells that `ami` will be deployed: `build` itself, or the copy of it that holds the exact name.
pub fn found(context: &Context, image: &ImageSpec, build: &Ami, ami: Ami, origin: Origin) -> Done {
    let provisioned = is_provisioned(build);
    let mut summary = format!("{} {}", build.id, how(&origin, build, provisioned));
    if ami.id != build.id {
        summary.push_str(&format!("; {} is {}", ami.name, ami.id));
    }
    let flawed = matches!(
        origin,
        Origin::Built {
            complaint: Some(_),
            ..
        }
    );
    let result = match origin {
        _ if flawed => StepResult::Degraded { summary },
        _ if !provisioned => StepResult::Degraded { summary },
        _ => StepResult::Succeeded { summary },
    };
    let origin = match origin {
        Origin::Kept { .. } => ImageOrigin::Kept,
        _ if !provisioned => ImageOrigin::NotProvisioned,
        Origin::Built { reasons, .. } => ImageOrigin::Built { reasons },
        Origin::Unchanged | Origin::TakenUp(_) => ImageOrigin::Reused {
            built_by: built_by(build),
        },
    };
    let mut done = ready(context, image, build, ami, origin, result);
    if let StepOutput::Image(ready) = &mut done.output {
        ready.flawed = flawed;
    }
    done
}

fn how(origin: &Origin, build: &Ami, provisioned: bool) -> String {
    let not_provisioned = if provisioned {
        ""
    } else {
        "; it is not provisioned"
    };
    match origin {
        Origin::Kept { instead_of, by } => format!(
            "kept: {} rolled back from {instead_of} (unchanged since); `up --undo-rollback` deploys it again{not_provisioned}",
            decide::who(by.as_ref())
        ),
        Origin::Built {
            complaint: Some(complaint),
            ..
        } => format!("built, but: {complaint}{not_provisioned}"),
        Origin::Built { .. } if !provisioned => "built: not provisioned".to_owned(),
        Origin::Built { reasons, .. } => format!("built: {}", phrase(reasons)),
        Origin::TakenUp(whose) if !provisioned => format!("reused: not provisioned, {whose}"),
        Origin::TakenUp(whose) => format!("reused: {whose}"),
        Origin::Unchanged if !provisioned => "reused: not provisioned".to_owned(),
        Origin::Unchanged => {
            let since = built_by(build).map_or_else(String::new, |run| format!(" since {run}"));
            format!("reused: unchanged{since}")
        }
    }
}

fn built_by(build: &Ami) -> Option<RunId> {
    build.tag(tag::RUN).and_then(RunId::parse)
}

/// Tells the reports and later steps.
pub fn ready(
    context: &Context,
    image: &ImageSpec,
    build: &Ami,
    ami: Ami,
    origin: ImageOrigin,
    result: StepResult,
) -> Done {
    let fingerprint = build.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
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
            build: history::build_of(build).to_owned(),
            rolled_back_from: None,
            flawed: false,
        }),
    }
}

/// The reasons for a build in one line.
pub fn phrase(reasons: &[BuildReason]) -> String {
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
