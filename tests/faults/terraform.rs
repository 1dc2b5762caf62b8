//! Terraform as a child: what happens to it, and what the driver makes of that. Real Terraform and AWS provider,
//! AWS by the emulator behind the proxy, but for what the real one cannot be made to do at will.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::{
    account::{Account, Midway, UP, VPC, mode, send, session},
    strict_aws::{
        holds::Release,
        rules::{Effect, Side, When},
    },
    support::{Project, Ran, STACK, Terraform, wait_for, wait_until},
};

const APPLY: &str = "terraform.apply";

/// What the newest report says became of `address`.
fn outcome(report: &Value, address: &str) -> Vec<String> {
    let resources = report["changes"]["done"]["resources"].as_array();
    let of_it = resources.into_iter().flatten();
    of_it
        .filter(|resource| resource["address"] == address)
        .map(|resource| resource["result"].as_str().unwrap().to_owned())
        .collect()
}

/// The addresses in the state, which has to be a whole one.
fn in_state(account: &Account) -> Vec<String> {
    let state: Value = serde_json::from_slice(&fs::read(account.state()).unwrap()).unwrap();
    let resources = state["resources"].as_array().unwrap();
    let address = |resource: &Value| {
        let part = |name: &str| resource[name].as_str().unwrap().to_owned();
        format!("{}.{}", part("type"), part("name"))
    };
    resources.iter().map(address).collect()
}

#[test]
fn row_01_one_request_to_stop_is_passed_on_once_and_the_state_is_right() {
    let account = Account::new(&format!(
        "{VPC}\nresource \"aws_subnet\" \"main\" {{\n  vpc_id = aws_vpc.main.id\n  cidr_block = \"10.1.1.0/24\"\n}}\n"
    ));
    let mut up = account.up_until("CreateVpc");
    up.signal(Signal::INT);
    up.hear("aws_vpc.main");
    up.release(Release::Answer);
    let ran = up.end().expect(130);
    let report = account.report();
    assert_eq!(report["result"], "interrupted", "{}", ran.stderr);
    assert_eq!(outcome(&report, "aws_vpc.main"), ["done"]);
    assert_eq!(in_state(&account), ["aws_vpc.main"]);

    account.run(UP).expect(0);
    assert_eq!(account.vpcs(), 1, "nothing is created twice");
}

#[test]
fn row_02_a_second_request_sends_no_second_signal() {
    let account = Account::new(VPC);
    let mut up = account.up_until("CreateVpc");
    up.signal(Signal::INT);
    up.hear("aws_vpc.main");
    up.signal(Signal::INT);
    up.hear("again");
    up.release(Release::Answer);
    up.end().expect(130);
    // After a second signal of its own Terraform would have lost it.
    assert_eq!(in_state(&account), ["aws_vpc.main"]);
    assert_eq!(outcome(&account.report(), "aws_vpc.main"), ["done"]);
}

/// A Terraform that was killed while it created the VPC, and the driver's words about it.
fn killed(account: &Account) -> (u32, Ran) {
    let up = account.up_until("CreateVpc");
    let terraform = up.tool(APPLY);
    send(terraform, Signal::KILL);
    let ran = up.end().expect(1);
    (terraform, ran)
}

#[test]
fn row_03_a_killed_terraform_leaves_no_state_and_the_next_run_applies_nothing_on_top() {
    let account = Account::new(VPC);
    let (_, ran) = killed(&account);
    assert!(ran.stderr.contains("signal 9"), "{}", ran.stderr);
    assert_eq!(outcome(&account.report(), "aws_vpc.main"), ["unknown"]);
    assert_eq!(fs::read(account.state()).unwrap().len(), 0);

    let next = account.run(UP).expect(7);
    assert!(next.stderr.contains("is empty"), "{}", next.stderr);
    assert!(next.stderr.contains(".backup"), "{}", next.stderr);
    assert!(!account.called("terraform.plan"));
    assert_eq!(account.vpcs(), 1, "nothing is created on top");
}

#[test]
fn row_04_a_driver_that_is_killed_takes_no_pipe_away_and_the_state_is_right() {
    let account = Account::new(VPC);
    let up = account.up_until("CreateVpc");
    let terraform = up.tool(APPLY);
    let held = up.release_later();
    up.kill();
    held(Release::Answer);
    wait_until(|| session(terraform).is_empty());
    assert_eq!(in_state(&account), ["aws_vpc.main"]);
}

#[test]
fn row_05_the_next_run_takes_in_what_went_on_without_its_driver() {
    let account = Account::new(VPC);
    let up = account.up_until("CreateVpc");
    let held = up.release_later();
    up.kill();
    held(Release::Answer);
    let next = account.run(UP).expect(0);
    assert!(
        next.stderr.contains("went on to its end: 1 added"),
        "{}",
        next.stderr
    );
    assert_eq!(account.vpcs(), 1);
}

#[test]
fn row_06_a_driver_that_reads_nothing_holds_no_tool_up() {
    let project = Project::new(STACK);
    let (started, go_on, ended) = (
        project.path("started"),
        project.path("go-on"),
        project.path("ended"),
    );
    let default = Terraform::default();
    Terraform {
        // More than any pipe holds.
        plan: format!(
            "touch {}; while ! [ -e {} ]; do sleep 0.02; done\n\
             i=0; while [ $i -lt 20000 ]; do echo '{{\"type\":\"refresh_start\",\"hook\":{{\"resource\":{{\"addr\":\"a.b\"}}}}}}'; i=$((i+1)); done\n\
             touch {}\n{}",
            started.display(),
            go_on.display(),
            ended.display(),
            default.plan
        ),
        ..default
    }
    .install(&project);
    let driver = project.start(&["up", "--env", "staging", "--yes"]);
    wait_for(&started);
    send(driver.id(), Signal::STOP);
    fs::write(&go_on, "").unwrap();
    wait_for(&ended);
    send(driver.id(), Signal::CONT);
    Ran::from(driver.wait_with_output().unwrap()).expect(0);
}

/// Looks something up, so that planning asks AWS.
const LOOKS_UP: &str = r#"
data "aws_availability_zones" "all" {}
output "zones" {
  value = data.aws_availability_zones.all.names
}
resource "aws_vpc" "main" {
  cidr_block = "10.1.0.0/16"
}
"#;

#[test]
fn row_08_a_plan_that_somebody_interrupts_is_not_applied() {
    let account = Account::new(LOOKS_UP);
    let up = account.midway(UP, "DescribeAvailabilityZones", Side::Before);
    let terraform = up.tool("terraform.plan");
    send(terraform, Signal::INT);
    up.release(Release::Answer);
    let ran = up.end().expect(1);
    assert!(ran.stderr.contains("terraform plan"), "{}", ran.stderr);
    assert!(!account.called(APPLY));
    assert_eq!(account.vpcs(), 0);
    let plan = account.last_run().join("spool");
    assert_eq!(fs::read_dir(plan).unwrap().count(), 0, "no plan is kept");
}

#[test]
fn row_13_what_a_crashed_provider_was_creating_is_unknown() {
    let account = Account::new(VPC);
    let up = account.up_until("CreateVpc");
    let processes = session(up.tool(APPLY));
    let provider = processes
        .iter()
        .find(|(_, name)| name.starts_with("terraform-provi"))
        .unwrap_or_else(|| panic!("no provider: {processes:?}"));
    send(provider.0, Signal::SEGV);
    let ran = up.end().expect(1);
    assert!(
        ran.stderr.contains("the provider crashed"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("may exist without being in the state: aws_vpc.main"),
        "{}",
        ran.stderr
    );
    let outcomes = outcome(&account.report(), "aws_vpc.main");
    assert_eq!(outcomes, ["unknown"], "{}", ran.stderr);
}

#[test]
fn row_14_providers_of_a_terraform_that_died_are_ended() {
    let account = Account::new(VPC);
    let (terraform, _) = killed(&account);
    assert_eq!(session(terraform), []);
}

/// A provisioner that notes an interrupt of its own and starts something that outlives it.
const PROVISIONER: &str = r#"
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = "trap 'touch FOLDER/signalled' INT; sleep 1000 & touch FOLDER/started; wait; true"
  }
}
"#;

/// An apply that is interrupted while a provisioner runs: its Terraform, and what the driver said.
fn interrupted_provisioner(account: &Account) -> (u32, Ran) {
    let mut driver = account
        .command(UP)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&account.path("started"));
    let started = account
        .journal()
        .into_iter()
        .find(|record| record["record"] == "child-started" && record["step"] == APPLY);
    let terraform = u32::try_from(started.unwrap()["pid"].as_u64().unwrap()).unwrap();
    send(driver.id(), Signal::INT);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut driver.stderr.take().unwrap(), &mut said).unwrap();
    let code = driver.wait().unwrap().code();
    let ran = Ran {
        code,
        stdout: String::new(),
        stderr: said,
    };
    (terraform, ran)
}

fn provisioned() -> Account {
    let account = Account::new("");
    let root = PROVISIONER.replace("FOLDER", &account.path("").display().to_string());
    account.write("terraform/main.tf", &root);
    account
}

#[test]
fn row_15_an_interrupt_reaches_terraform_alone() {
    let account = provisioned();
    let (_, ran) = interrupted_provisioner(&account);
    ran.expect(130);
    assert!(!account.path("signalled").exists());
}

#[test]
fn row_16_what_an_interrupted_provisioner_started_is_ended() {
    let account = provisioned();
    let (terraform, ran) = interrupted_provisioner(&account);
    ran.expect(130);
    assert_eq!(session(terraform), []);
}

#[test]
fn row_17_while_aws_does_not_answer_the_driver_says_what_is_pending_and_waits() {
    let account = Account::new(VPC);
    let mut up = account.up_until("CreateVpc");
    let terraform = up.tool(APPLY);
    up.signal(Signal::INT);
    up.hear("waiting for terraform.apply: aws_vpc.main");
    assert!(up.is_running());
    assert!(!session(terraform).is_empty(), "nothing was escalated");
    up.release(Release::Answer);
    up.end().expect(130);
}

#[test]
fn row_18_a_resource_whose_answer_was_lost_is_unknown() {
    let account = Account::new(VPC);
    let lost = When::ec2(&["CreateVpc"]);
    account.aws().rule(lost, Effect::LoseReply);
    let ran = account.run(UP).expect(1);
    assert!(account.vpcs() > 0, "AWS has carried it out");
    assert_eq!(
        outcome(&account.report(), "aws_vpc.main"),
        ["unknown"],
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("may exist without being in the state: aws_vpc.main"),
        "{}",
        ran.stderr
    );
}

#[test]
fn row_22_a_destroy_works_when_the_ami_is_gone() {
    let account = Account::new(
        r#"
data "aws_ami" "web" {
  owners = ["self"]
  filter {
    name   = "name"
    values = ["web"]
  }
}
resource "aws_launch_template" "web" {
  image_id = data.aws_ami.web.id
}
"#,
    );
    let moto = account.aws().moto();
    let register = [("Name", "web"), ("RootDeviceName", "/dev/sda1")];
    let answer = moto.ask("us-east-1", "RegisterImage", &register).unwrap();
    let ami = super::strict_aws::xml::text(&answer, "imageId").unwrap();
    account.run(UP).expect(0);
    moto.ask("us-east-1", "DeregisterImage", &[("ImageId", &ami)])
        .unwrap();

    let up = account.run(UP).expect(1);
    assert!(
        up.stderr.contains("a data source found nothing"),
        "{}",
        up.stderr
    );
    let ran = account.run(&["destroy", "--yes"]).expect(0);
    assert!(
        ran.stderr.contains("from the state alone"),
        "{}",
        ran.stderr
    );
    assert_eq!(in_state(&account), [""; 0]);
}

#[test]
fn row_43_state_and_plan_are_nobody_elses_to_read() {
    let account = Account::new(VPC);
    let up: Midway<'_> = account.up_until("CreateVpc");
    let plan = account.last_run().join("spool");
    let kept = fs::read_dir(&plan)
        .unwrap()
        .map(|file| file.unwrap().path());
    for file in kept {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    up.release(Release::Answer);
    up.end().expect(0);
    assert_eq!(mode(&account.state()), 0o600);
    assert_eq!(fs::read_dir(plan).unwrap().count(), 0);
}
