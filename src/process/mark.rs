//! [`Mark`]: a variable in the environment of a long child by which it and its descendants are found again.
//!
//! A pid is recorded only once there is one, a session is left by a `setsid`, and a parent that dies takes the
//! relation along; the environment a program was started with stays. It is read from `/proc`, so elsewhere
//! nothing is found by it.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::ProcessIdentity;
use crate::command::ToolCommand;

/// The variable: `RUN/CHILD`.
const VARIABLE: &str = "AMIABLE_CHILD";

/// How long what a child left behind may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long the kernel may take for a killed process.
const AFTER_KILL: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Marks one child of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    value: String,
    /// What left the child's session on purpose goes on.
    spares_daemons: bool,
}

/// A process that carries a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub identity: ProcessIdentity,
    pub name: String,
    /// It leads a session, as the child itself does.
    pub leads: bool,
}

impl Mark {
    /// The mark of `child`, a name that is unique among those of the run that are at work.
    pub fn new(run: &str, child: &str) -> Self {
        Self {
            value: format!("{run}/{child}"),
            spares_daemons: false,
        }
    }

    /// The same for a command of the user's own, which may start daemons (a `gpg-agent`, a tunnel) that are to
    /// stay: only what is still in its session is ended.
    pub fn sparing_daemons(self) -> Self {
        Self {
            spares_daemons: true,
            ..self
        }
    }

    /// `command` with the mark in its environment.
    pub(super) fn on(&self, command: &ToolCommand) -> ToolCommand {
        command.clone().env(VARIABLE, &self.value)
    }

    /// The running processes that carry the mark, the first started first.
    ///
    /// A process takes on its mark when it executes its program. One that was forked by a driver and has not
    /// come to that still holds the driver's lock: whoever has taken the lock misses none.
    pub fn processes(&self) -> Vec<Marked> {
        let mut found = system::with_variable(&format!("{VARIABLE}={}", self.value));
        found.sort_by_key(|marked| marked.identity.pid);
        found
    }

    /// Ends what carries the mark although the child itself is gone, and names it.
    pub fn end_left_behind(&self) -> Vec<(u32, String)> {
        end(|| self.to_be_ended())
    }

    /// What of [`Mark::processes`] does not go on once the child is gone, wherever it is.
    pub(super) fn to_be_ended(&self) -> Vec<Marked> {
        match self.spares_daemons {
            true => Vec::new(),
            false => self.processes(),
        }
    }
}

/// Ends the processes that `look` finds: `SIGTERM`, and `SIGKILL` for what is still there after [`GRACE`].
/// Looks again until nothing is left, because what ends may have started something.
pub(super) fn end(look: impl Fn() -> Vec<Marked>) -> Vec<(u32, String)> {
    let mut asked: Vec<Marked> = Vec::new();
    let began = Instant::now();
    loop {
        let here = look();
        let late = began.elapsed() >= GRACE;
        if here.is_empty() || began.elapsed() >= GRACE + AFTER_KILL {
            break;
        }
        for process in here {
            let known = asked.contains(&process);
            if late || !known {
                send(&process, if late { Signal::KILL } else { Signal::TERM });
            }
            if !known {
                asked.push(process);
            }
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let named = asked.into_iter();
    named
        .map(|process| (process.identity.pid, process.name))
        .collect()
}

fn send(process: &Marked, signal: Signal) {
    let pid = i32::try_from(process.identity.pid).ok();
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        // It may have ended by itself in the meantime.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Marked, ProcessIdentity};
    use crate::process::session;

    /// Looks through `/proc/PID/environ` (proc_pid_environ(5)), which only processes of the same user show.
    pub(super) fn with_variable(variable: &str) -> Vec<Marked> {
        let has_it = |pid: u32| {
            std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|&byte| byte == 0)
                    .any(|entry| entry == variable.as_bytes())
            })
        };
        let described = |pid: u32| {
            let (session, name) = session::of(pid)?;
            Some(Marked {
                identity: ProcessIdentity::of(pid)?,
                name,
                leads: session == pid,
            })
        };
        session::pids()
            .into_iter()
            .filter(|pid| has_it(*pid))
            .filter_map(described)
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Marked;

    pub(super) fn with_variable(_variable: &str) -> Vec<Marked> {
        Vec::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn mark(test: &str) -> Mark {
        Mark::new(&std::process::id().to_string(), test)
    }

    fn start(mark: &Mark, script: &str) -> std::process::Child {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .env(VARIABLE, &mark.value)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        child
    }

    #[test]
    fn descendants_are_found_wherever_they_went_and_nothing_else_is() {
        let (ours, other) = (mark("one"), mark("one and more"));
        let mut stranger = start(&other, "echo ready; exec sleep 1000 >&-");
        let script = "setsid sh -c 'echo ready; exec sleep 1000' & exit";
        let mut child = start(&ours, script);
        child.wait().unwrap();
        let found = ours.processes();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].leads);

        let ended = ours.end_left_behind();
        assert_eq!(ended.len(), 1, "{ended:?}");
        assert!(ours.processes().is_empty());
        assert_eq!(other.processes().len(), 1);
        assert_eq!(other.end_left_behind().len(), 1);
        stranger.wait().unwrap();
    }

    #[test]
    fn what_does_not_react_is_killed() {
        let mark = mark("stubborn");
        let mut child = start(
            &mark,
            "trap '' TERM; echo ready; while :; do sleep 0.1; done",
        );
        let collector = std::thread::spawn(move || child.wait());
        assert!(!mark.end_left_behind().is_empty());
        assert!(mark.processes().is_empty());
        assert!(!collector.join().unwrap().unwrap().success());
    }
}
