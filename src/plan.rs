//! Stack and request to the graph of steps: pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    config::{Prune, Stack, TaskTime},
    events::{Operation, Step},
    images::rollback::Target,
    run_id::RunId,
};

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub operation: Operation,
    pub only: Only,
    /// Images to build even when nothing changed.
    pub rebuild: BTreeSet<String>,
    /// Build without provisioners; the images are reported as degraded.
    pub no_provision: bool,
    /// How many images build at the same time.
    pub parallel: usize,
    /// `destroy --images`: also remove the stack's AMIs and snapshots.
    pub remove_images: bool,
    /// Resources that may be destroyed or replaced although they hold data.
    pub allow_destroy: BTreeSet<String>,
    /// Build, plan and apply without asking.
    ///
    /// Not part of what is resumed: an approval is for once.
    #[serde(skip)]
    pub approved: bool,
    /// How long to wait for the lock of Terraform's state, in seconds.
    pub lock_timeout: u64,
    /// Wait while another run works on the same stack and environment.
    #[serde(skip)]
    pub wait_for_others: bool,
    /// The run that this one resumes: what that one built is not built again.
    #[serde(skip)]
    pub resumed: Option<RunId>,
    /// The task that `amiable task` runs.
    pub task: Option<ManualTask>,
    /// What `amiable unlock` is told.
    pub unlock: Unlock,
    /// Deploy images that were there before, and build none.
    pub rollback: Option<Target>,
    /// Deploy what a rollback left, if nothing about it has changed.
    pub undo_rollback: bool,
    /// `image replace`: the one image to build; the others stay what they are.
    pub replace: Option<String>,
    /// AMIs that may be taken away although something outside of the deployment uses them.
    pub allow_in_use: BTreeSet<String>,
    /// `up --no-prune`: leave old images where they are.
    pub no_prune: bool,
    /// What `image prune` and `image sweep` are about.
    pub removal: RemovalRequest,
}

/// What to remove, and whether to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RemovalRequest {
    /// Show it and remove nothing.
    pub dry_run: bool,
    /// `image prune --keep`: how many images before the current one stay, whatever the stack file says.
    pub keep: Option<usize>,
    /// `image sweep --run`: the run whose leftovers go, although this checkout may not know it.
    pub run: Option<RunId>,
}

impl Request {
    /// A request for `operation` with nothing special about it.
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            only: Only::Everything,
            rebuild: BTreeSet::new(),
            no_provision: false,
            parallel: 1,
            remove_images: false,
            allow_destroy: BTreeSet::new(),
            approved: false,
            lock_timeout: 60,
            wait_for_others: false,
            resumed: None,
            task: None,
            unlock: Unlock::default(),
            rollback: None,
            undo_rollback: false,
            replace: None,
            allow_in_use: BTreeSet::new(),
            no_prune: false,
            removal: RemovalRequest::default(),
        }
    }

    /// False when `image` is to stay what it is, whatever its fingerprint says.
    pub fn may_build(&self, image: &str) -> bool {
        self.replace.as_deref().is_none_or(|name| name == image)
    }

    /// True when `image` is to be built whatever its fingerprint says.
    pub fn forces(&self, image: &str) -> bool {
        self.rebuild.contains(image) || self.rebuild.contains("all")
    }
}

/// A task of the stack and the arguments it is called with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualTask {
    pub name: String,
    pub arguments: Vec<String>,
}

/// What the user knows of a lock that is to be freed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unlock {
    /// Id of the lock, for backends whose locks only Terraform can read.
    pub id: Option<String>,
    /// The user vouches for what cannot be seen from here.
    pub owner_is_gone: bool,
}

/// Which half of a deployment is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Only {
    #[default]
    Everything,
    Images,
    Terraform,
}

/// The steps of a command and which of them wait for which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<PlannedStep>,
    /// The step after which the work of the command may begin.
    ready: Step,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    pub step: Step,
    /// Steps that have to succeed first.
    pub after: Vec<Step>,
}

impl Plan {
    /// The steps, each after all it waits for.
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// Adds a step that waits for nothing of the command's own.
    fn begin(&mut self, step: Step) {
        let after = vec![self.ready.clone()];
        self.steps.push(PlannedStep { step, after });
    }

    fn push(&mut self, step: Step, after: &[Step]) {
        self.steps.push(PlannedStep {
            step,
            after: after.to_vec(),
        });
    }
}

/// The plan for `request` on `stack`.
///
/// Images and `terraform init` need nothing of each other and run side by side. A destroy needs no
/// image, so that it works even when the AMI is gone.
///
/// With `unfinished` an earlier run was killed: what it left is taken in before anything else is done.
pub fn build(stack: &Stack, request: &Request, unfinished: bool) -> Plan {
    let mut plan = Plan {
        steps: Vec::new(),
        ready: Step::Credentials,
    };
    plan.push(Step::Preflight, &[]);
    plan.push(Step::Credentials, &[Step::Preflight]);
    if unfinished && touches_what_runs_touch(request.operation) {
        plan.push(Step::Recover, &[Step::Credentials]);
        plan.ready = Step::Recover;
    }
    match request.operation {
        Operation::Up | Operation::ImageRollback => up(&mut plan, stack, request),
        Operation::Plan => {
            let images = images(&mut plan, stack, request);
            terraform_plan(&mut plan, stack, request, images);
        }
        Operation::Destroy => destroy(&mut plan, stack, request),
        Operation::ImageBuild => {
            images(&mut plan, stack, request);
        }
        Operation::ImageReplace => replace(&mut plan, stack, request),
        Operation::Task => {
            if let Some(task) = &request.task {
                plan.begin(Step::Task(task.name.clone()));
            }
        }
        Operation::Unlock => {
            plan.begin(Step::TerraformInit);
            plan.push(Step::Unlock, &[Step::TerraformInit]);
        }
        Operation::ImagePrune => removal(&mut plan, request, Step::Prune),
        Operation::ImageSweep => removal(&mut plan, request, Step::Sweep),
    }
    plan
}

/// Whether the command must not go on beside the children of a killed driver. The others leave alone what
/// those work on.
fn touches_what_runs_touch(operation: Operation) -> bool {
    match operation {
        Operation::Up
        | Operation::Plan
        | Operation::Destroy
        | Operation::ImageBuild
        | Operation::ImageReplace
        | Operation::ImageRollback => true,
        Operation::Task | Operation::Unlock | Operation::ImagePrune | Operation::ImageSweep => {
            false
        }
    }
}

fn up(plan: &mut Plan, stack: &Stack, request: &Request) {
    let images = images(plan, stack, request);
    if !terraform_plan(plan, stack, request, images) {
        return;
    }
    plan.push(Step::Approve, &[Step::TerraformPlan]);
    plan.push(Step::TerraformApply, &[Step::Approve]);
    if !stack.images.is_empty() {
        plan.push(Step::Deployed, &[Step::TerraformApply]);
    }
    let mut last = Step::TerraformApply;
    for task in stack
        .tasks
        .iter()
        .filter(|task| task.when == TaskTime::AfterApply)
    {
        let step = Step::Task(task.name.clone());
        plan.push(step.clone(), &[last]);
        last = step;
    }
    let mut before_prune = vec![last.clone()];
    for check in &stack.checks {
        let step = Step::Check(check.name.clone());
        plan.push(step.clone(), &[last.clone()]);
        before_prune.push(step);
    }
    // Old images go once the new deployment has been seen to work.
    if stack.prune == Prune::AfterApply && !request.no_prune && !stack.images.is_empty() {
        // Which images are deployed decides which ones are old.
        before_prune.push(Step::Deployed);
        plan.push(Step::Prune, &before_prune);
    }
}

/// What is to go is shown and allowed in a step of its own; a dry run has only the showing.
fn removal(plan: &mut Plan, request: &Request, step: Step) {
    if request.removal.dry_run {
        plan.begin(step);
    } else {
        plan.begin(Step::Approve);
        plan.push(step, &[Step::Approve]);
    }
}

/// As `up`; without a Terraform root the other images have nothing to do with it.
fn replace(plan: &mut Plan, stack: &Stack, request: &Request) {
    match &request.replace {
        Some(image) if stack.terraform.is_none() => {
            plan.begin(Step::Image(image.clone()));
        }
        _ => up(plan, stack, request),
    }
}

fn destroy(plan: &mut Plan, stack: &Stack, request: &Request) {
    let mut last = plan.ready.clone();
    if stack.terraform.is_some() {
        plan.begin(Step::TerraformInit);
        plan.push(Step::TerraformPlan, &[Step::TerraformInit]);
        plan.push(Step::Approve, &[Step::TerraformPlan]);
        last = Step::Approve;
        for task in stack
            .tasks
            .iter()
            .filter(|task| task.when == TaskTime::BeforeDestroy)
        {
            let step = Step::Task(task.name.clone());
            plan.push(step.clone(), &[last]);
            last = step;
        }
        plan.push(Step::TerraformApply, &[last]);
        last = Step::TerraformApply;
    }
    if request.remove_images && !stack.images.is_empty() {
        plan.push(Step::Prune, &[last]);
    }
}

/// Adds the image steps and returns them. With `--only terraform` and in a rollback they look up what
/// is there and never build.
fn images(plan: &mut Plan, stack: &Stack, request: &Request) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for image in &stack.images {
        let step = Step::Image(image.name.clone());
        // A rollback is chosen for all images at once: what is wrong with it is told by the first.
        match steps.first().filter(|_| request.rollback.is_some()) {
            Some(first) => plan.push(step.clone(), std::slice::from_ref(first)),
            None => plan.begin(step.clone()),
        }
        steps.push(step);
    }
    steps
}

/// Adds `terraform.init` and `terraform.plan`; false when the stack or the request has none.
fn terraform_plan(plan: &mut Plan, stack: &Stack, request: &Request, images: Vec<Step>) -> bool {
    if stack.terraform.is_none() || request.only == Only::Images {
        return false;
    }
    plan.begin(Step::TerraformInit);
    let mut after = vec![Step::TerraformInit];
    after.extend(images);
    plan.push(Step::TerraformPlan, &after);
    true
}
