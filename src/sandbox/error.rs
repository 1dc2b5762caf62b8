//! [`SandboxError`]: why the sandbox cannot be had, with the mend.

use std::io;

use camino::Utf8PathBuf;
use thiserror::Error;

use crate::{errors::Error, process::ProcessError};

/// What went wrong with the emulator.
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("{program} cannot be started: {source}")]
    EmulatorStart {
        program: Utf8PathBuf,
        #[source]
        source: ProcessError,
    },
    #[error("the emulator ended while it was starting{}", tail(.log_tail))]
    EmulatorEnded {
        log: Utf8PathBuf,
        log_tail: Vec<String>,
    },
    #[error("the emulator did not answer within {seconds} s{}", tail(.log_tail))]
    EmulatorSilent {
        seconds: u64,
        log: Utf8PathBuf,
        log_tail: Vec<String>,
    },
    #[error("failed to talk to the emulator: {0}")]
    EmulatorRefused(#[source] io::Error),
    #[error("failed to end the emulator, process {pid}: {source}")]
    EmulatorEnd {
        pid: u32,
        #[source]
        source: io::Error,
    },
    #[error("another amiable has been starting or stopping the sandbox for {seconds} s")]
    Busy { seconds: u64, lock: Utf8PathBuf },
    #[error("the sandbox is not wanted any more")]
    Unwanted,
    #[error("failed to make the SSH key of the builder machines: {problem}")]
    Key { problem: String },
    #[error("failed to {action} {path}: {source}")]
    File {
        action: &'static str,
        path: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
}

impl SandboxError {
    /// What the user can do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            SandboxError::EmulatorStart { .. } => vec![
                "install moto with `pip install 'moto[server]'`, or let scripts/bootstrap do it"
                    .to_owned(),
                "AMIABLE_MOTO_SERVER names the program where it is not on PATH".to_owned(),
            ],
            SandboxError::EmulatorEnded { log, .. } | SandboxError::EmulatorSilent { log, .. } => {
                vec![
                    format!("its whole output is in {log}"),
                    "`moto_server --help` tells whether moto is installed completely (`pip install 'moto[server]'`)"
                        .to_owned(),
                ]
            }
            SandboxError::EmulatorRefused(_) => {
                vec!["`amiable sandbox reset` starts over with an empty emulator".to_owned()]
            }
            SandboxError::EmulatorEnd { pid, .. } => {
                vec![format!(
                    "look at it with `ps -fp {pid}`; it may belong to another user"
                )]
            }
            SandboxError::Busy { lock, .. } => {
                vec![format!("see who holds {lock} with `fuser -v {lock}`")]
            }
            SandboxError::Key { .. } => vec![
                "ssh-keygen comes with OpenSSH's client (Debian: `apt-get install openssh-client`)"
                    .to_owned(),
            ],
            SandboxError::Unwanted | SandboxError::File { .. } => Vec::new(),
        }
    }
}

impl From<SandboxError> for Error {
    fn from(error: SandboxError) -> Self {
        let problem = error.to_string();
        let hints = error.hints();
        match error {
            SandboxError::EmulatorStart { .. } | SandboxError::Key { .. } => {
                Error::Tool { problem, hints }
            }
            SandboxError::Busy { .. } => Error::Locked { problem, hints },
            SandboxError::EmulatorEnded { .. }
            | SandboxError::EmulatorSilent { .. }
            | SandboxError::EmulatorRefused(_)
            | SandboxError::EmulatorEnd { .. }
            | SandboxError::Unwanted
            | SandboxError::File { .. } => Error::Failed { problem, hints },
        }
    }
}

fn tail(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}
