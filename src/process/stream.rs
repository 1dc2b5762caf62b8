//! Long children: in a session of their own, with their output in files that the driver tails.
//!
//! A pipe would be simpler and worse: a Terraform whose reader dies is killed by SIGPIPE and leaves
//! a 0-byte state file (terraform 1.11.4). A file outlives the driver.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::{fs::OpenOptionsExt, process::ExitStatusExt},
    process::ExitStatus,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{sync::watch, time};

use super::{Mark, ProcessError, session};
use crate::command::ToolCommand;

/// How often the output files are looked at: fast enough for a progress line, cheap enough to forget.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// The longest line that is kept whole; what a tool prints beyond it is cut off.
const LINE_LIMIT: usize = 1 << 20;

/// Ends a line that went on beyond [`LINE_LIMIT`]. The redactor knows by it that what stands before may
/// be part of a secret.
pub(super) const CUT_OFF: &str = " [the rest of this line was cut off]";

/// The files a child writes to, 0600, removed by the caller once a redacted log exists.
#[derive(Debug, Clone)]
pub struct Spool {
    pub stdout: Utf8PathBuf,
    pub stderr: Utf8PathBuf,
}

impl Spool {
    /// Spool files `NAME.stdout` and `NAME.stderr` in `folder`.
    pub fn in_folder(folder: &Utf8Path, name: &str) -> Self {
        Self {
            stdout: folder.join(format!("{name}.stdout")),
            stderr: folder.join(format!("{name}.stderr")),
        }
    }

    /// Removes both files. They hold what the tool printed before redaction.
    pub fn remove(&self) {
        for path in [&self.stdout, &self.stderr] {
            // Already gone is as good.
            let _ = fs_err::remove_file(path);
        }
    }
}

/// Which of a child's outputs a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Stdout,
    Stderr,
}

/// The request with which the user stops at once, after having been told what may be lost.
pub const AT_ONCE: u8 = 3;

/// The signal with which a tool is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Terraform finishes the call in flight and writes its state. On a second one it writes its state and
    /// does not wait for that call (terraform 1.11.4). It is never killed: that would lose the state.
    Interrupt,
    /// Packer ignores SIGINT to its pid alone and cleans up on SIGTERM (packer 1.6.6). Stopping at once is
    /// SIGKILL: what it has made stays, and is known by its tags and by the journal.
    Terminate,
}

impl StopSignal {
    /// What is sent for the user's `request`, counted from 1.
    fn to_send(self, request: u8) -> Option<Signal> {
        match (self, request) {
            // The user is told what may be lost, and nothing happens yet.
            (_, 2) => None,
            (Self::Interrupt, _) => Some(Signal::INT),
            (Self::Terminate, AT_ONCE..) => Some(Signal::KILL),
            (Self::Terminate, _) => Some(Signal::TERM),
        }
    }
}

/// What a streamed child reports while it runs.
#[derive(Debug)]
pub enum Output<'a> {
    /// It runs under this process id.
    Started { pid: u32 },
    /// A line without its line end.
    Line { channel: Channel, line: &'a str },
}

/// How a streamed child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// How often it was asked to stop.
    pub requests: u8,
    /// Processes it left behind, which were ended.
    pub stragglers: Vec<(u32, String)>,
}

impl Ended {
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// True when it was asked to stop before it ended.
    pub fn was_stopped(&self) -> bool {
        self.requests > 0
    }

    /// `exit code 1`, `signal 9`.
    pub fn describe(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown status".to_owned(),
        }
    }
}

/// Runs `command` to its end and hands every line of its output to `on_output`.
///
/// `stop` carries how often the user has asked to stop: the first request sends `signal` once, the
/// second sends nothing (the user is told what is pending and what may be lost), the third
/// and later ones stop it at once. The child and its descendants carry `mark`; those that it leaves behind
/// are ended.
///
/// # Errors
///
/// When the spool files cannot be made, the program cannot be started, or waiting for it fails.
pub async fn stream(
    command: &ToolCommand,
    spool: &Spool,
    mark: &Mark,
    signal: StopSignal,
    mut stop: watch::Receiver<u8>,
    mut on_output: impl FnMut(Output<'_>),
) -> Result<Ended, ProcessError> {
    let start_error = |source| ProcessError::Start {
        program: command.program.clone(),
        source,
    };
    let stdout = create_private(&spool.stdout).map_err(start_error)?;
    let stderr = create_private(&spool.stderr).map_err(start_error)?;

    // Before there is a child: nothing may fail between starting it and waiting for it.
    let mut tails = [
        Tail::open(&spool.stdout, Channel::Stdout).map_err(start_error)?,
        Tail::open(&spool.stderr, Channel::Stderr).map_err(start_error)?,
    ];

    let plain = session::child(&mark.on(command), stdout, stderr);
    let mut child = tokio::process::Command::from(plain)
        .spawn()
        .map_err(start_error)?;
    let pid = child.id().unwrap_or_default();
    on_output(Output::Started { pid });

    let mut requests = 0;
    let mut ticks = time::interval(LOOK_AGAIN);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let status = loop {
        // A request may have come before this child was started.
        let asked = *stop.borrow_and_update();
        while requests < asked {
            requests += 1;
            if let Some(signal) = signal.to_send(requests) {
                send(pid, signal);
            }
        }
        tokio::select! {
            status = child.wait() => break status,
            _ = ticks.tick() => {}
            // An error means that nobody can ask any more, which is no reason to stop.
            Ok(()) = stop.changed() => {}
        }
        for tail in &mut tails {
            tail.read_new(&mut on_output);
        }
    };
    let status = status.map_err(|source| ProcessError::Wait {
        program: command.program.clone(),
        source,
    })?;
    let marked = mark.clone();
    let stragglers = tokio::task::spawn_blocking(move || session::end_left_behind(pid, &marked))
        .await
        .unwrap_or_default();
    for tail in &mut tails {
        tail.read_new(&mut on_output);
        tail.finish(&mut on_output);
    }
    Ok(ended(status, requests, stragglers))
}

fn ended(status: ExitStatus, requests: u8, stragglers: Vec<(u32, String)>) -> Ended {
    Ended {
        code: status.code(),
        signal: status.signal(),
        requests,
        stragglers,
    }
}

fn create_private(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // The child has not been waited for yet, so the pid is its own.
        let _ = kill_process(pid, signal);
    }
}

/// Reads what is new in a growing file and cuts it into lines.
struct Tail {
    file: File,
    channel: Channel,
    partial: Vec<u8>,
    cut: bool,
}

impl Tail {
    fn open(path: &Utf8Path, channel: Channel) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            channel,
            partial: Vec::new(),
            cut: false,
        })
    }

    fn read_new(&mut self, on_output: &mut impl FnMut(Output<'_>)) {
        let mut chunk = [0; 64 * 1024];
        // A read error on a local file that was opened is as final as its end.
        while let Ok(count @ 1..) = self.file.read(&mut chunk) {
            for piece in chunk[..count].split_inclusive(|&byte| byte == b'\n') {
                match piece.strip_suffix(b"\n") {
                    Some(rest) => {
                        self.keep(rest);
                        self.emit(on_output);
                    }
                    None => self.keep(piece),
                }
            }
        }
    }

    /// Hands on a last line without a line end.
    fn finish(&mut self, on_output: &mut impl FnMut(Output<'_>)) {
        if !self.partial.is_empty() {
            self.emit(on_output);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_LIMIT.saturating_sub(self.partial.len());
        self.cut |= bytes.len() > room;
        self.partial
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn emit(&mut self, on_output: &mut impl FnMut(Output<'_>)) {
        let text = String::from_utf8_lossy(&self.partial);
        let mut line = text.trim_end_matches('\r').to_owned();
        if self.cut {
            line.push_str(CUT_OFF);
        }
        on_output(Output::Line {
            channel: self.channel,
            line: &line,
        });
        self.partial.clear();
        self.cut = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Run {
        ended: Ended,
        lines: Vec<(Channel, String)>,
    }

    fn run(script: &str, signal: StopSignal, when: impl Fn(&str) -> bool) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let command = ToolCommand::new("sh").args(["-c", script]);
        let spool = Spool::in_folder(folder, "test");
        let mark = Mark::new(folder.as_str(), "test");
        let (ask, stop) = watch::channel(0);
        let mut lines = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let ended = runtime
            .block_on(stream(&command, &spool, &mark, signal, stop, |output| {
                if let Output::Line { channel, line } = output {
                    lines.push((channel, line.to_owned()));
                    if when(line) {
                        ask.send_modify(|count| *count += 1);
                    }
                }
            }))
            .unwrap();
        Run { ended, lines }
    }

    #[test]
    fn lines_of_both_channels_arrive_whole_and_the_exit_code_is_kept() {
        let run = run(
            r"printf 'one\r\ntwo'; echo bad >&2; exit 4",
            StopSignal::Interrupt,
            |_| false,
        );
        assert_eq!(run.ended.code, Some(4));
        assert_eq!(run.ended.describe(), "exit code 4");
        let of = |wanted| {
            let matching = run.lines.iter().filter(|(channel, _)| *channel == wanted);
            matching.map(|(_, line)| line.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(Channel::Stdout), ["one", "two"]);
        assert_eq!(of(Channel::Stderr), ["bad"]);
    }

    #[test]
    fn the_first_request_sends_the_tools_own_signal() {
        for (signal, name) in [
            (StopSignal::Interrupt, "INT"),
            (StopSignal::Terminate, "TERM"),
        ] {
            let script = format!(
                "trap 'echo stopping; exit 7' {name}; echo ready; while :; do sleep 0.01; done"
            );
            let run = run(&script, signal, |line| line == "ready");
            assert_eq!(run.ended.code, Some(7), "{name}");
            assert_eq!(run.ended.requests, 1);
            assert!(run.lines.iter().any(|(_, line)| line == "stopping"));
        }
    }

    #[test]
    fn the_second_request_sends_nothing_and_the_third_sends_the_signal_again() {
        let script = "trap 'n=$((n+1)); echo got$n; [ $n -lt 2 ] || exit 8' INT; \
                      echo ready; while :; do sleep 0.01; echo tick; done";
        let asked = std::cell::Cell::new(0);
        let run = run(script, StopSignal::Interrupt, |line| {
            let ask = match asked.get() {
                0 => line == "ready",
                1 => line == "got1",
                2 => line == "tick",
                _ => false,
            };
            if ask {
                asked.set(asked.get() + 1);
            }
            ask
        });
        assert_eq!(run.ended.code, Some(8));
        assert_eq!(run.ended.requests, 3);
    }

    #[test]
    fn at_once_a_child_that_would_clean_up_is_killed_with_what_it_started() {
        let script = "trap 'echo cleaning' TERM; sleep 1000 & echo ready; \
                      while :; do sleep 0.01; echo tick; done";
        let asked = std::cell::Cell::new(0);
        let run = run(script, StopSignal::Terminate, |line| {
            let ask = match asked.get() {
                0 => line == "ready",
                1 => line == "cleaning",
                2 => line == "tick",
                _ => false,
            };
            if ask {
                asked.set(asked.get() + 1);
            }
            ask
        });
        assert_eq!(run.ended.describe(), "signal 9");
        let names: Vec<&str> = run
            .ended
            .stragglers
            .iter()
            .map(|(_, n)| n.as_str())
            .collect();
        assert!(names.contains(&"sleep"), "{names:?}");
    }

    #[test]
    fn an_endless_line_is_cut_and_invalid_utf8_is_replaced() {
        let run = run(
            r"head -c 3000000 /dev/zero | tr '\0' x; echo; printf '\377ok\n'",
            StopSignal::Interrupt,
            |_| false,
        );
        let lines: Vec<&str> = run.lines.iter().map(|(_, line)| line.as_str()).collect();
        assert!(lines[0].len() < LINE_LIMIT + 100 && lines[0].ends_with("was cut off]"));
        assert_eq!(lines[1], "\u{fffd}ok");
    }

    #[test]
    fn the_child_leads_its_own_session_and_cannot_read_standard_input() {
        let run = run(
            "read -r line || echo closed; ps -o sid= -p $$ | tr -d ' '; echo $$",
            StopSignal::Interrupt,
            |_| false,
        );
        let lines: Vec<&str> = run.lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines[0], "closed");
        assert_eq!(lines[1], lines[2], "session id and pid");
    }
}
