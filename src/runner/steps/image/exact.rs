//! Gives the exact name of an image to a copy of its build, as [`exact::next`] says, step by step.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{
    lookup::{self, LOOK_AGAIN, MADE_WITHIN},
    reading::Reading,
    release,
    survey::Survey,
    users,
};
use crate::{
    config::{ConfigError, ImageSpec, Naming, Problem},
    errors::Exit,
    events::{Level, Operation, Step},
    images::exact::{self, Next, Owner, Scene},
    journal::{PastRelease, Record, past},
    render::packer::Argument,
    runner::{context::Context, failure::Failure, step_output::Stopped},
    tools::aws::images::{self as command, Ami, Copy},
};

/// How often a copy is tried. The `aws` command itself repeats what AWS throttles.
const ATTEMPTS: u32 = 3;
/// How long a new AMI may be invisible, and a name taken by one that is gone (EC2 API reference, "Eventual
/// consistency").
const CONSISTENT_WITHIN: Duration = Duration::from_secs(120);

/// How many holders a run takes away at most: when there is always another, somebody else wants the name as well.
const HOLDERS: usize = 5;
/// AWS's word for a name that is taken.
const DUPLICATE: &str = "InvalidAMIName.Duplicate";

/// Refuses a template whose copies in other regions would not get the exact name.
///
/// # Errors
///
/// When it has `ami_regions` other than the stack's own.
pub fn refuse_other_regions(
    context: &Context,
    image: &ImageSpec,
    reading: &Reading,
) -> Result<(), ConfigError> {
    if image.naming == Naming::Unique {
        return Ok(());
    }
    let here = serde_json::json!([context.base.stack.region]);
    match reading
        .resolver()
        .argument(&reading.selected()?, "ami_regions")
    {
        Argument::Absent => return Ok(()),
        Argument::Known(regions) if regions == here || regions == serde_json::json!([]) => {
            return Ok(());
        }
        Argument::Known(_) | Argument::Unknown(_) => {}
    }
    Err(ConfigError {
        problems: vec![Problem {
            message: format!(
                "image \"{}\": its template copies the AMI to other regions (ami_regions), where the copies would not have the exact name",
                image.name
            ),
            place: Some(image.place.clone()),
            hint: Some(
                "take ami_regions out, or leave out naming = \"exact\" and hand the AMI over by id"
                    .to_owned(),
            ),
        }],
    })
}

/// Whether `build` is what a run would deploy without changing anything; as the survey saw it.
pub fn stands(context: &Context, image: &ImageSpec, build: &Ami, survey: &Survey) -> bool {
    image.naming == Naming::Unique
        || matches!(
            exact::next(scene(context, image, build, &survey.named)),
            Next::Done(_)
        )
}

/// Makes a copy of `build` hold the image's exact name, and returns the copy; with unique names `build` itself.
/// `survey` tells what was there a moment ago; without it AWS is asked. What earlier runs left open of the image is
/// finished on the way. A `plan` changes nothing.
///
/// # Errors
///
/// When the holder of the name is in use or belongs to others, or AWS refuses. The old content is put back under
/// the name then, if it was taken away.
pub async fn settle(
    context: &Context,
    image: &ImageSpec,
    build: Ami,
    survey: Option<&Survey>,
) -> Result<Ami, Stopped> {
    let step = Step::Image(image.name.clone());
    let plan_only = context.base.request.operation == Operation::Plan;
    let open = past::unsettled(context.past().await?, &image.name).filter(|_| !plan_only);
    if image.naming == Naming::Unique {
        if let Some(open) = open {
            release::finish(context, &step, &image.name, &[], &open.releases).await?;
        }
        return Ok(build);
    }
    if let (Some(survey), None) = (survey, &open)
        && let Next::Done(holder) = exact::next(scene(context, image, &build, &survey.named))
    {
        return Ok(holder.clone());
    }
    if plan_only {
        return Ok(build);
    }
    let change = Change {
        context,
        image,
        step,
        build,
        begun: open.map(|open| open.releases).unwrap_or_default(),
        released: Vec::new(),
        restoring: false,
        failures: 0,
        complaint: String::new(),
        ended_badly: 0,
        requested: None,
        freed: None,
        deadline: Instant::now() + MADE_WITHIN,
    };
    change.run().await
}

fn scene<'a>(
    context: &'a Context,
    image: &'a ImageSpec,
    build: &'a Ami,
    seen: &'a [Ami],
) -> Scene<'a> {
    Scene {
        name: &image.ami_name,
        build,
        seen,
        owner: owner(context, image),
    }
}

/// Whose image it is.
pub fn owner<'a>(context: &'a Context, image: &'a ImageSpec) -> Owner<'a> {
    Owner {
        stack: &context.base.stack.name,
        environment: &context.base.stack.environment.name,
        image: &image.name,
    }
}

/// A change of the holder under way.
struct Change<'a> {
    context: &'a Context,
    image: &'a ImageSpec,
    step: Step,
    /// The build whose content the name shall have.
    build: Ami,
    /// Holders that earlier runs began to take away.
    begun: Vec<PastRelease>,
    /// Holders that this run has taken away.
    released: Vec<PastRelease>,
    /// The name is given back to the content that had it before.
    restoring: bool,
    /// Copies that did not come to be.
    failures: u32,
    /// What AWS said of the last of them.
    complaint: String,
    /// Copies that AWS began and that ended as failed: the next one needs another token.
    ended_badly: u32,
    requested: Option<Requested>,
    /// When the last holder was taken away.
    freed: Option<Instant>,
    deadline: Instant,
}

/// A copy that AWS has confirmed.
struct Requested {
    id: String,
    name: String,
    tags: Vec<(String, String)>,
    /// How long it may be invisible.
    until: Instant,
}

impl Change<'_> {
    async fn run(mut self) -> Result<Ami, Stopped> {
        loop {
            let seen = self.look().await?;
            let build = self.build.clone();
            match exact::next(scene(self.context, self.image, &build, &seen)) {
                Next::Done(holder) => return self.finish(holder.clone()).await,
                Next::Wait(ami) => {
                    let text = format!("waiting for {} {} to become available", ami.id, ami.name);
                    self.wait(text).await?;
                }
                Next::Copy => {
                    if let Some(restored) = self.give_name().await? {
                        return Err(restored.into());
                    }
                }
                Next::Discard(ami) => self.discard(ami).await?,
                Next::Keep(holder) | Next::Release { holder, .. } if self.restoring => {
                    return Err(self.unexpected(holder).into());
                }
                Next::Keep(holder) => self.keep(holder).await?,
                Next::Release { holder, twin } => self.release(holder, twin).await?,
                Next::Refuse { holder, owner } => {
                    return Err(taken(self.ami_name(), holder, &owner).into());
                }
            }
        }
    }

    fn ami_name(&self) -> &str {
        &self.image.ami_name
    }

    /// What has the name, or one that begins with it, without what this run knows to be gone.
    async fn look(&self) -> Result<Vec<Ami>, Failure> {
        let names = [self.ami_name().to_owned(), format!("{}-*", self.ami_name())];
        let mut seen = lookup::named(self.context, &names).await?;
        let gone: BTreeSet<&String> = self.released.iter().map(|release| &release.ami).collect();
        seen.retain(|ami| !gone.contains(&ami.id));
        self.recognise(&mut seen).await?;
        // The holder's build may have had another name, when the image was called otherwise.
        let elsewhere = exact::holder(self.ami_name(), &seen)
            .map(|holder| exact::content(holder).to_owned())
            .filter(|id| !seen.iter().any(|ami| ami.id == *id) && *id != self.build.id);
        if let Some(id) = elsewhere {
            seen.extend(lookup::look(self.context, &id).await?);
        }
        Ok(seen)
    }

    /// Tags the copy that was asked for, as soon as it is seen, where its tags are not there yet. Without them it would
    /// be taken for somebody else's.
    async fn recognise(&self, seen: &mut [Ami]) -> Result<(), Failure> {
        let Some(requested) = &self.requested else {
            return Ok(());
        };
        if let Some(copy) = seen.iter_mut().find(|ami| ami.id == requested.id) {
            let missing = exact::missing_tags(copy, &requested.tags);
            if !missing.is_empty() {
                *copy = lookup::tag(self.context, copy, &missing).await?;
            }
        }
        Ok(())
    }

    /// Copies the build to the free name. Gives the failure to end with when that is hopeless; the old content has
    /// the name then.
    async fn give_name(&mut self) -> Result<Option<Failure>, Stopped> {
        if self.awaits(self.ami_name()) {
            self.wait(format!(
                "waiting for the copy called {} to appear",
                self.ami_name()
            ))
            .await?;
            return Ok(None);
        }
        if self.failures >= ATTEMPTS {
            return Ok(Some(self.give_up().await));
        }
        // Once the name is free it is given away again before anything else.
        if self.released.is_empty() && !self.restoring {
            self.context.go_on()?;
        }
        self.context.base.record(Record::ImageNaming {
            image: self.image.name.clone(),
            name: self.ami_name().to_owned(),
            build: self.build.id.clone(),
        })?;
        let tags = exact::tags_of_holder(&self.build);
        let (source, name) = (self.build.clone(), self.ami_name().to_owned());
        self.copy(&source, &name, &tags).await;
        Ok(None)
    }

    /// Copies the content of `holder`, which is nowhere else, to a name of its own.
    async fn keep(&mut self, holder: &Ami) -> Result<(), Stopped> {
        let name = exact::kept_name(self.ami_name(), holder);
        if self.awaits(&name) {
            return self
                .wait(format!("waiting for the copy called {name} to appear"))
                .await;
        }
        if self.failures >= ATTEMPTS {
            let text = format!("failed to copy {} {}", holder.id, holder.name);
            return Err(self
                .failure(text)
                .hint("nothing was taken away: the next run tries again")
                .into());
        }
        self.context.go_on()?;
        let run = self.context.base.run.clone();
        let tags = exact::tags_of_kept(holder, owner(self.context, self.image), run.as_str());
        self.copy(holder, &name, &tags).await;
        Ok(())
    }

    /// Deregisters the holder, whose content `twin` has.
    async fn release(&mut self, holder: &Ami, twin: &Ami) -> Result<(), Stopped> {
        self.context.go_on()?;
        if self.released.len() >= HOLDERS {
            return Err(self.unexpected(holder).into());
        }
        users::refuse_if_used(self.context, &self.step, &holder.id).await?;
        if twin.name == exact::kept_name(self.ami_name(), holder) {
            let run = self.context.base.run.clone();
            let tags = exact::tags_of_kept(holder, owner(self.context, self.image), run.as_str());
            self.complete(twin, holder, &tags).await?;
        }
        let text = format!(
            "{} {} goes, {} {} keeps its content; until the apply, nothing new can be launched from {}",
            holder.id, holder.name, twin.id, twin.name, holder.id
        );
        self.context.events.log(&self.step, Level::Info, &text);
        self.take_away(holder, Some(&twin.id)).await?;
        self.failures = 0;
        Ok(())
    }

    /// Takes an AMI out of the way that ended as failed.
    async fn discard(&mut self, ami: &Ami) -> Result<(), Stopped> {
        self.failures += 1;
        self.ended_badly += 1;
        self.complaint = format!("the copy {} {} ended as {}", ami.id, ami.name, ami.state);
        Ok(self.take_away(ami, None).await?)
    }

    async fn take_away(&mut self, ami: &Ami, twin: Option<&str>) -> Result<(), Failure> {
        let release =
            release::deregister(self.context, &self.step, &self.image.name, ami, twin).await?;
        self.released.push(release);
        self.requested = None;
        self.freed = Some(Instant::now());
        Ok(())
    }

    /// Asks for one copy. Whether it came to be, the next look tells: a reply may be lost.
    async fn copy(&mut self, source: &Ami, name: &str, tags: &[(String, String)]) {
        let (context, step) = (self.context, &self.step);
        if self.failures > 0 {
            tokio::time::sleep(LOOK_AGAIN * self.failures).await;
        }
        context
            .events
            .doing(step, format!("copying {} to {name}", source.id));
        let token = self.token(source, name);
        let answer = context
            .capture(command::copy(
                &context.access.aws,
                Copy {
                    source: &source.id,
                    name,
                    description: source.attribute("description"),
                    tags,
                    token: &token,
                },
            ))
            .await;
        let complaint = match answer {
            Ok(answer) if answer.success() => match command::decode_copy(&answer.stdout) {
                Some(id) => {
                    let until = Instant::now() + CONSISTENT_WITHIN;
                    self.requested = Some(Requested {
                        id,
                        name: name.to_owned(),
                        tags: tags.to_vec(),
                        until,
                    });
                    return;
                }
                None => "the aws command does not name the copy".to_owned(),
            },
            Ok(answer) => answer.stderr_text(),
            Err(failure) => failure.failure.message,
        };
        // A name is not free at once when its holder is gone.
        let just_freed = complaint.contains(DUPLICATE)
            && self
                .freed
                .is_some_and(|freed| freed.elapsed() < CONSISTENT_WITHIN);
        if just_freed {
            tokio::time::sleep(LOOK_AGAIN).await;
        } else {
            self.failures += 1;
        }
        self.complaint = context.events.redact(complaint.trim());
    }

    /// The same for the same copy, also of a call that is made again because its reply was lost.
    fn token(&self, source: &Ami, name: &str) -> String {
        let run = &self.context.base.run;
        let text = [run.as_str(), &self.image.name, &source.id, name].join("\n");
        let hash = blake3::hash(text.as_bytes()).to_hex();
        format!("{}-{}", &hash[..32], self.ended_badly)
    }

    /// Whether AWS has confirmed a copy to `name` that may not be visible yet.
    fn awaits(&self, name: &str) -> bool {
        self.requested
            .as_ref()
            .is_some_and(|copy| copy.name == name && Instant::now() < copy.until)
    }

    async fn wait(&self, text: String) -> Result<(), Stopped> {
        if Instant::now() > self.deadline {
            let minutes = MADE_WITHIN.as_secs() / 60;
            return Err(
                Failure::new(format!("still {text} after {minutes} minutes"))
                    .hint("rerun: it is continued from there")
                    .into(),
            );
        }
        self.context.events.doing(&self.step, text.as_str());
        let pending = format!(
            "the name {} (the next run goes on with it)",
            self.ami_name()
        );
        lookup::pause(self.context, vec![pending]).await
    }

    /// Tags, permissions and snapshots of a change that has reached its end.
    async fn finish(&self, holder: Ami) -> Result<Ami, Stopped> {
        if holder.id != self.build.id {
            let tags = exact::tags_of_holder(&self.build);
            self.complete(&holder, &self.build, &tags).await?;
        }
        let name = &self.image.name;
        release::finish(self.context, &self.step, name, &self.released, &self.begun).await?;
        Ok(holder)
    }

    /// Gives `copy` what AWS or an emulator left out: tags, and who may launch it.
    async fn complete(
        &self,
        copy: &Ami,
        source: &Ami,
        tags: &[(String, String)],
    ) -> Result<(), Failure> {
        let context = self.context;
        let aws = &context.access.aws;
        let missing = exact::missing_tags(copy, tags);
        if !missing.is_empty() {
            lookup::tag(context, copy, &missing).await?;
        }
        // A source that is gone has nothing more to say.
        let answer = context
            .ask(command::launch_permissions(aws, &source.id))
            .await?;
        let permissions = command::decode_launch_permissions(&answer.stdout)
            .filter(|permissions| answer.success() && !permissions.is_empty());
        let Some(permissions) = permissions else {
            return Ok(());
        };
        let answer = context
            .capture(command::permit_launch(aws, &copy.id, &permissions))
            .await?;
        if answer.success() {
            return Ok(());
        }
        let complaint = answer.stderr_text();
        Err(Failure::new(format!(
            "failed to let others launch {} as they may launch {}",
            copy.id, source.id
        ))
        .because(&complaint)
        .excerpt(complaint.lines().map(str::to_owned)))
    }

    /// The build cannot be copied: gives the name back to the content that had it, if that was taken away.
    async fn give_up(&mut self) -> Failure {
        let failure = self
            .failure(format!(
                "failed to copy {} to {}",
                self.build.id,
                self.ami_name()
            ))
            .hint(format!(
                "{} stays: the next run tries to give it the name again",
                self.build.id
            ));
        let mut before = self.released.iter().chain(&self.begun);
        let twin = before.find_map(|release| release.twin.clone());
        let (Some(twin), false) = (twin, self.restoring) else {
            return failure;
        };
        match Box::pin(self.restore(&twin)).await {
            Ok(holder) => failure.hint(format!(
                "the content before is back under {}, as {}",
                self.ami_name(),
                holder.id
            )),
            Err(Stopped::Failed(why) | Stopped::Declined(why)) => failure.hint(format!(
                "no AMI is called {}: {}; its content before is in {twin}, and the next run tries again",
                self.ami_name(),
                why.failure.message
            )),
            Err(Stopped::Interrupted { .. }) => failure.hint(format!(
                "the content before is being put back under {} from {twin}",
                self.ami_name()
            )),
        }
    }

    async fn restore(&mut self, twin: &str) -> Result<Ami, Stopped> {
        let build = lookup::look(self.context, twin)
            .await?
            .ok_or_else(|| Failure::new(format!("{twin} is gone")))?;
        let change = Change {
            build,
            begun: self.begun.clone(),
            released: self.released.clone(),
            restoring: true,
            step: self.step.clone(),
            complaint: String::new(),
            failures: 0,
            requested: None,
            deadline: Instant::now() + MADE_WITHIN,
            ..*self
        };
        change.run().await
    }

    fn failure(&self, text: String) -> Failure {
        Failure::new(text)
            .excerpt(self.complaint.lines().map(str::to_owned))
            .because(&self.complaint)
    }

    fn unexpected(&self, holder: &Ami) -> Failure {
        Failure::new(format!(
            "{} has got the name {} in the meantime",
            holder.id,
            self.ami_name()
        ))
    }
}

/// Refuses to touch an AMI that says it belongs to another stack, environment or image.
///
/// # Errors
///
/// [`Exit::Refused`] then.
pub fn refuse_others(context: &Context, image: &ImageSpec, ami: &Ami) -> Result<(), Failure> {
    match exact::another_owner(ami, owner(context, image)) {
        None => Ok(()),
        Some(owner) => Err(taken(&image.ami_name, ami, &owner)),
    }
}

fn taken(name: &str, holder: &Ami, owner: &str) -> Failure {
    Failure::of(
        Exit::Refused,
        format!("the name {name} is held by {}, which is {owner}", holder.id),
    )
    .hint("an account has one AMI of a name in a region: set `name` of the image to another")
}
