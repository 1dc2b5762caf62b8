//! What a source is called, and what it said.

use std::fmt;

use camino::Utf8PathBuf;

/// A place that was asked for a credential. Its text never holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceName {
    /// An environment variable of the driver.
    Env(String),
    /// An entry of the password store.
    Pass(String),
    Keyring {
        service: String,
        account: String,
    },
    /// A command line, as one would type it.
    Command(String),
    /// The file with the sandbox's own credentials.
    Sandbox(Utf8PathBuf),
}

impl SourceName {
    /// One word for the kind of source, as in the stack file.
    pub fn kind(&self) -> &'static str {
        match self {
            SourceName::Env(_) => "env",
            SourceName::Pass(_) => "pass",
            SourceName::Keyring { .. } => "keyring",
            SourceName::Command(_) => "command",
            SourceName::Sandbox(_) => "sandbox",
        }
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceName::Env(name) => write!(f, "environment variable {name}"),
            SourceName::Pass(entry) => write!(f, "pass entry {entry}"),
            SourceName::Keyring { service, account } => {
                write!(f, "keyring entry {account} of {service}")
            }
            SourceName::Command(line) => write!(f, "command {line}"),
            SourceName::Sandbox(path) => write!(f, "sandbox store {path}"),
        }
    }
}

/// A source and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub source: SourceName,
    pub answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Found,
    Trouble(Trouble),
    /// It was passed over, for this reason.
    NotAsked(&'static str),
}

/// Why a source did not give a credential, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// A fragment that fits after "SOURCE: ".
    pub problem: String,
    pub mend: Option<String>,
}

/// Whether a later source may stand in without anybody being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// The source works and does not have it.
    Absent,
    /// There is no such store on this machine.
    Unavailable,
    /// The source may have it and cannot give it: locked, damaged, too slow, or the value is unusable.
    Broken,
}

impl Trouble {
    pub fn absent(problem: impl Into<String>) -> Self {
        Self::new(TroubleKind::Absent, problem)
    }

    pub fn unavailable(problem: impl Into<String>) -> Self {
        Self::new(TroubleKind::Unavailable, problem)
    }

    pub fn broken(problem: impl Into<String>) -> Self {
        Self::new(TroubleKind::Broken, problem)
    }

    fn new(kind: TroubleKind, problem: impl Into<String>) -> Self {
        Self {
            kind,
            problem: problem.into(),
            mend: None,
        }
    }

    /// The same trouble, with what to do about it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}
