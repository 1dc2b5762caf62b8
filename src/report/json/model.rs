//! The types of `report.json`, version 1, as `schemas/report/v1.json` describes them.
//!
//! They change only with the schema. A field that is not known is `null`, never left out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub format: String,
    pub schema_version: String,
    /// Program and version that wrote the document.
    pub generator: String,
    pub run: Run,
    pub result: RunResult,
    pub steps: Vec<Step>,
    pub credentials: Vec<Credential>,
    pub images: Vec<Image>,
    pub changes: Changes,
    pub outputs: Option<Map<String, Value>>,
    pub summary: Vec<String>,
    pub warnings: Vec<Warning>,
    pub unknown_lines: Vec<UnknownLines>,
    pub interruptions: Vec<Interruption>,
    /// Earlier versions did not write it.
    #[serde(default)]
    pub removals: Vec<Removal>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: String,
    pub operation: Operation,
    pub stack: String,
    pub environment: String,
    pub region: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub seconds: f64,
    pub git: Git,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Up,
    Plan,
    Destroy,
    ImageBuild,
    Task,
    Unlock,
    ImageRollback,
    ImageReplace,
    ImagePrune,
    ImageSweep,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub dirty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    Succeeded,
    Degraded,
    Unverified,
    Failed,
    CheckFailed,
    Declined,
    Refused,
    Interrupted,
    Terminated,
    Incomplete,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub result: StepResult,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub seconds: Option<f64>,
    pub detail: Option<String>,
    pub pending: Vec<String>,
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    Succeeded,
    Degraded,
    Unverified,
    Skipped,
    Failed,
    Interrupted,
    NotRun,
    Unfinished,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub message: String,
    pub excerpt: Vec<String>,
    pub hints: Vec<String>,
    pub log: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub name: String,
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub name: String,
    pub decision: Option<Decision>,
    pub outcome: Option<Outcome>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Decision {
    Reuse {
        ami: String,
        built_by: Option<String>,
    },
    Build {
        reasons: Vec<Reason>,
    },
    Keep {
        ami: String,
        instead_of: String,
        rolled_back_by: Option<String>,
    },
    RollBack {
        ami: String,
        from: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    FirstBuild,
    Changed { path: String },
    Added { path: String },
    Removed { path: String },
    FilesRemoved { count: usize },
    VariablesChanged,
    SourceAmiChanged { from: Option<String>, to: String },
    PackerChanged { from: Option<String>, to: String },
    Forced,
    DetailsUnknown,
    NotProvisioned,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub origin: Origin,
    pub ami: String,
    pub ami_name: String,
    pub region: String,
    pub fingerprint: String,
    /// Of a built image.
    pub reasons: Vec<Reason>,
    /// Of a reused image.
    pub built_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Built,
    Reused,
    NotProvisioned,
    Kept,
    RolledBack,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub planned: Option<Planned>,
    pub done: Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub add: usize,
    pub change: usize,
    pub destroy: usize,
    pub resources: Vec<PlannedResource>,
    pub outputs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedResource {
    pub address: String,
    #[serde(rename = "type")]
    pub resource_type: String,
    pub action: Action,
    pub replace_because: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Replace,
    Destroy,
    Read,
    Forget,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub added: usize,
    pub changed: usize,
    pub destroyed: usize,
    pub failed: usize,
    pub unknown: usize,
    pub resources: Vec<DoneResource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneResource {
    pub address: String,
    pub action: Action,
    pub result: ResourceResult,
    pub seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceResult {
    Done,
    Failed,
    Unknown,
}

/// The value under an output's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    pub sensitive: bool,
    /// `null` when it is sensitive.
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    pub kind: ThingKind,
    pub id: String,
    pub name: Option<String>,
    pub region: String,
    pub run: Option<String>,
    pub result: RemovalResult,
    pub because: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThingKind {
    Ami,
    Snapshot,
    Instance,
    Volume,
    SecurityGroup,
    KeyPair,
    Container,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalResult {
    Proposed,
    Removed,
    Gone,
    Stays,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub step: Option<String>,
    pub text: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownLines {
    pub step: String,
    pub count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    pub at: Timestamp,
    pub signal: Signal,
    pub request: u8,
    pub waiting_for: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    Interrupt,
    Terminate,
    HangUp,
}
