//! Short commands whose whole output is wanted, with a deadline.

use std::{
    os::unix::process::CommandExt,
    process::Output,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{ProcessError, environment};
use crate::command::ToolCommand;

/// How long a group that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// How often it is asked whether the answer is still wanted.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a child that ran to its end left.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Captured {
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output as text, trimmed at the end.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }

    /// Standard error as text, trimmed at the end.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim_end().to_owned()
    }
}

/// Runs `command` in a process group of its own and waits for it at most `deadline`.
///
/// # Errors
///
/// When it cannot be started, or is still running at the deadline: then the whole group is ended
/// first, because a grandchild (a pinentry) that keeps a pipe open would block the wait for ever.
pub fn capture(command: &ToolCommand, deadline: Duration) -> Result<Captured, ProcessError> {
    capture_unless(command, deadline, || false)
}

/// As [`capture`], and ends the group as soon as `unwanted` says so; what is unwanted before it starts is not started.
///
/// # Errors
///
/// As [`capture`]; [`ProcessError::Ended`] when it became unwanted.
pub fn capture_unless(
    command: &ToolCommand,
    deadline: Duration,
    unwanted: impl Fn() -> bool,
) -> Result<Captured, ProcessError> {
    if unwanted() {
        let program = command.program.clone();
        return Err(ProcessError::Ended { program });
    }
    let mut expression = duct::cmd(command.program.as_str(), &command.args)
        .full_env(environment::of(command))
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .before_spawn(|child| {
            child.process_group(0);
            Ok(())
        });
    expression = match &command.stdin {
        Some(text) => expression.stdin_bytes(text.expose().as_bytes()),
        None => expression.stdin_null(),
    };
    if let Some(folder) = &command.cwd {
        expression = expression.dir(folder);
    }

    let wait_error = |source| ProcessError::Wait {
        program: command.program.clone(),
        source,
    };
    let handle = expression.start().map_err(|source| ProcessError::Start {
        program: command.program.clone(),
        source,
    })?;
    let end = Instant::now() + deadline;
    let mut wanted = true;
    while wanted && Instant::now() < end {
        let pause = end.min(Instant::now() + LOOK_AGAIN);
        if let Some(output) = handle.wait_deadline(pause).map_err(wait_error)? {
            return Ok(captured(output));
        }
        wanted = !unwanted();
    }

    end_groups(&handle.pids(), Signal::TERM);
    let ended = handle
        .wait_deadline(Instant::now() + GRACE)
        .map_err(wait_error)?;
    if ended.is_none() {
        end_groups(&handle.pids(), Signal::KILL);
    }
    let program = command.program.clone();
    Err(match wanted {
        true => ProcessError::Deadline {
            program,
            after: deadline,
        },
        false => ProcessError::Ended { program },
    })
}

fn captured(output: &Output) -> Captured {
    Captured {
        code: output.status.code(),
        stdout: output.stdout.clone(),
        stderr: output.stderr.clone(),
    }
}

fn end_groups(leaders: &[u32], signal: Signal) {
    for &leader in leaders {
        if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
            // The group may be gone already, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_and_exit_code_come_back_separately() {
        let command = ToolCommand::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]);
        let captured = capture(&command, LONG).unwrap();
        assert_eq!(captured.code, Some(3));
        assert_eq!(captured.stdout_text(), "out");
        assert_eq!(captured.stderr_text(), "err");
    }

    #[test]
    fn standard_input_is_closed_or_given() {
        let closed = capture(&ToolCommand::new("cat"), LONG).unwrap();
        assert_eq!(closed.stdout, b"");
        let given = ToolCommand::new("cat").stdin(Secret::new("swordfish"));
        assert_eq!(capture(&given, LONG).unwrap().stdout, b"swordfish");
    }

    #[test]
    fn the_environment_is_built_from_nothing() {
        let command = ToolCommand::new("env")
            .env("ONLY", "this")
            .secret_env("S", Secret::new("v"));
        let text = capture(&command, LONG).unwrap().stdout_text();
        assert!(text.contains("ONLY=this") && text.contains("S=v"), "{text}");
        assert!(!text.contains("CARGO_MANIFEST_DIR"), "{text}");
    }

    #[test]
    fn a_deadline_ends_the_grandchild_that_holds_the_pipe_too() {
        let command = ToolCommand::new("sh").args(["-c", "sleep 1000 & echo $!; wait"]);
        let error = capture(&command, Duration::from_millis(200)).unwrap_err();
        assert!(matches!(error, ProcessError::Deadline { .. }), "{error}");
    }

    #[test]
    fn what_nobody_wants_any_more_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let started = folder.path().join("started");
        let command = ToolCommand::new("sh")
            .args(["-c", "touch started; exec sleep 1000"])
            .cwd(camino::Utf8PathBuf::try_from(folder.path().to_owned()).unwrap());
        let error = capture_unless(&command, LONG, || started.exists()).unwrap_err();
        assert!(matches!(error, ProcessError::Ended { .. }), "{error}");
    }

    #[test]
    fn what_nobody_wants_is_not_started() {
        let command = ToolCommand::new("/nonexistent/tool");
        let error = capture_unless(&command, LONG, || true).unwrap_err();
        assert!(matches!(error, ProcessError::Ended { .. }), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(&ToolCommand::new("/nonexistent/tool"), LONG).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/tool"), "{error}");
    }
}
