//! Ending the driver as a power loss does, with everything that it started, or alone.

use std::{collections::BTreeSet, fs, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at processes that are ending. Nothing depends on how long it is.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Kills `driver` and all its descendants, those in sessions of their own included.
pub fn power_loss(driver: u32) {
    // Stopped first, from the driver down: what stands still starts nothing that would be missed.
    let mut stopped = BTreeSet::new();
    loop {
        let running: Vec<u32> = tree(driver)
            .into_iter()
            .filter(|pid| stopped.insert(*pid))
            .collect();
        if running.is_empty() {
            break;
        }
        for pid in running {
            send(pid, Signal::STOP);
        }
    }
    for pid in &stopped {
        send(*pid, Signal::KILL);
    }
    wait_for_end(&stopped);
}

/// Kills `driver` alone and returns what it had started.
pub fn driver_alone(driver: u32) -> BTreeSet<u32> {
    let mut orphans = tree(driver);
    send(driver, Signal::KILL);
    orphans.remove(&driver);
    orphans
}

/// Waits until none of `processes` nor of their descendants runs.
pub fn wait_for_end(processes: &BTreeSet<u32>) {
    let mut left = processes.clone();
    while !left.is_empty() {
        left = left.into_iter().flat_map(tree).collect();
        thread::sleep(LOOK_AGAIN);
    }
}

/// `root` and its descendants, as far as they run.
fn tree(root: u32) -> BTreeSet<u32> {
    let processes: Vec<(u32, u32)> = fs::read_dir("/proc")
        .expect("a /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut found: BTreeSet<u32> = processes
        .iter()
        .map(|(pid, _)| *pid)
        .filter(|pid| *pid == root)
        .collect();
    loop {
        let known = found.len();
        found.extend(
            processes
                .iter()
                .filter(|(_, parent)| found.contains(parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if found.len() == known {
            return found;
        }
    }
}

/// The parent of a process that runs: `/proc/PID/stat`, fields 3 and 4 (proc(5)).
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself in the meantime.
        let _ = kill_process(pid, signal);
    }
}

#[test]
fn a_power_loss_ends_children_in_sessions_of_their_own() {
    let script = "setsid sh -c 'echo ready; sleep 1000' & wait";
    let mut parent = std::process::Command::new("sh")
        .args(["-c", script])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 5];
    std::io::Read::read_exact(parent.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let all = tree(parent.id());
    assert!(all.len() >= 2, "{all:?}");
    power_loss(parent.id());
    assert!(all.into_iter().all(|pid| tree(pid).is_empty()));
    parent.wait().unwrap();
}
