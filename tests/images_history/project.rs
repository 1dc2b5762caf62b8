//! A project with one or two images and a Terraform root that deploys them, in a sandbox of its own.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::real_aws::aws;

/// Nothing to provision and nothing to log in to: the image is made in a second.
const TEMPLATE: &str = r#"
source "amazon-ebs" "image" {
  region        = "us-east-1"
  ami_name      = "NAME"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
}

build {
  sources = ["source.amazon-ebs.image"]
}
"#;

/// A project in a temporary folder; its sandbox ends with it.
pub struct Project {
    folder: tempfile::TempDir,
    owns_sandbox: bool,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A project with these images. Each is made of the file `<image>.version`.
    pub fn new(images: &[&str]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            owns_sandbox: true,
        };
        let mut stack = String::from(
            "stack \"shop\" {\n  region = \"us-east-1\"\n  terraform = \"terraform\"\n}\n",
        );
        let mut root = String::from("provider \"aws\" {}\n");
        for image in images {
            stack.push_str(&format!(
                "image \"{image}\" {{\n  template = \"packer/{image}\"\n  name = \"shop-{image}\"\n  keep = 9\n  inputs = [\"{image}.version\"]\n}}\n"
            ));
            root.push_str(&format!(
                "variable \"{image}\" {{}}\nresource \"aws_launch_template\" \"{image}\" {{\n  name = \"shop-{image}\"\n  image_id = var.{image}\n}}\noutput \"{image}\" {{ value = aws_launch_template.{image}.image_id }}\n"
            ));
            let template = TEMPLATE.replace("NAME", &format!("shop-{image}"));
            project.write(&format!("packer/{image}/{image}.pkr.hcl"), &template);
            project.write(&format!("{image}.version"), "1");
        }
        let variables = images
            .iter()
            .map(|image| format!("{image} = image.{image}.id"));
        let variables: Vec<String> = variables.collect();
        stack.push_str(&format!("variables = {{ {} }}\n", variables.join(", ")));
        project.write("stack.hcl", &stack);
        project.write("terraform/main.tf", &root);
        project
    }

    /// The same project on a machine that has seen none of its runs and reaches the same emulator.
    pub fn elsewhere(&self) -> Self {
        let other = Self {
            folder: tempfile::tempdir().unwrap(),
            owns_sandbox: false,
        };
        let state = self.path(".amiable/state");
        for entry in walkdir::WalkDir::new(self.folder.path()) {
            let entry = entry.unwrap();
            let path = entry.path();
            let relative = path.strip_prefix(self.folder.path()).unwrap();
            let own = relative.starts_with(".amiable")
                && !relative.starts_with(".amiable/sandbox")
                // What Terraform deployed is shared by a backend where there are two machines.
                && !(path.starts_with(&state) && path.to_string_lossy().contains("tfstate"));
            if entry.file_type().is_file() && !own {
                let target = other.folder.path().join(relative);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(path, target).unwrap();
            }
        }
        other
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        let kept = [
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
        for name in kept {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs with an AWS CLI that does `instead`, a line of shell, when its arguments contain `what`.
    pub fn run_with_aws(&self, arguments: &[&str], what: &str, instead: &str) -> Ran {
        let real = aws();
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *'{what}'*) {instead} ;; esac\nexec '{}' \"$@\"\n",
            real.display()
        );
        let tools = tempfile::tempdir().unwrap();
        let aws = tools.path().join("aws");
        fs::write(&aws, script).unwrap();
        fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = self.command(arguments);
        Ran::from(command.env("AMIABLE_AWS", aws).output().unwrap())
    }

    /// The report of a run that ends well.
    #[track_caller]
    pub fn report(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--yes", "--json"]].concat();
        let ran = self.run(&arguments).expect(0);
        let report = serde_json::from_str(&ran.stdout).unwrap();
        assert_valid(&report);
        report
    }

    #[track_caller]
    pub fn up(&self, options: &[&str]) -> Value {
        self.report(&[&["up", "--no-provision"], options].concat())
    }

    /// The AMI that Terraform has deployed of `image`.
    #[track_caller]
    pub fn deployed(&self, image: &str) -> String {
        let ran = self.run(&["output", image]).expect(0);
        ran.stdout.trim().to_owned()
    }

    #[track_caller]
    pub fn history(&self) -> Value {
        let ran = self.run(&["image", "history", "--json"]).expect(0);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// What the AWS CLI answers from the sandbox.
    #[track_caller]
    pub fn aws(&self, arguments: &[&str]) -> Value {
        let output = Command::new(aws())
            .args(["--endpoint-url", &self.emulator()])
            .args(["--region", "us-east-1", "--output", "json"])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn emulator(&self) -> String {
        let ran = self.run(&["sandbox", "status", "--json"]).expect(0);
        let status: Value = serde_json::from_str(&ran.stdout).unwrap();
        let url = status["emulator"]["url"].as_str();
        url.expect(&ran.stdout).to_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if self.owns_sandbox {
            self.run(&["sandbox", "stop"]);
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "stdout: {stdout}\nstderr: {stderr}");
        self
    }

    /// Asserts that standard error contains every part of `texts`.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no {text:?} in: {}",
                self.stderr
            );
        }
        self
    }
}

#[track_caller]
fn assert_valid(report: &Value) {
    let schema = include_str!("../../schemas/report/v1.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    if let Err(error) = jsonschema::validate(&schema, report) {
        panic!("{error} at {}: {report:#}", error.instance_path);
    }
}

/// The step called `id` of a report.
#[track_caller]
pub fn step<'a>(report: &'a Value, id: &str) -> &'a Value {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == id);
    step.unwrap_or_else(|| panic!("no step {id}: {report:#}"))
}

/// The run that made a report.
pub fn run_of(report: &Value) -> String {
    report["run"]["id"].as_str().unwrap().to_owned()
}
