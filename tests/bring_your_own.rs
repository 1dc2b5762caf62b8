//! A project that knows nothing of amiable: a legacy Packer template with user variables, a relative
//! and an absolute script, and a Terraform folder. A short `stack.hcl` deploys it into the sandbox,
//! with the real tools and its provisioners running in a builder machine.

mod sandbox_project;

use std::{fs, path::PathBuf};

use sandbox_project::{Project, files};

const STACK: &str = r#"
stack "webworker" {
  region    = "us-east-1"
  terraform = "infra/terraform"
}

credential "aws_db_pass" {
  env       = "AWS_DB_PASS"
  terraform = "db_password"
}

image "web" {
  template    = "infra/packer/webworker.json"
  name        = "webworker-dashboard"
  credentials = ["aws_db_pass"]
  rotate      = "1"
  variables   = { scripts = "SCRIPTS", greeting = "it's \"${stack.name}\"" }
}

variables = { ami_id = image.web.id }
"#;

const TEMPLATE: &str = r#"{
  "variables": {
    "db_pass": "{{env `AWS_DB_PASS`}}",
    "greeting": "hello",
    "scripts": ""
  },
  "sensitive-variables": ["db_pass"],
  "builders": [{
    "type": "amazon-ebs",
    "region": "us-east-1",
    "source_ami_filter": {
      "filters": {"name": "debian-12-amd64-*", "root-device-type": "ebs"},
      "owners": ["136693071363"],
      "most_recent": true
    },
    "instance_type": "t3.micro",
    "ssh_username": "admin",
    "ami_name": "webworker-dashboard"
  }],
  "provisioners": [
    {"type": "shell", "script": "setup.sh", "environment_vars": ["GREETING={{user `greeting`}}", "DB_PASS={{user `db_pass`}}"]},
    {"type": "shell", "script": "{{user `scripts`}}/check.sh"}
  ]
}
"#;

const ROOT: &str = r#"
variable "ami_id" {
  type = string
}

variable "db_password" {
  type      = string
  sensitive = true
}

provider "aws" {}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = var.ami_id
  instance_type = "t3.micro"
}

resource "aws_secretsmanager_secret" "db" {
  name_prefix             = "web-"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = var.db_password
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#;

const SETUP: &str = r#"#!/bin/sh
set -eu
[ -n "$DB_PASS" ]
printf %s "$GREETING" >/tmp/greeting
echo "password: $DB_PASS"
"#;

const PASSWORD: &str = "Plain4Words&a<sign>";

/// The project, and the folder elsewhere that its template takes a script from.
fn project() -> (Project, tempfile::TempDir) {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(
        elsewhere.path().join("check.sh"),
        "#!/bin/sh\nset -eu\n[ \"$(cat /tmp/greeting)\" = \"it's \\\"webworker\\\"\" ]\n",
    )
    .unwrap();
    let stack = STACK.replace("SCRIPTS", &elsewhere.path().display().to_string());
    let files = [
        ("stack.hcl", stack.as_str()),
        ("infra/packer/webworker.json", TEMPLATE),
        ("infra/packer/setup.sh", SETUP),
        ("infra/terraform/main.tf", ROOT),
    ];
    (
        Project::new(&files, &[("AWS_DB_PASS", PASSWORD)]),
        elsewhere,
    )
}

#[test]
fn a_foreign_project_is_deployed_reused_and_destroyed() {
    let (project, _elsewhere) = project();
    let own_files = files(project.root());
    let deployed = || {
        project
            .run(&["output", "image"])
            .expect(0)
            .stdout
            .trim()
            .to_owned()
    };

    let report = project.json(&["up", "--yes"], 0);
    assert_eq!(report["result"], "succeeded");
    let ami = report["images"][0]["outcome"]["ami"]
        .as_str()
        .expect("an AMI")
        .to_owned();
    assert_eq!(deployed(), ami);

    let again = project.json(&["up", "--yes"], 0);
    assert_eq!(again["images"][0]["outcome"]["origin"], "reused", "{again}");
    assert_eq!(again["images"][0]["outcome"]["ami"], ami.as_str());

    let images_only = project.json(&["up", "--only", "images"], 0);
    assert_eq!(images_only["result"], "succeeded");
    let steps = images_only["steps"].to_string();
    assert!(!steps.contains("terraform"), "{steps}");
    let terraform_only = project.json(&["up", "--only", "terraform", "--yes"], 0);
    assert!(
        terraform_only.to_string().contains(&ami),
        "{terraform_only}"
    );

    project.write("infra/packer/setup.sh", "#!/bin/sh\nexit 1\n");
    let plan = project.run(&["plan"]).stderr;
    assert!(plan.contains("changed: infra/packer/setup.sh"), "{plan}");
    project.run(&["up", "--yes"]).expect(1);
    assert_eq!(deployed(), ami, "the old image stays deployed");

    project.run(&["destroy", "--yes", "--images"]).expect(0);
    let after = project.run(&["output", "image"]);
    assert_ne!(after.code, Some(0), "{after:?}");

    // What was deployed to an emulator ends with it.
    project.write(".amiable/state/webworker/sandbox/outputs.json", "{}");
    project.run(&["sandbox", "stop"]).expect(0);
    assert!(
        !project
            .path(".amiable/state/webworker/sandbox/outputs.json")
            .exists()
    );

    let now: Vec<PathBuf> = files(project.root())
        .into_iter()
        .filter(|path| !path.starts_with(project.path(".amiable")))
        .collect();
    assert_eq!(now, own_files, "runs write nothing into the source tree");
    for path in files(&project.path(".amiable/runs")) {
        let text = fs::read(&path).unwrap();
        let found = text
            .windows(PASSWORD.len())
            .any(|window| window == PASSWORD.as_bytes());
        assert!(!found, "{} holds the password", path.display());
    }
}

#[test]
fn without_docker_provisioners_are_never_skipped_silently() {
    let (project, _elsewhere) = project();
    let no_docker = [("AMIABLE_DOCKER", "no-such-docker")];

    let refused = project
        .run_with(&["image", "build"], &no_docker)
        .expect(5)
        .stderr;
    assert!(refused.contains("apt-get install docker.io"), "{refused}");
    assert!(refused.contains("--no-provision"), "{refused}");

    let arguments = ["image", "build", "--no-provision", "--json"];
    let built = project.run_with(&arguments, &no_docker).expect(0);
    let report: serde_json::Value = serde_json::from_str(&built.stdout).unwrap();
    assert_eq!(report["result"], "degraded");
    assert!(built.stderr.contains("not provisioned"), "{built:?}");

    // The next run with Docker does not mistake it for the real one.
    let plan = project.run(&["plan"]).stderr;
    assert!(plan.contains("not provisioned"), "{plan}");
}
