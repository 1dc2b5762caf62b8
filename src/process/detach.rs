//! Children that outlive the driver: own session, no standard input, output in a private file.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    process::{Child, ExitStatus},
};

use camino::Utf8Path;

use super::{ProcessError, identity::ProcessIdentity, session};
use crate::command::ToolCommand;

/// A child that goes on when the driver ends.
#[derive(Debug)]
pub struct Detached {
    pub identity: ProcessIdentity,
    child: Child,
}

impl Detached {
    /// How the child ended, if it has; collects it, so that no zombie stays.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// Starts `command` as leader of a new session, with stdin closed and umask 077.
///
/// Both output streams go to `output`, which is emptied and made 0600. A terminal's signals and the
/// driver's end do not reach the child. The command's own `stdin` is not used.
///
/// # Errors
///
/// When the output file cannot be made or the program cannot be started.
pub fn spawn_detached(command: &ToolCommand, output: &Utf8Path) -> Result<Detached, ProcessError> {
    let start_error = |source| ProcessError::Start {
        program: command.program.clone(),
        source,
    };
    let stdout = private_file(output).map_err(start_error)?;
    let stderr = stdout.try_clone().map_err(start_error)?;
    let mut child = session::child(command, stdout, stderr);
    let child = child.spawn().map_err(start_error)?;
    let identity = ProcessIdentity::of_child(child.id()).ok_or_else(|| {
        start_error(io::Error::other(
            "the system does not say when it was started",
        ))
    })?;
    Ok(Detached { identity, child })
}

fn private_file(path: &Utf8Path) -> io::Result<File> {
    // A file of an earlier child may be open in that child still, or have a wider mode.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, time::Duration};

    use camino::Utf8PathBuf;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    fn wait(detached: &mut Detached) -> ExitStatus {
        detached.child.wait().unwrap()
    }

    #[test]
    fn output_goes_to_a_private_file_and_the_session_is_new() {
        let (_keep, folder) = folder();
        let log = folder.join("log");
        std::fs::write(&log, "old").unwrap();
        let script = "cat; umask; echo err >&2; ps -o sid= -p $$ | tr -d ' '; echo $$";
        let command = ToolCommand::new("sh").args(["-c", script]);
        let mut child = spawn_detached(&command, &log).unwrap();
        assert!(wait(&mut child).success());
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["0077", "err"]);
        assert_eq!(lines[2], lines[3], "the child leads its session");
        assert_eq!(lines[3], child.identity.pid.to_string());
        let mode = std::fs::metadata(&log).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_identity_is_that_of_the_running_program() {
        let (_keep, folder) = folder();
        let command = ToolCommand::new("sleep").arg("1000");
        let mut child = spawn_detached(&command, &folder.join("log")).unwrap();
        assert!(child.identity.is_alive());
        assert!(child.exited().is_none());
        child.identity.end(Duration::from_secs(20)).unwrap();
        assert!(!wait(&mut child).success());
    }

    #[test]
    fn a_missing_program_is_named() {
        let (_keep, folder) = folder();
        let command = ToolCommand::new("/nonexistent/tool");
        let error = spawn_detached(&command, &folder.join("log")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/tool"), "{error}");
    }
}
