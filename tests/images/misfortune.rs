//! A replacement to which AWS is unkind, and nobody kills anything: throttling, AMIs that take their time, and
//! answers that are lost after AWS has carried the request out.

use std::fmt;

use super::{
    deployment::Deployment,
    lanes,
    points::{self, Point},
    project::Project,
    scenario::UNIQUE,
    strict_aws::{
        rules::{Effect, When},
        strict::Settings,
    },
};

/// Projects at the same time. Packer waits two minutes in one of the trials.
const LANES: usize = 2;

/// A request has two trials, so that a fifth has some of each.
const ONE_IN: usize = 5;

/// Packer is spared while it looks whether the AMI's name is free: 1.6.6 gives up when that is throttled once,
/// whatever `max_retries` says.
#[test]
fn throttled_and_with_a_slow_image_a_replacement_takes_longer_and_works() {
    let scenario = UNIQUE;
    let project = Project::deployed(
        scenario,
        Settings {
            unseen: 3,
            pending: 3,
        },
    );
    let aws = project.aws();
    let before = Deployment::look(aws.moto());
    let first = aws.count();
    // The driver's look at its images, Packer's at the source AMI, and two while it waits for the new one.
    for nth in [1, 4, 7, 10] {
        aws.rule(When::ec2(&["DescribeImages"]).nth(nth), Effect::throttled());
    }
    let of_terraform = [
        "DescribeLaunchTemplates",
        "DescribeLaunchTemplateVersions",
        "CreateLaunchTemplateVersion",
    ];
    for action in of_terraform {
        aws.rule(When::ec2(&[action]).nth(1), Effect::throttled());
    }
    project.set_content("second");

    let ran = project.replace();

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let verdict = Deployment::look(aws.moto()).after(&before, "second", &scenario);
    assert_eq!(verdict.problems, [""; 0]);
    assert_eq!(verdict.leftovers, [""; 0]);
    let trace = aws.trace(first);
    let answered = |code: &str| {
        trace
            .iter()
            .filter(|entry| entry.code.as_deref() == Some(code))
            .count()
    };
    assert_eq!(answered("RequestLimitExceeded"), 7);
    assert_eq!(answered("InvalidAMIID.NotFound"), 3);
}

/// Packer has seen the AMI, and AWS answers the driver from a place that has not.
#[test]
fn the_driver_asks_again_for_an_image_that_it_cannot_see() {
    let scenario = UNIQUE;
    let project = Project::deployed(scenario, Settings::default());
    let points = points::of_replacement(&project);
    let last = points
        .iter()
        .rev()
        .find(|point| point.is_look_at_image())
        .expect("a look at the image");
    let aws = project.aws();
    let before = Deployment::look(aws.moto());
    let not_found = Effect::Error {
        status: 400,
        code: "InvalidAMIID.NotFound".to_owned(),
        message: "The image id '[ami-1]' does not exist".to_owned(),
    };
    aws.rule(last.when(), not_found);
    project.set_content("second");

    let first = aws.count();
    let ran = project.replace();

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let looks = aws
        .trace(first)
        .into_iter()
        .filter(|entry| entry.action == "DescribeImages" && points::names_image(entry));
    let codes: Vec<_> = looks.map(|entry| entry.code).collect();
    assert_eq!(
        codes[codes.len() - 2..],
        [Some("InvalidAMIID.NotFound".to_owned()), None]
    );
    let verdict = Deployment::look(aws.moto()).after(&before, "second", &scenario);
    assert_eq!(verdict.problems, [""; 0]);
    assert_eq!(verdict.leftovers, [""; 0]);
}

#[derive(Debug)]
struct Trial {
    point: Point,
    effect: Effect,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.effect {
            Effect::LoseReply => "answer lost",
            _ => "throttled",
        };
        write!(f, "{what} at {}", self.point)
    }
}

/// The tools send a request again that was throttled or whose answer they did not get. Where AWS then refuses
/// because it had carried out the first, the replacement may fail, and the next run completes it. Either way
/// the new content is deployed, once.
#[test]
fn a_lost_answer_or_a_throttled_request_never_costs_more_than_another_run() {
    let scenario = UNIQUE;
    let project = Project::deployed(scenario, Settings::default());
    let points = points::of_replacement(&project);
    let changing = points.iter().filter(|point| point.changes_something());
    let mut trials = Vec::new();
    for point in changing {
        for effect in [Effect::LoseReply, Effect::throttled()] {
            trials.push(Trial {
                point: point.clone(),
                effect,
            });
        }
    }
    let all = trials.len();
    let trials = lanes::sample(trials, ONE_IN);
    let what = format!(
        "{}, answers lost or throttled, {} of {all} trials",
        scenario.name,
        trials.len()
    );
    lanes::run(
        &what,
        &scenario,
        LANES,
        project,
        trials,
        |project, trial| {
            let aws = project.aws();
            let first = aws.count();
            aws.rule(trial.point.when(), trial.effect.clone());
            let ran = project.replace();
            println!("{trial}: the run ends with {:?}", ran.code);
            let unlucky = |code: Option<&str>, delivered: bool| match trial.effect {
                Effect::LoseReply => !delivered,
                _ => code == Some("RequestLimitExceeded"),
            };
            let trace = aws.trace(first);
            let hits = trace
                .iter()
                .filter(|entry| unlucky(entry.code.as_deref(), entry.delivered))
                .count();
            match hits {
                1 => Vec::new(),
                other => vec![format!("{other} requests were hit instead of one")],
            }
        },
    );
}
