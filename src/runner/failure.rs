//! [`Failure`]: why a step failed, with the exit code that stands for its kind.

use crate::{errors::Exit, events::StepFailure, process::ProcessError, tools::known_error};

/// A step that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    pub failure: StepFailure,
}

impl Failure {
    /// A failure of the plain kind: the step's work did not succeed.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(Exit::StepFailed, message)
    }

    pub fn of(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            failure: StepFailure {
                message: message.into(),
                excerpt: Vec::new(),
                hints: Vec::new(),
                log: None,
            },
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.failure.hints.push(hint.into());
        self
    }

    pub fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.failure.hints.extend(hints);
        self
    }

    pub fn excerpt(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.failure.excerpt.extend(lines);
        self
    }

    /// Says what `complaint` of a tool means and what to do about it, when it is a known error.
    pub fn because(mut self, complaint: &str) -> Self {
        if let Some(known) = known_error::of_text(complaint) {
            self.failure.message = format!("{}: {}", self.failure.message, known.what);
            self.failure.hints.push(known.mend.to_owned());
        }
        self
    }

    /// Passes every text through `change`; for redaction. The lines of the excerpt are one text: a secret may be
    /// folded over several of them.
    pub fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        let failure = &mut self.failure;
        failure.message = change(&failure.message);
        failure.excerpt = change(&failure.excerpt.join("\n"))
            .lines()
            .map(str::to_owned)
            .collect();
        for hint in &mut failure.hints {
            *hint = change(hint);
        }
        self
    }
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        let exit = match error {
            ProcessError::Start { .. } => Exit::MissingTool,
            ProcessError::Deadline { .. }
            | ProcessError::Ended { .. }
            | ProcessError::Wait { .. } => Exit::StepFailed,
        };
        Self::of(exit, error.to_string())
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::of(Exit::InvalidConfig, error.to_string())
    }
}

impl From<crate::errors::Error> for Failure {
    fn from(error: crate::errors::Error) -> Self {
        Self::of(error.exit(), error.to_string()).hints(error.hints())
    }
}
