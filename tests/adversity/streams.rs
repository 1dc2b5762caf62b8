//! Standard output and error that are closed, full, or a pipe that nobody reads.

use std::process::{Command, Stdio};

use super::{
    UP,
    support::{Project, Ran, STACK, Terraform},
};

/// Runs `amiable ARGUMENTS` with the redirections of a shell.
fn redirected(project: &Project, arguments: &[&str], redirections: &str) -> Ran {
    let amiable = project.command(&[]);
    let mut shell = Command::new("bash");
    let line = format!(
        "set -o pipefail; {} {} {redirections}",
        env!("CARGO_BIN_EXE_amiable"),
        arguments.join(" ")
    );
    shell
        .args(["-c", &line])
        .current_dir(amiable.get_current_dir().unwrap())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in amiable.get_envs() {
        shell.env(name, value.unwrap());
    }
    Ran::from(shell.output().unwrap())
}

fn project() -> Project {
    let project = Project::new(STACK);
    Terraform::default().install(&project);
    project
}

#[test]
fn a_deployment_needs_nobody_who_reads() {
    for redirections in [
        ">&- 2>&-",
        ">/dev/full 2>/dev/full",
        "2>&1 | true",
        "</dev/null >&- 2>/dev/full",
    ] {
        let project = project();
        redirected(&project, UP, redirections).expect(0);
        assert_eq!(project.report()["result"], "succeeded", "{redirections}");
        assert_eq!(
            project
                .run(&["output", "url", "--env", "staging"])
                .expect(0)
                .stdout,
            "http://web.example.com/\n"
        );
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error_and_one_nobody_wants_is_none() {
    let project = project();
    project.run(UP).expect(0);
    let questions: [&[&str]; 6] = [
        &["up", "--env", "staging", "--yes", "--json"],
        &["output", "--env", "staging"],
        &["report", "list"],
        &["report", "show", "last"],
        &["stack", "list"],
        &["creds", "check", "--env", "staging"],
    ];
    for arguments in questions {
        let full = redirected(&project, arguments, ">/dev/full").expect(1);
        assert!(
            full.stderr.contains("failed to write to standard output"),
            "{arguments:?}: {}",
            full.stderr
        );
        redirected(&project, arguments, "| true").expect(0);
        redirected(&project, arguments, "2>&-").expect(0);
        redirected(&project, arguments, "2>/dev/full").expect(0);
    }
}

#[test]
fn whoever_waits_without_a_reader_still_waits() {
    let project = project();
    let (started, go_on) = (project.path("started"), project.path("go-on"));
    Terraform {
        plan: format!(
            "touch {}; while ! [ -e {} ]; do sleep 0.02; done\n{}",
            started.display(),
            go_on.display(),
            Terraform::unchanged().plan
        ),
        ..Terraform::default()
    }
    .install(&project);
    let first = project.start(UP);
    super::support::wait_for(&started);
    let waiting = [UP, &["--wait"]].concat();
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| redirected(&project, &waiting, "2>/dev/full"));
        redirected(&project, UP, "2>/dev/full").expect(9);
        std::fs::write(&go_on, "").unwrap();
        second.join().unwrap()
    });
    second.expect(0);
    Ran::from(first.wait_with_output().unwrap()).expect(0);
}
