//! [`StepOutput`]: what one step hands to later ones.

use crate::events::{ImageOutcome, Output, PlannedChanges, StepResult, Thing};

use super::failure::Failure;

/// A value that later steps read.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOutput {
    Nothing,
    /// The image that will be deployed.
    Image(ReadyImage),
    /// `plan` only: an image that `up` would build, whose id is therefore not known.
    ImageToBuild {
        fingerprint: String,
    },
    /// A complete plan, saved.
    Planned(SavedPlan),
    /// There is nothing to apply; these are the outputs of what stands.
    Unchanged(Vec<Output>),
    /// The outputs of the deployment as it is now.
    Deployed(Vec<Output>),
    /// What the user allowed to be removed.
    Allowed(Vec<Thing>),
}

/// A plan, and what its file was when it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedPlan {
    pub changes: PlannedChanges,
    /// BLAKE3 of the file that is to be applied; `None` when there is nothing to apply.
    pub seal: Option<String>,
}

/// An image that is there and will be deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadyImage {
    pub outcome: ImageOutcome,
    /// The AMI that it is, or of the holder of an exact name the one that it is a copy of.
    pub build: String,
    /// The build that a rollback replaces with it.
    pub rolled_back_from: Option<String>,
    /// Something went wrong on the side when it was built.
    pub flawed: bool,
}

/// How a step that was carried out ended: with what to show, and with what to hand on.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub result: StepResult,
    pub output: StepOutput,
}

impl Done {
    pub fn with(summary: impl Into<String>, output: StepOutput) -> Self {
        Self {
            result: StepResult::Succeeded {
                summary: summary.into(),
            },
            output,
        }
    }

    pub fn succeeded(summary: impl Into<String>) -> Self {
        Self::with(summary, StepOutput::Nothing)
    }

    /// Whether what it lacks is what the user wanted it to lack: an image that nothing is wrong with is degraded
    /// only where its provisioners were not to run.
    pub fn is_as_asked(&self) -> bool {
        matches!(&self.output, StepOutput::Image(image) if !image.flawed)
    }

    pub fn skipped(reason: impl Into<String>) -> Self {
        Self {
            result: StepResult::Skipped {
                reason: reason.into(),
            },
            output: StepOutput::Nothing,
        }
    }
}

/// How a step ended short of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    Failed(Failure),
    /// The user asked to stop; `pending` is what is unknown because of it.
    Interrupted {
        pending: Vec<String>,
    },
    /// The user said no.
    Declined(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Stopped::Failed(error.into())
    }
}

/// What a step returns.
pub type StepEnd = Result<Done, Stopped>;
