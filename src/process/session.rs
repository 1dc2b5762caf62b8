//! Sessions: giving a child one of its own, and ending what stays behind in it.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use rustix::{
    fs::Mode,
    process::{setsid, umask},
};

use super::{
    environment,
    mark::{self, Mark, Marked},
};
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

/// Processes that are still in the session led by `leader`.
///
/// Provider processes and local-exec children outlive a Terraform that dies abruptly, with
/// credentials in their environment (terraform 1.11.4). A session id is not reused while a member lives, so
/// for a leader that is gone every process found was started by it.
#[cfg(target_os = "linux")]
pub(super) fn members(leader: u32) -> Vec<Marked> {
    let member = |pid: u32| {
        let (session, name) = of(pid).filter(|(session, _)| *session == leader)?;
        Some(Marked {
            identity: super::ProcessIdentity::of(pid)?,
            name,
            leads: session == pid,
        })
    };
    pids().into_iter().filter_map(member).collect()
}

/// Without `/proc` the members of a session cannot be listed.
#[cfg(not(target_os = "linux"))]
pub(super) fn members(_leader: u32) -> Vec<Marked> {
    Vec::new()
}

/// Ends what `leader`, which is gone, left behind: in its session, or elsewhere with its `mark`. Names it.
pub(super) fn end_left_behind(leader: u32, mark: &Mark) -> Vec<(u32, String)> {
    mark::end(|| {
        let mut left = members(leader);
        let elsewhere = mark.to_be_ended().into_iter();
        left.extend(elsewhere.filter(|process| process.identity.pid != leader));
        left.sort_by_key(|process| process.identity.pid);
        left.dedup();
        left
    })
}

/// The pids of all processes.
#[cfg(target_os = "linux")]
pub(super) fn pids() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Session and name of a process that runs.
#[cfg(target_os = "linux")]
pub(super) fn of(pid: u32) -> Option<(u32, String)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (session, state, name) = session_of(&stat)?;
    (!matches!(state, 'Z' | 'X')).then_some((session, name))
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
    fn a_daemon_of_the_users_own_command_goes_on() {
        let mark = Mark::new(&std::process::id().to_string(), "daemon");
        let spares = mark.clone().sparing_daemons();
        let script = "sleep 1000 >/dev/null 2>&1 & setsid sleep 1000 >/dev/null 2>&1 &";
        let command = spares.on(&ToolCommand::new("sh").args(["-c", script]));
        let null = || File::options().write(true).open("/dev/null").unwrap();
        let mut child = child(&command, null(), null()).spawn().unwrap();
        child.wait().unwrap();
        while mark
            .processes()
            .iter()
            .filter(|process| process.leads)
            .count()
            < 1
        {
            std::thread::yield_now();
        }
        end_left_behind(child.id(), &spares);
        let left = mark.processes();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].leads);
        assert_eq!(mark.end_left_behind().len(), 1);
    }

    #[test]
    fn what_stays_behind_in_a_session_or_left_it_is_named_and_ended() {
        let mark = Mark::new(&std::process::id().to_string(), "session");
        let script = "sleep 1000 >/dev/null 2>&1 & setsid sleep 1000 >/dev/null 2>&1 &";
        let command = mark.on(&ToolCommand::new("sh").args(["-c", script]));
        let null = || File::options().write(true).open("/dev/null").unwrap();
        let mut child = child(&command, null(), null()).spawn().unwrap();
        let leader = child.id();
        child.wait().unwrap();
        // The second one is forked, and then makes its session and executes its program.
        while mark.processes().len() < 2 {
            std::thread::yield_now();
        }

        let left = end_left_behind(leader, &mark);

        assert_eq!(left.len(), 2, "{left:?}");
        assert!(members(leader).is_empty() && mark.processes().is_empty());
    }
}
