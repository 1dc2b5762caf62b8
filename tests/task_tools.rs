//! What a stack's tasks find, the tools that amiable itself finds, and what is seen of them.

mod support;

use std::{fs, os::unix::fs::PermissionsExt};

use support::{Project, Ran, STACK, Terraform};

/// A project with a task that calls the program `query`, which is in amiable's own folder of Python tools.
fn project() -> Project {
    let task = "task \"ask\" { command = [\"tasks/ask\"] }\n";
    let project = Project::new(&format!("{STACK}{task}"));
    Terraform::default().install(&project);
    program(&project, "tasks/ask", "query");
    program(
        &project,
        "home/amiable/venv/bin/query",
        "echo from the own folder",
    );
    project
}

fn program(project: &Project, path: &str, script: &str) {
    project.write(path, &format!("#!/bin/sh\n{script}\n"));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(project.path(path), mode).expect("a mode");
}

fn ask(project: &Project) -> Ran {
    project.run(&["task", "ask", "--env", "staging"])
}

/// What whoever reads standard output gets.
fn printed(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().collect()
}

#[test]
fn a_tool_that_only_amiables_own_folder_has_is_found() {
    let ran = ask(&project()).expect(0);
    assert_eq!(printed(&ran), ["from the own folder"]);
}

#[test]
fn a_tool_on_the_callers_path_goes_before() {
    let project = project();
    program(&project, "bin/query", "echo from the path");
    let ran = ask(&project).expect(0);
    assert_eq!(printed(&ran), ["from the path"]);
}

#[test]
fn what_a_task_prints_is_shown_as_it_is() {
    let project = project();
    program(
        &project,
        "bin/query",
        "echo 'one of the path'; echo '  two of the path'",
    );
    let all = ["one of the path", "  two of the path"];
    assert_eq!(printed(&ask(&project).expect(0)), all);
    let quiet = ["task", "ask", "--env", "staging", "-q"];
    assert_eq!(printed(&project.run(&quiet).expect(0)), all);
}

#[test]
fn what_it_says_as_an_error_is_for_people_and_json_is_json_alone() {
    let project = project();
    program(&project, "bin/query", "echo a result; echo a complaint >&2");
    let ran = ask(&project).expect(0);
    assert_eq!(printed(&ran), ["a result"]);
    assert!(ran.stderr.contains("a complaint"), "{}", ran.stderr);
    let ran = project
        .run(&["task", "ask", "--env", "staging", "--json"])
        .expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!(document["result"], "succeeded");
    assert!(ran.stderr.contains("a result"), "{}", ran.stderr);
}
