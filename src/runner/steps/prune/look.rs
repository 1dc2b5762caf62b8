//! What may go: asked of AWS in every region that an image was copied to.

use std::collections::{BTreeMap, BTreeSet};

use super::{proposed, scope};
use crate::{
    config::Stack,
    events::{Operation, Removal, RemovalResult, Step, Thing, ThingKind},
    images::{
        retention::{built_by, other_regions},
        retire::{
            Build, InRegion, Owner, Retirement, Scope, candidates, retirements, without_used,
        },
        usage::User,
    },
    journal::{PastRun, Watermark, past::PastRemoval},
    run_id::RunId,
    runner::{
        context::{Context, blocking},
        failure::Failure,
        leftovers::{described, tags_of},
        past::Known,
        query::Query,
        side_by_side::side_by_side,
        step_output::{ReadyImage, StepOutput, Stopped},
        steps::image::{reading::Reading, survey},
        usage,
    },
    tools::aws::{
        images::{self as ami, Ami},
        resources::{Kind, Resource},
    },
};

/// What is to go, and what stays because it is used.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    pub retirements: Vec<Retirement>,
    /// Snapshots whose AMI is gone.
    pub snapshots: Vec<Thing>,
    pub used: Vec<(Build, Vec<User>)>,
    /// What could not be looked at.
    pub unknown: BTreeSet<String>,
}

impl Proposal {
    /// Everything that is to go.
    pub fn things(&self) -> Vec<Thing> {
        let retired = self.retirements.iter().flat_map(|retirement| {
            let snapshots = retirement.snapshots.iter();
            let snapshots = snapshots.map(|id| snapshot_of(retirement, id));
            std::iter::once(thing(&retirement.member.region, &retirement.member.ami))
                .chain(snapshots)
        });
        retired.chain(self.snapshots.iter().cloned()).collect()
    }

    /// What stays although it is beyond what is kept.
    pub fn stays(&self) -> Vec<Removal> {
        let members = self
            .used
            .iter()
            .flat_map(|(build, users)| build.members.iter().map(move |member| (member, users)));
        members
            .map(|(member, users)| {
                let users: Vec<String> = users.iter().map(ToString::to_string).collect();
                Removal {
                    thing: thing(&member.region, &member.ami),
                    result: RemovalResult::Stays {
                        because: format!("used by {}", users.join(", ")),
                    },
                }
            })
            .collect()
    }

    /// Everything, for those who decide about it.
    pub fn removals(&self) -> Vec<Removal> {
        let mut removals: Vec<Removal> = self.things().into_iter().map(proposed).collect();
        removals.extend(self.stays());
        removals
    }

    /// What of it is also in `allowed`: the world may have changed while somebody thought about it.
    pub fn only(mut self, allowed: &[Thing]) -> Self {
        let is_allowed = |thing: &Thing| {
            let same = |one: &Thing| (&one.region, &one.id) == (&thing.region, &thing.id);
            allowed.iter().any(same)
        };
        self.retirements
            .retain(|one| is_allowed(&thing(&one.member.region, &one.member.ami)));
        for retirement in &mut self.retirements {
            let things = retirement.snapshots.clone();
            let of = retirement.clone();
            retirement.snapshots = things
                .into_iter()
                .filter(|id| is_allowed(&snapshot_of(&of, id)))
                .collect();
        }
        self.snapshots.retain(is_allowed);
        self
    }
}

pub fn thing(region: &str, ami: &Ami) -> Thing {
    Thing {
        kind: ThingKind::Ami,
        id: ami.id.clone(),
        name: Some(ami.name.clone()),
        region: region.to_owned(),
        run: built_by(ami),
    }
}

pub fn snapshot_of(retirement: &Retirement, id: &str) -> Thing {
    Thing {
        kind: ThingKind::Snapshot,
        id: id.to_owned(),
        name: Some(format!("of {}", retirement.member.ami.id)),
        region: retirement.member.region.clone(),
        run: built_by(&retirement.member.ami),
    }
}

/// Why an `up` can tell without asking AWS that there is nothing to remove; `None` when it cannot.
///
/// # Errors
///
/// When the records of earlier runs cannot be read, or no image was looked up.
pub async fn nothing_to_do(context: &Context) -> Result<Option<&'static str>, Failure> {
    if !unfinished(context)?.is_empty() {
        return Ok(None);
    }
    let stack = &context.base.stack;
    let survey = survey::of(context).await?;
    let mut amis = survey.own.clone();
    for image in &stack.images {
        // What this run built is newer than the survey.
        if let Some(StepOutput::Image(ready)) = context.image(&image.name)
            && !amis.iter().any(|ami| ami.id == ready.build)
        {
            amis.push(just_built(context, ready));
        }
    }
    let home = InRegion {
        region: stack.region.clone(),
        amis,
    };
    let nobody = BTreeSet::new();
    let builds = candidates(&[home], owner(stack), &scope(context), &nobody);
    if builds.is_empty() {
        return Ok(Some("nothing beyond what is kept"));
    }
    let unchanged = match context.output_of(&Step::TerraformPlan) {
        Some(StepOutput::Planned(plan)) => plan.changes.is_empty(),
        Some(StepOutput::Unchanged(_)) => true,
        _ => false,
    };
    let known = in_use(context);
    let all_known = builds
        .iter()
        .flat_map(|build| &build.members)
        .all(|member| known.contains(&member.ami.id));
    Ok((unchanged && all_known).then_some("nothing was changed, and what is beyond was in use"))
}

/// The AMIs that the last prune found in use.
fn in_use(context: &Context) -> BTreeSet<String> {
    let text = fs_err::read_to_string(context.base.state.images_in_use()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Keeps them for the next `up`, which need not ask again as long as it changes nothing.
///
/// # Errors
///
/// When the file cannot be written.
pub fn remember_in_use(context: &Context, proposal: &Proposal) -> std::io::Result<()> {
    let members = proposal.used.iter().flat_map(|(build, _)| &build.members);
    let ids: Vec<&str> = members.map(|member| member.ami.id.as_str()).collect();
    fs_err::write(context.base.state.images_in_use(), ids.join("\n"))
}

fn just_built(context: &Context, ready: ReadyImage) -> Ami {
    use crate::images::tag;

    let stack = &context.base.stack;
    let tags = [
        (tag::STACK, stack.name.clone()),
        (tag::ENVIRONMENT, stack.environment.name.clone()),
        (tag::IMAGE, ready.outcome.image),
        (tag::RUN, context.base.run.to_string()),
    ];
    Ami {
        id: ready.build,
        name: ready.outcome.ami_name,
        state: "available".to_owned(),
        // Later than any date that AWS gives.
        created: "9999".to_owned(),
        tags: tags
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        ..Ami::default()
    }
}

fn owner(stack: &Stack) -> Owner<'_> {
    Owner {
        stack: &stack.name,
        environment: &stack.environment.name,
    }
}

/// The removals that earlier runs began and did not end. No other driver works on the stack: this one
/// holds the lock.
fn unfinished(context: &Context) -> Result<Vec<PastRemoval>, Failure> {
    let base = &context.base;
    let mark = Watermark::at(base.state.removals_ended()).get();
    let (stack, environment) = (&base.stack.name, &base.stack.environment.name);
    let runs =
        PastRun::since(&base.stack.root, stack, environment, mark.as_ref()).map_err(unreadable)?;
    let others = runs.into_iter().filter(|past| past.run != base.run);
    Ok(others.flat_map(|past| past.removals).collect())
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::new(format!(
        "failed to read the records of earlier runs: {error}"
    ))
}

/// Asks AWS for everything that matters.
///
/// # Errors
///
/// When AWS refuses or cannot be reached; then nothing may be removed.
pub async fn look(context: &Context) -> Result<Proposal, Stopped> {
    let looking = Looking {
        query: Query::of_looking_run(context),
        stack: context.base.stack.clone(),
        scope: scope(context),
        known: Known::read(&context.base.stack, Some(&context.base.run)).map_err(unreadable)?,
        me: context.base.run.clone(),
        unfinished: unfinished(context)?,
        templates: context.base.request.operation != Operation::Destroy,
    };
    let proposal = blocking(move || looking.look()).await?;
    // Then that is why a question has no answer.
    context.go_on()?;
    Ok(proposal?)
}

struct Looking {
    query: Query,
    stack: Stack,
    scope: Scope,
    known: Known,
    me: RunId,
    unfinished: Vec<PastRemoval>,
    /// Whether the templates are there to be read.
    templates: bool,
}

impl Looking {
    fn look(self) -> Result<Proposal, Failure> {
        let regions = self.regions()?;
        // What this very run has built is finished; what others build is theirs.
        let mut living = self.known.living.clone();
        living.remove(&self.me);
        let builds = candidates(&regions, owner(&self.stack), &self.scope, &living);

        let mut amis: usage::InRegions = BTreeMap::new();
        for member in builds.iter().flat_map(|build| &build.members) {
            let ids = amis.entry(member.region.clone()).or_default();
            ids.insert(member.ami.id.clone());
        }
        let mut usage = usage::look(&self.query, &self.stack, &amis)?;
        let (going, used) = without_used(builds, &usage);
        Ok(Proposal {
            retirements: retirements(&going, &regions),
            snapshots: self.snapshots(&regions)?,
            used,
            unknown: std::mem::take(&mut usage.unknown),
        })
    }

    /// Home first, then every region that an image was copied to.
    fn regions(&self) -> Result<Vec<InRegion>, Failure> {
        let home = self.in_region(&self.stack.region)?;
        let mut others: BTreeSet<String> = home
            .amis
            .iter()
            .filter(|ami| owner(&self.stack).owns(ami))
            .flat_map(other_regions)
            .map(str::to_owned)
            .collect();
        others.extend(self.unfinished.iter().map(|removal| removal.region.clone()));
        if self.templates {
            for image in &self.stack.images {
                // A template that cannot be read is the build's business.
                if let Ok(reading) = Reading::of(&self.stack, image) {
                    others.extend(reading.copy_regions(&self.stack.region));
                }
            }
        }
        others.remove(&self.stack.region);
        let others = side_by_side(others, |region| self.in_region(&region));
        let mut regions = vec![home];
        for region in others {
            regions.push(region?);
        }
        Ok(regions)
    }

    /// Every AMI of the account: others of its may use the same snapshots.
    fn in_region(&self, region: &str) -> Result<InRegion, Failure> {
        let query = self.query.in_region(region);
        let amis = query.read(&ami::own_images(&query.aws, &[]), ami::decode)?;
        Ok(InRegion {
            region: region.to_owned(),
            amis,
        })
    }

    /// Snapshots whose AMI is gone: those with the tags of a run that is over, and those of removals that
    /// were begun.
    fn snapshots(&self, regions: &[InRegion]) -> Result<Vec<Thing>, Failure> {
        let answers = side_by_side(regions, |region| self.snapshots_in(region));
        let mut things = Vec::new();
        for answer in answers {
            things.extend(answer?);
        }
        Ok(things)
    }

    fn snapshots_in(&self, region: &InRegion) -> Result<Vec<Thing>, Failure> {
        let query = self.query.in_region(&region.region);
        let own = owner(&self.stack);
        // While AWS is making an AMI, its snapshots may be there without it.
        if region
            .amis
            .iter()
            .any(|ami| own.owns(ami) && ami.state == "pending")
        {
            return Ok(Vec::new());
        }
        let mut found = described(&query, Kind::Snapshot, &tags_of(&self.stack))?;
        found.retain(|snapshot| {
            let run = run_of(snapshot);
            let mut over = self.known.over.iter();
            run.is_some_and(|run| over.any(|past| past.run == run))
        });
        let begun: Vec<String> = self
            .unfinished
            .iter()
            .filter(|removal| {
                let is_gone = !region.amis.iter().any(|ami| ami.id == removal.ami);
                removal.region == region.region && is_gone
            })
            .flat_map(|removal| removal.snapshots.clone())
            .collect();
        if !begun.is_empty() {
            let filter = ("snapshot-id".to_owned(), begun);
            found.extend(described(&query, Kind::Snapshot, &[filter])?);
        }
        let used: BTreeSet<&String> = region.amis.iter().flat_map(|ami| &ami.snapshots).collect();
        found.retain(|snapshot| !used.contains(&snapshot.id));
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        let things = found.into_iter().map(|snapshot| Thing {
            kind: ThingKind::Snapshot,
            run: run_of(&snapshot),
            id: snapshot.id,
            name: Some("its AMI is gone".to_owned()),
            region: region.region.clone(),
        });
        Ok(things.collect())
    }
}

fn run_of(snapshot: &Resource) -> Option<RunId> {
    let run = snapshot.tag(crate::images::tag::RUN)?;
    RunId::parse(run)
}
