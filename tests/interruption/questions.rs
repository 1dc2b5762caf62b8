//! What only asks: for leftovers, for images to retire, for versions and secrets. The first request ends it, and nobody who
//! was asked stays behind.

use std::{fs, path::Path};

use super::{
    requests::{Said, wait_for_with},
    signal,
    support::{Project, STACK, Terraform},
};

const WITH_IMAGE: &str = r#"
stack "web" { region = "eu-central-1" }
image "web" {
  template = "web.pkr.hcl"
  name     = "web"
}
environment "staging" {}
"#;

const TEMPLATE: &str = r#"
source "amazon-ebs" "web" {
  region        = "eu-central-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
}
build { sources = ["source.amazon-ebs.web"] }
"#;

const WITH_COMMAND: &str = r#"
stack "web" {
  region    = "eu-central-1"
  terraform = "infra"
}
variables = { greeting = "hello" }
credential "password" {
  command = ["bin/vault"]
  env     = "PASSWORD"
}
environment "staging" {}
"#;

/// Says that it was asked, and never answers.
fn never_answers(project: &Project) -> String {
    let file = |name: &str| project.path(name).display().to_string();
    let (asked, pids) = (file("asked"), file("pids"));
    format!("echo $$ >>'{pids}'; touch '{asked}'; exec sleep 1000")
}

/// Starts `amiable ARGUMENTS`, asks it once to stop while it waits for an answer, and looks who is left.
#[track_caller]
fn is_ended_by_one_request(project: &Project, arguments: &[&str]) {
    let mut driver = project.start(&[arguments, &["--env", "staging", "--yes"]].concat());
    wait_for_with(&mut driver, &project.path("asked"));
    let said = Said::by(&mut driver);
    signal("-INT", driver.id());
    let all = said.finish();
    assert_eq!(
        driver.wait().unwrap().code(),
        Some(130),
        "{arguments:?}: {all}"
    );
    let pids = project.read("pids");
    assert_ne!(pids, "");
    for pid in pids.lines() {
        assert!(!runs(pid), "{arguments:?}: process {pid} was left: {all}");
    }
}

/// Whether the process does anything still.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn whose_images_hang() -> Project {
    let project = Project::new(WITH_IMAGE);
    project.write("web.pkr.hcl", TEMPLATE);
    project.tool("aws", &[
        ("--version", "echo aws-cli/1.45.11 Python/3.11.7 Linux/6.1.0 botocore/1.43.11"),
        ("sts get-caller-identity", r#"echo '{"UserId":"A","Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/tester"}'"#),
        ("ec2 ", &never_answers(&project)),
    ]);
    project
}

#[test]
fn a_sweep_that_looks_for_leftovers() {
    is_ended_by_one_request(&whose_images_hang(), &["image", "sweep"]);
}

#[test]
fn a_pruning_that_looks_for_images() {
    is_ended_by_one_request(&whose_images_hang(), &["image", "prune"]);
}

#[test]
fn a_tool_that_is_asked_for_its_version() {
    let project = Project::new(STACK);
    let hangs = never_answers(&project);
    project.tool("terraform", &[("version -json", &hangs)]);
    is_ended_by_one_request(&project, &["up"]);
}

#[test]
fn a_command_that_is_asked_for_a_secret() {
    let project = Project::new(WITH_COMMAND);
    Terraform::default().install(&project);
    project.tool("vault", &[("", &never_answers(&project))]);
    is_ended_by_one_request(&project, &["up"]);
}
