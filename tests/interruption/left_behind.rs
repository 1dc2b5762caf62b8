//! What a real Terraform leaves behind is ended, by the driver or by the next run.

use std::{env, fs, process::Command};

use super::{
    children, last_run, signal,
    support::{LOOK_AGAIN, Project, Ran, STACK, wait_for, wait_until},
};

const UP: &[&str] = &["up", "--env", "staging", "--yes", "-v"];

/// Starts a process in its session and one outside of it, and waits.
const LOCAL_EXEC: &str = r#"
variable "greeting" {}

resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = <<-EOT
      sleep 1001 &
      setsid sleep 1002 &
      touch 'STARTED'
      while ! [ -e 'GO-ON' ]; do sleep 0.02; done
    EOT
  }
}

output "url" { value = "x" }
"#;

/// The provider's process waits for the one resource that it has.
const PROVIDER: &str = r#"
variable "greeting" {}

provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch 'STARTED'; exec sleep 1003"
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  depends_on = [terraform_data.slow]
}

output "url" { value = "x" }
"#;

/// A project with the real Terraform.
fn project(root: &str) -> Project {
    let project = Project::new(STACK);
    let file = |name: &str| project.path(name).display().to_string();
    let root = root
        .replace("STARTED", &file("started"))
        .replace("GO-ON", &file("go-on"));
    project.write("infra/main.tf", &root);
    project
}

fn up(project: &Project) -> Command {
    let mut command = project.command(UP);
    let real = env::var("AMIABLE_TERRAFORM").unwrap_or_else(|_| "terraform".to_owned());
    let real = which::which(real).expect("scripts/bootstrap installs terraform");
    command.env("AMIABLE_TERRAFORM", real);
    // Providers come from the folder in which bootstrap put them, if it did.
    if let Some(home) = env::var_os("AMIABLE_HOME") {
        command.env("AMIABLE_HOME", home);
    } else if let Some(home) = env::var_os("HOME") {
        let home = std::path::Path::new(&home).join(".local/share/amiable");
        command.env("AMIABLE_HOME", home);
    }
    command
}

fn start(project: &Project) -> std::process::Child {
    let piped = std::process::Stdio::piped;
    let started = up(project).stdout(piped()).stderr(piped()).spawn();
    let child = started.unwrap();
    wait_for(&project.path("started"));
    child
}

/// The pid of the Terraform that applies: the process that leads its session.
fn terraform(run: &str) -> u32 {
    loop {
        let found = children(run);
        let leader = found.iter().find(|(pid, name)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let session = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(3).map(str::to_owned));
            name == "terraform" && session == Some(pid.to_string())
        });
        if let Some((pid, _)) = leader {
            return *pid;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

#[test]
fn processes_of_a_local_exec_end_with_the_terraform_that_was_interrupted() {
    let project = project(LOCAL_EXEC);
    let driver = start(&project);
    let run = last_run(&project);
    let sleeping = || {
        let found = children(&run).into_iter();
        found.filter(|(_, name)| name == "sleep").count()
    };
    wait_until(|| sleeping() >= 2);
    signal("-INT", driver.id());
    fs::write(project.path("go-on"), "").unwrap();
    let ran = Ran::from(driver.wait_with_output().unwrap());
    assert_eq!(children(&run), [], "{}", ran.stderr);
    let ended = ran.stderr.matches("was left behind and was ended").count();
    assert!(ended >= 2, "{}", ran.stderr);
}

#[test]
fn the_provider_of_a_killed_terraform_is_ended_and_the_resource_is_unknown() {
    let project = project(PROVIDER);
    let driver = start(&project);
    let run = last_run(&project);
    wait_for_provider(&run);
    signal("-KILL", terraform(&run));
    let ran = Ran::from(driver.wait_with_output().unwrap()).expect(1);
    assert_eq!(children(&run), [], "{}", ran.stderr);
    assert!(ran.stderr.contains("terraform-provi"), "{}", ran.stderr);
    let report = project.report().to_string();
    assert!(report.contains("terraform_data.slow"), "{report}");
    assert!(report.contains(r#""unknown""#), "{report}");
}

#[test]
fn the_next_run_ends_what_a_terraform_left_that_was_killed_after_its_driver() {
    let project = project(PROVIDER);
    let mut driver = start(&project);
    let run = last_run(&project);
    wait_for_provider(&run);
    driver.kill().unwrap();
    driver.wait().unwrap();
    signal("-KILL", terraform(&run));
    // Something else to do, so that the next run comes to its end.
    project.write(
        "infra/main.tf",
        "variable \"greeting\" {}\noutput \"url\" { value = \"x\" }\n",
    );
    let next = Ran::from(up(&project).output().unwrap());
    assert!(
        next.stderr.contains(&format!(
            "which terraform.apply of run {run} left behind, was ended"
        )),
        "{}",
        next.stderr
    );
    assert_eq!(children(&run), [], "{}", next.stderr);
    let unknown = "may exist without being in the state: terraform_data.slow";
    assert!(next.stderr.contains(unknown), "{}", next.stderr);
}

fn wait_for_provider(run: &str) {
    wait_until(|| {
        let mut found = children(run).into_iter();
        found.any(|(_, name)| name.starts_with("terraform-provi"))
    });
}
