//! Which process a pid stands for: pid and start time together, because pids are used again.

use std::{
    io,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

/// How often a process that was asked to end is looked at.
const POLL: Duration = Duration::from_millis(10);

/// One process of this machine, for as long as the machine is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    pub pid: u32,
    /// When the process started, in the system's own notation; only ever compared.
    pub started: String,
}

/// How a process that was to be ended came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was not running.
    WasGone,
    /// It ended on `SIGTERM`.
    Terminated,
    /// It did not react to `SIGTERM` in time and was killed with its group.
    Killed,
}

impl ProcessIdentity {
    /// The identity of the running process `pid`; `None` when there is none, or only a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        system::look(pid)
            .filter(|seen| !seen.zombie)
            .map(|seen| Self {
                pid,
                started: seen.started,
            })
    }

    /// The identity of a child that has just been started and may have ended since.
    pub(super) fn of_child(pid: u32) -> Option<Self> {
        system::look(pid).map(|seen| Self {
            pid,
            started: seen.started,
        })
    }

    /// Whether this very process is still running.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Ends this process: `SIGTERM` to it alone, then, when it is still there after `grace`, `SIGKILL` to
    /// it and to the process group it leads. Returns once it is gone.
    ///
    /// A process that merely got the same pid is left alone.
    ///
    /// # Errors
    ///
    /// When the system refuses the signal (a process of another user), or when even `SIGKILL` does not
    /// end the process within `grace`.
    pub fn end(&self, grace: Duration) -> io::Result<Ending> {
        if !self.is_alive() {
            return Ok(Ending::WasGone);
        }
        let pid = self.raw()?;
        ignore_gone(kill_process(pid, Signal::TERM))?;
        if self.gone_within(grace) {
            return Ok(Ending::Terminated);
        }
        // Only the leader of a group may stand for it: signalling the group of a process that leads
        // none would reach whoever has a group of that number.
        if rustix::process::getpgid(Some(pid)) == Ok(pid) {
            ignore_gone(kill_process_group(pid, Signal::KILL))?;
        } else {
            ignore_gone(kill_process(pid, Signal::KILL))?;
        }
        if self.gone_within(grace.max(Duration::from_secs(2))) {
            Ok(Ending::Killed)
        } else {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("process {} does not end", self.pid),
            ))
        }
    }

    fn gone_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }

    fn raw(&self) -> io::Result<Pid> {
        i32::try_from(self.pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a process id"))
    }
}

fn ignore_gone(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What the system says about a pid.
struct Seen {
    started: String,
    zombie: bool,
}

#[cfg(target_os = "linux")]
mod system {
    use super::Seen;

    /// Reads `/proc/PID/stat`, proc_pid_stat(5): state is field 3, start time in clock ticks since boot
    /// is field 22. The boot id tells processes of an earlier boot apart.
    pub(super) fn look(pid: u32) -> Option<Seen> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        parse(&stat, boot.trim())
    }

    fn parse(stat: &str, boot: &str) -> Option<Seen> {
        // The program's name, field 2, is in parentheses and may itself contain `) `.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let state = *fields.first()?;
        let ticks = *fields.get(19)?;
        Some(Seen {
            started: format!("{ticks}@{boot}"),
            zombie: matches!(state, "Z" | "X"),
        })
    }

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) Z (b)) S 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
        let seen = parse(stat, "boot").unwrap();
        assert_eq!(seen.started, "777@boot");
        assert!(!seen.zombie);
        assert!(
            parse("42 (a) Z 1 42 42 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 7", "")
                .unwrap()
                .zombie
        );
        assert!(parse("", "").is_none());
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    use super::Seen;
    use crate::{command::ToolCommand, process::capture};

    /// Asks `ps`, whose `stat` and `lstart` columns POSIX systems without `/proc` have in common.
    pub(super) fn look(pid: u32) -> Option<Seen> {
        let command = ToolCommand::new("/bin/ps")
            .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
            .env("LC_ALL", "C");
        let line = capture(&command, Duration::from_secs(5))
            .ok()?
            .stdout_text();
        let (state, started) = line.trim().split_once(char::is_whitespace)?;
        Some(Seen {
            started: started.trim().to_owned(),
            zombie: state.starts_with('Z'),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::CommandExt,
        process::{Child, Command, Stdio},
    };

    use super::*;

    const GRACE: Duration = Duration::from_secs(20);

    /// A process that leads a group of its own, with `setup` done by a shell when this returns.
    fn sleeper(setup: &str) -> (Child, ProcessIdentity) {
        let script = format!("{setup}; echo ready; exec sleep 1000");
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n");
        let identity = ProcessIdentity::of(child.id()).unwrap();
        (child, identity)
    }

    #[test]
    fn a_process_is_known_by_its_start_time() {
        let me = ProcessIdentity::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        let impostor = ProcessIdentity {
            started: "another time".to_owned(),
            ..me
        };
        assert!(!impostor.is_alive());
    }

    #[test]
    fn ending_an_identity_leaves_a_process_that_has_only_its_pid_alone() {
        let (mut child, identity) = sleeper(":");
        let earlier = ProcessIdentity {
            started: "another time".to_owned(),
            ..identity.clone()
        };
        assert_eq!(earlier.end(GRACE).unwrap(), Ending::WasGone);
        assert!(identity.is_alive());
        assert_eq!(identity.end(GRACE).unwrap(), Ending::Terminated);
        assert_eq!(identity.end(GRACE).unwrap(), Ending::WasGone);
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_ignores_sigterm_is_killed() {
        let (mut child, identity) = sleeper("trap '' TERM");
        let ending = identity.end(Duration::from_millis(50)).unwrap();
        assert_eq!(ending, Ending::Killed);
        child.wait().unwrap();
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let (mut child, identity) = sleeper(":");
        kill_process(identity.raw().unwrap(), Signal::KILL).unwrap();
        assert!(identity.gone_within(GRACE));
        child.wait().unwrap();
    }
}
