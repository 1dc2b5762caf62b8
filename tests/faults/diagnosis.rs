//! Errors of AWS, as its services give them to the real tools: each comes with a line that says what happened and
//! one that says what to do. What passes by itself is tried again, visibly, where nothing can be changed by that.

use super::{
    account::{Account, UP},
    strict_aws::rules::{Effect, When},
    support::{Project, STACK, Terraform, lines},
};

/// Planning asks AWS, once.
const LOOKS_UP: &str = r#"
data "aws_availability_zones" "all" {}
resource "aws_vpc" "main" {
  cidr_block = "10.1.0.0/16"
  tags       = { zone = data.aws_availability_zones.all.names[0] }
}
"#;

fn error(status: u16, code: &str, message: &str) -> Effect {
    Effect::Error {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// Status, code and message as AWS gives them (EC2 API reference, "Error codes"), what has to be said of them, and a
/// part of what has to be advised.
const ERRORS: &[(u16, &str, &str, &str, &str)] = &[
    (
        401,
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
        "does not accept the access key",
        "creds check",
    ),
    (
        400,
        "RequestExpired",
        "Request has expired.",
        "session has expired",
        "log in again",
    ),
    (
        403,
        "UnauthorizedOperation",
        "You are not authorized to perform this operation.",
        "may not do this",
        "permission",
    ),
    (
        503,
        "RequestLimitExceeded",
        "Request limit exceeded.",
        "throttling",
        "wait a minute",
    ),
    (
        400,
        "InsufficientInstanceCapacity",
        "We currently do not have sufficient t3.micro capacity",
        "no capacity",
        "another type or zone",
    ),
    (
        400,
        "VcpuLimitExceeded",
        "You have requested more vCPU capacity than your current limit",
        "quota",
        "Service Quotas",
    ),
    (
        400,
        "InvalidAMIID.NotFound",
        "The image id '[ami-1]' does not exist",
        "AMI is not there",
        "image list",
    ),
    (
        400,
        "InvalidGroup.Duplicate",
        "The security group 'web' already exists",
        "name is taken",
        "another name",
    ),
    (
        400,
        "InvalidParameter",
        "Security group sg-1 and subnet subnet-2 belong to different networks.",
        "another VPC",
        "describe-subnets",
    ),
];

#[test]
fn row_19_what_aws_refuses_terraform_is_explained_in_two_lines() {
    let account = Account::new(LOOKS_UP);
    for (status, code, message, what, mend) in ERRORS {
        let asking = When::ec2(&["DescribeAvailabilityZones"]);
        account.aws().rule(asking, error(*status, code, message));
        let ran = account.run(&["plan"]).expect(1);
        account.aws().clear_rules();
        let says = |start: &str, text: &str| {
            let lines = ran.stderr.lines().map(str::trim_start);
            lines
                .filter(|line| line.starts_with(start))
                .any(|line| line.contains(text))
        };
        assert!(
            says("terraform.plan failed: ", what),
            "{code}: {}",
            ran.stderr
        );
        // A long hint is folded.
        let folded = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            folded.contains("hint: ") && folded.contains(mend),
            "{code}: {}",
            ran.stderr
        );
    }
}

#[test]
fn row_19_what_aws_refuses_packer_is_explained_in_two_lines() {
    let account = Account::with_stack(
        "stack \"web\" {\n  region = \"us-east-1\"\n}\nimage \"web\" {\n  template = \"packer\"\n  name = \"web\"\n}\n",
    );
    account.write(
        "packer/web.pkr.hcl",
        r#"
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
"#,
    );
    let launching = When::ec2(&["RunInstances"]);
    account.aws().rule(
        launching,
        error(
            400,
            "InstanceLimitExceeded",
            "You have requested more instances than your current limit",
        ),
    );
    let ran = account.run(UP).expect(1);
    assert!(
        ran.stderr
            .contains("packer build: a quota of the account is used up"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("InstanceLimitExceeded"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Service Quotas"), "{}", ran.stderr);
}

#[test]
fn a_plan_that_was_throttled_is_made_again_and_that_is_shown() {
    let account = Account::new(LOOKS_UP);
    // The provider itself asks twice.
    for nth in 1..=2 {
        let asking = When::ec2(&["DescribeAvailabilityZones"]).nth(nth);
        account.aws().rule(asking, Effect::throttled());
    }
    let ran = account.run(UP).expect(0);
    assert!(
        ran.stderr
            .contains("AWS is throttling this account: `terraform plan` again in"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("(try 2 of 3)"), "{}", ran.stderr);
    let warnings = account.report()["warnings"].to_string();
    assert!(warnings.contains("throttling"), "{warnings}");
    assert_eq!(account.vpcs(), 1);
}

#[test]
fn an_apply_that_was_throttled_is_not_made_again_by_itself() {
    let account = Account::new(LOOKS_UP);
    account
        .aws()
        .rule(When::ec2(&["CreateVpc"]), Effect::throttled());
    let ran = account.run(UP).expect(1);
    assert!(ran.stderr.contains("AWS is throttling"), "{}", ran.stderr);
    let records = account.journal();
    let applies = records.iter().filter(|record| {
        record["record"] == "child-started" && record["step"] == "terraform.apply"
    });
    assert_eq!(applies.count(), 1);
}

/// A scripted `aws` that fails with `code` as often as `times`.
fn aws_that_fails(project: &Project, code: &str, times: usize) {
    let count = project.path("count");
    let identity = format!(
        "echo x >>'{0}'\n\
         if [ \"$(wc -l <'{0}')\" -le {times} ]; then\n\
           echo 'An error occurred ({code}) when calling the GetCallerIdentity operation: no' >&2; exit 254\n\
         fi\n\
         echo '{{\"UserId\":\"A\",\"Account\":\"123456789012\",\"Arn\":\"arn:aws:iam::123456789012:user/tester\"}}'",
        count.display()
    );
    project.tool(
        "aws",
        &[
            (
                "--version",
                "echo aws-cli/1.45.11 Python/3.11.7 Linux/6.1.0 botocore/1.43.11",
            ),
            ("sts get-caller-identity", &identity),
        ],
    );
}

#[test]
fn a_question_to_aws_is_asked_again_when_what_it_failed_of_passes() {
    let project = Project::new(STACK);
    Terraform::unchanged().install(&project);
    aws_that_fails(&project, "ServiceUnavailable", 1);
    let ran = project.run(&["plan", "--env", "staging"]).expect(0);
    assert!(
        ran.stderr
            .contains("AWS has trouble of its own: `aws sts get-caller-identity` again in"),
        "{}",
        ran.stderr
    );
}

#[test]
fn expired_credentials_are_told_before_anything_is_done_and_asked_for_once() {
    let project = Project::new(STACK);
    Terraform::default().install(&project);
    aws_that_fails(&project, "ExpiredToken", 9);
    let ran = project.run(&["up", "--env", "staging", "--yes"]).expect(4);
    assert!(
        ran.stderr.contains("the AWS session has expired"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("aws sso login"), "{}", ran.stderr);
    assert_eq!(project.read("count"), "x\n");
}

#[test]
fn what_init_cannot_fetch_is_fetched_again() {
    let project = Project::new(STACK);
    Terraform::unchanged().install(&project);
    let tries = project.path("tries");
    let init = format!(
        "echo x >>'{0}'\n\
         if [ \"$(wc -l <'{0}')\" -le 1 ]; then\n\
           echo 'Error: Failed to query available provider packages' >&2; exit 1\n\
         fi\n\
         mkdir -p .terraform",
        tries.display()
    );
    let plan = Terraform::unchanged().plan;
    project.tool(
        "terraform",
        &[
            ("version -json", r#"echo '{"terraform_version":"1.11.4"}'"#),
            ("init ", &init),
            ("plan ", &plan),
            ("output ", &lines(&["{}"], 0)),
        ],
    );
    let stack = STACK.replace("summary = [\"url: ${output.url}\"]", "");
    project.write("stack.hcl", &stack);
    let ran = project.run(&["up", "--env", "staging"]).expect(0);
    assert!(
        ran.stderr
            .contains("the provider cannot be fetched: `terraform init` again in"),
        "{}",
        ran.stderr
    );
}
