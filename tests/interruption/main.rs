//! Stopping the driver, gently and not, and what becomes of the processes that it started.
//!
//! - [`child`]: what a child is started with;
//! - [`requests`]: the first, second and third request to stop, without a terminal;
//! - [`questions`]: what only asks, and whom one request ends;
//! - [`builder`]: a builder machine that takes for ever to start;
//! - [`terminal`]: Ctrl-C and its question on a terminal, and a terminal that is closed;
//! - [`left_behind`]: what a real Terraform leaves behind;
//! - [`adoption`]: children of a killed driver that go on, recorded or not.

mod adoption;
mod builder;
mod child;
mod left_behind;
mod questions;
mod requests;
mod terminal;

#[path = "../kill_matrix/at_record.rs"]
mod at_record;
#[path = "../sandbox_project/mod.rs"]
mod sandbox_project;
#[path = "../support/mod.rs"]
mod support;
#[path = "../kill_matrix/trials.rs"]
#[allow(dead_code, reason = "the kill matrix uses all of it")]
mod trials;

use std::{fs, process::Command};

use support::{APPLY_DONE, APPLY_START, APPLY_SUMMARY, Project, Terraform, VERSION};

/// A Terraform whose apply writes every SIGINT into `signals`, goes on to its end once there is a file `go-on`,
/// and stops at the second SIGINT.
fn stubborn(project: &Project) -> Terraform {
    let file = |name: &str| project.path(name).display().to_string();
    let (signals, started, go_on) = (file("signals"), file("started"), file("go-on"));
    Terraform {
        apply: format!(
            "trap 'echo int >>{signals}' INT; printf '%s\\n' '{VERSION}' '{APPLY_START}'; touch {started}\n\
             while ! [ -e {go_on} ]; do\n\
             sleep 0.02\n\
             [ \"$(cat {signals} 2>/dev/null | wc -l)\" -lt 2 ] || exit 1\n\
             done\n\
             printf '%s\\n' '{APPLY_DONE}' '{APPLY_SUMMARY}'; exit 0"
        ),
        ..Terraform::default()
    }
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// How often the scripted Terraform got a SIGINT.
fn interrupts(project: &Project) -> usize {
    let signals = fs::read_to_string(project.path("signals")).unwrap_or_default();
    signals.lines().count()
}

/// The processes that carry the mark of a child of `run`.
fn children(run: &str) -> Vec<(u32, String)> {
    let mark = format!("AMIABLE_CHILD={run}/");
    let entries = fs::read_dir("/proc").expect("a /proc").flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mut variables = environment.split(|&byte| byte == 0);
            variables.any(|variable| variable.starts_with(mark.as_bytes()))
        })
        .filter_map(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            Some((pid, name.trim().to_owned()))
        })
        .collect()
}

/// The newest run's id.
fn last_run(project: &Project) -> String {
    let run = project.last_run();
    run.file_name().unwrap().to_string_lossy().into_owned()
}
