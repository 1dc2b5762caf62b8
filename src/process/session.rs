//! Sessions: giving a child one of its own, and ending what stays behind in it.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use rustix::{
    fs::Mode,
    process::{Pid, Signal, kill_process, setsid, umask},
};

use super::environment;
use crate::command::ToolCommand;

/// The child of `command` as every long child is: environment built from nothing, stdin closed,
/// output in the given files, a session of its own.
pub(super) fn child(command: &ToolCommand, stdout: File, stderr: File) -> Command {
    let mut child = Command::new(command.program.as_str());
    child
        .args(&command.args)
        .env_clear()
        .envs(environment::of(command))
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr);
    if let Some(folder) = &command.cwd {
        child.current_dir(folder);
    }
    give_own(&mut child);
    child
}

/// Makes the child of `command` the leader of a new session, with umask 077, so that neither a
/// closed terminal nor Ctrl-C reaches it: signals come from the driver alone.
fn give_own(command: &mut Command) {
    // SAFETY: the closure runs between fork and exec and calls setsid(2) and umask(2) only, which
    // are async-signal-safe; it allocates nothing, an error is built from the errno alone.
    unsafe {
        command.pre_exec(|| {
            setsid().map_err(io::Error::from)?;
            umask(Mode::RWXG | Mode::RWXO);
            Ok(())
        });
    }
}

/// Processes that are still in the session led by `leader`, with their names.
///
/// Provider processes and local-exec children outlive a Terraform that dies abruptly, with
/// credentials in their environment (terraform 1.11.4).
#[cfg(target_os = "linux")]
pub fn members(leader: u32) -> Vec<(u32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (session, state, name) = session_of(&stat)?;
            (session == leader && state != 'Z').then_some((pid, name))
        })
        .collect()
}

/// Without `/proc` the members of a session cannot be listed.
#[cfg(not(target_os = "linux"))]
pub fn members(_leader: u32) -> Vec<(u32, String)> {
    Vec::new()
}

/// Asks every process that stayed behind in the session of `leader` to end, and names them.
///
/// Only for a leader that is gone: a session id is not reused while a member lives, so every
/// process found was started by that leader.
pub fn end_stragglers(leader: u32) -> Vec<(u32, String)> {
    let stragglers = members(leader);
    for (pid, _) in &stragglers {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            // It may have ended by itself in the meantime.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    stragglers
}

/// Session id, state and name from the text of `/proc/PID/stat` (proc(5): fields 6, 3 and 2).
#[cfg(target_os = "linux")]
fn session_of(stat: &str) -> Option<(u32, char, String)> {
    // The name is in parentheses and may itself hold parentheses and spaces.
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let mut fields = after.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let session = fields.nth(2)?.parse().ok()?;
    Some((session, state, name))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) (b c) S 1 42 41 0 -1 4194304";
        assert_eq!(session_of(stat), Some((41, 'S', "a) (b c".to_owned())));
    }

    #[test]
    fn what_stays_behind_in_a_session_is_named_and_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 >/dev/null 2>&1 &"]);
        give_own(&mut command);
        let mut child = command.spawn().unwrap();
        let leader = child.id();
        child.wait().unwrap();

        let stragglers = end_stragglers(leader);

        assert_eq!(stragglers.len(), 1, "{stragglers:?}");
        while !members(leader).is_empty() {
            std::thread::yield_now();
        }
    }
}
