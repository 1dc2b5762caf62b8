//! Packer as a child. Real Packer and Terraform-less stacks, AWS by the emulator behind the proxy.

use std::process::Stdio;

use rustix::process::Signal;

use super::{
    account::{Account, UP, send},
    strict_aws::{
        holds::Release,
        moto::Moto,
        rules::{Effect, When},
    },
    support::{Ran, wait_for},
};

const STACK: &str = r#"
stack "web" {
  region = "us-east-1"
}
image "web" {
  template = "packer"
  name     = "web"
}
"#;

const TEMPLATE: &str = r#"
source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
}
build {
  sources = ["source.amazon-ebs.web"]
}
"#;

fn account() -> Account {
    let account = Account::with_stack(STACK);
    account.write("packer/web.pkr.hcl", TEMPLATE);
    account
}

/// What a build makes on the way and has to take away again.
fn leftovers(moto: Moto) -> Vec<String> {
    let ask = |action: &str, parameters: &[(&str, &str)]| {
        moto.ask("us-east-1", action, parameters).unwrap()
    };
    let running = [
        ("Filter.1.Name", "instance-state-name"),
        ("Filter.1.Value.1", "pending"),
        ("Filter.1.Value.2", "running"),
        ("Filter.1.Value.3", "stopped"),
    ];
    let instances = ask("DescribeInstances", &running);
    let keys = ask("DescribeKeyPairs", &[]);
    let groups = ask("DescribeSecurityGroups", &[]);
    let named = |text: &str, field: &str| {
        let open = format!("<{field}>packer_");
        text.contains(&open).then(|| field.to_owned())
    };
    let instances = instances.contains("<instanceId>");
    [
        instances.then(|| "instance".to_owned()),
        named(&keys, "keyName"),
        named(&groups, "groupName"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn amis(account: &Account) -> usize {
    account.aws().moto().own_images("us-east-1").unwrap().len()
}

#[test]
fn row_23_an_interrupted_build_leaves_nothing() {
    let account = account();
    let mut up = account.up_until("RunInstances");
    up.signal(Signal::INT);
    up.hear("image.web");
    up.release(Release::Answer);
    up.end().expect(130);
    assert_eq!(account.report()["result"], "interrupted");
    assert_eq!(leftovers(account.aws().moto()), [""; 0]);
    assert_eq!(amis(&account), 0);
}

#[test]
fn row_23_an_interrupted_build_that_ends_well_without_an_ami_is_interrupted() {
    let account = account();
    let started = account.path("started");
    account.script_build(&format!(
        "trap 'exit 0' TERM\ntouch '{}'\nsleep 1000 &\nwait",
        started.display()
    ));
    let mut up = account.command(UP);
    let up = up.stdout(Stdio::null()).stderr(Stdio::piped());
    let up = up.spawn().unwrap();
    wait_for(&started);
    send(up.id(), Signal::TERM);
    Ran::from(up.wait_with_output().unwrap()).expect(143);
    assert_eq!(account.report()["result"], "terminated");
}

#[test]
fn row_26_an_ami_of_a_build_that_was_interrupted_is_found() {
    let account = account();
    let mut up = account.up_until("CreateImage");
    up.signal(Signal::INT);
    up.hear("image.web");
    up.release(Release::Answer);
    up.end().expect(130);
    assert_eq!(amis(&account), 1);

    let next = account.run(UP).expect(0);
    assert!(next.stderr.contains("reused"), "{}", next.stderr);
    assert_eq!(amis(&account), 1, "nothing is built a second time");
}

#[test]
fn row_27_an_ami_whose_answer_was_lost_is_found() {
    let account = account();
    account
        .aws()
        .rule(When::ec2(&["CreateImage"]), Effect::LoseReply);
    let ran = account.run(UP).expect(11);
    assert_eq!(amis(&account), 1);
    assert_eq!(account.report()["result"], "degraded", "{}", ran.stderr);
}

#[test]
fn row_28_a_clean_up_that_fails_is_no_success() {
    let account = account();
    let failure = Effect::Error {
        status: 400,
        code: "UnauthorizedOperation".to_owned(),
        message: "You are not authorized to perform this operation.".to_owned(),
    };
    account
        .aws()
        .rule(When::ec2(&["TerminateInstances"]), failure);
    let ran = account.run(UP).expect(11);
    assert!(ran.stderr.contains("degraded"), "{}", ran.stderr);
    assert!(ran.stderr.contains("terminating"), "{}", ran.stderr);
    assert_eq!(amis(&account), 1);
    assert_eq!(leftovers(account.aws().moto()), ["instance"]);
}

#[test]
fn row_32_packer_is_never_told_to_leave_things_behind() {
    let account = account();
    account.run(UP).expect(0);
    let records = account.journal();
    let build = records
        .iter()
        .find(|record| record["record"] == "child-starting" && record["step"] == "image.web");
    let command = build.unwrap()["command"].as_str().unwrap();
    assert!(command.contains(" build "), "{command}");
    for leaving in [
        "-on-error=abort",
        "-on-error=ask",
        "-on-error=run-cleanup-provisioner",
    ] {
        assert!(!command.contains(leaving), "{command}");
    }
    assert_eq!(leftovers(account.aws().moto()), [""; 0]);
}
