//! A project that knows nothing of amiable: a legacy Packer template with user variables, a relative
//! and an absolute script, and a Terraform folder. A short `stack.hcl` deploys it into the sandbox,
//! with the real tools and its provisioners running in a builder machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

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

const PASSWORD: &str = "Plain4Words&a<sign>";

/// A project in a temporary folder; its sandbox ends with it.
struct Project {
    folder: tempfile::TempDir,
    elsewhere: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            elsewhere: tempfile::tempdir().unwrap(),
        };
        let scripts = project.elsewhere.path().display().to_string();
        project.write("stack.hcl", &STACK.replace("SCRIPTS", &scripts));
        project.write("infra/packer/webworker.json", TEMPLATE);
        project.write(
            "infra/packer/setup.sh",
            "#!/bin/sh\nset -eu\n[ -n \"$DB_PASS\" ]\nprintf %s \"$GREETING\" >/tmp/greeting\necho \"password: $DB_PASS\"\n",
        );
        project.write("infra/terraform/main.tf", ROOT);
        fs::write(
            project.elsewhere.path().join("check.sh"),
            "#!/bin/sh\nset -eu\n[ \"$(cat /tmp/greeting)\" = \"it's \\\"webworker\\\"\" ]\n",
        )
        .unwrap();
        project
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn amiable(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.amiable_with(arguments, &[])
    }

    fn amiable_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        let network = [
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
        ];
        for name in ["PATH", "HOME", "AMIABLE_HOME", "XDG_DATA_HOME"]
            .iter()
            .chain(&network)
        {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("AWS_DB_PASS", PASSWORD)
            .envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.amiable(arguments);
        assert_eq!(code, Some(0), "amiable {arguments:?}\n{stdout}\n{stderr}");
        stdout
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.amiable(&["sandbox", "stop"]);
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().to_owned())
        .collect()
}

#[test]
fn a_foreign_project_is_deployed_reused_and_destroyed() {
    let project = Project::new();
    let own_files = files(project.folder.path());

    let report = project.succeeds(&["up", "--yes", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["result"], "succeeded");
    let ami = report["images"][0]["outcome"]["ami"]
        .as_str()
        .expect("an AMI")
        .to_owned();
    assert_eq!(project.succeeds(&["output", "image"]).trim(), ami);

    let again = project.succeeds(&["up", "--yes", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["images"][0]["outcome"]["origin"], "reused", "{again}");
    assert_eq!(again["images"][0]["outcome"]["ami"], ami.as_str());

    let images_only: serde_json::Value =
        serde_json::from_str(&project.succeeds(&["up", "--only", "images", "--json"])).unwrap();
    assert_eq!(images_only["result"], "succeeded");
    let steps = images_only["steps"].to_string();
    assert!(!steps.contains("terraform"), "{steps}");
    let terraform_only = project.succeeds(&["up", "--only", "terraform", "--yes", "--json"]);
    assert!(terraform_only.contains(&ami), "{terraform_only}");

    project.write("infra/packer/setup.sh", "#!/bin/sh\nexit 1\n");
    let (_, _, plan) = project.amiable(&["plan"]);
    assert!(plan.contains("changed: infra/packer/setup.sh"), "{plan}");
    let (code, _, failed) = project.amiable(&["up", "--yes"]);
    assert_eq!(code, Some(1), "{failed}");
    assert_eq!(
        project.succeeds(&["output", "image"]).trim(),
        ami,
        "the old image stays deployed"
    );

    project.succeeds(&["destroy", "--yes", "--images"]);
    let (code, stdout, _) = project.amiable(&["output", "image"]);
    assert_ne!(code, Some(0), "{stdout}");

    // What was deployed to an emulator ends with it.
    project.write(".amiable/state/webworker/sandbox/outputs.json", "{}");
    project.succeeds(&["sandbox", "stop"]);
    assert!(
        !project
            .path(".amiable/state/webworker/sandbox/outputs.json")
            .exists()
    );

    let now: Vec<PathBuf> = files(project.folder.path())
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
    let project = Project::new();
    let no_docker = [("AMIABLE_DOCKER", "no-such-docker")];

    let (code, _, refused) = project.amiable_with(&["image", "build"], &no_docker);
    assert_eq!(code, Some(5), "{refused}");
    assert!(refused.contains("apt-get install docker.io"), "{refused}");
    assert!(refused.contains("--no-provision"), "{refused}");

    let arguments = ["image", "build", "--no-provision", "--json"];
    let (code, stdout, stderr) = project.amiable_with(&arguments, &no_docker);
    assert_eq!(code, Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["result"], "degraded");
    assert!(stderr.contains("not provisioned"), "{stderr}");

    // The next run with Docker does not mistake it for the real one.
    let (_, _, plan) = project.amiable(&["plan"]);
    assert!(plan.contains("not provisioned"), "{plan}");
}
