//! A disk that fills up, and a checkout that cannot be written: in a mount namespace of the test's own.

use std::{
    fs,
    process::{Command, Stdio},
};

use super::{
    UP,
    support::{
        APPLY_DONE, APPLY_START, APPLY_SUMMARY, Project, Ran, STACK, Terraform, VERSION, lines,
    },
};

/// Runs a shell script in the project, in a mount namespace of its own. `amiable` stands for the driver.
/// Without being root it is so in a user namespace only.
fn namespaced(project: &Project, script: &str) -> Ran {
    let driver = project.command(&[]);
    let mut shell = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        shell.args(["--user", "--map-root-user"]);
    }
    let prologue = format!(
        "set -e\namiable() {{ {} \"$@\"; }}\n\
         fill() {{ dd if=/dev/zero of=.amiable/filling bs=4096 2>/dev/null || true; }}\n",
        env!("CARGO_BIN_EXE_amiable")
    );
    shell
        .args(["--mount", "sh", "-c", &(prologue + script)])
        .current_dir(driver.get_current_dir().unwrap())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in driver.get_envs() {
        shell.env(name, value.unwrap());
    }
    Ran::from(shell.output().expect("unshare (util-linux)"))
}

/// A small disk under `.amiable`, with what is written there copied to `kept` at the end.
const SMALL_DISK: &str = "mkdir -p .amiable && mount -t tmpfs -o size=1m tmpfs .amiable\n\
                          trap 'cp -r .amiable kept' EXIT\n";

fn up() -> String {
    format!("amiable {}", UP.join(" "))
}

fn applies(project: &Project) -> usize {
    let calls = project.calls("terraform");
    calls
        .iter()
        .filter(|call| call.starts_with("apply"))
        .count()
}

#[test]
fn on_a_full_disk_nothing_is_begun_and_it_is_said_why() {
    let project = Project::new(STACK);
    Terraform::default().install(&project);
    let up = up();
    let script = format!(
        "{SMALL_DISK}{up} 2>/dev/null\n\
         fill\n\
         code=0; {up} 2>full || code=$?; echo $code >full.code\n\
         rm .amiable/filling\n\
         {up} 2>after"
    );
    namespaced(&project, &script).expect(0);
    let full = project.read("full");
    assert_eq!(project.read("full.code"), "1\n", "{full}");
    assert!(full.contains("No space left on device"), "{full}");
    assert!(full.contains(".amiable"), "{full}");
    assert_eq!(applies(&project), 2, "the first and the last one");
}

#[test]
fn a_disk_that_fills_up_while_an_apply_runs_leaves_it_unverified_and_the_next_run_puts_it_right() {
    let project = Project::new(STACK);
    let before = lines(&[VERSION, APPLY_START], 0).replace("exit 0", "");
    let after = lines(&[APPLY_DONE, APPLY_SUMMARY], 0);
    // What a Terraform prints on a full disk is lost, and it ends with 0 all the same.
    Terraform {
        apply: format!(
            "{before}\nroot={}\nif ! [ -e \"$root/filled\" ]; then touch \"$root/filled\"; \
             dd if=/dev/zero of=\"$root/.amiable/filling\" bs=4096 2>/dev/null; \
             head -c 8192 /dev/zero | tr '\\0' x; fi\n{after}",
            project.path("").display()
        ),
        ..Terraform::default()
    }
    .install(&project);
    let up = up();
    let script = format!(
        "{SMALL_DISK}code=0; {up} 2>full || code=$?; echo $code >full.code\n\
         rm .amiable/filling\n\
         {up} 2>after"
    );
    let ran = namespaced(&project, &script);
    let full = project.read("full");
    assert_eq!(ran.code, Some(0), "{full}\n{}", project.read("after"));
    assert_eq!(project.read("full.code"), "1\n", "{full}");
    assert!(full.contains("No space left on device"), "{full}");
    for journal in walkdir::WalkDir::new(project.path("kept/runs")) {
        let journal = journal.unwrap();
        if journal.file_name() == "journal.jsonl" {
            let text = fs::read_to_string(journal.path()).unwrap();
            assert!(text.contains("run-started"), "{text}");
        }
    }
}

#[test]
fn a_checkout_that_cannot_be_written_is_named_and_can_still_be_asked() {
    let project = Project::new(STACK);
    Terraform::default().install(&project);
    project.run(UP).expect(0);
    let here = project.path("");
    let read_only = format!(
        "mount --bind {0} {0} && mount -o remount,ro,bind {0} && cd {0}\n",
        here.display()
    );
    for command in [
        UP,
        &["plan", "--env", "staging"],
        &["destroy", "--env", "staging", "--yes"],
    ] {
        let ran = namespaced(
            &project,
            &format!("{read_only}amiable {}", command.join(" ")),
        )
        .expect(1);
        assert!(
            ran.stderr.contains("Read-only file system"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(".amiable"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    for question in [
        "output url --env staging",
        "report list",
        "report show last",
        "stack list",
    ] {
        namespaced(&project, &format!("{read_only}amiable {question}")).expect(0);
    }
}
