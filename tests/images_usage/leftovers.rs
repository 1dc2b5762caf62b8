//! What a killed Packer leaves, who is told of it, and what removes it.
//!
//! The environment is not the sandbox's: there Packer logs in to a builder machine and makes neither key
//! pair nor anything else that it would have to clean up itself.

use std::{fs, process::Child};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    project::{LOOK_AGAIN, Project, wait_for_text},
    real_tools::Moto,
    strict_aws::{self, xml},
};

const STACK: &str = r#"
stack "web" { region = "us-east-1" }
image "front" {
  template  = "front.pkr.hcl"
  name      = "web-front"
  variables = { endpoint = env.ENDPOINT }
}
env "ENDPOINT" { default = "" }
environment "staging" {}
"#;

/// Packer waits for somebody to answer at a port where nobody ever does.
const TEMPLATE: &str = r#"
variable "endpoint" { type = string }
source "amazon-ebs" "front" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  custom_endpoint_ec2         = var.endpoint
  skip_metadata_api_check     = true
  skip_credential_validation  = true
  source_ami                  = "ami-785db401"
  instance_type               = "t3.micro"
  ami_name                    = "front"
  ssh_username                = "admin"
  ssh_host                    = "127.0.0.1"
  ssh_port                    = 1
  ssh_timeout                 = "30m"
}
build { sources = ["source.amazon-ebs.front"] }
"#;

struct Account {
    project: Project,
    moto: Moto,
}

impl Account {
    fn new() -> Self {
        let project = Project::with_stack(STACK, TEMPLATE);
        let moto = Moto::start();
        project.wrap_aws(&format!(
            "*--version*) ;;\n*) exec \"$real\" --endpoint-url '{}' \"$@\" ;;",
            moto.endpoint
        ));
        Self { project, moto }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self
            .project
            .command("1", &[&["--env", "staging"], arguments].concat());
        command
            .env("ENDPOINT", &self.moto.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test-secret-key");
        command
    }

    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.command(arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}\n{stdout}\n{stderr}"
        );
        (stdout, stderr)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (stdout, _) = self.run(0, &[arguments, &["--json"]].concat());
        serde_json::from_str(&stdout).unwrap()
    }

    /// Starts a build and waits until Packer has an instance; gives the driver and Packer's pid.
    fn hanging_build(&self) -> (Child, Pid) {
        let mut command = self.command(&["image", "build"]);
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let driver = command.spawn().unwrap();
        let runs = self.project.path(".amiable/runs");
        while !runs.is_dir() || fs::read_dir(&runs).unwrap().next().is_none() {
            std::thread::sleep(LOOK_AGAIN);
        }
        let log = self.project.last_run().join("logs/image.front.log");
        wait_for_text(&log, "Waiting for SSH to become available");
        let journal = fs::read_to_string(self.project.last_run().join("journal.jsonl")).unwrap();
        let started = journal
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .rfind(|record| record["record"] == "child-started")
            .expect("Packer was started");
        let pid = i32::try_from(started["pid"].as_i64().unwrap()).unwrap();
        (driver, Pid::from_raw(pid).unwrap())
    }

    /// Instances that are there, key pairs and security groups that are not the default one.
    fn left(&self) -> (usize, usize, usize) {
        let (_, port) = self.moto.endpoint.rsplit_once(':').unwrap();
        let emulator = strict_aws::moto::Moto {
            port: port.parse().unwrap(),
        };
        let found = |action, set, parameters: &[_]| {
            let answer = emulator.ask("us-east-1", action, parameters).unwrap();
            xml::items_of(&answer, set)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let running = [
            ("Filter.1.Name", "instance-state-name"),
            ("Filter.1.Value.1", "pending"),
            ("Filter.1.Value.2", "running"),
            ("Filter.1.Value.3", "stopping"),
            ("Filter.1.Value.4", "stopped"),
        ];
        let groups = found("DescribeSecurityGroups", "securityGroupInfo", &[]);
        (
            found("DescribeInstances", "reservationSet", &running).len(),
            found("DescribeKeyPairs", "keySet", &[]).len(),
            groups
                .iter()
                .filter(|group| xml::text(group, "groupName").as_deref() != Some("default"))
                .count(),
        )
    }

    fn leftovers_by_doctor(&self) -> Value {
        let output = self.command(&["doctor", "--json"]).output().unwrap();
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = findings.as_array().unwrap();
        let found = findings.iter().find(|one| one["what"] == "leftovers");
        found.unwrap_or_else(|| panic!("{findings:?}")).clone()
    }
}

#[test]
fn what_a_killed_packer_leaves_is_told_of_and_swept_once_its_run_is_over() {
    let account = Account::new();
    account.moto.aws(&[
        "ec2",
        "run-instances",
        "--image-id",
        "ami-785db401",
        "--count",
        "1",
    ]);
    account
        .moto
        .aws(&["ec2", "create-key-pair", "--key-name", "mine"]);
    let (mut driver, packer) = account.hanging_build();
    let run = account.project.last_run();
    let run = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(account.left(), (2, 2, 1));

    // The driver dies; its Packer goes on, and what it made is its own.
    kill_process(Pid::from_child(&driver), Signal::KILL).unwrap();
    driver.wait().unwrap();
    assert_eq!(account.leftovers_by_doctor()["status"], "ok");
    let report = account.json(&["image", "sweep", "--yes"]);
    assert_eq!(report["removals"], serde_json::json!([]));
    let (_, refused) = account.run(7, &["image", "sweep", "--run", &run, "--yes"]);
    assert!(refused.contains("goes on"), "{refused}");
    assert_eq!(account.left(), (2, 2, 1));

    kill_process(packer, Signal::KILL).unwrap();
    let journal = account.project.path(".amiable/runs").join(&run);
    while is_alive(packer) {
        std::thread::sleep(LOOK_AGAIN);
    }
    assert!(journal.is_dir());
    let finding = account.leftovers_by_doctor();
    assert_eq!(finding["status"], "warning", "{finding}");
    let detail = finding["detail"].as_str().unwrap();
    assert!(detail.contains("1 instance"), "{detail}");
    assert!(detail.contains("1 key pair"), "{detail}");
    assert!(detail.contains("1 security group"), "{detail}");

    // The next run says so, once.
    let (_, warned) = account.run(0, &["image", "prune", "--dry-run"]);
    assert!(warned.contains("earlier builds have left"), "{warned}");
    assert!(warned.contains("amiable image sweep"), "{warned}");
    let (_, silent) = account.run(0, &["image", "prune", "--dry-run"]);
    assert!(!silent.contains("have left"), "{silent}");

    let (_, shown) = account.run(0, &["image", "sweep", "--dry-run"]);
    assert!(shown.contains("remove"), "{shown}");
    let (_, declined) = account.run(6, &["image", "sweep"]);
    assert!(declined.contains("--yes"), "{declined}");
    assert_eq!(account.left(), (2, 2, 1));

    let report = account.json(&["image", "sweep", "--yes"]);
    assert_eq!(report["result"], "succeeded", "{report}");
    assert_eq!(account.left(), (1, 1, 0), "what is not ours stays");
    assert_eq!(account.leftovers_by_doctor()["status"], "ok");
    let report = account.json(&["image", "sweep", "--yes"]);
    assert_eq!(report["removals"], serde_json::json!([]));
}

#[test]
fn what_an_unknown_run_made_goes_only_when_it_is_named() {
    let account = Account::new();
    let run = "20260101-000000-abcdef";
    let tags = |run: &str, image: &str| {
        let tag = |key: &str, value: &str| format!("{{Key=amiable:{key},Value={value}}}");
        let tags = [
            tag("stack", "web"),
            tag("environment", "staging"),
            tag("run", run),
            tag(image, "front"),
        ];
        format!("ResourceType=volume,Tags=[{}]", tags.join(","))
    };
    let volume = |tags: &str| {
        let arguments = [
            "ec2",
            "create-volume",
            "--size",
            "1",
            "--availability-zone",
            "us-east-1a",
            "--tag-specifications",
            tags,
        ];
        let answer = account.moto.aws(&arguments);
        answer["VolumeId"].as_str().unwrap().to_owned()
    };
    let theirs = volume(&tags(run, "image"));
    let terraforms = volume(&tags(run, "role"));

    let report = account.json(&["image", "sweep", "--yes"]);
    let removal = &report["removals"][0];
    assert_eq!(removal["id"], theirs.as_str());
    assert_eq!(removal["result"], "stays");
    let because = removal["because"].as_str().unwrap();
    assert!(because.contains(&format!("--run {run}")), "{because}");

    account.json(&["image", "sweep", "--run", run, "--yes"]);
    let left = account.moto.aws(&["ec2", "describe-volumes"]);
    let left = left["Volumes"].as_array().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["VolumeId"], terraforms.as_str());
}

fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
