//! What a child is started with: a session, an environment and files of its own.

use std::collections::BTreeSet;

use super::support::{APPLY_DONE, APPLY_START, APPLY_SUMMARY, Project, STACK, Terraform, VERSION};

/// Variables that change what tools do, or that they have no use for.
const STAY_BEHIND: [&str; 12] = [
    "TF_CLI_ARGS",
    "TF_CLI_ARGS_plan",
    "TF_LOG",
    "TF_LOG_PATH",
    "TF_VAR_greeting",
    "TF_DATA_DIR",
    "TF_WORKSPACE",
    "PACKER_LOG",
    "TMPDIR",
    "PYTHONPATH",
    "EDITOR",
    "SOME_SECRET",
];

/// What the driver gives a Terraform besides, and what a shell makes for itself.
const ITS_OWN: [&str; 15] = [
    "AMIABLE_CHILD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PAGER",
    "TMPDIR",
    "TF_IN_AUTOMATION",
    "TF_INPUT",
    "CHECKPOINT_DISABLE",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
];

/// The names in the list of the documentation.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../docs/reliability.md");
    let (_, after) = page.split_once("<!-- list: passed on -->").unwrap();
    let (list, _) = after.split_once("<!-- end -->").unwrap();
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// A Terraform whose apply writes down what it finds.
fn curious(project: &Project) -> Terraform {
    let file = |name: &str| project.path(name).display().to_string();
    Terraform {
        apply: format!(
            "env >'{}'\n\
             {{ umask; stat -c %a \"$TMPDIR\"; stat -Lc %f /proc/$$/fd/1 /proc/$$/fd/2; readlink /proc/$$/fd/0; }} >'{}'\n\
             cut -d ' ' -f 1,5,6 /proc/$$/stat >'{}'\n\
             printf '%s\\n' '{VERSION}' '{APPLY_START}' '{APPLY_DONE}' '{APPLY_SUMMARY}'",
            file("environment"),
            file("facts"),
            file("session"),
        ),
        ..Terraform::default()
    }
}

#[test]
fn its_session_and_its_files_are_its_own() {
    let project = Project::new(STACK);
    curious(&project).install(&project);
    project.run(&["up", "--env", "staging", "--yes"]).expect(0);
    let facts = project.read("facts");
    // 8180: a regular file, 0600.
    assert_eq!(
        facts.lines().collect::<Vec<_>>(),
        ["0077", "700", "8180", "8180", "/dev/null"]
    );
    let session = project.read("session");
    let numbers: BTreeSet<&str> = session.split_whitespace().collect();
    assert_eq!(numbers.len(), 1, "pid, group and session: {session}");
}

#[test]
fn its_environment_has_what_the_documentation_says_and_nothing_else() {
    let documented = documented();
    assert!(documented.len() > 20, "{documented:?}");
    let project = Project::new(STACK);
    curious(&project).install(&project);
    let mut command = project.command(&["up", "--env", "staging", "--yes"]);
    let needed = ["PATH", "HOME"];
    for name in documented.iter().map(String::as_str) {
        if !needed.contains(&name) {
            command.env(name, project.path("home"));
        }
    }
    for name in STAY_BEHIND {
        command.env(name, "from-the-user");
    }
    // Temporary folders are made there.
    command.env("TMPDIR", project.path("home"));
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let environment = project.read("environment");
    let found: BTreeSet<String> = environment
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    let missing: Vec<_> = documented.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let own: BTreeSet<String> = ITS_OWN.map(str::to_owned).into();
    let known: BTreeSet<String> = documented.union(&own).cloned().collect();
    let foreign: Vec<_> = found.difference(&known).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(!environment.contains("from-the-user"), "{environment}");
}
