//! The emulator's life cycle, with moto's real server.

use std::{
    env,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use amiable::{
    command::ToolCommand,
    process::{Captured, capture},
    sandbox::{EmulatorSettings, Ensured, Sandbox, Status},
};

use super::{Fixture, LONG, program, settings};

/// Names the sandbox to the other processes of a test.
const FOLDER: &str = "AMIABLE_TEST_SANDBOX";

impl Fixture {
    fn ensure(&self) -> Ensured {
        self.sandbox.ensure_running(&settings()).unwrap()
    }
}

/// Calls the emulator with the real AWS CLI.
fn aws(url: &str, args: &[&str]) -> Captured {
    let command = ToolCommand::new(program("AMIABLE_AWS", "aws"))
        .args(["--endpoint-url", url, "--output", "text"])
        .args(args.iter().copied())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    capture(&command, LONG).unwrap()
}

#[test]
fn starting_is_idempotent_and_stopping_ends_it() {
    let fixture = Fixture::new();
    assert_eq!(fixture.sandbox.status().unwrap(), Status::Stopped);
    let first = fixture.ensure();
    assert!(first.new);
    assert_eq!(
        fixture.sandbox.status().unwrap(),
        Status::Running(first.emulator.clone())
    );
    let again = fixture.ensure();
    assert!(!again.new);
    assert_eq!(again.emulator, first.emulator);

    assert_eq!(
        fixture.sandbox.stop().unwrap(),
        Some(first.emulator.clone())
    );
    assert!(!first.emulator.process.is_alive());
    assert_eq!(fixture.sandbox.status().unwrap(), Status::Stopped);
    assert_eq!(fixture.sandbox.stop().unwrap(), None);
}

#[test]
fn a_restart_is_a_new_empty_instance_at_the_same_address() {
    let fixture = Fixture::new();
    let first = fixture.ensure().emulator;
    let buckets = |url: &str| aws(url, &["s3api", "list-buckets", "--query", "Buckets[].Name"]);
    assert!(
        aws(
            &first.url(),
            &["s3api", "create-bucket", "--bucket", "kept"]
        )
        .success()
    );
    assert_eq!(buckets(&first.url()).stdout_text(), "kept");
    let states = fixture.sandbox.instance_folder(&first.instance);
    std::fs::write(states.join("dashboard.tfstate"), "{}").unwrap();
    fixture.sandbox.stop().unwrap();

    let second = fixture.ensure();
    assert!(second.new);
    assert_eq!(second.emulator.url(), first.url());
    assert_ne!(second.emulator.instance, first.instance);
    assert_eq!(buckets(&first.url()).stdout_text(), "");
    assert!(!states.exists());
    assert!(
        fixture
            .sandbox
            .instance_folder(&second.emulator.instance)
            .is_dir()
    );
}

/// Run by [`two_processes_get_the_same_emulator`] in processes of their own.
#[test]
#[ignore = "a part of another test"]
fn in_another_process() {
    let folder = env::var(FOLDER).unwrap();
    let ensured = Sandbox::at(folder).ensure_running(&settings()).unwrap();
    println!("instance={} new={}", ensured.emulator.instance, ensured.new);
}

#[test]
fn two_processes_get_the_same_emulator() {
    let fixture = Fixture::new();
    let start = || {
        Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "emulator::in_another_process",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, fixture.sandbox.folder())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [start(), start(), start()];
    let mut lines: Vec<String> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            let start = text.find("instance=").expect("the child says what it got");
            text[start..].lines().next().unwrap().to_owned()
        })
        .collect();
    lines.sort();
    let instance = fixture.ensure().emulator.instance;
    assert_eq!(
        lines,
        [
            format!("instance={instance} new=false"),
            format!("instance={instance} new=false"),
            format!("instance={instance} new=true"),
        ]
    );
}

#[test]
fn a_crashed_emulator_is_lost_and_then_replaced() {
    let fixture = Fixture::new();
    let first = fixture.ensure().emulator;
    first.process.end(LONG).unwrap();
    assert_eq!(
        fixture.sandbox.status().unwrap(),
        Status::Lost(first.clone())
    );
    let second = fixture.ensure();
    assert!(second.new);
    assert_ne!(second.emulator.instance, first.instance);
}

#[test]
fn a_process_that_only_has_the_emulators_pid_is_left_alone() {
    let fixture = Fixture::new();
    let emulator = fixture.ensure().emulator;
    emulator.process.end(LONG).unwrap();
    let mut bystander = Command::new("sleep").arg("1000").spawn().unwrap();
    let file = fixture.sandbox.folder().join("state.json");
    let state = std::fs::read_to_string(&file).unwrap();
    let pid = |pid: u32| format!("\"pid\": {pid}");
    let stale = state.replace(&pid(emulator.process.pid), &pid(bystander.id()));
    assert_ne!(stale, state);
    std::fs::write(&file, stale).unwrap();

    assert!(matches!(fixture.sandbox.status().unwrap(), Status::Lost(_)));
    assert!(fixture.ensure().new);
    fixture.sandbox.stop().unwrap();
    assert!(
        bystander.try_wait().unwrap().is_none(),
        "it was not signalled"
    );
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_port_that_another_program_took_is_left_to_it() {
    let fixture = Fixture::new();
    let first = fixture.ensure().emulator;
    fixture.sandbox.stop().unwrap();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, first.port)).unwrap();
    let second = fixture.ensure();
    assert_ne!(second.emulator.port, first.port);
    drop(other);
}

#[test]
fn an_emulator_that_was_emptied_is_a_new_instance() {
    let fixture = Fixture::new();
    let first = fixture.ensure().emulator;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, first.port)).unwrap();
    stream
        .write_all(b"POST /moto-api/reset HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"ok\""), "{answer}");

    let second = fixture.ensure();
    assert!(second.new);
    assert!(!first.process.is_alive());
}

#[test]
fn a_reset_forgets_everything() {
    let fixture = Fixture::new();
    let emulator = fixture.ensure().emulator;
    std::fs::write(fixture.sandbox.secrets_file(), "{}").unwrap();
    assert_eq!(fixture.sandbox.reset().unwrap(), Some(emulator.clone()));
    assert!(!emulator.process.is_alive());
    assert!(!fixture.sandbox.folder().exists());
    assert_eq!(fixture.sandbox.reset().unwrap(), None);
    assert_eq!(fixture.sandbox.status().unwrap(), Status::Stopped);
}

#[test]
fn a_program_that_ends_at_once_is_told_with_its_last_words() {
    let fixture = Fixture::new();
    let broken = fixture.folder.join("broken");
    std::fs::write(
        &broken,
        "#!/bin/sh\necho no module named moto >&2\nexit 1\n",
    )
    .unwrap();
    std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = fixture
        .sandbox
        .ensure_running(&EmulatorSettings {
            moto_server: broken,
            region: "us-east-1".to_owned(),
        })
        .unwrap_err();
    assert!(
        error.to_string().contains("no module named moto"),
        "{error}"
    );
    assert!(!error.hints().is_empty());
    assert_eq!(fixture.sandbox.status().unwrap(), Status::Stopped);
}

#[test]
fn current_and_old_public_images_are_found_in_every_region() {
    let fixture = Fixture::new();
    let url = fixture.ensure().emulator.url();
    let families = [
        "debian-12-amd64-",
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-",
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-",
        "ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-amd64-server-",
    ];
    let names = families.map(|family| format!("{family}*")).join(",");
    for region in ["us-east-1", "eu-central-1"] {
        let found = aws(
            &url,
            &[
                "--region",
                region,
                "ec2",
                "describe-images",
                "--owners",
                "136693071363",
                "099720109477",
                "--filters",
                &format!("Name=name,Values={names}"),
                "Name=root-device-type,Values=ebs",
                "Name=virtualization-type,Values=hvm",
                "--query",
                "Images[].Name",
            ],
        );
        assert!(found.success(), "{}", found.stderr_text());
        let text = found.stdout_text();
        for family in families {
            // With several, "the most recent" would differ from client to client.
            let matching = text
                .split_whitespace()
                .filter(|name| name.starts_with(family));
            assert_eq!(matching.count(), 1, "{family} in {region}: {text}");
        }
    }
}

#[test]
fn a_key_pair_is_imported_once_and_again() {
    let fixture = Fixture::new();
    let emulator = fixture.ensure().emulator;
    let key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1cYfZLtNmLCBYcBcvH4s2bTEVDqnc7HRNaWGXNzDZQ test";
    emulator
        .import_key_pair("eu-west-1", "builder", key)
        .unwrap();
    emulator
        .import_key_pair("eu-west-1", "builder", key)
        .unwrap();
    let names = aws(
        &emulator.url(),
        &[
            "--region",
            "eu-west-1",
            "ec2",
            "describe-key-pairs",
            "--query",
            "KeyPairs[].KeyName",
        ],
    );
    assert_eq!(names.stdout_text(), "builder");
}
