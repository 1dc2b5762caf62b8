//! The error kinds of a command, their hints, and the exit-code table.

use thiserror::Error;

use crate::{config::ConfigError, credentials::CredentialError, process::ProcessError};

/// What went wrong, as far as the whole command is concerned.
#[derive(Debug, Error)]
pub enum Error {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error("{problem}")]
    Tool { problem: String, hints: Vec<String> },
    #[error("{problem}")]
    Failed { problem: String, hints: Vec<String> },
    #[error("{problem}")]
    Refused { problem: String, hints: Vec<String> },
    #[error("{problem}")]
    Locked { problem: String, hints: Vec<String> },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("{context}: {source}")]
    Io {
        /// What was being done to which path, as a fragment: `write .amiable/runs/X/report.json`.
        context: String,
        #[source]
        source: std::io::Error,
    },
    /// A run ended and its report says how; nothing more is to be printed.
    #[error("the run ended with exit code {}", .0.code())]
    RunEnded(Exit),
}

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    StepFailed,
    Usage,
    InvalidConfig,
    MissingCredential,
    MissingTool,
    Declined,
    Refused,
    CheckFailed,
    Locked,
    Unverified,
    Degraded,
    Interrupted,
    Terminated,
}

impl Exit {
    /// Every code, in the order of the table in `--help`.
    pub const ALL: [Exit; 14] = [
        Exit::Done,
        Exit::StepFailed,
        Exit::Usage,
        Exit::InvalidConfig,
        Exit::MissingCredential,
        Exit::MissingTool,
        Exit::Declined,
        Exit::Refused,
        Exit::CheckFailed,
        Exit::Locked,
        Exit::Unverified,
        Exit::Degraded,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::StepFailed => 1,
            Exit::Usage => 2,
            Exit::InvalidConfig => 3,
            Exit::MissingCredential => 4,
            Exit::MissingTool => 5,
            Exit::Declined => 6,
            Exit::Refused => 7,
            Exit::CheckFailed => 8,
            Exit::Locked => 9,
            Exit::Unverified => 10,
            Exit::Degraded => 11,
            // 128 + SIGINT and 128 + SIGTERM, as shells report them.
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The row of the table in `--help`.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::StepFailed => "a step failed",
            Exit::Usage => "wrong usage",
            Exit::InvalidConfig => "the configuration is invalid",
            Exit::MissingCredential => "a credential is missing",
            Exit::MissingTool => "a tool is missing or too old",
            Exit::Declined => "declined at approval",
            Exit::Refused => "refused by a guard",
            Exit::CheckFailed => "deployed, but a check failed",
            Exit::Locked => "another run holds the lock",
            Exit::Unverified => "done as far as the tools say, and not proved",
            Exit::Degraded => "done, and something about it is wrong",
            Exit::Interrupted => "interrupted",
            Exit::Terminated => "terminated",
        }
    }
}

impl Error {
    /// The one table from kind of error to exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) => Exit::Usage,
            Error::Config(_) => Exit::InvalidConfig,
            Error::Credential(_) => Exit::MissingCredential,
            Error::Tool { .. } => Exit::MissingTool,
            Error::Failed { .. } | Error::Process(_) | Error::Io { .. } => Exit::StepFailed,
            Error::Refused { .. } => Exit::Refused,
            Error::Locked { .. } => Exit::Locked,
            Error::RunEnded(exit) => *exit,
        }
    }

    /// What the user can do, in the order to try it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Error::Tool { hints, .. }
            | Error::Failed { hints, .. }
            | Error::Refused { hints, .. }
            | Error::Locked { hints, .. } => hints.clone(),
            Error::Credential(error) => error.hints(),
            Error::Config(_)
            | Error::Usage(_)
            | Error::Process(_)
            | Error::Io { .. }
            | Error::RunEnded(_) => Vec::new(),
        }
    }
}
