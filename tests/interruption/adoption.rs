//! Children of a killed driver that go on: the next run waits for them and takes in what they did.

use std::{fs, path::PathBuf, process::Stdio};

use super::{
    at_record::AtRecord,
    children, last_run, stubborn,
    support::{Project, Ran, STACK, wait_for, wait_until},
    trials::{Phase, Signal, Trial, When},
};

/// The number of the record `record` of `step` in the journal of an undisturbed `up`.
fn number_of(journal: &str, record: &str, step: &str) -> usize {
    let lines = journal.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["record"].clone(), line["step"].clone())
    });
    let mut lines = lines.enumerate();
    let found = lines.find(|(_, line)| line.0 == record && line.1 == step);
    found.expect("the record").0 + 1
}

fn spool(project: &Project, run: &str) -> PathBuf {
    project.path(&format!(".amiable/runs/{run}/spool"))
}

/// Kills the driver of `arguments` before it has recorded the pid of its `terraform.apply`.
fn kill_before_the_pid_is_recorded(project: &Project, arguments: &[&str], record: usize) -> String {
    let trial = Trial {
        phase: Phase::Up,
        record,
        signal: Signal::Kill,
        when: When::Before,
    };
    let at_record = AtRecord::compile();
    let mut driver = project.command(arguments);
    at_record.set(&mut driver, &trial);
    let killed = driver
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(killed.code(), None, "killed by the signal");
    wait_for(&project.path("started"));
    let run = last_run(project);
    let journal = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
    let last = journal.lines().last().unwrap();
    assert!(
        last.contains("child-starting") && last.contains("terraform.apply"),
        "{last}"
    );
    run
}

#[test]
fn a_child_whose_pid_was_never_recorded_is_found_and_waited_for() {
    for command in ["up", "destroy"] {
        let project = Project::new(STACK);
        let arguments = [command, "--env", "staging", "--yes"];
        stubborn(&project).install(&project);
        fs::write(project.path("go-on"), "").unwrap();
        project.run(&["up", "--env", "staging", "--yes"]).expect(0);
        project.run(&arguments);
        let undisturbed = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
        let record = number_of(&undisturbed, "child-started", "terraform.apply");
        for name in ["go-on", "started"] {
            fs::remove_file(project.path(name)).unwrap();
        }

        let run = kill_before_the_pid_is_recorded(&project, &arguments, record);
        assert!(!children(&run).is_empty(), "it goes on");
        let next = project.start(&arguments);
        // The next run has begun to wait once it has recorded so.
        let waits = || {
            let runs = fs::read_dir(project.path(".amiable/runs")).unwrap();
            let newest = runs.map(|run| run.unwrap().path()).max().unwrap();
            let journal = fs::read_to_string(newest.join("journal.jsonl")).unwrap_or_default();
            journal.contains(r#""step":"recover""#)
        };
        wait_until(waits);
        assert!(
            !children(&run).is_empty(),
            "it is waited for, and not ended"
        );
        fs::write(project.path("go-on"), "").unwrap();
        let next = Ran::from(next.wait_with_output().unwrap());
        assert!(
            next.stderr
                .contains(&format!("run {run} ({command}) was killed")),
            "{}",
            next.stderr
        );
        assert!(
            next.stderr.contains("went on to its end: 1 added"),
            "{}",
            next.stderr
        );
        let left: Vec<_> = fs::read_dir(spool(&project, &run)).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn the_temporary_folder_of_a_killed_drivers_child_is_removed() {
    let project = Project::new(STACK);
    stubborn(&project).install(&project);
    let mut driver = project.start(&["up", "--env", "staging", "--yes"]);
    wait_for(&project.path("started"));
    let run = last_run(&project);
    driver.kill().unwrap();
    driver.wait().unwrap();
    let (pid, _) = children(&run).into_iter().next().expect("it goes on");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let mut variables = environment.split(|&byte| byte == 0);
    let temporary = variables
        .find_map(|variable| variable.strip_prefix(b"TMPDIR="))
        .expect("a folder of its own");
    let temporary = PathBuf::from(String::from_utf8(temporary.to_vec()).unwrap());
    assert!(temporary.is_dir());
    fs::write(project.path("go-on"), "").unwrap();
    project.run(&["up", "--env", "staging", "--yes"]).expect(0);
    assert!(!temporary.exists());
}

#[test]
fn a_damaged_first_record_does_not_hide_the_child_that_goes_on() {
    let project = Project::new(STACK);
    stubborn(&project).install(&project);
    let mut driver = project.start(&["up", "--env", "staging", "--yes"]);
    wait_for(&project.path("started"));
    let run = last_run(&project);
    driver.kill().unwrap();
    driver.wait().unwrap();
    let file = project.last_run().join("journal.jsonl");
    let journal = fs::read_to_string(&file).unwrap();
    let (_, rest) = journal.split_once('\n').unwrap();
    fs::write(&file, format!("\0\0\0\n{rest}")).unwrap();
    fs::write(project.path("go-on"), "").unwrap();
    let next = project.run(&["up", "--env", "staging", "--yes"]).expect(0);
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
    assert!(children(&run).is_empty());
}

#[test]
fn the_run_that_takes_in_what_another_left_may_be_killed_too() {
    let at_record = AtRecord::compile();
    let up = ["up", "--env", "staging", "--yes"];
    let killed_at = |project: &Project, record: usize, when: When| {
        let trial = Trial {
            phase: Phase::Up,
            record,
            signal: Signal::Kill,
            when,
        };
        let mut driver = project.command(&up);
        at_record.set(&mut driver, &trial);
        let ended = driver
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        ended.code().is_none()
    };
    let project = Project::new(STACK);
    stubborn(&project).install(&project);
    fs::write(project.path("go-on"), "").unwrap();
    project.run(&up).expect(0);
    let undisturbed = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
    let applying = number_of(&undisturbed, "child-started", "terraform.apply");
    // The recovery is over before the plan begins.
    let last = number_of(&undisturbed, "step-started", "terraform.plan") + 4;
    for record in 1..=last {
        for when in [When::Before, When::Torn, When::After] {
            assert!(killed_at(&project, applying, When::After));
            let first = last_run(&project);
            let killed = killed_at(&project, record, when);
            let next = project.run(&up).expect(0);
            assert!(killed, "{when:?} {record}");
            assert!(!next.stderr.contains("stopped midway"), "{}", next.stderr);
            for run in [first, last_run(&project)] {
                let left: Vec<_> = fs::read_dir(spool(&project, &run)).unwrap().collect();
                assert!(left.is_empty(), "{when:?} {record}: {left:?}");
            }
            let unfinished = project.path(".amiable/state/web/staging/unfinished");
            assert_eq!(fs::read_dir(unfinished).unwrap().count(), 0);
        }
    }
}
