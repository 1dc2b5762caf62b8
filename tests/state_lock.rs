//! A lock in S3 that a killed Terraform left: who held it is told, and `amiable unlock` frees it once the
//! user vouches for what cannot be seen. Real Terraform, real `aws`, S3 by the emulator.

mod real_tools;
mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use real_tools::Moto;
use support::{Project, Ran, wait_for};

const STACK: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "infra"
}
environment "prod" {
  backend "s3" {
    bucket                      = "states"
    key                         = "web.tfstate"
    region                      = "us-east-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    endpoints                   = { s3 = "ENDPOINT" }
  }
}
"#;

/// Waits in the middle of an apply until it is killed.
const ROOT: &str = r#"
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch 'STARTED'; exec sleep 1000"
  }
}
"#;

/// The real `aws`, but for the question who we are, which goes to AWS itself.
const AWS: &str = r#"#!/bin/sh
case "$*" in
'sts get-caller-identity'*)
  echo '{"UserId":"A","Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/tester"}' ;;
*) exec 'REAL' "$@" ;;
esac
"#;

fn real(variable: &str, name: &str) -> String {
    let named = std::env::var(variable).ok();
    named.unwrap_or_else(|| {
        let found = which::which(name).unwrap_or_else(|_| panic!("{name} is needed"));
        found.display().to_string()
    })
}

fn amiable(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.command(&[arguments, &["--env", "prod"]].concat());
    for name in ["PATH", "HOME"] {
        command.env(name, std::env::var_os(name).unwrap_or_default());
    }
    command
        .env("AMIABLE_AWS", project.path("bin/aws"))
        .env("AMIABLE_TERRAFORM", real("AMIABLE_TERRAFORM", "terraform"));
    command
}

fn run(project: &Project, arguments: &[&str]) -> Ran {
    Ran::from(amiable(project, arguments).output().unwrap())
}

/// Pid of the Terraform that applies, as the journal has it.
fn applying(project: &Project) -> u32 {
    let journal = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
    let started = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .find(|line| line["record"] == "child-started" && line["step"] == "terraform.apply");
    u32::try_from(started.unwrap()["pid"].as_u64().unwrap()).unwrap()
}

#[test]
fn a_lock_that_a_killed_terraform_left_is_named_and_freed() {
    let moto = Moto::start();
    moto.aws(&["s3api", "create-bucket", "--bucket", "states"]);
    let project = Project::new(&STACK.replace("ENDPOINT", &moto.endpoint));
    let started = project.path("started");
    project.write(
        "infra/main.tf",
        &ROOT.replace("STARTED", &started.display().to_string()),
    );
    project.write("bin/aws", &AWS.replace("REAL", &real("AMIABLE_AWS", "aws")));
    fs::set_permissions(project.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();

    let up = amiable(&project, &["up", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&started);
    let killed = Command::new("kill")
        .args(["-KILL", &applying(&project).to_string()])
        .status();
    assert!(killed.unwrap().success());
    Ran::from(up.wait_with_output().unwrap()).expect(1);

    let plan = run(&project, &["plan", "--lock-timeout", "0"]).expect(1);
    let host = rustix::system::uname();
    let host = host.nodename().to_str().unwrap();
    assert!(
        plan.stderr.contains("the state is locked by"),
        "{}",
        plan.stderr
    );
    assert!(
        plan.stderr.contains(&format!("@{host} since")),
        "{}",
        plan.stderr
    );
    assert!(plan.stderr.contains("amiable unlock"), "{}", plan.stderr);

    let other = run(&project, &["unlock", "--id", "another", "--owner-is-gone"]).expect(7);
    assert!(other.stderr.contains("not another"), "{}", other.stderr);

    let freed = run(&project, &["unlock", "--owner-is-gone"]).expect(0);
    assert!(freed.stderr.contains("freed, held by"), "{}", freed.stderr);
    run(&project, &["plan", "--lock-timeout", "0"]).expect(0);
    let again = run(&project, &["unlock"]).expect(0);
    assert!(
        again.stderr.contains("the state is not locked"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_lock_of_another_machine_is_not_freed_without_the_users_word() {
    let moto = Moto::start();
    moto.aws(&["s3api", "create-bucket", "--bucket", "states"]);
    let project = Project::new(&STACK.replace("ENDPOINT", &moto.endpoint));
    project.write("infra/main.tf", "output \"url\" {\n  value = \"x\"\n}\n");
    project.write("bin/aws", &AWS.replace("REAL", &real("AMIABLE_AWS", "aws")));
    fs::set_permissions(project.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
    let lock = r#"{"ID":"1b2c3d4e-0000-4000-8000-123456789abc","Operation":"OperationTypeApply","Info":"","Who":"ada@elsewhere","Version":"1.11.4","Created":"2026-01-02T03:04:05Z","Path":"states/web.tfstate"}"#;
    project.write("lock.json", lock);
    let body = project.path("lock.json").display().to_string();
    let put = [
        "s3api",
        "put-object",
        "--bucket",
        "states",
        "--key",
        "web.tfstate.tflock",
        "--body",
        &body,
    ];
    moto.aws(&put);

    let refused = run(&project, &["unlock"]).expect(7);
    for text in [
        "ada@elsewhere since 2026-01-02 03:04 UTC",
        "--owner-is-gone",
    ] {
        assert!(refused.stderr.contains(text), "{}", refused.stderr);
    }
    run(&project, &["plan", "--lock-timeout", "0"]).expect(1);
    run(&project, &["unlock", "--owner-is-gone"]).expect(0);
    run(&project, &["plan", "--lock-timeout", "0"]).expect(0);
}
