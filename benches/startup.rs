//! How long it takes until amiable does something, by itself and through `./run`.

mod support;

use std::{path::Path, process::Command};

use support::{
    project::Project,
    setting,
    table::Results,
    timing::{take_turns, time},
};

const STACK: &str = r#"
stack "bench" {
  region    = "us-east-1"
  terraform = "terraform"
}
"#;

fn main() {
    if !support::is_asked_for() {
        return;
    }
    let project = Project::new(STACK);
    let root = "output \"greeting\" {\n  value = \"hello\"\n}\n";
    project.write("terraform/main.tf", root);
    time(&mut project.amiable(&["up", "--yes", "--non-interactive"]));
    let folder = project.path(".");
    let launcher = |arguments: &[&str]| {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("run"));
        command.arg("-C").arg(&folder).args(arguments);
        command
            .env_remove("AMIABLE_STACK")
            .env_remove("AMIABLE_ENV");
        command
    };
    // Builds the program where that has not been done yet.
    time(&mut launcher(&["--version"]));

    let samples = take_turns(
        setting("AMIABLE_BENCH_ROUNDS", 7) * 5,
        &mut [
            (
                "`true`, for comparison",
                Box::new(|| time(&mut Command::new("true"))),
            ),
            (
                "`sh -c :`, for comparison",
                Box::new(|| time(Command::new("sh").args(["-c", ":"]))),
            ),
            (
                "`amiable --version`",
                Box::new(|| time(&mut project.amiable(&["--version"]))),
            ),
            (
                "`amiable output greeting`",
                Box::new(|| time(&mut project.amiable(&["output", "greeting"]))),
            ),
            (
                "`./run --version`",
                Box::new(|| time(&mut launcher(&["--version"]))),
            ),
            (
                "`./run output greeting`",
                Box::new(|| time(&mut launcher(&["output", "greeting"]))),
            ),
        ],
    );
    let mut results = Results::new("start-up");
    results.durations(&samples.iter().collect::<Vec<_>>());
    results.publish();
}
