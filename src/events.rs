//! The [`Event`] enum: what the runner tells the reports. Data only.
//!
//! Every text in an event has been decoded and redacted before the event is made, so a report may
//! show or store it after escaping it for its own format.

use std::fmt;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run_id::RunId;

/// One unit of work of a run, and the name it has in logs, reports and the journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Preflight,
    Credentials,
    Image(String),
    TerraformInit,
    TerraformPlan,
    Approve,
    TerraformApply,
    Rollout,
    Check(String),
    Task(String),
    Prune,
    Unlock,
    /// Taking in what a killed run left.
    Recover,
    /// Writes to the AMIs that they are deployed.
    Deployed,
    Sweep,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Preflight => f.write_str("preflight"),
            Step::Credentials => f.write_str("credentials"),
            Step::Image(name) => write!(f, "image.{name}"),
            Step::TerraformInit => f.write_str("terraform.init"),
            Step::TerraformPlan => f.write_str("terraform.plan"),
            Step::Approve => f.write_str("approve"),
            Step::TerraformApply => f.write_str("terraform.apply"),
            Step::Rollout => f.write_str("rollout"),
            Step::Check(name) => write!(f, "check.{name}"),
            Step::Task(name) => write!(f, "task.{name}"),
            Step::Prune => f.write_str("prune"),
            Step::Unlock => f.write_str("unlock"),
            Step::Recover => f.write_str("recover"),
            Step::Deployed => f.write_str("deployed"),
            Step::Sweep => f.write_str("sweep"),
        }
    }
}

/// The command whose plan is being run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Up,
    Plan,
    Destroy,
    ImageBuild,
    Task,
    Unlock,
    ImageRollback,
    /// One image anew, and the deployment with it.
    ImageReplace,
    ImagePrune,
    ImageSweep,
}

impl Operation {
    /// The word the user types and the report stores.
    pub fn word(self) -> &'static str {
        match self {
            Operation::Up => "up",
            Operation::Plan => "plan",
            Operation::Destroy => "destroy",
            Operation::ImageBuild => "image build",
            Operation::Task => "task",
            Operation::Unlock => "unlock",
            Operation::ImageRollback => "image rollback",
            Operation::ImageReplace => "image replace",
            Operation::ImagePrune => "image prune",
            Operation::ImageSweep => "image sweep",
        }
    }
}

/// Something that happened in a run, with the time it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Timestamp,
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    RunStarted(RunStart),
    StepStarted {
        step: Step,
    },
    /// What the step is doing at the moment; replaces the one before.
    Activity {
        step: Step,
        activity: Activity,
    },
    /// A line of a tool's output, or of ours about the step.
    Log {
        step: Step,
        level: Level,
        line: String,
    },
    /// How a credential was found. Never its value.
    CredentialFound {
        name: String,
        source: String,
    },
    /// What was decided about an image, before any build.
    ImageDecided {
        image: String,
        decision: ImageDecision,
    },
    /// An image is there and will be deployed.
    ImageReady(ImageOutcome),
    /// Terraform's plan is complete.
    Planned(PlannedChanges),
    /// The user is being asked whether the plan may be applied; a line of answer is awaited.
    ApprovalAsked(PlannedChanges),
    ApprovalAnswered {
        approved: bool,
    },
    /// Terraform finished with one resource, or its fate is unknown.
    ResourceDone(ResourceOutcome),
    /// The values that the deployment offers, after an apply or of an unchanged one.
    Outputs(Vec<Output>),
    /// A line of the stack's own `summary`.
    Summary(String),
    /// Something the user should know that did not fail anything.
    Warning {
        step: Option<Step>,
        warning: Warning,
    },
    /// Lines of a tool that no decoder understood, all of a step at once.
    UnknownLines {
        step: Step,
        count: usize,
    },
    StepFinished {
        step: Step,
        result: StepResult,
    },
    /// A signal arrived, or the user asked again; `waiting_for` names what is pending.
    Interrupting {
        signal: Signal,
        request: u8,
        waiting_for: Vec<String>,
        /// The user is being asked whether to stop at once; a line of answer is awaited.
        asked: bool,
    },
    /// Whether to, and whether an answer was typed at all.
    StopAnswered {
        at_once: bool,
        typed: bool,
    },
    RunFinished {
        result: RunResult,
    },
    /// What is about to be removed, and what stays although it might have gone.
    RemovalsProposed {
        removals: Vec<Removal>,
        /// The user is being asked whether it may go; a line of answer is awaited.
        asked: bool,
    },
    /// What became of one of them.
    RemovalDone(Removal),
}

/// What is known when a run starts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStart {
    pub run: RunId,
    pub operation: Operation,
    pub stack: String,
    pub environment: String,
    pub region: String,
    /// Steps in the order they are shown.
    pub steps: Vec<Step>,
    /// Folder with the run's records.
    pub folder: Utf8PathBuf,
    pub git_commit: Option<String>,
    pub git_branch: Option<String>,
    pub git_dirty: bool,
}

/// Progress within a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// A short phrase, for example Packer's `Waiting for SSH to become available`.
    Doing(String),
    /// `done` of `total` units, and what is being worked on: `7/31 aws_lb.main`.
    Count {
        done: usize,
        total: usize,
        current: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Info,
    Warn,
    Error,
}

/// Build, reuse or another one, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageDecision {
    /// An available AMI has the same fingerprint.
    Reuse {
        ami: String,
        built_by: Option<RunId>,
    },
    Build {
        reasons: Vec<BuildReason>,
    },
    /// The one that is deployed stays: a rollback left the one that has the same fingerprint.
    Keep {
        ami: String,
        instead_of: String,
        rolled_back_by: Option<RunId>,
    },
    /// A rollback's choice: `ami` replaces `from`, or stays.
    RollBack {
        ami: String,
        from: Option<String>,
    },
}

/// Why an image has to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildReason {
    /// No AMI of this image is there.
    FirstBuild,
    Changed(String),
    Added(String),
    Removed(String),
    /// So many files whose names are not known here; a folder whose files were told together counts as one.
    FilesRemoved(usize),
    VariablesChanged,
    SourceAmiChanged {
        from: Option<String>,
        to: String,
    },
    PackerChanged {
        from: Option<String>,
        to: String,
    },
    /// `--rebuild`.
    Forced,
    /// The fingerprint differs, and what the earlier build saw is not known here.
    DetailsUnknown,
    /// The earlier build skipped its provisioners.
    NotProvisioned,
}

impl fmt::Display for BuildReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildReason::FirstBuild => f.write_str("no image of it yet"),
            BuildReason::Changed(path) => write!(f, "changed: {path}"),
            BuildReason::Added(path) => write!(f, "added: {path}"),
            BuildReason::Removed(path) => write!(f, "removed: {path}"),
            BuildReason::FilesRemoved(1) => f.write_str("1 file removed"),
            BuildReason::FilesRemoved(count) => write!(f, "{count} files removed"),
            BuildReason::VariablesChanged => f.write_str("variables changed"),
            BuildReason::SourceAmiChanged { from, to } => match from {
                Some(from) => write!(f, "source AMI is newer: {from} -> {to}"),
                None => write!(f, "source AMI is newer: {to}"),
            },
            BuildReason::PackerChanged { from, to } => match from {
                Some(from) => write!(f, "Packer changed: {from} -> {to}"),
                None => write!(f, "Packer changed: {to}"),
            },
            BuildReason::Forced => f.write_str("forced"),
            BuildReason::DetailsUnknown => {
                f.write_str("its fingerprint differs from every image there is")
            }
            BuildReason::NotProvisioned => f.write_str("the one there was not provisioned"),
        }
    }
}

/// An image that is ready to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOutcome {
    pub image: String,
    pub ami: String,
    pub ami_name: String,
    pub region: String,
    pub fingerprint: String,
    pub origin: ImageOrigin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageOrigin {
    Built {
        reasons: Vec<BuildReason>,
    },
    Reused {
        built_by: Option<RunId>,
    },
    /// Built with `--no-provision`: usable as a placeholder only.
    NotProvisioned,
    /// Deployed before and left so, as was decided.
    Kept,
    /// An earlier one, by a rollback.
    RolledBack,
}

/// What `terraform plan` found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedChanges {
    pub changes: Vec<PlannedChange>,
    /// Names of outputs whose value will change.
    pub outputs: Vec<String>,
}

impl PlannedChanges {
    /// True when applying would do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.outputs.is_empty()
    }

    /// Resources to add, change and destroy as Terraform counts them: a replacement is one of each
    /// of add and destroy.
    pub fn counts(&self) -> ChangeCounts {
        let mut counts = ChangeCounts::default();
        for change in &self.changes {
            match change.action {
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Destroy => counts.destroy += 1,
                Action::Replace => {
                    counts.add += 1;
                    counts.destroy += 1;
                }
                Action::Read | Action::Forget => {}
            }
        }
        counts
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeCounts {
    pub add: usize,
    pub change: usize,
    pub destroy: usize,
}

/// One resource of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChange {
    /// `module.network.aws_vpc.this`
    pub address: String,
    pub resource_type: String,
    pub action: Action,
    /// Attributes that force a replacement, as paths.
    pub replace_because: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Create,
    Update,
    Replace,
    Destroy,
    Read,
    /// Removed from the state only (`removed` blocks, Terraform 1.7).
    Forget,
}

impl Action {
    /// Whether AWS may have something by it that Terraform's state does not have yet.
    pub fn creates(self) -> bool {
        match self {
            Action::Create | Action::Replace => true,
            Action::Update | Action::Destroy | Action::Read | Action::Forget => false,
        }
    }
}

/// What became of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceOutcome {
    pub address: String,
    pub action: Action,
    pub result: ResourceResult,
    /// Terraform's own measure, in whole seconds.
    pub seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceResult {
    Done,
    Failed,
    /// Terraform started on it and never said how it ended.
    Unknown,
}

/// An output of the deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub name: String,
    pub value: OutputValue,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OutputValue {
    Plain(serde_json::Value),
    /// Terraform marks it sensitive; its value never leaves the state.
    Sensitive,
}

/// A thing in the account that is removed, or that stays for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub thing: Thing,
    pub result: RemovalResult,
}

/// A thing that a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    pub kind: ThingKind,
    pub id: String,
    pub name: Option<String>,
    pub region: String,
    /// The run that made it, as far as it says.
    pub run: Option<RunId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThingKind {
    Ami,
    Snapshot,
    Instance,
    Volume,
    SecurityGroup,
    KeyPair,
    /// A builder machine of the sandbox.
    Container,
}

impl fmt::Display for ThingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThingKind::Ami => "AMI",
            ThingKind::Snapshot => "snapshot",
            ThingKind::Instance => "instance",
            ThingKind::Volume => "volume",
            ThingKind::SecurityGroup => "security group",
            ThingKind::KeyPair => "key pair",
            ThingKind::Container => "container",
        })
    }
}

/// What is to become, or became, of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemovalResult {
    /// It is to go.
    Proposed,
    Removed,
    /// Somebody else had removed it.
    Gone,
    Stays {
        because: String,
    },
    Failed {
        because: String,
    },
}

/// Something worth knowing, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub text: String,
    pub hint: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// With a phrase for the line: `rebuilt ami-1`, `31 added`, `no changes`.
    Succeeded {
        summary: String,
    },
    /// Done, but something about it is wrong: `not provisioned`, a resource left behind.
    Degraded {
        summary: String,
    },
    /// The tool says it succeeded and the evidence is incomplete.
    Unverified {
        summary: String,
    },
    /// Not needed, or cannot be done here; never counted as passed.
    Skipped {
        reason: String,
    },
    Failed(StepFailure),
    Interrupted {
        pending: Vec<String>,
    },
    /// Never started, because an earlier step did not succeed.
    NotRun,
}

/// Why a step failed, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFailure {
    /// One line, a fragment that fits "failed to ...: ".
    pub message: String,
    /// The part of the tool's output that matters, oldest first.
    pub excerpt: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The whole output of the step.
    pub log: Option<Utf8PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
    HangUp,
}

/// How the run ended as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunResult {
    Succeeded,
    /// Deployed, nothing failed, and a step is degraded.
    Degraded,
    /// Deployed, and the evidence of a step is incomplete.
    Unverified,
    Failed,
    /// Deployed, but a check failed.
    CheckFailed,
    Declined,
    Refused,
    Interrupted,
    Terminated,
}
