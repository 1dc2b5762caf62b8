//! `image sweep`: removes what builds that did not end well have left in the account.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::removal::{self, Tally};
use crate::{
    errors::Exit,
    events::{Happening, Removal, RemovalResult, Step, StepResult, Thing, ThingKind},
    images::leftovers::{Leftovers, counts},
    journal::{PastRun, Watermark},
    run_id::RunId,
    runner::{
        context::{Context, blocking},
        failure::Failure,
        leftovers,
        past::Known,
        query::Query,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
    tools::aws::{
        images as ami,
        resources::{self, Kind},
    },
};

/// How long an instance may take to end: stopping its system cleanly takes minutes at worst.
const TERMINATED_WITHIN: Duration = Duration::from_secs(300);
/// Pause between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

pub async fn run(context: &Context) -> StepEnd {
    let step = Step::Sweep;
    context
        .events
        .doing(&step, "looking for what builds have left");
    let found = look(context).await?;
    let mut things = found.things;
    for stays in found.stays {
        context.events.send(Happening::RemovalDone(stays));
    }
    if context.base.request.removal.dry_run {
        let removals = things.iter().cloned().map(proposed).collect();
        context.events.send(Happening::RemovalsProposed {
            removals,
            asked: false,
        });
        return Ok(Done::skipped(match things.as_slice() {
            [] => "there are no leftovers".to_owned(),
            things => format!("dry run: {} would be removed", counts(things)),
        }));
    }
    if let Some(StepOutput::Allowed(allowed)) = context.output_of(&Step::Approve) {
        things.retain(|thing| allowed.contains(thing));
    }
    if things.is_empty() {
        return Ok(Done::skipped("there are no leftovers"));
    }
    let tally = remove(context, &step, &things, &found.leftovers).await?;
    let summary = tally.phrase();
    let left: Vec<String> = tally.stayed.iter().chain(&tally.failed).cloned().collect();
    if left.is_empty() {
        return Ok(Done::succeeded(summary));
    }
    if tally.removed() == 0 {
        return Err(Failure::new("nothing could be removed")
            .excerpt(left)
            .into());
    }
    Ok(Done {
        result: StepResult::Degraded {
            summary: format!("{summary}; left behind: {}", left.join("; ")),
        },
        output: StepOutput::Nothing,
    })
}

/// Shows what is to go and asks.
pub async fn propose(context: &Context) -> StepEnd {
    let step = Step::Approve;
    if context.base.request.approved {
        return Ok(Done::succeeded("by --yes"));
    }
    context
        .events
        .doing(&step, "looking for what builds have left");
    let found = look(context).await?;
    let mut removals: Vec<Removal> = found.things.iter().cloned().map(proposed).collect();
    removals.extend(found.stays);
    removal::ask(context, removals, found.things).await
}

/// Warns once of what an earlier run that did not end well has left. Looks only when the journals give a
/// reason to, and not again for the same runs.
pub async fn warn_of_leftovers(context: &Context) {
    let base = &context.base;
    let mark = Watermark::at(base.state.leftovers_looked_at());
    let (stack, environment) = (&base.stack.name, &base.stack.environment.name);
    let since = mark.get();
    // What cannot be read is told by the steps that need it.
    let runs = PastRun::since(&base.stack.root, stack, environment, since.as_ref());
    let Ok(runs) = runs else { return };
    let known = Known::of(runs, Some(&base.run));
    let reason = known.over.iter().any(PastRun::may_have_left_something);
    if reason && warn(context).await.is_err() {
        return;
    }
    // This run may leave something yet, and one that goes on without its driver is looked at once it is over.
    let first_living = known.living.first();
    let mut looked_at = known.over.iter().map(|past| &past.run);
    let last = looked_at.find(|run| first_living.is_none_or(|living| run < &living));
    if let Some(last) = last {
        // Without the mark the next run only looks once more.
        let _ = mark.set(last);
    }
}

async fn warn(context: &Context) -> Result<(), Stopped> {
    let (leftovers, containers) = all(context).await?;
    let mut things = leftovers.of_dead_runs;
    // This very run may be about to use these.
    things.retain(|thing| !leftovers.untagged.contains(&thing.id));
    things.extend(containers);
    if !things.is_empty() {
        let text = format!("earlier builds have left {}", counts(&things));
        let hint = "`amiable image sweep` shows and removes them".to_owned();
        context.events.send(Happening::Warning {
            step: None,
            warning: crate::events::Warning {
                text,
                hint: Some(hint),
            },
        });
    }
    Ok(())
}

/// What was found, and what of it the request is about.
struct Found {
    leftovers: Leftovers,
    things: Vec<Thing>,
    stays: Vec<Removal>,
}

async fn all(context: &Context) -> Result<(Leftovers, Vec<Thing>), Stopped> {
    let (query, stack) = (Query::of_looking_run(context), context.base.stack.clone());
    let (me, unwanted) = (context.base.run.clone(), context.base.stop.at_first());
    let looked = blocking(move || {
        let known = Known::read(&stack, Some(&me)).map_err(|error| {
            Failure::new(format!(
                "failed to read the records of earlier runs: {error}"
            ))
        })?;
        let regions = leftovers::regions(&stack, &known);
        let found = leftovers::look(&query, &stack, &regions, &known)?;
        Ok::<_, Failure>((found, leftovers::containers(&stack, &known, unwanted)))
    });
    let looked = looked.await?;
    // Then that is why a question has no answer.
    context.go_on()?;
    Ok(looked?)
}

async fn look(context: &Context) -> Result<Found, Stopped> {
    let (found, containers) = all(context).await?;
    let wanted = context.base.request.removal.run.as_ref();
    if let Some(run) = wanted {
        refuse_living(context, run)?;
    }
    let mut things = containers;
    let mut stays = Vec::new();
    for thing in &found.of_dead_runs {
        if wanted.is_none_or(|run| thing.run.as_ref() == Some(run)) {
            things.push(thing.clone());
        }
    }
    if let Some(run) = wanted {
        things.retain(|thing| thing.run.as_ref() == Some(run));
    }
    for (run, of_run) in &found.of_unknown_runs {
        if wanted == Some(run) {
            things.extend(of_run.iter().cloned());
        } else if wanted.is_none() {
            let because = format!(
                "this checkout does not know run {run}, which may go on elsewhere: \
                 `amiable image sweep --run {run}` once it is over"
            );
            stays.extend(of_run.iter().cloned().map(|thing| Removal {
                thing,
                result: RemovalResult::Stays {
                    because: because.clone(),
                },
            }));
        }
    }
    Ok(Found {
        leftovers: found,
        things,
        stays,
    })
}

fn refuse_living(context: &Context, run: &RunId) -> Result<(), Failure> {
    let known = Known::read(&context.base.stack, Some(&context.base.run)).map_err(|error| {
        Failure::new(format!(
            "failed to read the records of earlier runs: {error}"
        ))
    })?;
    if known.living.contains(run) {
        return Err(Failure::of(
            Exit::Refused,
            format!("run {run} goes on: what it made is not left behind"),
        )
        .hint("wait until it is over, or interrupt it where it runs"));
    }
    Ok(())
}

async fn remove(
    context: &Context,
    step: &Step,
    things: &[Thing],
    leftovers: &Leftovers,
) -> Result<Tally, Stopped> {
    let mut tally = Tally::default();
    let instances: BTreeSet<(&str, &str)> = things
        .iter()
        .filter(|thing| thing.kind == ThingKind::Instance)
        .map(|thing| (thing.region.as_str(), thing.id.as_str()))
        .collect();
    let mut waited = instances.is_empty();
    for thing in things {
        context.go_on()?;
        if !waited && !matches!(thing.kind, ThingKind::Container | ThingKind::Instance) {
            terminated(context, step, &instances).await?;
            waited = true;
        }
        context
            .events
            .doing(step, format!("removing {} {}", thing.kind, thing.id));
        let result = remove_one(context, thing).await?;
        let is_gone = matches!(result, RemovalResult::Removed | RemovalResult::Gone);
        tally.take(context, thing.clone(), result);
        let snapshots = leftovers.snapshots.get(&thing.id).into_iter().flatten();
        for id in snapshots.filter(|_| is_gone && thing.kind == ThingKind::Ami) {
            let snapshot = Thing {
                kind: ThingKind::Snapshot,
                id: id.clone(),
                name: Some(format!("of {}", thing.id)),
                ..thing.clone()
            };
            let result = remove_one(context, &snapshot).await?;
            tally.take(context, snapshot, result);
        }
    }
    if !waited {
        terminated(context, step, &instances).await?;
    }
    Ok(tally)
}

async fn remove_one(context: &Context, thing: &Thing) -> Result<RemovalResult, Stopped> {
    let aws = context.access.aws.in_region(&thing.region);
    let kind = match thing.kind {
        ThingKind::Container => return remove_container(context, thing).await,
        ThingKind::Ami => return removal::remove(context, ami::deregister(&aws, &thing.id)).await,
        ThingKind::Instance => Kind::Instance,
        ThingKind::Volume => Kind::Volume,
        ThingKind::SecurityGroup => Kind::SecurityGroup,
        ThingKind::KeyPair => Kind::KeyPair,
        ThingKind::Snapshot => Kind::Snapshot,
    };
    removal::remove(context, resources::remove(&aws, kind, &thing.id)).await
}

async fn remove_container(context: &Context, thing: &Thing) -> Result<RemovalResult, Stopped> {
    let (stack, run) = (context.base.stack.clone(), thing.run.clone());
    let Some(run) = run else {
        return Ok(RemovalResult::Gone);
    };
    let unwanted = context.base.stop.at_last();
    let removed = blocking(move || leftovers::remove_containers(&stack, &run, unwanted)).await?;
    Ok(match removed {
        Ok(()) => RemovalResult::Removed,
        Err(failure) => RemovalResult::Failed {
            because: failure.failure.message,
        },
    })
}

/// Waits until the instances have ended: until then they hold their volumes and security groups.
async fn terminated(
    context: &Context,
    step: &Step,
    instances: &BTreeSet<(&str, &str)>,
) -> Result<(), Stopped> {
    let deadline = Instant::now() + TERMINATED_WITHIN;
    let regions: BTreeSet<&str> = instances.iter().map(|(region, _)| *region).collect();
    for region in regions {
        let ids = instances.iter().filter(|(of, _)| *of == region);
        let ids: Vec<String> = ids.map(|(_, id)| (*id).to_owned()).collect();
        let aws = context.access.aws.in_region(region);
        let filters = [
            ("instance-id".to_owned(), ids),
            (
                "instance-state-name".to_owned(),
                ["pending", "running", "stopping", "stopped", "shutting-down"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ];
        loop {
            let answer = context
                .ask(resources::describe(&aws, Kind::Instance, &filters))
                .await?;
            let left = resources::decode(Kind::Instance, &answer.stdout).unwrap_or_default();
            // What is wrong with the answer shows when the things that they hold are removed.
            if left.is_empty() || Instant::now() > deadline {
                break;
            }
            let waiting = format!("waiting for {} instances to end", left.len());
            context.events.doing(step, waiting);
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = context.base.stop.requested() => {
                    return Err(Stopped::Interrupted { pending: Vec::new() });
                }
            }
        }
    }
    Ok(())
}

fn proposed(thing: Thing) -> Removal {
    Removal {
        thing,
        result: RemovalResult::Proposed,
    }
}
