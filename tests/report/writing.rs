//! When and how the files of a report are written.

use std::os::unix::fs::PermissionsExt as _;

use amiable::report::{
    history, outputs,
    terminal::{Detail, Manner},
};

use crate::{
    player::{FixedClock, Folder, SIZE, Written, reporter, settings},
    scripts,
};

#[test]
fn files_are_private_and_nothing_else_is_left() {
    let (folder, clock) = (Folder::new(), FixedClock::new());
    let settings = settings(Manner::Plain, Detail::Steps);
    let mut reporter = reporter(settings, folder.path(), Written::default(), SIZE, &clock);
    scripts::ALL[0].1()
        .iter()
        .for_each(|event| reporter.on(event));
    reporter.finish().written.unwrap();
    let mut names = Vec::new();
    for entry in folder.path().read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
        names.push(entry.file_name().to_owned());
    }
    names.sort();
    assert_eq!(names, ["report.json", "report.md"]);
}

#[test]
fn a_driver_that_gives_up_leaves_a_report() {
    let (folder, clock) = (Folder::new(), FixedClock::new());
    let settings = settings(Manner::Live, Detail::Steps);
    let mut reporter = reporter(settings, folder.path(), Written::default(), SIZE, &clock);
    scripts::cut_short()
        .iter()
        .for_each(|event| reporter.on(event));
    drop(reporter);
    let summary = history::load(folder.path()).unwrap();
    assert_eq!(summary.result, None);
}

#[test]
fn a_run_that_never_started_leaves_nothing() {
    let (folder, written, clock) = (Folder::new(), Written::default(), FixedClock::new());
    let settings = settings(Manner::Plain, Detail::Steps);
    let mut reporter = reporter(settings, folder.path(), written.clone(), SIZE, &clock);
    // The first event would have started it.
    scripts::ALL[0].1()
        .iter()
        .skip(1)
        .for_each(|event| reporter.on(event));
    let finished = reporter.finish();
    assert!(finished.summary.is_none() && finished.written.is_ok());
    assert_eq!(folder.path().read_dir_utf8().unwrap().count(), 0);
    assert_eq!(written.text(), "");
}

#[test]
fn a_report_that_cannot_be_written_is_shown_all_the_same() {
    let (folder, written, clock) = (Folder::new(), Written::default(), FixedClock::new());
    let missing = folder.path().join("missing");
    let settings = settings(Manner::Plain, Detail::Summary);
    let mut reporter = reporter(settings, &missing, written.clone(), SIZE, &clock);
    scripts::ALL[0].1()
        .iter()
        .for_each(|event| reporter.on(event));
    let error = reporter.finish().written.unwrap_err();
    assert_eq!(error.path, missing.join("report.md"));
    assert!(written.text().contains("up succeeded"));
    assert!(!written.text().contains("report:"), "there is none to name");
}

#[test]
fn outputs_are_kept_from_deployment_to_destruction() {
    let (folder, clock) = (Folder::new(), FixedClock::new());
    let path = folder.path().join("outputs.json");
    let play = |name: &str| {
        let (_, script) = scripts::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        let settings = settings(Manner::Plain, Detail::Failures);
        let mut reporter = reporter(settings, folder.path(), Written::default(), SIZE, &clock)
            .keeping_outputs(&path);
        script().iter().for_each(|event| reporter.on(event));
        reporter.finish().written.unwrap();
        outputs::load(&path).unwrap()
    };
    assert_eq!(play("first_deploy").unwrap().outputs.len(), 3);
    assert!(
        play("failed_apply").is_some(),
        "a failure keeps what was known"
    );
    assert!(play("destroy").is_none());
}

#[test]
fn outputs_that_cannot_be_kept_are_a_problem() {
    let (folder, clock) = (Folder::new(), FixedClock::new());
    let path = folder.path().join("missing/outputs.json");
    let settings = settings(Manner::Plain, Detail::Failures);
    let mut reporter =
        reporter(settings, folder.path(), Written::default(), SIZE, &clock).keeping_outputs(&path);
    scripts::ALL[0].1()
        .iter()
        .for_each(|event| reporter.on(event));
    let finished = reporter.finish();
    assert_eq!(finished.written.unwrap_err().path, path);
    assert!(
        history::load(folder.path()).is_ok(),
        "the report is there all the same"
    );
}
