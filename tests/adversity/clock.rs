//! A clock that was ahead in an earlier run, or that goes back.

use super::{
    UP, runs,
    support::{Project, STACK, Terraform},
    write_run,
};

const LATER: &str = "20990101-000000-000000";

#[test]
fn a_run_after_one_of_the_future_is_still_the_newest_and_says_what_is_wrong() {
    let project = Project::new(STACK);
    Terraform::default().install(&project);
    write_run(&project, LATER);
    for _ in 0..2 {
        let ran = project.run(UP).expect(0);
        assert!(
            ran.stderr
                .contains("the clock is behind run 20990101-000000-"),
            "{}",
            ran.stderr
        );
    }
    let runs = runs(&project);
    assert_eq!(runs.len(), 3);
    assert!(runs[0].ends_with(LATER), "{runs:?}");
    // What asks for the last run gets the one that was started last.
    let last = runs[2].file_name().unwrap().to_string_lossy().into_owned();
    let shown = project.run(&["report", "show", "last"]).expect(0);
    assert!(shown.stdout.contains(&last), "{}", shown.stdout);

    // Without that run the clock is believed again.
    for run in &runs {
        std::fs::remove_dir_all(run).unwrap();
    }
    let ran = project.run(UP).expect(0);
    assert!(!ran.stderr.contains("clock"), "{}", ran.stderr);
}
