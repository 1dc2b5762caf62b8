//! Passphrase prompts that outlive the command that caused them.
//!
//! gpg-agent starts its pinentry in the agent's own session, so ending the process group of `pass`
//! leaves it there, and as long as it is there the agent asks nobody anything else (pass 1.7.4,
//! gpg 2.2.40). There is no request to the agent that closes it.

use std::collections::BTreeSet;

use super::context::DriverEnvironment;

/// The prompts of the user's gpg-agent at one moment, by process id.
#[derive(Debug, Default)]
pub struct Prompts(BTreeSet<u32>);

impl Prompts {
    /// Those that are open now.
    pub fn now(variables: &DriverEnvironment) -> Self {
        Self(open(variables))
    }

    /// Ends those that were opened since, with what they started.
    pub fn end_newer(&self, variables: &DriverEnvironment) {
        for pid in open(variables).difference(&self.0) {
            end_with_descendants(*pid);
        }
    }
}

#[cfg(target_os = "linux")]
fn open(variables: &DriverEnvironment) -> BTreeSet<u32> {
    let processes = all();
    let agents: BTreeSet<u32> = processes
        .iter()
        .filter(|process| process.name == "gpg-agent")
        .map(|process| process.pid)
        .collect();
    processes
        .iter()
        // The agent's other children serve smart cards and TPMs.
        .filter(|process| agents.contains(&process.parent))
        .filter(|process| !matches!(process.name.as_str(), "scdaemon" | "tpm2daemon"))
        .filter(|process| serves(process.pid, variables))
        .map(|process| process.pid)
        .collect()
}

/// Without `/proc` prompts cannot be told from other processes.
#[cfg(not(target_os = "linux"))]
fn open(_variables: &DriverEnvironment) -> BTreeSet<u32> {
    BTreeSet::new()
}

/// Whether process `pid` belongs to the GPG home that `variables` name.
#[cfg(target_os = "linux")]
fn serves(pid: u32, variables: &DriverEnvironment) -> bool {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    let value = |name: &str| {
        environment
            .split(|&byte| byte == 0)
            .filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
            .map(OsStr::from_bytes)
            .find(|value| !value.is_empty())
    };
    match (value("GNUPGHOME"), variables.get("GNUPGHOME")) {
        (None, None) => value("HOME") == variables.get("HOME"),
        (theirs, ours) => theirs == ours,
    }
}

#[cfg(target_os = "linux")]
struct Process {
    pid: u32,
    parent: u32,
    name: String,
}

#[cfg(target_os = "linux")]
fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // proc(5): pid (name) state parent ...; the name may hold parentheses and spaces.
            let (before, after) = stat.rsplit_once(')')?;
            let mut fields = after.split_whitespace();
            let state = fields.next()?;
            let parent = fields.next()?.parse().ok()?;
            let name = before.split_once('(')?.1.to_owned();
            (state != "Z").then_some(Process { pid, parent, name })
        })
        .collect()
}

#[cfg(target_os = "linux")]
fn end_with_descendants(root: u32) {
    use rustix::process::{Pid, Signal, kill_process};

    let processes = all();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(
            processes
                .iter()
                .filter(|process| process.parent == parent)
                .map(|process| process.pid),
        );
        next += 1;
    }
    for pid in family {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // It may have ended by itself in the meantime.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_descendants(_root: u32) {}
