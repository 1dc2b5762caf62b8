//! One project that is deployed, replaced and destroyed in turn, each time with a trial.

use std::{
    process::{Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::{
    at_record::AtRecord,
    project::Project,
    scenario::{Leftovers, Remaining, Scenario},
    strict_aws::{moto::Moto, strict::Settings},
    trials::{Phase, Signal, Trial},
    world::{self, State, World},
};

/// Between two looks at whether there is a usable AMI. Nothing depends on how long it is.
const LOOK_AGAIN: Duration = Duration::from_millis(150);

/// An image without provisioners and a few resources, one of which takes its time.
const SCENARIO: Scenario = Scenario {
    name: "up, up that replaces, destroy",
    stack: r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
}

image "web" {
  template  = "packer"
  name      = "web-image"
  keep      = 1
  variables = { content = "CONTENT" }
}

variables = { ami_id = image.web.id }
"#,
    deploy: &["up", "--yes"],
    root: r#"
variable "ami_id" {
  type = string
}

provider "aws" {}

resource "aws_vpc" "web" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "web" {
  vpc_id     = aws_vpc.web.id
  cidr_block = "10.0.1.0/24"
}

resource "terraform_data" "slow" {
  triggers_replace = var.ami_id

  provisioner "local-exec" {
    command = "sleep 0.5"
  }
}

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = var.ami_id
  instance_type          = "t3.micro"
  update_default_version = true
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#,
    replace: &["up", "--yes"],
    remaining: Remaining::Newest(1),
    leftovers: Leftovers::Counted,
};

/// Launch template, VPC, subnet.
const RESOURCES: usize = 3;

/// What one trial showed.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The record came.
    pub happened: bool,
    pub problems: Vec<String>,
    /// What the signal left and the next run or `image sweep` told of.
    pub reported: Vec<String>,
    pub unreported: Vec<String>,
    pub state_lost: bool,
    /// The next run met a child that went on, and took in what it did.
    pub adopted: bool,
}

/// A project with an emulator of its own.
pub struct Lane {
    project: Project,
    number: usize,
    contents: usize,
}

impl Lane {
    pub fn new(number: usize) -> Self {
        Self {
            project: Project::new(SCENARIO, Settings::default()),
            number,
            contents: 0,
        }
    }

    /// Does what `phase` is about, undisturbed, and returns how many records it has.
    pub fn undisturbed(&mut self, phase: Phase) -> usize {
        self.prepare(phase);
        let ran = self.project.run(arguments(phase));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        world::records(&self.project)
    }

    /// New content for what deploys.
    fn prepare(&mut self, phase: Phase) {
        if phase != Phase::Destroy {
            self.contents += 1;
            self.project.set_content(&self.content());
        }
    }

    fn content(&self) -> String {
        format!("{}-{}", self.number, self.contents)
    }

    /// Carries out `trial`, then what its phase is about to the end, and judges.
    pub fn attempt(&mut self, trial: &Trial, at_record: &AtRecord) -> Verdict {
        self.prepare(trial.phase);
        let mut verdict = Verdict::default();
        // There is an emulator once something has been deployed.
        let before = self.moto().map(World::look).unwrap_or_default();
        let had_image = self.moto().is_some_and(world::has_usable_image);
        let ended = AtomicBool::new(false);
        let without_image = thread::scope(|scope| {
            let watched = scope.spawn(|| self.watch_image(had_image, &ended));
            self.signal_and_repair(trial, at_record, &mut verdict);
            ended.store(true, Ordering::Relaxed);
            watched.join().unwrap()
        });
        if without_image {
            let problem = "for a moment there was no usable AMI";
            verdict.problems.push(problem.to_owned());
        }
        self.judge(trial, &before, &mut verdict);
        verdict
    }

    fn moto(&self) -> Option<Moto> {
        let sandbox = self.project.path().join(".amiable/sandbox/state.json");
        sandbox.exists().then(|| self.project.aws().moto())
    }

    /// Whether an AMI that was there is missing at some moment until `ended`.
    fn watch_image(&self, had_image: bool, ended: &AtomicBool) -> bool {
        let Some(moto) = self.moto().filter(|_| had_image) else {
            return false;
        };
        while !ended.load(Ordering::Relaxed) {
            if !world::has_usable_image(moto) {
                return true;
            }
            thread::sleep(LOOK_AGAIN);
        }
        false
    }

    fn signal_and_repair(&self, trial: &Trial, at_record: &AtRecord, verdict: &mut Verdict) {
        let mut driver = self.project.command(arguments(trial.phase));
        at_record.set(&mut driver, trial);
        let signalled = driver
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let run = world::last_run(&self.project);
        let said = String::from_utf8_lossy(&signalled.stderr).into_owned();
        if trial.signal == Signal::Kill {
            verdict.happened = signalled.status.code().is_none();
        } else {
            verdict.happened = said.contains(told(trial.signal));
            verdict
                .problems
                .extend(ungraceful(trial, &signalled, &said, &run, &self.project));
        }
        // At once, whatever still goes on.
        let next = self.project.run(arguments(trial.phase));
        if next.code != Some(0) {
            let problem = format!("the next run ends with {:?}: {}", next.code, next.stderr);
            verdict.problems.push(problem);
        }
        if next.stderr.contains("stopped midway") {
            let problem = format!("a child was killed with the driver: {}", next.stderr);
            verdict.problems.push(problem);
        }
        verdict.adopted = next.stderr.contains("went on to its end");
        let left = world::children(&run);
        if !left.is_empty() {
            let problem = format!("processes of the run are still there: {left:?}");
            verdict.problems.push(problem);
        }
        verdict.reported = vec![said, next.stderr];
    }

    /// Looks at what there is once the next run has ended.
    fn judge(&self, trial: &Trial, before: &World, verdict: &mut Verdict) {
        let moto = self.project.aws().moto();
        let state = State::look(&self.project);
        let after = World::look(moto);
        let destroyed = trial.phase == Phase::Destroy;
        match &state {
            State::Lost(why) => {
                verdict.state_lost = true;
                verdict.problems.push(format!("the state is lost: {why}"));
            }
            State::Whole(0) | State::Absent if destroyed => {}
            State::Whole(1..) if !destroyed => {}
            other => verdict.problems.push(format!("the state is {other:?}")),
        }
        let wanted = if destroyed { 0 } else { RESOURCES };
        if after.deployed.len() != wanted {
            let problem = format!("there are {:?}", after.deployed);
            verdict.problems.push(problem);
        }
        let mut image = None;
        if !destroyed {
            match world::deployed_image(moto) {
                Some((id, Some(content))) if content == self.content() => image = Some(id),
                other => verdict.problems.push(format!("{other:?} is deployed")),
            }
        }
        let new = after.new_since(before, image.as_deref());
        self.account_for(new, before, verdict);
    }

    /// Sorts what is there without need by whether anybody told of it, and has the driver remove it.
    fn account_for(&self, new: Vec<String>, before: &World, verdict: &mut Verdict) {
        let mut told = std::mem::take(&mut verdict.reported);
        if new.is_empty() {
            return;
        }
        for listing in [&["image", "sweep", "--dry-run"] as &[_], &["image", "list"]] {
            let listed = self.project.run(listing);
            told.extend([listed.stdout, listed.stderr]);
        }
        for id in new {
            match told.iter().any(|text| text.contains(&id)) {
                true => verdict.reported.push(id),
                false => verdict.unreported.push(id),
            }
        }
        let swept = self.project.run(&["image", "sweep", "--yes"]);
        if swept.code != Some(0) {
            let problem = format!("the sweep ends with {:?}: {}", swept.code, swept.stderr);
            verdict.problems.push(problem);
        }
        let left = World::look(self.project.aws().moto());
        let left: Vec<_> = left.temporary.difference(&before.temporary).collect();
        if !left.is_empty() {
            let problem = format!("the sweep leaves {left:?}");
            verdict.problems.push(problem);
        }
        if !verdict.unreported.is_empty() {
            let problem = format!("nobody tells of {}", verdict.unreported.join(", "));
            verdict.problems.push(problem);
        }
    }
}

fn arguments(phase: Phase) -> &'static [&'static str] {
    match phase {
        Phase::Up | Phase::Replacement => &["up", "--yes"],
        Phase::Destroy => &["destroy", "--yes"],
    }
}

/// What the driver says at a signal.
fn told(signal: Signal) -> &'static str {
    match signal {
        Signal::Int => "interrupted",
        Signal::Term => "asked to terminate",
        Signal::Hup => "the terminal is gone",
        Signal::Kill => "",
    }
}

/// What is wrong with how a driver stopped that was asked to.
fn ungraceful(
    trial: &Trial,
    signalled: &Output,
    said: &str,
    run: &str,
    project: &Project,
) -> Vec<String> {
    let mut problems = Vec::new();
    let code = signalled.status.code();
    // The work may be done when the signal comes.
    if code != Some(0) && code != trial.signal.exit_code() {
        problems.push(format!("{code:?} is not the signal's exit code: {said}"));
    }
    let report = project
        .path()
        .join(format!(".amiable/runs/{run}/report.json"));
    let report = std::fs::read(report).unwrap_or_default();
    if serde_json::from_slice::<serde_json::Value>(&report).is_err() {
        problems.push("its report is not whole".to_owned());
    }
    let unfinished = project
        .path()
        .join(format!(".amiable/state/web/sandbox/unfinished/{run}"));
    if unfinished.exists() {
        problems.push("it did not record its end".to_owned());
    }
    let left = world::children(run);
    if !left.is_empty() {
        problems.push(format!("it left {left:?} behind"));
    }
    problems
}
