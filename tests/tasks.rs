//! How a task of the stack ends, and what is told of it.

mod support;

use std::{fs, os::unix::fs::PermissionsExt};

use support::{NO_CHANGES, Project, STACK, VERSION, lines};

const TASK: &str = r#"
task "release" {
  when    = "after-apply"
  command = ["bin/release"]
}
"#;

/// A stack whose Terraform has nothing to change and whose task is `script`.
fn project(script: &str) -> Project {
    let stack = STACK.replace("summary = [\"url: ${output.url}\"]", "");
    let project = Project::new(&format!("{stack}{TASK}"));
    let plan = lines(&[VERSION, NO_CHANGES], 0);
    project.tool(
        "terraform",
        &[
            ("version -json", "echo '{\"terraform_version\":\"1.11.4\"}'"),
            ("init ", ""),
            ("plan ", &plan),
            ("output ", "echo '{}'"),
        ],
    );
    project.write("bin/release", &format!("#!/bin/sh\n{script}\n"));
    let release = project.path("bin/release");
    fs::set_permissions(release, fs::Permissions::from_mode(0o755)).expect("it is there");
    project
}

/// The task's entry in the last report.
fn told(project: &Project) -> serde_json::Value {
    let report = project.report();
    let steps = report["steps"].as_array().expect("steps").clone();
    let of_task = |step: &serde_json::Value| step["id"] == "task.release";
    steps.into_iter().find(of_task).expect("the task's step")
}

#[test]
fn a_task_that_cannot_do_it_here_is_skipped_with_its_last_line() {
    let project = project("echo looking\necho 'no pipeline runs here'\necho\nexit 77");
    let up = project.run(&["up", "--env", "staging"]).expect(0);
    assert!(up.stderr.contains("no pipeline runs here"), "{}", up.stderr);
    let told = told(&project);
    assert_eq!(told["result"], "skipped", "{told}");
    assert_eq!(told["detail"], "no pipeline runs here");
}

#[test]
fn a_task_that_fails_fails_the_run_and_shows_what_it_said_last() {
    let project = project("echo 'the pipeline is red' >&2\nexit 3");
    let up = project.run(&["up", "--env", "staging"]).expect(1);
    assert!(
        up.stderr.contains("ended with exit code 3"),
        "{}",
        up.stderr
    );
    assert!(up.stderr.contains("the pipeline is red"), "{}", up.stderr);
    assert_eq!(told(&project)["result"], "failed");
}
