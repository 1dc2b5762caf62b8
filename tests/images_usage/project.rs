//! A project whose images build in seconds, and the means to look at its sandbox.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    real_aws::aws,
    strict_aws::{moto::Moto, xml},
};

const STACK: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "infra"
}
image "front" {
  template  = "front.pkr.hcl"
  name      = "web-front"
  keep      = 1
  variables = { content = env.CONTENT }
}
env "CONTENT" { default = "1" }
variables = { ami_id = image.front.id }
environment "staging" {
  backend "local" { path = "ELSEWHERE/staging.tfstate" }
}
"#;

/// Without a connection nothing is provisioned, and a build takes a second.
const TEMPLATE: &str = r#"
variable "content" { type = string }
source "amazon-ebs" "front" {
  region        = "us-east-1"
  instance_type = "t3.micro"
  communicator  = "none"
  ami_name      = "front"
  COPIES
  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }
  tags = { content = var.content }
}
build { sources = ["source.amazon-ebs.front"] }
"#;

const ROOT: &str = r#"
variable "ami_id" { type = string }
provider "aws" {}
resource "aws_launch_template" "front" {
  name          = "front-lt"
  image_id      = var.ami_id
  instance_type = "t3.micro"
  # Otherwise the first version stays the default one, and uses the first image for ever.
  update_default_version = true
}
output "image" { value = aws_launch_template.front.image_id }
"#;

/// A project in a temporary folder; its sandbox ends with it.
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    pub fn new() -> Self {
        Self::with_template(&TEMPLATE.replace("COPIES", ""))
    }

    /// Its images are copied to eu-west-1.
    pub fn with_copies() -> Self {
        Self::with_template(&TEMPLATE.replace("COPIES", "ami_regions = [\"eu-west-1\"]"))
    }

    fn with_template(template: &str) -> Self {
        let project = Self::with_stack("", template);
        let elsewhere = project.path("elsewhere");
        fs::create_dir(&elsewhere).expect("a folder");
        let elsewhere = elsewhere.display().to_string();
        project.write("stack.hcl", &STACK.replace("ELSEWHERE", &elsewhere));
        project.write("infra/main.tf", ROOT);
        project
    }

    /// With a stack file and a template of its own.
    pub fn with_stack(stack: &str, template: &str) -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        project.write("stack.hcl", stack);
        project.write("front.pkr.hcl", template);
        project
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// `amiable ARGUMENTS` with `content` for the image.
    pub fn command(&self, content: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("CONTENT", content);
        if self.path("bin/aws").exists() {
            command.env("AMIABLE_AWS", self.path("bin/aws"));
        }
        let wanted = [
            "PATH",
            "HOME",
            "AMIABLE_HOME",
            "XDG_DATA_HOME",
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
        ];
        for name in wanted {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Puts a script in front of the `aws` command. `cases` are the inside of a `case` over its arguments,
    /// in which `$real` is the command itself.
    pub fn wrap_aws(&self, cases: &str) {
        let real = aws();
        let script = format!(
            "#!/bin/sh\nreal='{}'\ncase \"$*\" in\n{cases}\nesac\nexec \"$real\" \"$@\"\n",
            real.display()
        );
        self.write("bin/aws", &script);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(self.path("bin/aws"), mode).expect("a mode");
    }

    pub fn run(&self, content: &str, arguments: &[&str]) -> Ran {
        let output = self
            .command(content, arguments)
            .output()
            .expect("amiable starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Runs `amiable --json ARGUMENTS`, which has to exit with 0, and gives its document.
    #[track_caller]
    pub fn json(&self, content: &str, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let ran = self.run(content, &arguments).expect(0);
        serde_json::from_str(&ran.stdout).expect(&ran.stdout)
    }

    /// Builds `content` and gives its AMI.
    #[track_caller]
    pub fn build(&self, content: &str) -> String {
        let report = self.json(content, &["image", "build"]);
        let ami = report["images"][0]["outcome"]["ami"].as_str();
        ami.expect("an AMI").to_owned()
    }

    /// Deploys `content` and gives the AMI that is deployed then.
    #[track_caller]
    pub fn up(&self, content: &str, arguments: &[&str]) -> (String, Value) {
        let report = self.json(content, &[&["up", "--yes"], arguments].concat());
        let ami = report["images"][0]["outcome"]["ami"].as_str();
        (ami.expect("an AMI").to_owned(), report)
    }

    /// What the `aws` command answers about the sandbox.
    #[track_caller]
    pub fn aws(&self, arguments: &[&str]) -> Value {
        let port = self.emulator().port;
        let output = Command::new(aws())
            .args(arguments)
            .args(["--region", "us-east-1", "--output", "json"])
            .args(["--endpoint-url", &format!("http://127.0.0.1:{port}")])
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_PAGER", "")
            .output()
            .expect("aws starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The sandbox's emulator, which answers at once what the `aws` command takes a second to ask.
    fn emulator(&self) -> Moto {
        let state = fs::read(self.path(".amiable/sandbox/state.json")).expect("a sandbox");
        let state: Value = serde_json::from_slice(&state).expect("JSON");
        let port = state["emulator"]["port"].as_u64();
        let port = port.and_then(|port| u16::try_from(port).ok());
        Moto {
            port: port.expect("a port"),
        }
    }

    /// Ids of the account's own AMIs in `region`, sorted.
    pub fn amis_in(&self, region: &str) -> Vec<String> {
        let images = self.emulator().own_images(region).expect("an answer");
        sorted(images.into_iter().map(|image| image.id).collect())
    }

    pub fn amis(&self) -> Vec<String> {
        self.amis_in("us-east-1")
    }

    /// Snapshots of the AMI `id` in `region`.
    pub fn snapshots_of(&self, region: &str, id: &str) -> Vec<String> {
        let image = self.emulator().image(region, id).expect("an answer");
        image.expect("the AMI").snapshots
    }

    pub fn has_snapshot(&self, region: &str, id: &str) -> bool {
        let filter = [("Filter.1.Name", "snapshot-id"), ("Filter.1.Value.1", id)];
        let answer = self.emulator().ask(region, "DescribeSnapshots", &filter);
        !xml::items_of(&answer.expect("an answer"), "snapshotSet").is_empty()
    }

    /// The folder of the newest run.
    pub fn last_run(&self) -> PathBuf {
        let runs = fs::read_dir(self.path(".amiable/runs")).expect("runs");
        let runs = runs.map(|run| run.expect("a run").path());
        runs.max().expect("at least one run")
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.run("1", &["sandbox", "stop"]);
    }
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let Ran {
            code: found,
            stdout,
            stderr,
        } = &self;
        assert_eq!(*found, Some(code), "stdout: {stdout}\nstderr: {stderr}");
        self
    }
}

pub fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// Between two looks at what other processes do. Nothing depends on how long it is.
pub const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Waits until `path` holds `text`; another process writes it.
pub fn wait_for_text(path: &Path, text: &str) -> String {
    let patience = std::time::Instant::now() + Duration::from_secs(600);
    loop {
        let found = fs::read_to_string(path).unwrap_or_default();
        if found.contains(text) {
            return found;
        }
        assert!(
            std::time::Instant::now() < patience,
            "{} never held {text:?}: {found}",
            path.display()
        );
        std::thread::sleep(LOOK_AGAIN);
    }
}
