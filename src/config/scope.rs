//! [`Scope`]: what an expression may refer to when it is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use serde_json::Value;

/// The values behind the references of expressions. What is not known yet is left out: an expression
/// that needs it fails and says so.
///
/// [`super::Stack::scope`] makes one with everything that is known when a stack is loaded; the runner adds the rest.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// `stack.name`
    pub stack: String,
    /// `environment.name`
    pub environment: String,
    /// `environment.region`
    pub region: Option<String>,
    /// `run.*`
    pub run: Option<RunFacts>,
    /// `env.NAME`, for the declared ones.
    pub env: BTreeMap<String, String>,
    /// `image.NAME.*`
    pub images: BTreeMap<String, ImageFacts>,
    /// `output.NAME`; `None` before the apply.
    pub outputs: Option<BTreeMap<String, Value>>,
    /// Outputs that are there but that Terraform marks sensitive.
    pub sensitive: BTreeSet<String>,
    /// The project's root, which paths given to functions are relative to.
    pub root: Utf8PathBuf,
}

/// What `run.*` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    pub id: String,
    /// `None` outside of a git checkout; null for expressions.
    pub git_commit: Option<String>,
    /// `None` outside of a git checkout and on a detached head; null for expressions.
    pub git_branch: Option<String>,
}

/// What `image.NAME.*` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// `None` while the image is not built.
    pub id: Option<String>,
    pub fingerprint: Option<String>,
}
