//! A project that is replaced in seconds: an image without provisioners, and a launch template that uses it.
//!
//! The image's content is one word, which its AMI carries as the tag `content`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    scenario::Scenario,
    strict_aws::{client::StrictAws, process, strict::Settings},
};

const TEMPLATE: &str = r#"
variable "content" {
  type = string
}

source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "web-image"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
  tags          = { content = var.content }
}

build {
  sources = ["source.amazon-ebs.web"]
}
"#;

/// The project, in a temporary folder; its sandbox ends with it.
#[derive(Debug)]
pub struct Project {
    scenario: Scenario,
    folder: tempfile::TempDir,
    programs: tempfile::TempDir,
}

/// How a run of the driver ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    #[allow(dead_code, reason = "not every test binary reads it")]
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// The project with its image's first content deployed.
    pub fn deployed(scenario: Scenario, settings: Settings) -> Self {
        let project = Self::new(scenario, settings);
        let ran = project.deploy();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        project
    }

    /// The project, of which nothing is deployed.
    pub fn new(scenario: Scenario, settings: Settings) -> Self {
        let project = Self {
            scenario,
            folder: tempfile::tempdir().unwrap(),
            programs: tempfile::tempdir().unwrap(),
        };
        process::write_script(project.programs.path(), settings);
        process::write_packer(project.programs.path());
        project.write("packer/web.pkr.hcl", TEMPLATE);
        project.write("terraform/main.tf", scenario.root);
        project.set_content("first");
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn set_content(&self, content: &str) {
        self.write(
            "stack.hcl",
            &self.scenario.stack.replace("CONTENT", content),
        );
    }

    /// Deploys or repairs, to the end.
    pub fn deploy(&self) -> Ran {
        self.run(self.scenario.deploy)
    }

    /// Replaces the image, to the end.
    pub fn replace(&self) -> Ran {
        self.run(self.scenario.replace)
    }

    /// The command that replaces the image. Nobody reads what it prints.
    pub fn replacement(&self) -> Command {
        let mut command = self.command(self.scenario.replace);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The proxy in front of the emulator of this project.
    pub fn aws(&self) -> StrictAws {
        StrictAws::of_project(self.path())
    }

    /// `amiable ARGUMENTS`, to the end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The command `amiable ARGUMENTS`, with an environment built from nothing.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_clear();
        for name in ["PATH", "HOME", "AMIABLE_HOME", "XDG_DATA_HOME"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("AMIABLE_MOTO_SERVER", self.program("strict_aws"))
            .env("AMIABLE_PACKER", self.program("packer"));
        command
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs.path().join(name)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path().join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.command(&["sandbox", "stop"]).output();
    }
}
