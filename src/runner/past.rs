//! Earlier runs, and whether they are over.

use std::{collections::BTreeSet, io};

use crate::{
    config::Stack,
    journal::{PastRun, past::PastProcess},
    process::{Mark, ProcessIdentity},
    run_id::RunId,
};

/// The mark of the child of `step` in `run`.
pub fn mark(run: &RunId, step: &str) -> Mark {
    let mark = Mark::new(run.as_str(), step);
    match step.starts_with("task.") {
        true => mark.sparing_daemons(),
        false => mark,
    }
}

/// Whether the driver of `past` or a child of it is still at work. The driver of a run that has recorded
/// its end is not.
pub fn is_alive(past: &PastRun) -> bool {
    let recorded = past
        .processes
        .iter()
        .any(|process| (process.step.is_some() || past.result.is_none()) && runs(process));
    recorded || !unrecorded(past).is_empty()
}

/// The children of `past` that are still at work although its driver is gone.
pub fn orphans(past: &PastRun) -> Vec<PastProcess> {
    let mut processes = past.processes.iter();
    if processes.any(|process| process.step.is_none() && runs(process)) {
        return Vec::new();
    }
    let children = past.processes.iter();
    let recorded = children.filter(|process| process.step.is_some() && runs(process));
    recorded.cloned().chain(unrecorded(past)).collect()
}

/// The children that were started and whose pids a killed driver did not come to recording.
fn unrecorded(past: &PastRun) -> Vec<PastProcess> {
    if past.result.is_some() || past.recovered_by.is_some() {
        return Vec::new();
    }
    let known = |step: &str| {
        let mut processes = past.processes.iter();
        processes.any(|process| process.step.as_deref() == Some(step))
    };
    let children = past.children.iter();
    let unknown = children.filter(|child| !child.ended && !known(&child.step));
    let found = unknown.filter_map(|child| {
        let marked = mark(&past.run, &child.step).processes();
        // The child leads its session; the others are its own children.
        let itself = marked.into_iter().find(|process| process.leads)?;
        Some(PastProcess {
            step: Some(child.step.clone()),
            pid: itself.identity.pid,
            started: Some(itself.identity.started),
        })
    });
    found.collect()
}

/// What this checkout knows of earlier runs.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub living: BTreeSet<RunId>,
    /// Those that are over, newest first.
    pub over: Vec<PastRun>,
}

impl Known {
    /// Reads the journals of the runs of `stack`. The run `me` is alive.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub fn read(stack: &Stack, me: Option<&RunId>) -> io::Result<Self> {
        let all = PastRun::all(&stack.root, &stack.name, &stack.environment.name)?;
        Ok(Self::of(all, me))
    }

    /// Tells the living from those that are over.
    pub fn of(runs: impl IntoIterator<Item = PastRun>, me: Option<&RunId>) -> Self {
        let mut known = Self::default();
        for past in runs {
            if Some(&past.run) == me || is_alive(&past) {
                known.living.insert(past.run);
            } else {
                known.over.push(past);
            }
        }
        known
    }
}

fn runs(process: &PastProcess) -> bool {
    process.started.clone().is_some_and(|started| {
        let identity = ProcessIdentity {
            pid: process.pid,
            started,
        };
        identity.is_alive()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn past(result: Option<&str>, processes: Vec<PastProcess>) -> PastRun {
        PastRun {
            run: RunId::new(Timestamp::UNIX_EPOCH, [0, 0]),
            operation: "up".into(),
            stack: "web".into(),
            environment: "prod".into(),
            result: result.map(str::to_owned),
            processes,
            builds: Vec::new(),
            children: Vec::new(),
            request: None,
            recovered_by: None,
            damaged_lines: 0,
            deploying: None,
            changes: std::collections::BTreeMap::new(),
            temporary: Vec::new(),
            complained: false,
            removals: Vec::new(),
        }
    }

    #[test]
    fn a_run_is_alive_as_long_as_one_of_its_very_processes_is() {
        let me = ProcessIdentity::of(std::process::id()).unwrap();
        let process = |step: Option<&str>, started: &str| PastProcess {
            step: step.map(str::to_owned),
            pid: me.pid,
            started: Some(started.to_owned()),
        };
        let gone = || process(None, "earlier");
        let child = || process(Some("image.web"), &me.started);

        assert!(is_alive(&past(None, vec![process(None, &me.started)])));
        assert!(!is_alive(&past(
            Some("failed"),
            vec![process(None, &me.started)]
        )));
        assert!(!is_alive(&past(None, vec![gone()])));
        let orphaned = past(None, vec![gone(), child()]);
        assert!(is_alive(&orphaned));
        assert_eq!(orphans(&orphaned), [child()]);
        let attended = past(None, vec![process(None, &me.started), child()]);
        assert_eq!(orphans(&attended), Vec::<PastProcess>::new());
    }
}
