//! Calling the docker program, and telling its refusals apart.

use std::{io, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::BuilderError;
use crate::{
    command::ToolCommand,
    process::{Captured, ProcessError, Unwanted, capture_unless},
};

/// For calls that build and download nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The docker program.
#[derive(Debug, Clone)]
pub(super) struct Docker {
    program: Utf8PathBuf,
    /// Whether what it is called for is still wanted.
    unwanted: Unwanted,
}

impl Docker {
    pub(super) fn new(program: impl Into<Utf8PathBuf>) -> Self {
        Self {
            program: program.into(),
            unwanted: Unwanted::never(),
        }
    }

    /// The same program, whose calls end once they are `unwanted`.
    pub(super) fn unless(&self, unwanted: Unwanted) -> Self {
        Self {
            program: self.program.clone(),
            unwanted,
        }
    }

    /// The same program for what is to be done in any case.
    pub(super) fn in_any_case(&self) -> Self {
        self.unless(Unwanted::never())
    }

    pub(super) fn unwanted(&self) -> &Unwanted {
        &self.unwanted
    }

    pub(super) fn program(&self) -> &Utf8Path {
        &self.program
    }

    /// Runs `docker ARGS` and returns what it printed.
    pub(super) fn call<const N: usize>(&self, args: [&str; N]) -> Result<String, BuilderError> {
        self.run(&ToolCommand::new(&self.program).args(args), PATIENCE)
    }

    /// Runs a command of [`Docker::program`] and returns what it printed.
    pub(super) fn run(
        &self,
        command: &ToolCommand,
        patience: Duration,
    ) -> Result<String, BuilderError> {
        let done = self.attempt(command, patience)?;
        if done.success() {
            return Ok(done.stdout_text());
        }
        let verb = command.args.first().map_or("", String::as_str);
        Err(BuilderError::Docker {
            command: format!("docker {verb}"),
            message: said(&done),
        })
    }

    /// Runs a command that may fail for reasons of its own; only a missing or unwilling engine is an error.
    pub(super) fn attempt(
        &self,
        command: &ToolCommand,
        patience: Duration,
    ) -> Result<Captured, BuilderError> {
        let unwanted = || self.unwanted.now();
        let done = capture_unless(command, patience, unwanted).map_err(|error| match error {
            ProcessError::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                BuilderError::NoDocker {
                    program: self.program.clone(),
                }
            }
            other => BuilderError::Process(other),
        })?;
        if done.success() {
            return Ok(done);
        }
        match refusal(&done.stderr_text()) {
            Some(error) => Err(error),
            None => Ok(done),
        }
    }

    /// Whether the engine has the image `name`.
    pub(super) fn has_image(&self, name: &str) -> Result<bool, BuilderError> {
        let command =
            ToolCommand::new(&self.program).args(["image", "inspect", "--format", "{{.Id}}", name]);
        Ok(self.attempt(&command, PATIENCE)?.success())
    }
}

/// The engine's own refusal, told by the words of docker clients 20 to 29.
fn refusal(stderr: &str) -> Option<BuilderError> {
    let message = stderr.lines().next().unwrap_or_default().to_owned();
    let text = stderr.to_ascii_lowercase();
    if text.contains("permission denied while trying to connect") {
        Some(BuilderError::EngineDenied { message })
    } else if [
        "cannot connect to the docker daemon",
        "failed to connect to the docker api",
        "error during connect",
        "is the docker daemon running",
    ]
    .iter()
    .any(|words| text.contains(words))
    {
        Some(BuilderError::EngineDown { message })
    } else {
        None
    }
}

/// The last thing a failed command said.
pub(super) fn said(done: &Captured) -> String {
    let text = done.stderr_text();
    let text = if text.is_empty() {
        done.stdout_text()
    } else {
        text
    };
    last_lines(&text, 5)
}

/// The last `count` lines of `text`.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_engine_are_told_apart() {
        let denied = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock";
        assert!(matches!(
            refusal(denied),
            Some(BuilderError::EngineDenied { .. })
        ));
        let down =
            "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?";
        assert!(matches!(
            refusal(down),
            Some(BuilderError::EngineDown { .. })
        ));
        assert!(refusal("Error: No such image: x").is_none());
    }

    #[test]
    fn a_missing_program_and_a_missing_engine_have_mends() {
        let missing = Docker::new("/nonexistent/docker");
        let error = missing.call(["version"]).unwrap_err();
        assert!(matches!(error, BuilderError::NoDocker { .. }), "{error}");
        assert!(
            error
                .hints()
                .iter()
                .any(|hint| hint.contains("--no-provision"))
        );
    }
}
