//! The image step of a rollback: an AMI that was there before, chosen from what the tags tell. No template
//! is read and nothing is built.

use std::collections::BTreeMap;

use super::{exact, outcome::ready, survey};
use crate::{
    config::ImageSpec,
    errors::Exit,
    events::{Happening, ImageDecision, ImageOrigin, Operation, Step, StepResult},
    images::{
        decide::is_provisioned,
        history::{self, Deployment},
        rollback::{self, Begun, Pick, Refusal, Target},
        tag,
    },
    journal::PastRun,
    runner::{
        context::{Context, blocking},
        failure::Failure,
        step_output::{Done, StepEnd, StepOutput},
    },
    tools::aws::images::{self as ami, Ami},
};

pub async fn run(context: &Context, image: &ImageSpec, target: &Target) -> StepEnd {
    let step = Step::Image(image.name.clone());
    context
        .events
        .doing(&step, "looking at what was deployed when");
    let amis = &survey::of(context).await?.own;
    let Pick { ami: id, from } = pick(context, image, target, amis).await?;
    context.events.send(Happening::ImageDecided {
        image: image.name.clone(),
        decision: ImageDecision::RollBack {
            ami: id.clone(),
            from: from.clone(),
        },
    });
    let build = amis.iter().find(|ami| ami.id == id);
    let build = build.ok_or_else(|| Failure::new(format!("{id} is not among the images")))?;
    let fingerprint = build.tag(tag::FINGERPRINT).unwrap_or_default().to_owned();
    let survey = survey::of(context).await?;
    if context.base.request.operation == Operation::Plan
        && !exact::stands(context, image, build, survey)
    {
        let text = format!(
            "{id} again: a rollback gives it the name {}",
            image.ami_name
        );
        return Ok(Done::with(text, StepOutput::ImageToBuild { fingerprint }));
    }
    let ami = exact::settle(context, image, build.clone(), Some(survey)).await?;

    let (origin, mut summary) = match &from {
        Some(from) => (
            ImageOrigin::RolledBack,
            format!("{id} again, instead of {from}"),
        ),
        None => (ImageOrigin::Kept, format!("{id} stays")),
    };
    let result = if is_provisioned(build) {
        StepResult::Succeeded { summary }
    } else {
        summary.push_str(", not provisioned");
        StepResult::Degraded { summary }
    };
    let mut done = ready(context, image, build, ami, origin, result);
    if let StepOutput::Image(ready) = &mut done.output {
        ready.rolled_back_from = from;
    }
    Ok(done)
}

/// What the image gets of what is chosen for all of them.
async fn pick(
    context: &Context,
    image: &ImageSpec,
    target: &Target,
    amis: &[Ami],
) -> Result<Pick, Failure> {
    let stack = &context.base.stack;
    let images: Vec<&str> = stack
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    let begun = begun(context, amis).await?;
    let picks: BTreeMap<String, Pick> = match rollback::choose(target, &images, amis, begun) {
        Ok(picks) => picks,
        Err(refusal) => return Err(refused(context, &refusal, amis).await),
    };
    let pick = picks.get(&image.name).cloned();
    pick.ok_or_else(|| Failure::new(format!("nothing is chosen for image {:?}", image.name)))
}

/// What runs of this machine have begun to deploy and the tags do not know of.
async fn begun(context: &Context, amis: &[Ami]) -> Result<Begun, Failure> {
    let stack = &context.base.stack;
    let (root, name) = (stack.root.clone(), stack.name.clone());
    let environment = stack.environment.name.clone();
    // What cannot be read is no reason not to roll back.
    let past =
        blocking(move || PastRun::all(&root, &name, &environment).unwrap_or_default()).await?;
    let last = history::deployments(amis).into_iter().next();
    let known = |id: &String| amis.iter().any(|ami| ami.id == *id);
    let mut begun = Begun::default();
    for past in past {
        let Some(images) = past.deploying else {
            continue;
        };
        let later = last.as_ref().is_none_or(|last| past.run > last.run);
        // Images that are not there were deployed to an emulator that is gone.
        if !later || !images.values().all(known) {
            break;
        }
        let deployment = Deployment {
            run: past.run,
            images,
        };
        if past.operation != Operation::ImageRollback.word() {
            begun.up = Some(deployment);
            break;
        }
        begun.rollback.get_or_insert(deployment);
    }
    Ok(begun)
}

async fn refused(context: &Context, refusal: &Refusal, amis: &[Ami]) -> Failure {
    let message = match refusal {
        Refusal::UnknownAmi(id) => elsewhere(context, id).await,
        _ => None,
    };
    let message = message.unwrap_or_else(|| refusal.to_string());
    let known = rollback::listing(amis);
    Failure::of(Exit::Refused, message)
        .excerpt(known)
        .hints(refusal.hints())
}

/// What the AMI is that is not one of the stack in its environment; `None` when there is none.
async fn elsewhere(context: &Context, id: &str) -> Option<String> {
    let stack = &context.base.stack;
    let command = ami::by_ids(&context.access.aws, &[id.to_owned()]);
    let answer = context.ask(command).await.ok()?;
    let found = ami::decode(&answer.stdout)?.into_iter().next()?;
    Some(rollback::stranger(
        &found,
        &stack.name,
        &stack.environment.name,
    ))
}
