//! What is right after a run that did not get to its end.

use crate::project::{Project, run_of, step};

/// Ends the driver, whose child the AWS CLI is, without a chance to do anything about it.
const KILL: &str = "kill -9 $PPID; exit 1";
const UP: &[&str] = &["up", "--yes", "--no-provision"];

/// A project with its first image deployed, and a change that is not.
fn changed() -> (Project, String) {
    let project = Project::new(&["web"]);
    project.up(&[]);
    let ami_1 = project.deployed("web");
    project.write("web.version", "2");
    (project, ami_1)
}

/// The AMI of the newest deployment that the tags know of.
fn recorded(project: &Project) -> String {
    let history = project.history();
    history[0]["images"][0]["ami"].as_str().unwrap().to_owned()
}

#[test]
fn a_deployment_that_was_not_written_down_is_written_down_by_the_next() {
    let (project, ami_1) = changed();
    let killed = project.run_with_aws(UP, "amiable:deployed", KILL);
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!(recorded(&project), ami_1);

    let next = project.up(&[]);
    assert_eq!(step(&next, "terraform.apply")["result"], "skipped");
    assert_eq!(step(&next, "deployed")["result"], "succeeded");
    assert_eq!(recorded(&project), project.deployed("web"));
    assert_ne!(recorded(&project), ami_1);
}

#[test]
fn a_rollback_from_a_deployment_that_was_not_written_down_goes_back_one() {
    let (project, ami_1) = changed();
    project.run_with_aws(UP, "amiable:deployed", KILL);

    // Even when the first attempt is killed before it has changed anything.
    let rollback = ["image", "rollback", "--yes"];
    let killed = project.run_with_aws(&rollback, "amiable:rolled-back", KILL);
    assert_eq!(killed.code, None, "{killed:?}");
    assert_ne!(project.deployed("web"), ami_1);
    project.run(&rollback).expect(0);
    assert_eq!(project.deployed("web"), ami_1);
    let kept = project.up(&[]);
    assert_eq!(kept["images"][0]["decision"]["action"], "keep", "{kept:#}");
    assert_eq!(project.deployed("web"), ami_1);
}

#[test]
fn a_rollback_that_was_killed_is_finished_and_not_undone() {
    let (project, ami_1) = changed();
    project.up(&[]);
    let ami_2 = project.deployed("web");
    let rollback = ["image", "rollback", "--yes"];
    let killed = project.run_with_aws(&rollback, "amiable:deployed", KILL);
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!(recorded(&project), ami_2);

    let other = project.elsewhere();
    let plan = other.report(&["image", "rollback", "--dry-run"]);
    assert_eq!(plan["images"][0]["decision"]["ami"], ami_1.as_str());

    let next = project.up(&[]);
    assert_eq!(next["images"][0]["decision"]["action"], "keep", "{next:#}");
    assert_eq!(step(&next, "terraform.apply")["result"], "skipped");
    assert_eq!(recorded(&project), ami_1);
    assert_eq!(project.history()[0]["run"], run_of(&next).as_str());
}

#[test]
fn without_the_right_to_tag_the_deployment_is_done_and_says_what_is_missing() {
    let (project, ami_1) = changed();
    let denied = "echo 'An error occurred (UnauthorizedOperation) when calling the CreateTags operation: You are not authorized' >&2; exit 254";
    let ran = project.run_with_aws(UP, "create-tags", denied).expect(11);
    let ran = ran.says(&["UnauthorizedOperation", "ec2:CreateTags", "do not know"]);
    let ami_2 = project.deployed("web");
    assert_ne!(ami_2, ami_1, "{ran:?}");
    assert_eq!(recorded(&project), ami_1);
    project.up(&[]);
    assert_eq!(recorded(&project), ami_2);
}
