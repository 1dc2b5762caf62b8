//! The validated stack: what a stack file says, merged with one environment of it.

use std::{collections::BTreeMap, time::Duration};

use camino::Utf8PathBuf;

use super::{Expr, Place, Scope};

/// One deployable system in one environment.
#[derive(Debug, Clone)]
pub struct Stack {
    pub name: String,
    pub description: Option<String>,
    pub region: String,
    /// The project's root, which all paths of the stack are relative to.
    pub root: Utf8PathBuf,
    /// The stack file, relative to the project's root.
    pub file: Utf8PathBuf,
    /// Folder of the Terraform root module, relative to the project's root.
    pub terraform: Option<Utf8PathBuf>,
    pub environment: Environment,
    /// Names of all environments of the stack, `sandbox` first.
    pub environments: Vec<String>,
    /// Values of the declared environment variables.
    pub env: BTreeMap<String, String>,
    pub credentials: Vec<CredentialSpec>,
    pub images: Vec<ImageSpec>,
    pub prune: Prune,
    /// Terraform variables, the environment's over the stack's.
    pub variables: Variables,
    pub checks: Vec<CheckSpec>,
    pub tasks: Vec<TaskSpec>,
    pub summary: Vec<Expr>,
}

impl Stack {
    /// What expressions of this stack may refer to before anything has been done.
    pub fn scope(&self) -> Scope {
        Scope {
            stack: self.name.clone(),
            environment: self.environment.name.clone(),
            region: Some(self.region.clone()),
            env: self.env.clone(),
            root: self.root.clone(),
            ..Scope::default()
        }
    }
}

/// Where a stack goes.
#[derive(Debug, Clone)]
pub struct Environment {
    pub name: String,
    pub approve: Approve,
    pub backend: Option<Backend>,
}

impl Environment {
    /// The environment that is an emulator on this machine.
    pub const SANDBOX: &'static str = "sandbox";

    pub fn is_sandbox(&self) -> bool {
        self.name == Self::SANDBOX
    }
}

/// Whether a plan with changes is asked about before it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approve {
    /// The default everywhere but in the sandbox.
    Prompt,
    /// The default in the sandbox.
    Auto,
}

/// When images beyond those that are kept are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// At the end of an `up` that succeeded.
    AfterApply,
    /// By `amiable image prune` alone.
    Manual,
}

/// Terraform's backend for an environment, written to an override file of the root module.
#[derive(Debug, Clone, PartialEq)]
pub struct Backend {
    /// The block's label: `s3`, `local`, ...
    pub kind: String,
    /// Attributes; nested blocks are not needed by any backend of Terraform 1.5 or later.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// One named secret and the places to look for it, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSpec {
    pub name: String,
    /// In the order the stack file gives.
    pub sources: Vec<SourceSpec>,
    /// Name of the variable in which children that need it get it (the `env` attribute).
    pub env: Option<String>,
    /// Terraform variable it is handed over as, through `TF_VAR_*`.
    pub terraform: Option<String>,
    /// A missing optional credential is left out instead of stopping the run.
    pub optional: bool,
    pub place: Place,
}

/// One place where a credential may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// An environment variable of the driver.
    Env(String),
    /// An entry of the password store.
    Pass(String),
    /// An account in the OS keyring, service `amiable/<stack>/<environment>`.
    Keyring(String),
    /// The first line a command prints.
    Command(Vec<String>),
}

/// One AMI that Packer builds.
#[derive(Debug, Clone)]
pub struct ImageSpec {
    pub name: String,
    /// Folder of `*.pkr.hcl`, one such file, or a legacy JSON template; relative to the project's root.
    pub template: Utf8PathBuf,
    /// Base of the AMI's name.
    pub ami_name: String,
    pub naming: Naming,
    pub replace: ReplaceOrder,
    /// Previous images kept for rollback.
    pub keep: usize,
    /// Globs of further files that decide the content, relative to the project's root.
    pub inputs: Vec<String>,
    pub variables: Variables,
    /// Names of the credentials that Packer gets as environment variables under their `env` names.
    pub credentials: Vec<String>,
    /// Stands for the secrets in the fingerprint: change it to build anew after a secret changed.
    pub rotate: Option<String>,
    /// `only`/`except`-like choice of one source when the template has several.
    pub source: Option<String>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// AMIs are named `NAME-RUN`.
    Unique,
    /// The verified image ends up under exactly `NAME`.
    Exact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceOrder {
    AfterApply,
    BeforeBuild,
}

/// Variables for Terraform or Packer, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Variables(pub Vec<(String, VariableValue)>);

impl Variables {
    /// The variables whose values are evaluated, with their expressions.
    pub fn expressions(&self) -> impl Iterator<Item = (&str, &Expr)> {
        self.0.iter().filter_map(|(name, value)| match value {
            VariableValue::Expr(expression) => Some((name.as_str(), expression)),
            VariableValue::Credential { .. } => None,
        })
    }

    /// The variables whose values are credentials, with the credentials' names.
    pub fn credentials(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(variable, value)| match value {
            VariableValue::Expr(_) => None,
            VariableValue::Credential { name, .. } => Some((variable.as_str(), name.as_str())),
        })
    }
}

#[derive(Debug, Clone)]
pub enum VariableValue {
    Expr(Expr),
    /// `credential.NAME` as the whole value: handed over through the environment.
    Credential {
        name: String,
        place: Place,
    },
}

/// An HTTP check after the apply.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    pub name: String,
    pub url: Expr,
    /// Text the body has to contain.
    pub contains: Option<String>,
    /// Status the answer has to have; by default any 2xx.
    pub status: Option<u16>,
    pub timeout: Duration,
}

/// A supervised command of the stack's own.
#[derive(Debug, Clone)]
pub struct TaskSpec {
    pub name: String,
    pub description: Option<String>,
    pub when: TaskTime,
    pub command: Vec<Expr>,
    pub credentials: Vec<String>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskTime {
    AfterApply,
    BeforeDestroy,
    Manual,
}
