//! `replace = "before-build"`: the image that is there goes before there is a new one, for those who ask for it.

use super::{exact, release, survey::Survey, users};
use crate::{
    config::{ImageSpec, Naming, ReplaceOrder},
    events::Step,
    images::{self, tag},
    runner::{context::Context, failure::Failure, step_output::Stopped},
    tools::aws::images::Ami,
};

/// What was taken away, and what is left.
pub struct Retired {
    /// The newest image that could still be deployed.
    left: Option<String>,
}

/// The AMIs that go before the next build: the newest, and with an exact name its holder.
pub fn goes(image: &ImageSpec, existing: &[Ami], survey: &Survey) -> Vec<Ami> {
    if image.replace != ReplaceOrder::BeforeBuild {
        return Vec::new();
    }
    match image.naming {
        Naming::Unique => {
            let usable = existing.iter().find(|ami| ami.is_available());
            usable.cloned().into_iter().collect()
        }
        Naming::Exact => {
            let Some(holder) = images::exact::holder(&image.ami_name, &survey.named) else {
                return Vec::new();
            };
            let content = images::exact::content(holder);
            let build = existing
                .iter()
                .find(|ami| ami.id == content && ami.id != holder.id);
            [Some(holder), build]
                .into_iter()
                .flatten()
                .cloned()
                .collect()
        }
    }
}

/// Deregisters them with the snapshots that nothing else uses; `None` when there is nothing to take away.
///
/// # Errors
///
/// When one is in use elsewhere or belongs to others, or AWS refuses.
pub async fn retire(
    context: &Context,
    image: &ImageSpec,
    existing: &[Ami],
    survey: &Survey,
) -> Result<Option<Retired>, Stopped> {
    let step = Step::Image(image.name.clone());
    let goes = goes(image, existing, survey);
    if goes.is_empty() {
        return Ok(None);
    }
    for ami in &goes {
        exact::refuse_others(context, image, ami)?;
        users::refuse_if_used(context, &step, &ami.id).await?;
    }
    let names: Vec<String> = goes
        .iter()
        .map(|ami| format!("{} {}", ami.id, ami.name))
        .collect();
    context.events.warn(
        &step,
        format!(
            "before the new image is built, {} will be gone: until it is done there is no image to start from",
            names.join(" and ")
        ),
        Some("without replace = \"before-build\" there is always one".to_owned()),
    );
    context.go_on()?;
    let mut done = Vec::new();
    for ami in &goes {
        done.push(release::deregister(context, &step, &image.name, ami, None).await?);
    }
    release::finish(context, &step, &image.name, &done, &[]).await?;
    let stays = |ami: &&Ami| ami.is_available() && !goes.iter().any(|gone| gone.id == ami.id);
    let left = existing.iter().find(stays);
    Ok(Some(Retired {
        left: left.map(|ami| {
            let run = ami.tag(tag::RUN).unwrap_or("an unknown run");
            format!("{} {}, built by {run}", ami.id, ami.name)
        }),
    }))
}

impl Retired {
    /// Adds to the failure of the build what that means now.
    pub fn explain(&self, image: &ImageSpec, failure: Failure) -> Failure {
        let name = &image.name;
        match &self.left {
            None => failure.hint(format!(
                "no image {name} is left, because replace = \"before-build\" took the one before away: mend the build and rerun, `amiable image build` makes one"
            )),
            Some(left) => failure.hint(format!(
                "replace = \"before-build\" took the image {name} away that was deployed; what is left of it: {left}; mend the build and rerun"
            )),
        }
    }
}
