//! Machines that let a run down: a full disk, a checkout that cannot be written, streams that are gone, a clock
//! that goes back, a thousand earlier runs, and tools that print what is meant to harm.

mod clock;
mod disk;
mod hostile;
#[cfg(target_os = "linux")]
mod many_runs;
mod streams;

#[path = "../support/mod.rs"]
mod support;

use std::{fs, path::PathBuf};

use support::Project;

const UP: &[&str] = &["up", "--env", "staging", "--yes"];

/// The folders of the project's runs, oldest first.
fn runs(project: &Project) -> Vec<PathBuf> {
    let runs = fs::read_dir(project.path(".amiable/runs")).unwrap();
    let mut runs: Vec<PathBuf> = runs.map(|run| run.unwrap().path()).collect();
    runs.sort();
    runs
}

/// Writes the records of a run that succeeded.
fn write_run(project: &Project, id: &str) {
    let at = "2026-01-01T00:00:00Z";
    let journal = format!(
        "{{\"at\":\"{at}\",\"record\":\"run-started\",\"run\":\"{id}\",\"amiable\":\"0\",\"operation\":\"up\",\
         \"stack\":\"web\",\"environment\":\"staging\",\"driver_pid\":1}}\n\
         {{\"at\":\"{at}\",\"record\":\"run-ended\",\"result\":\"succeeded\"}}\n"
    );
    project.write(&format!(".amiable/runs/{id}/journal.jsonl"), &journal);
}
