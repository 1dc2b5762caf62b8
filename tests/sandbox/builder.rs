//! Builder machines, with the real Docker engine.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt};

use amiable::{
    command::ToolCommand,
    process::{Captured, capture},
    run_id::RunId,
    sandbox::builder::{BASE_IMAGE_FILE, Builder, BuilderError, BuilderMachine, HostSettings},
};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;

use super::{Fixture, LONG, program};

/// The machine-wide folder, which may hold the base for the machine image: making that takes a minute.
fn home() -> Utf8PathBuf {
    let path = std::env::var("AMIABLE_HOME").unwrap_or_else(|_| {
        let home = std::env::var("HOME").expect("HOME is set");
        format!("{home}/.local/share/amiable")
    });
    path.into()
}

/// Removes the containers of its checkout at the end, also of a test that failed.
pub(super) struct Machines {
    pub(super) fixture: Fixture,
    builder: Builder,
}

impl Machines {
    pub(super) fn new() -> Self {
        Self::with_home(home())
    }

    fn with_home(home: Utf8PathBuf) -> Self {
        let fixture = Fixture::new();
        let docker = program("AMIABLE_DOCKER", "docker");
        let builder = Builder::new(docker, &fixture.sandbox, home, HostSettings::detect());
        Self { fixture, builder }
    }

    pub(super) fn start(&self, run: &RunId, users: &[&str]) -> BuilderMachine {
        let users: Vec<String> = users.iter().map(|&user| user.to_owned()).collect();
        self.builder
            .start(run, "dashboard", &users, &mut |_| {})
            .unwrap_or_else(|error| panic!("{error}\n{}", error.hints().join("\n")))
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        let swept = self.builder.sweep(|_| false);
        if !std::thread::panicking() {
            swept.unwrap();
        }
    }
}

pub(super) fn run_id(second: i64) -> RunId {
    RunId::new(Timestamp::from_second(second).unwrap(), [0, 1])
}

fn ssh(machine: &BuilderMachine, user: &str, script: &str) -> Captured {
    let command = ToolCommand::new(program("AMIABLE_TEST_SSH", "ssh"))
        .args(["-i", machine.private_key.as_str(), "-p"])
        .arg(machine.port.to_string())
        .args(["-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"])
        .args(["-o", "IdentitiesOnly=yes", "-F", "/dev/null"])
        .arg(format!("{user}@{}", machine.host))
        .arg(script);
    capture(&command, LONG).unwrap()
}

fn exists(container: &str) -> bool {
    let command = ToolCommand::new(program("AMIABLE_DOCKER", "docker")).args([
        "container",
        "inspect",
        "--format",
        "{{.Id}}",
        container,
    ]);
    capture(&command, LONG).unwrap().success()
}

#[test]
fn each_user_can_log_in_and_become_root() {
    let machines = Machines::new();
    let machine = machines.start(&run_id(1), &["admin", "ubuntu"]);
    assert_eq!(machine.user, "admin");
    for user in ["admin", "ubuntu"] {
        let done = ssh(
            &machine,
            user,
            "id -un; sudo -n id -un; cloud-init status --wait",
        );
        assert_eq!(
            done.stdout_text(),
            format!("{user}\nroot\nstatus: done"),
            "{}",
            done.stderr_text()
        );
    }
    let stranger = ssh(&machine, "games", "true");
    assert!(!stranger.success());

    machine.stop().unwrap();
    assert!(!exists(&machine.container));
    machine.stop().unwrap();
}

#[test]
fn a_docker_engine_of_its_own_runs_in_it() {
    let machines = Machines::new();
    let machine = machines.start(&run_id(2), &["admin"]);
    // An image of a shell alone, so that no registry is needed.
    let script = r#"
        set -eu
        export DEBIAN_FRONTEND=noninteractive
        sudo apt-get update -qq
        sudo -E apt-get install -qq --no-install-recommends docker.io >/tmp/apt.log 2>&1 || { cat /tmp/apt.log >&2; exit 1; }
        sudo systemctl enable --now docker >&2
        files=$(ldd /bin/dash | grep -o '/[^ ]*')
        tar -C / -ch bin/dash $(echo "$files" | sed 's,^/,,') | sudo docker import - tiny >&2
        sudo docker run --rm --network none tiny /bin/dash -c 'echo from inside'
    "#;
    let done = ssh(&machine, "admin", script);
    assert_eq!(
        done.stdout_text().lines().last(),
        Some("from inside"),
        "{}",
        done.stderr_text()
    );
}

#[test]
fn machines_of_dead_drivers_are_found_and_swept() {
    let machines = Machines::new();
    let (dead, live) = (run_id(3), run_id(4));
    let left = machines.start(&dead, &["admin"]);
    let kept = machines.start(&live, &["admin"]);
    assert_ne!(left.port, kept.port);

    let elsewhere = Machines::new();
    assert_eq!(elsewhere.builder.leftovers().unwrap(), []);

    let found: BTreeSet<(String, String)> = machines
        .builder
        .leftovers()
        .unwrap()
        .into_iter()
        .map(|leftover| (leftover.container, leftover.run))
        .collect();
    let expected = BTreeSet::from([
        (left.container.clone(), dead.to_string()),
        (kept.container.clone(), live.to_string()),
    ]);
    assert_eq!(found, expected);

    let swept = machines.builder.sweep(|run| run == live.as_str()).unwrap();
    assert_eq!(swept.len(), 1);
    assert_eq!(swept[0].container, left.container);
    assert!(!exists(&left.container));
    assert!(exists(&kept.container));
}

#[test]
fn the_base_image_is_offered_where_there_is_one() {
    // Makes sure of the image first: the home below has no real base for it.
    let with_image = Machines::new();
    with_image.builder.ensure_image(&mut |_| {}).unwrap();
    let home = with_image.fixture.folder.join("home");
    std::fs::create_dir_all(home.join("base")).unwrap();
    std::fs::write(home.join("base/rootfs.tar"), "a tarball").unwrap();

    let machines = Machines::with_home(home);
    let machine = machines.start(&run_id(5), &["admin"]);
    let script = format!("cat {BASE_IMAGE_FILE}; sudo sh -c 'echo x >{BASE_IMAGE_FILE}'");
    let done = ssh(&machine, "admin", &script);
    assert_eq!(done.stdout_text(), "a tarball");
    assert!(!done.success(), "it is read-only");
}

#[test]
fn a_strange_user_name_is_refused_before_anything_starts() {
    let machines = Machines::new();
    let users = ["admin ALL".to_owned()];
    let error = machines
        .builder
        .start(&run_id(6), "dashboard", &users, &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, BuilderError::UserName { .. }), "{error}");
    assert_eq!(machines.builder.leftovers().unwrap(), []);
}

/// A docker program that asks for an engine where none is.
fn docker_without_engine(folder: &Utf8Path) -> Utf8PathBuf {
    let script = folder.join("docker");
    let docker = program("AMIABLE_DOCKER", "docker");
    let text = format!("#!/bin/sh\nexec {docker} --host unix://{folder}/none.sock \"$@\"\n");
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    script
}

#[test]
fn an_engine_that_is_not_running_is_told_with_its_mend() {
    let fixture = Fixture::new();
    let docker = docker_without_engine(&fixture.folder);
    let builder = Builder::new(docker, &fixture.sandbox, home(), HostSettings::default());
    let error = builder.engine_version().unwrap_err();
    assert!(matches!(error, BuilderError::EngineDown { .. }), "{error}");
    let hints = error.hints().join("\n");
    assert!(hints.contains("systemctl start docker"), "{hints}");
    assert!(hints.contains("--no-provision"), "{hints}");
}
