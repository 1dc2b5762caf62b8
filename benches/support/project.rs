//! A project in a temporary folder, deployed into a sandbox of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use amiable::tools::locate::{Tool, locate};
use tempfile::TempDir;

/// A template whose builds need no machine to run on: instance and AMI are records of the emulator.
/// `NAME` stands for the image's name.
pub const TEMPLATE: &str = r#"
source "amazon-ebs" "NAME" {
  ami_name      = "NAME"
  communicator  = "none"
  instance_type = "t3.micro"
  region        = "us-east-1"

  source_ami_filter {
    filters = {
      name             = "debian-12-amd64-*"
      root-device-type = "ebs"
    }
    owners      = ["136693071363"]
    most_recent = true
  }
}

build {
  sources = ["source.amazon-ebs.NAME"]
}
"#;

/// A project; its sandbox ends when it is dropped.
pub struct Project {
    folder: TempDir,
}

impl Project {
    pub fn new(stack: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let project = Self { folder };
        project.write("stack.hcl", stack);
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

    /// `amiable ARGUMENTS` in the project.
    pub fn amiable(&self, arguments: &[&str]) -> Command {
        let mut command = here(env!("CARGO_BIN_EXE_amiable").as_ref(), self.folder.path());
        command.args(arguments);
        command
    }

    /// `tool ARGUMENTS` in a folder of the project, as somebody would call it who has the emulator in
    /// mind and knows nothing of amiable.
    pub fn tool(&self, tool: Tool, folder: &str, arguments: &[&str]) -> Command {
        let program = locate(tool).unwrap_or_else(|error| panic!("{error}"));
        let mut command = self.towards_emulator(program.as_ref(), folder);
        command.args(arguments);
        command
    }

    /// `program` in a folder of the project, with what points the tools at the emulator.
    pub fn towards_emulator(&self, program: &Path, folder: &str) -> Command {
        let mut command = here(program, &self.path(folder));
        command
            .env("AWS_ENDPOINT_URL", self.emulator())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("NO_PROXY", "127.0.0.1")
            // Neither asks for newer versions, with amiable or without.
            .env("CHECKPOINT_DISABLE", "1");
        // Where Terraform's registry is out of reach, providers come from a mirror.
        let settings = glob_one(&self.path(".amiable/work"), "amiable.tfrc");
        if let Some(settings) = settings {
            command.env("TF_CLI_CONFIG_FILE", settings);
        }
        command
    }

    /// The emulator's address; it is started if need be.
    pub fn emulator(&self) -> String {
        let started = self.amiable(&["sandbox", "start"]).output();
        assert!(started.is_ok_and(|output| output.status.success()));
        let status = self.amiable(&["sandbox", "status", "--json"]).output();
        let status: serde_json::Value =
            serde_json::from_slice(&status.expect("amiable starts").stdout).expect("JSON");
        let url = status["emulator"]["url"].as_str();
        url.expect("the emulator has an address").to_owned()
    }

    /// How long each step of the last run took that begins with `prefix`, in seconds.
    pub fn step_seconds(&self, prefix: &str) -> Vec<f64> {
        let runs = fs::read_dir(self.path(".amiable/runs")).expect("runs");
        let last = runs
            .map(|run| run.expect("a run").path())
            .max()
            .expect("a run");
        let report = fs::read(last.join("report.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        let steps = report["steps"].as_array().expect("steps");
        steps
            .iter()
            .filter(|step| {
                step["id"]
                    .as_str()
                    .is_some_and(|name| name.starts_with(prefix))
            })
            .map(|step| step["seconds"].as_f64().expect("seconds"))
            .collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Nothing else would end the emulator.
        let _ = self.amiable(&["sandbox", "stop"]).output();
    }
}

fn here(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    // What the user has set for their own projects.
    for name in [
        "AMIABLE_STACK",
        "AMIABLE_ENV",
        "TF_CLI_ARGS",
        "TF_LOG",
        "PACKER_LOG",
    ] {
        command.env_remove(name);
    }
    command
}

fn glob_one(folder: &Path, name: &str) -> Option<PathBuf> {
    walkdir::WalkDir::new(folder)
        .max_depth(4)
        .into_iter()
        .flatten()
        .find(|entry| entry.file_name() == name)
        .map(walkdir::DirEntry::into_path)
}
