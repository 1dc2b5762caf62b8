//! A driver that is killed, and what the next run makes of what it left.

mod support;

use std::{fs, process::Child};

use support::{
    APPLY_DONE, APPLY_START, APPLY_SUMMARY, Project, Ran, STACK, Terraform, VERSION, wait_for,
    wait_until,
};

const UP: &[&str] = &["up", "--env", "staging", "--yes"];

/// A Terraform whose apply waits, when `started` does not exist yet, until there is a file `go-on`.
fn slow_apply(project: &Project, after: &str) -> Terraform {
    let (started, go_on) = (project.path("started"), project.path("go-on"));
    let (started, go_on) = (started.display(), go_on.display());
    Terraform {
        apply: format!(
            "printf '%s\\n' '{VERSION}' '{APPLY_START}'\n\
             if ! [ -e {started} ]; then touch {started}; while ! [ -e {go_on} ]; do sleep 0.02; done; fi\n\
             {after}"
        ),
        ..Terraform::default()
    }
}

const TO_ITS_END: &str = "printf '%s\\n' 'DONE' 'SUMMARY'; touch ended; exit 0";

fn to_its_end() -> String {
    TO_ITS_END
        .replace("DONE", APPLY_DONE)
        .replace("SUMMARY", APPLY_SUMMARY)
}

/// Kills the driver while its Terraform applies.
fn kill_while_applying(project: &Project) {
    let mut driver: Child = project.start(UP);
    wait_for(&project.path("started"));
    driver.kill().unwrap();
    driver.wait().unwrap();
}

#[test]
fn the_next_run_waits_for_an_apply_that_goes_on_and_takes_in_what_it_did() {
    let project = Project::new(STACK);
    slow_apply(&project, &to_its_end()).install(&project);
    kill_while_applying(&project);
    let killed = project.last_run();
    let id = killed.file_name().unwrap().to_string_lossy().into_owned();
    assert!(killed.join("spool/terraform.plan").exists() || killed.join("spool").is_dir());
    assert_eq!(project.report()["result"], "incomplete");
    let shown = project.run(&["report", "show", &id]).expect(0);
    assert!(shown.stdout.contains("terraform.apply"), "{}", shown.stdout);

    // Another run waits for it, whatever it is asked to do.
    let next = project.start(&[UP, &["-v"]].concat());
    // Ids of two runs in the same second do not sort by time.
    let waits = || {
        let runs = fs::read_dir(project.path(".amiable/runs")).unwrap();
        runs.map(|run| run.unwrap().path())
            .filter(|run| *run != killed)
            .filter_map(|run| fs::read_to_string(run.join("journal.jsonl")).ok())
            .any(|text| text.contains(r#""step":"recover""#))
    };
    wait_until(waits);
    assert!(
        project
            .calls("terraform")
            .iter()
            .filter(|call| call.starts_with("plan "))
            .count()
            == 1,
        "nothing is planned while the apply goes on"
    );
    fs::write(project.path("go-on"), "").unwrap();
    let next = Ran::from(next.wait_with_output().unwrap()).expect(0);
    assert!(
        next.stderr.contains(&format!(
            "run {id} (up) was killed; its terraform apply went on to its end: 1 added"
        )),
        "{}",
        next.stderr
    );
    let left: Vec<_> = fs::read_dir(killed.join("spool")).unwrap().collect();
    assert!(left.is_empty(), "no plan and no raw output stays: {left:?}");

    // Once is enough.
    let third = project.run(UP).expect(0);
    assert!(!third.stderr.contains("recover"), "{}", third.stderr);
}

#[test]
fn an_apply_that_was_killed_too_leaves_unknown_resources_and_they_are_named() {
    let project = Project::new(STACK);
    slow_apply(&project, "kill -KILL $$").install(&project);
    kill_while_applying(&project);
    fs::write(project.path("go-on"), "").unwrap();

    Terraform::default().install(&project);
    let next = project.run(&[UP, &["--json"]].concat()).expect(11);
    assert!(next.stderr.contains("stopped midway"), "{}", next.stderr);
    assert!(
        next.stderr
            .contains("may exist without being in the state: aws_vpc.main"),
        "{}",
        next.stderr
    );
    let report: serde_json::Value = serde_json::from_str(&next.stdout).unwrap();
    assert_eq!(report["result"], "degraded");
    let resources = report["changes"]["done"]["resources"].to_string();
    assert!(resources.contains(r#""unknown""#), "{resources}");
}

#[test]
fn a_torn_journal_loses_its_torn_line_only() {
    let project = Project::new(STACK);
    slow_apply(&project, &to_its_end()).install(&project);
    kill_while_applying(&project);
    fs::write(project.path("go-on"), "").unwrap();
    let journal = project.last_run().join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text + "{\"at\":\"2026-01-01T0").unwrap();

    let next = project.run(UP).expect(0);
    assert!(
        next.stderr.contains("1 line(s) of the journal"),
        "{}",
        next.stderr
    );
    assert!(
        next.stderr.contains("went on to its end"),
        "{}",
        next.stderr
    );
}

#[test]
fn a_killed_run_is_resumed_with_what_it_was_asked_for() {
    let project = Project::new(STACK);
    slow_apply(&project, &to_its_end()).install(&project);
    kill_while_applying(&project);
    fs::write(project.path("go-on"), "").unwrap();
    let run = project.last_run();
    let id = run.file_name().unwrap().to_str().unwrap();

    let other = project.run(&["up", "--resume", "19990101"]).expect(2);
    assert!(other.stderr.contains("report list"), "{}", other.stderr);
    let resumed = project
        .run(&["up", "--resume", id, "--yes", "--json"])
        .expect(0);
    let report: serde_json::Value = serde_json::from_str(&resumed.stdout).unwrap();
    assert_eq!(report["run"]["environment"], "staging");
    let again = project.run(&["up", "--resume", "last", "--yes"]).expect(2);
    assert!(
        again.stderr.contains("nothing to go on with"),
        "{}",
        again.stderr
    );
}
