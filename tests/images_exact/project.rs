//! A project whose Terraform root looks its AMI up by name, and an `aws` that fails when it is told to.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    real_aws::aws,
    strict_aws::{client::StrictAws, moto::Moto, process, strict::Settings},
};

pub const NAME: &str = "web";
const REGION: &str = "us-east-1";

const TEMPLATE: &str = r#"
variable "motd" {
  type    = string
  default = ""
}

source "amazon-ebs" "web" {
  region        = "us-east-1"
  instance_type = "t3.micro"
  communicator  = "none"
  ami_name      = "overwritten"
  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }
  tags = { Motd = "${var.motd}." }
}

build {
  sources = ["source.amazon-ebs.web"]
}
"#;

const ROOT: &str = r#"
provider "aws" {}

data "aws_ami" "web" {
  owners = ["self"]
  filter {
    name   = "name"
    values = ["web"]
  }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = data.aws_ami.web.id
  instance_type = "t3.micro"
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#;

/// A project in a temporary folder; its sandbox ends with it.
pub struct Project {
    folder: tempfile::TempDir,
    programs: tempfile::TempDir,
}

/// How one run of `amiable` ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A stack that deploys the image `web` under its exact name.
    pub fn exact() -> Self {
        Self::with("naming = \"exact\"")
    }

    /// One with `settings` in its image block.
    pub fn with(settings: &str) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            programs: tempfile::tempdir().unwrap(),
        };
        process::write_script(project.programs.path(), Settings::default());
        process::write_packer(project.programs.path());
        project.configure(settings, "one");
        project.write("packer/web.pkr.hcl", TEMPLATE);
        project.write("terraform/main.tf", ROOT);
        project
    }

    /// Writes the stack file: `motd` decides the image's content.
    pub fn configure(&self, settings: &str, motd: &str) {
        self.write(
            "stack.hcl",
            &format!(
                "stack \"web\" {{\n  region    = \"us-east-1\"\n  terraform = \"terraform\"\n}}\n\
                 image \"web\" {{\n  template  = \"packer/web.pkr.hcl\"\n  name      = \"{NAME}\"\n  {settings}\n  \
                 variables = {{ motd = \"{motd}\" }}\n}}\n"
            ),
        );
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts `script` before every call of the real `aws`: `$*` are the arguments, `$REAL` the real one. What it
    /// remembers it keeps below `$KEEP`.
    pub fn before_aws(&self, script: &str) {
        let real = aws();
        let text = format!(
            "#!/bin/sh\nREAL='{}'\nKEEP='{}'\n{script}\nexec \"$REAL\" \"$@\"\n",
            real.display(),
            self.folder.path().display(),
        );
        self.write("aws", &text);
        fs::set_permissions(self.path("aws"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts `script` in the place of `packer build`; `$REAL` is the real one.
    pub fn instead_of_packer_build(&self, script: &str) {
        let text = format!(
            "#!/bin/sh\nREAL='{}'\nKEEP='{}'\n[ \"$1\" = build ] || exec \"$REAL\" \"$@\"\n{script}\n",
            self.programs.path().join("packer").display(),
            self.folder.path().display(),
        );
        self.write("packer.sh", &text);
        fs::set_permissions(self.path("packer.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// `aws` is the real one again.
    pub fn aws_is_well(&self) {
        fs::remove_file(self.path("aws")).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        for name in [
            "PATH",
            "HOME",
            "AMIABLE_HOME",
            "XDG_DATA_HOME",
            "AMIABLE_AWS",
            "AMIABLE_TERRAFORM",
        ] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        let programs = self.programs.path();
        command
            .env("AMIABLE_MOTO_SERVER", programs.join("strict_aws"))
            .env("AMIABLE_PACKER", programs.join("packer"));
        for (name, variable) in [("aws", "AMIABLE_AWS"), ("packer.sh", "AMIABLE_PACKER")] {
            let own = self.path(name);
            if own.is_file() {
                command.env(variable, own);
            }
        }
        command
    }

    pub fn amiable(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// `up` without a builder machine, and its report.
    #[track_caller]
    pub fn up(&self) -> Value {
        self.amiable(&["up", "--yes", "--json", "--no-provision"])
            .report(0)
    }

    /// What the AWS CLI answers about the sandbox.
    #[track_caller]
    pub fn aws(&self, arguments: &[&str]) -> Value {
        let url = format!("http://127.0.0.1:{}", self.port());
        let output = Command::new(aws())
            .args(["--endpoint-url", &url, "--output", "json"])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", REGION)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Where the emulator listens.
    fn port(&self) -> u16 {
        StrictAws::of_project(self.folder.path()).port
    }

    /// The project's own AMIs, in the words of the AWS CLI, which takes a second to say the same.
    pub fn amis(&self) -> Vec<Value> {
        let emulator = Moto { port: self.port() };
        let images = emulator.own_images(REGION).unwrap().into_iter();
        images
            .map(|image| {
                let tags = image.tags.iter();
                let tags: Vec<Value> = tags
                    .map(|(key, value)| json!({"Key": key, "Value": value}))
                    .collect();
                json!({
                    "ImageId": image.id, "Name": image.name, "State": image.state, "Tags": tags,
                })
            })
            .collect()
    }

    /// The only AMI called `name`.
    #[track_caller]
    pub fn called(&self, name: &str) -> Value {
        let found: Vec<Value> = self
            .amis()
            .into_iter()
            .filter(|ami| ami["Name"] == name)
            .collect();
        let [one] = found.as_slice() else {
            panic!("not one AMI is called {name}: {found:#?}");
        };
        one.clone()
    }

    /// Snapshots that no AMI uses, public ones included, of which the emulator has many.
    pub fn unused_snapshots(&self) -> Vec<String> {
        let amis = self.aws(&["ec2", "describe-images"]);
        let used: BTreeSet<String> = amis["Images"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ami| text(&ami["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]))
            .collect();
        let answer = self.aws(&["ec2", "describe-snapshots"]);
        let all = answer["Snapshots"].as_array().unwrap().iter();
        all.map(|snapshot| text(&snapshot["SnapshotId"]))
            .filter(|id| !used.contains(id))
            .collect()
    }

    /// An AMI that nobody of amiable made.
    pub fn foreign_ami(&self, name: &str) -> String {
        self.amiable(&["sandbox", "start"]);
        let public = self.aws(&["ec2", "describe-images", "--owners", "136693071363"]);
        let source = text(&public["Images"][0]["ImageId"]);
        let ran = self.aws(&["ec2", "run-instances", "--image-id", &source]);
        let instance = text(&ran["Instances"][0]["InstanceId"]);
        let made = self.aws(&[
            "ec2",
            "create-image",
            "--instance-id",
            &instance,
            "--name",
            name,
        ]);
        let id = text(&made["ImageId"]);
        // Each look brings it nearer.
        let is_there = || {
            let mut amis = self.amis().into_iter();
            amis.any(|ami| ami["ImageId"] == id.as_str() && ami["State"] == "available")
        };
        assert!((0..5).any(|_| is_there()), "{id} becomes available");
        id
    }

    /// The AMI that the deployed launch template names.
    pub fn deployed(&self) -> String {
        self.amiable(&["output", "image"]).stdout.trim().to_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path("aws"));
        self.amiable(&["sandbox", "stop"]);
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("amiable starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The report of a run that ended with `code`.
    #[track_caller]
    pub fn report(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).expect("a report")
    }
}

/// The value of a tag.
pub fn tag(ami: &Value, key: &str) -> Option<String> {
    let tags = ami["Tags"].as_array()?;
    let tag = tags.iter().find(|tag| tag["Key"] == key)?;
    Some(text(&tag["Value"]))
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// The AMI of the image `web` that a report says will be deployed.
#[track_caller]
pub fn outcome(report: &Value) -> String {
    outcome_of("web", report)
}

/// The AMI of an image that a report says will be deployed.
#[track_caller]
pub fn outcome_of(image: &str, report: &Value) -> String {
    let mut images = report["images"].as_array().unwrap().iter();
    let image = images
        .find(|known| known["name"] == image)
        .expect("the image");
    text(&image["outcome"]["ami"])
}
