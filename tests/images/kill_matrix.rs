//! The driver is killed at every AWS request of a replacement, and the next run sets things right.
//!
//! The requests are those of a replacement that nobody disturbs. Each is tried in several ways ([`Way`]). What runs
//! with the other tests is a sample; `just kill-matrix` tries all.

use std::{
    fmt,
    process::{Child, Command},
    thread,
};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::{
    killing, lanes,
    points::{self, Point},
    project::Project,
    scenario::{EXACT, PRUNING, REPLACE, Scenario, UNIQUE},
    strict_aws::{client::StrictAws, holds::Release, rules::Side, strict::Settings},
};

/// Projects at the same time. Much of a trial is waiting.
const LANES: usize = 2;

#[test]
fn unique_names() {
    matrix(&UNIQUE);
}

#[test]
#[ignore = "minutes: `just kill-matrix`"]
fn unique_names_with_pruning() {
    matrix(&PRUNING);
}

#[test]
#[ignore = "minutes: `just kill-matrix`"]
fn exact_name() {
    matrix(&EXACT);
}

#[test]
#[ignore = "minutes: `just kill-matrix`"]
fn exact_name_by_image_replace() {
    matrix(&REPLACE);
}

/// How the driver is killed at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Power loss: the driver and everything it started, before AWS has the request.
    AllBefore,
    /// The same when AWS has carried it out and the answer is on its way.
    AllAfter,
    /// The driver alone. Its children go on and end before the next run.
    DriverAlone,
}

/// Each of which is tried at a change.
const EVERY_WAY: [Way; 3] = [Way::AllBefore, Way::AllAfter, Way::DriverAlone];

#[derive(Debug)]
struct Trial {
    point: Point,
    way: Way,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.way, self.point)
    }
}

/// A read has one trial and a change three, so that a seventh has some of each.
const ONE_IN: usize = 7;

fn matrix(scenario: &Scenario) {
    let first = Project::deployed(*scenario, Settings::default());
    let points = points::of_replacement(&first);
    let mut trials = Vec::new();
    for point in &points {
        // For AWS nothing has happened before a question and after it, and who only asks leaves nothing for
        // its children to go on with.
        let ways = match point.changes_something() {
            true => &EVERY_WAY[..],
            false => &[Way::AllBefore],
        };
        for &way in ways {
            trials.push(Trial {
                point: point.clone(),
                way,
            });
        }
    }
    let all = trials.len();
    let trials = lanes::sample(trials, ONE_IN);
    let tried = |way, changes| {
        let mut trials = trials.iter();
        trials.any(|trial| trial.way == way && trial.point.changes_something() == changes)
    };
    let every = tried(Way::AllBefore, false) && EVERY_WAY.iter().all(|way| tried(*way, true));
    assert!(
        every || std::env::var_os(lanes::ONE_IN).is_some(),
        "the sample has every way: {trials:#?}"
    );
    let what = format!(
        "{}, killed at {} requests, {} of {all} trials",
        scenario.name,
        points.len(),
        trials.len()
    );
    lanes::run(
        &what,
        scenario,
        LANES,
        first,
        trials,
        |project, trial| match kill_at(project.aws(), project.replacement(), trial) {
            true => Vec::new(),
            false => vec!["the request never came".to_owned()],
        },
    );
}

/// Starts `replacement` and kills it where the trial wants it. False when it ends without having been there.
fn kill_at(aws: StrictAws, mut replacement: Command, trial: &Trial) -> bool {
    let side = match trial.way {
        Way::AllBefore | Way::DriverAlone => Side::Before,
        Way::AllAfter => Side::After,
    };
    let trap = aws.trap(trial.point.when(), side);
    let mut driver = replacement.spawn().unwrap();
    let pid = driver.id();
    let held = thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_end(&driver);
            // Ends the wait for a request that will not come.
            aws.clear_rules();
        });
        let held = trap.wait();
        if let Some(number) = held {
            match trial.way {
                Way::AllBefore | Way::AllAfter => {
                    killing::power_loss(pid);
                    aws.release(number, Release::Drop);
                }
                Way::DriverAlone => {
                    let orphans = killing::driver_alone(pid);
                    aws.release(number, Release::Answer);
                    killing::wait_for_end(&orphans);
                }
            }
        }
        held
    });
    driver.wait().unwrap();
    held.is_some()
}

/// Waits until `child` has ended and leaves it to be collected, so that its pid stays its own.
fn wait_for_end(child: &Child) {
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("a pid");
    waitid(
        WaitId::Pid(pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    )
    .unwrap();
}
