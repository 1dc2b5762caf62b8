//! Starting and ending moto's server, and telling whether it is still ours.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;

use super::{
    SandboxError, amis, moto,
    state::{Emulator, InstanceId},
};
use crate::{
    command::ToolCommand,
    process::{Detached, Unwanted, spawn_detached},
};

/// Python on a slow, busy machine; a third of a second is usual.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How often the starting emulator is asked whether it is there.
const POLL: Duration = Duration::from_millis(20);
/// How long an answer counts as another program's while our own log does not confirm it.
const CONFIRMATION: Duration = Duration::from_secs(3);
/// Between asking the emulator to end and killing it.
const END_GRACE: Duration = Duration::from_secs(5);
/// A free port may be taken before moto has it; then the next one is tried.
const ATTEMPTS: usize = 3;

/// What it takes to start an emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatorSettings {
    /// moto's server program.
    pub moto_server: Utf8PathBuf,
    /// The region whose public AMIs it offers; everything else works in every region.
    pub region: String,
}

/// Starts an emulator with its files in `folder` and waits until it answers.
pub(super) fn start(
    folder: &Utf8Path,
    settings: &EmulatorSettings,
    preferred_port: Option<u16>,
    unwanted: &Unwanted,
) -> Result<Emulator, SandboxError> {
    let amis = write_amis(folder, settings)?;
    let log = log_file(folder);
    let mut preferred = preferred_port;
    let mut attempts_left = ATTEMPTS;
    loop {
        attempts_left -= 1;
        let port = free_port(preferred.take()).map_err(SandboxError::EmulatorRefused)?;
        let command = command(settings, port, &amis);
        let child =
            spawn_detached(&command, &log).map_err(|source| SandboxError::EmulatorStart {
                program: settings.moto_server.clone(),
                source,
            })?;
        match wait_until_ready(child, port, &log, unwanted) {
            Err(SandboxError::EmulatorEnded { log_tail, .. })
                if attempts_left > 0 && says_port_taken(&log_tail) => {}
            result => return result,
        }
    }
}

/// Whether `emulator` still runs and is the one that listens on its port.
pub(super) fn is_running(emulator: &Emulator) -> bool {
    emulator.process.is_alive() && moto::marked(emulator.port).as_ref() == Some(&emulator.instance)
}

/// Ends the emulator's process, and no other.
pub(super) fn end(emulator: &Emulator) -> Result<(), SandboxError> {
    emulator
        .process
        .end(END_GRACE)
        .map(|_| ())
        .map_err(|source| SandboxError::EmulatorEnd {
            pid: emulator.process.pid,
            source,
        })
}

pub(super) fn log_file(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join("emulator.log")
}

fn command(settings: &EmulatorSettings, port: u16, amis: &Utf8Path) -> ToolCommand {
    ToolCommand::new(&settings.moto_server)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_AMIS_PATH", amis.as_str())
        // Without it, attaching one of AWS's own policies to a role fails (moto 5 leaves them out).
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        // Otherwise its lines reach the log only when a buffer is full.
        .env("PYTHONUNBUFFERED", "1")
}

fn write_amis(folder: &Utf8Path, settings: &EmulatorSettings) -> Result<Utf8PathBuf, SandboxError> {
    let file = folder.join("amis.json");
    let list = serde_json::Value::from(amis::list(&settings.moto_server, &settings.region));
    fs_err::write(&file, list.to_string()).map_err(|source| SandboxError::File {
        action: "write",
        path: file.clone(),
        source,
    })?;
    // moto is started in its own folder's terms: a relative path would depend on who starts it.
    Ok(file.canonicalize_utf8().unwrap_or(file))
}

/// A port of 127.0.0.1 that nobody listens on: the preferred one where possible.
fn free_port(preferred: Option<u16>) -> io::Result<u16> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = match preferred.map(bind) {
        Some(Ok(listener)) => listener,
        _ => bind(0)?,
    };
    Ok(listener.local_addr()?.port())
}

fn wait_until_ready(
    mut child: Detached,
    port: u16,
    log: &Utf8Path,
    unwanted: &Unwanted,
) -> Result<Emulator, SandboxError> {
    let deadline = Instant::now() + START_DEADLINE;
    let mut first_answer: Option<Instant> = None;
    loop {
        if child.exited().is_some() {
            return Err(SandboxError::EmulatorEnded {
                log: log.to_owned(),
                log_tail: last_lines(log),
            });
        }
        if moto::answers(port) {
            // Two emulators may have picked the same free port. The one that did not get it is about
            // to end, so an answer counts when our child says that it is the one that listens. Should a
            // future version say it in other words, staying alive beside the answer is enough.
            let since = *first_answer.get_or_insert_with(Instant::now);
            if says_listening(log, port) || since.elapsed() > CONFIRMATION {
                break;
            }
        }
        if unwanted.now() {
            give_up(&child)?;
            return Err(SandboxError::Unwanted);
        }
        if Instant::now() >= deadline {
            give_up(&child)?;
            return Err(SandboxError::EmulatorSilent {
                seconds: START_DEADLINE.as_secs(),
                log: log.to_owned(),
                log_tail: last_lines(log),
            });
        }
        std::thread::sleep(POLL);
    }
    let instance = InstanceId::new().map_err(SandboxError::EmulatorRefused)?;
    if let Err(error) = moto::mark(port, &instance) {
        give_up(&child)?;
        return Err(SandboxError::EmulatorRefused(error));
    }
    Ok(Emulator {
        process: child.identity,
        port,
        instance,
        started_at: now_in_seconds(),
    })
}

/// Finer than a second is of no use to anyone who reads it.
fn now_in_seconds() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn give_up(child: &Detached) -> Result<(), SandboxError> {
    let process = &child.identity;
    process
        .end(END_GRACE)
        .map(|_| ())
        .map_err(|source| SandboxError::EmulatorEnd {
            pid: process.pid,
            source,
        })
}

/// Werkzeug, moto's web server, names its address once it has it.
fn says_listening(log: &Utf8Path, port: u16) -> bool {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    text.contains(&format!("Running on http://127.0.0.1:{port}"))
}

fn says_port_taken(log_tail: &[String]) -> bool {
    log_tail
        .iter()
        .any(|line| line.contains("Address already in use") || line.contains("is in use by"))
}

fn last_lines(log: &Utf8Path) -> Vec<String> {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(10);
    lines[start..].iter().map(|&line| line.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = holder.local_addr().unwrap().port();
        assert_ne!(free_port(Some(taken)).unwrap(), taken);
    }
}
