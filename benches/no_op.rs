//! An `up` that has nothing to do, against what it cannot be quicker than, and against the script that
//! such projects usually have.

mod support;

use amiable::tools::locate::Tool;

use support::{
    project::{Project, TEMPLATE},
    setting,
    table::Results,
    timing::{take_turns, time},
};

const STACK: &str = r#"
stack "bench" {
  region    = "us-east-1"
  terraform = "terraform"
}

image "web" {
  template = "packer"
  name     = "bench-web"
}

variables = { ami_id = image.web.id }
"#;

const ROOT: &str = r#"
variable "ami_id" {
  type = string
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = var.ami_id
  instance_type = "t3.micro"
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#;

/// What the sandbox renders for amiable; the script has it in its own files.
const PROVIDER: &str = r#"
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    ec2 = "URL"
    sts = "URL"
  }
}
"#;

const PACKER_SETTINGS: &str = r#"  access_key                 = "test"
  secret_key                 = "test"
  custom_endpoint_ec2        = "URL"
  skip_metadata_api_check    = true
  skip_credential_validation = true
"#;

/// The AMI goes first, because its name is taken; then everything is done again.
const SCRIPT: &str = r#"#!/bin/sh
set -eu
ami_called() {
  aws ec2 describe-images --owners self --filters "Name=name,Values=$1" \
    --query 'Images[0].ImageId' --output text
}
old=$(ami_called script-web)
[ "$old" = None ] || aws ec2 deregister-image --image-id "$old"
packer build -machine-readable packer/web.pkr.hcl
terraform -chdir=terraform init -input=false
terraform -chdir=terraform apply -input=false -auto-approve -var "ami_id=$(ami_called script-web)"
"#;

fn main() {
    if !support::is_asked_for() {
        return;
    }
    let project = Project::new(STACK);
    project.write("packer/web.pkr.hcl", &TEMPLATE.replace("NAME", "bench-web"));
    let own_provider = "provider \"aws\" {\n  region = \"us-east-1\"\n}\n";
    project.write("terraform/main.tf", &format!("{own_provider}{ROOT}"));
    let up = ["up", "--yes", "--no-provision", "--non-interactive"];
    // The first deploys, the second finds the versions of the tools known.
    time(&mut project.amiable(&up));

    let url = project.emulator();
    let settings = format!("\n{PACKER_SETTINGS}}}\n\nbuild {{").replace("URL", &url);
    let template = TEMPLATE
        .replace("NAME", "script-web")
        .replacen("}\n\nbuild {", &settings, 1);
    project.write("script/packer/web.pkr.hcl", &template);
    let provider = PROVIDER.replace("URL", &url);
    project.write("script/terraform/main.tf", &format!("{provider}{ROOT}"));
    project.write("script/run.sh", SCRIPT);

    let workspace = ".amiable/work/bench/sandbox/terraform";
    let ask = [
        "ec2",
        "describe-images",
        "--owners",
        "self",
        "--output",
        "json",
    ];
    let mut plan = project.tool(Tool::Terraform, workspace, &["plan", "-input=false"]);
    let mut look = project.tool(Tool::Aws, ".", &ask);
    let mut script = project.towards_emulator("sh".as_ref(), "script");
    script.arg("run.sh");
    let samples = take_turns(
        setting("AMIABLE_BENCH_ROUNDS", 7),
        &mut [
            (
                "`amiable up`, nothing to do",
                Box::new(|| time(&mut project.amiable(&up))),
            ),
            ("`terraform plan` alone", Box::new(|| time(&mut plan))),
            (
                "`aws ec2 describe-images` alone",
                Box::new(|| time(&mut look)),
            ),
            (
                "script: describe, deregister, `packer build`, `terraform init`, `terraform apply`",
                Box::new(|| time(&mut script)),
            ),
        ],
    );
    let [amiable, plan, look, script] = samples.as_slice() else {
        unreachable!("as many samples as contenders");
    };

    let seconds = |samples: &support::timing::Samples| samples.median().as_secs_f64();
    let mut results = Results::new("no-op");
    results.durations(&[amiable, plan, look, script]);
    let allowed = seconds(plan) + seconds(look) + 0.1;
    results.ratio(
        "`up` to plan + one call + 100 ms",
        seconds(amiable) / allowed,
        1.0,
    );
    results.ratio(
        "`up` to the script",
        seconds(amiable) / seconds(script),
        1.0,
    );
    let own = seconds(amiable) - seconds(plan) - seconds(look);
    results.note(&format!(
        "beyond plan and call `up` took {:.0} ms",
        own * 1000.0
    ));
    results.publish();
}
