//! Becoming another program.

use std::os::unix::process::CommandExt;

use super::ProcessError;
use crate::command::{EnvValue, ToolCommand};

/// Replaces this process by `command`, so that signals, terminal and exit code are the command's own.
/// Unlike other children it is the user's, and gets the user's whole environment: without the
/// variables `without`, and with those of the command.
///
/// Returns only when that failed.
pub fn replace(command: &ToolCommand, without: &[&str]) -> ProcessError {
    let mut child = std::process::Command::new(command.program.as_str());
    child.args(&command.args);
    for name in without {
        child.env_remove(name);
    }
    for (name, value) in &command.env {
        match value {
            EnvValue::Plain(text) => child.env(name, text),
            EnvValue::Secret(secret) => child.env(name, secret.expose()),
        };
    }
    if let Some(folder) = &command.cwd {
        child.current_dir(folder);
    }
    ProcessError::Start {
        program: command.program.clone(),
        source: child.exec(),
    }
}
