//! Trials on several projects at the same time, each with an emulator of its own.
//!
//! A trial replaces the content that the last one on its project left deployed, so that only the first has to
//! deploy. What a trial leaves behind is swept away before the next.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Display,
    sync::Mutex,
    thread,
    time::Instant,
};

use super::{
    deployment::{Deployment, Verdict},
    project::Project,
    scenario::{Remaining, Scenario},
    strict_aws::strict::Settings,
};

/// The variable with which somebody says how many trials to make.
pub const ONE_IN: &str = "AMIABLE_KILL_MATRIX_ONE_IN";

/// Every `one_in`th of `trials`, or as many as [`ONE_IN`] says instead.
pub fn sample<Trial>(trials: Vec<Trial>, one_in: usize) -> Vec<Trial> {
    let wanted = std::env::var(ONE_IN).ok();
    let one_in = wanted.map_or(one_in, |number| number.parse().expect("a number from 1"));
    trials.into_iter().step_by(one_in).collect()
}

/// Carries out every trial: `attempt` gets a project and new content, starts a replacement with it, and does
/// what the trial is about; `first` is the first lane's project. Afterwards the project is deployed again,
/// and what there is is judged. Panics when something is wrong, after all the others were tried.
pub fn run<Trial: Display + Send>(
    what: &str,
    scenario: &Scenario,
    lanes: usize,
    first: Project,
    trials: Vec<Trial>,
    attempt: impl Fn(&Project, &Trial) -> Vec<String> + Sync,
) {
    let started = Instant::now();
    let count = trials.len();
    let trials = Mutex::new(VecDeque::from(trials));
    let judged = Mutex::new(Vec::new());
    let projects = [Some(first)].into_iter().chain((1..lanes).map(|_| None));
    thread::scope(|scope| {
        let (trials, judged, attempt) = (&trials, &judged, &attempt);
        for (lane, project) in projects.enumerate() {
            scope.spawn(move || {
                let project =
                    project.unwrap_or_else(|| Project::deployed(*scenario, Settings::default()));
                for number in 0.. {
                    let Some(trial) = trials.lock().unwrap().pop_front() else {
                        break;
                    };
                    let content = format!("{lane}-{number}");
                    let verdict = one(&project, scenario, &content, || attempt(&project, &trial));
                    let mut judged = judged.lock().unwrap();
                    let problems = verdict.problems.len();
                    println!(
                        "{} of {count}: {trial}: {problems} problems",
                        judged.len() + 1
                    );
                    judged.push((trial, verdict));
                }
            });
        }
    });
    tell(what, &judged.into_inner().unwrap(), count, started);
}

fn one(
    project: &Project,
    scenario: &Scenario,
    content: &str,
    attempt: impl FnOnce() -> Vec<String>,
) -> Verdict {
    let moto = project.aws().moto();
    let before = Deployment::look(moto);
    project.set_content(content);
    let mut problems = attempt();
    project.aws().clear_rules();
    let now = Deployment::look(moto);
    // An exact name passes to another AMI before the apply that deploys that one.
    problems.extend(match scenario.remaining {
        Remaining::ByName => now.without_usable_image(),
        Remaining::All | Remaining::Newest(_) => now.without_image(),
    });
    let ran = project.deploy();
    if ran.code != Some(0) {
        problems.push(format!(
            "the next run ends with {:?}: {}",
            ran.code, ran.stderr
        ));
    }
    let after = Deployment::look(moto);
    let mut verdict = after.after(&before, content, scenario);
    problems.append(&mut verdict.problems);
    after.sweep(&before, moto);
    Verdict {
        problems,
        ..verdict
    }
}

fn tell<Trial: Display>(what: &str, judged: &[(Trial, Verdict)], count: usize, started: Instant) {
    let mut leftovers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut failed = Vec::new();
    for (trial, verdict) in judged {
        for leftover in &verdict.leftovers {
            *leftovers.entry(leftover).or_default() += 1;
        }
        if !verdict.leftovers.is_empty() {
            println!("left behind, {trial}: {}", verdict.leftovers.join(", "));
        }
        if !verdict.problems.is_empty() {
            failed.push(format!("{trial}: {}", verdict.problems.join("; ")));
        }
    }
    let seconds = started.elapsed().as_secs();
    let failures = failed.len();
    println!(
        "{what}: {count} trials in {seconds} s, {failures} failed; left behind: {leftovers:?}"
    );
    assert_eq!(judged.len(), count, "every trial was made");
    assert!(failed.is_empty(), "{failed:#?}");
}
