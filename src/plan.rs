//! Stack and request to the graph of steps: pure.

use std::collections::BTreeSet;

use crate::{
    config::{Prune, Stack, TaskTime},
    events::{Operation, Step},
    run_id::RunId,
};

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub approved: bool,
    /// How long to wait for the lock of Terraform's state, in seconds.
    pub lock_timeout: u64,
    /// The task that `amiable task` runs.
    pub task: Option<ManualTask>,
    /// `up --no-prune`: leave old images where they are.
    pub no_prune: bool,
    /// What `image prune` and `image sweep` are about.
    pub removal: RemovalRequest,
}

/// What to remove, and whether to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
            task: None,
            no_prune: false,
            removal: RemovalRequest::default(),
        }
    }

    /// True when `image` is to be built whatever its fingerprint says.
    pub fn forces(&self, image: &str) -> bool {
        self.rebuild.contains(image) || self.rebuild.contains("all")
    }
}

/// A task of the stack and the arguments it is called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualTask {
    pub name: String,
    pub arguments: Vec<String>,
}

/// Which half of a deployment is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
pub fn build(stack: &Stack, request: &Request) -> Plan {
    let mut plan = Plan { steps: Vec::new() };
    plan.push(Step::Preflight, &[]);
    plan.push(Step::Credentials, &[Step::Preflight]);
    match request.operation {
        Operation::Up => up(&mut plan, stack, request),
        Operation::Plan => {
            let images = images(&mut plan, stack);
            terraform_plan(&mut plan, stack, request, images);
        }
        Operation::Destroy => destroy(&mut plan, stack, request),
        Operation::ImageBuild => {
            images(&mut plan, stack);
        }
        Operation::Task => {
            if let Some(task) = &request.task {
                plan.push(Step::Task(task.name.clone()), &[Step::Credentials]);
            }
        }
        Operation::ImagePrune => removal(&mut plan, request, Step::Prune),
        Operation::ImageSweep => removal(&mut plan, request, Step::Sweep),
    }
    plan
}

fn up(plan: &mut Plan, stack: &Stack, request: &Request) {
    let images = images(plan, stack);
    if !terraform_plan(plan, stack, request, images) {
        return;
    }
    plan.push(Step::Approve, &[Step::TerraformPlan]);
    plan.push(Step::TerraformApply, &[Step::Approve]);
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
        plan.push(Step::Prune, &before_prune);
    }
}

/// What is to go is shown and allowed in a step of its own; a dry run has only the showing.
fn removal(plan: &mut Plan, request: &Request, step: Step) {
    if request.removal.dry_run {
        plan.push(step, &[Step::Credentials]);
    } else {
        plan.push(Step::Approve, &[Step::Credentials]);
        plan.push(step, &[Step::Approve]);
    }
}

fn destroy(plan: &mut Plan, stack: &Stack, request: &Request) {
    let mut last = Step::Credentials;
    if stack.terraform.is_some() {
        plan.push(Step::TerraformInit, &[Step::Credentials]);
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

/// Adds the image steps and returns them. With `--only terraform` they look up what is there and
/// never build.
fn images(plan: &mut Plan, stack: &Stack) -> Vec<Step> {
    let mut steps = Vec::new();
    for image in &stack.images {
        let step = Step::Image(image.name.clone());
        plan.push(step.clone(), &[Step::Credentials]);
        steps.push(step);
    }
    steps
}

/// Adds `terraform.init` and `terraform.plan`; false when the stack or the request has none.
fn terraform_plan(plan: &mut Plan, stack: &Stack, request: &Request, images: Vec<Step>) -> bool {
    if stack.terraform.is_none() || request.only == Only::Images {
        return false;
    }
    plan.push(Step::TerraformInit, &[Step::Credentials]);
    let mut after = vec![Step::TerraformInit];
    after.extend(images);
    plan.push(Step::TerraformPlan, &after);
    true
}
