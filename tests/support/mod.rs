//! A project in a temporary folder with scripted tools, and the real `amiable` to run in it.

// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// A project whose tools are scripts that fail loudly on anything unexpected.
pub struct Project {
    folder: TempDir,
}

/// What one run left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A stack without images, in an environment that is not the sandbox, so that nothing but Terraform
/// is needed.
pub const STACK: &str = r#"
stack "web" {
  region    = "eu-central-1"
  terraform = "infra"
}
variables = { greeting = "hello" }
summary = ["url: ${output.url}"]
environment "staging" {}
"#;

const ROOT: &str = r#"
variable "greeting" {
  type = string
}
output "url" {
  value = "http://web.example.com/"
}
"#;

impl Project {
    /// A project with `stack` as its stack file and a Terraform root in `infra/`.
    pub fn new(stack: &str) -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        project.write("stack.hcl", stack);
        project.write("infra/main.tf", ROOT);
        for folder in ["bin", "home"] {
            fs::create_dir(project.path(folder)).expect("a folder");
        }
        project.tool("aws", &[
            ("--version", "echo aws-cli/1.45.11 Python/3.11.7 Linux/6.1.0 botocore/1.43.11"),
            ("sts get-caller-identity", r#"echo '{"UserId":"A","Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/tester"}'"#),
        ]);
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

    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).expect("a file")
    }

    /// Puts a script called `name` first on PATH. Its arguments have to begin with one of `cases`;
    /// anything else makes it fail and say so. Every call is written down in `<name>.calls`.
    pub fn tool(&self, name: &str, cases: &[(&str, &str)]) {
        let calls = self.path(&format!("{name}.calls"));
        let mut script = format!(
            "#!/bin/sh\necho \"$*\" >>'{}'\ncase \"$*\" in\n",
            calls.display()
        );
        for (beginning, body) in cases {
            script.push_str(&format!("'{beginning}'*)\n{body}\n;;\n"));
        }
        script.push_str("*) echo \"unexpected call: $0 $*\" >&2; exit 99 ;;\nesac\n");
        let path = self.path(&format!("bin/{name}"));
        fs::write(&path, script).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// The argument lists with which the scripted tool was called.
    pub fn calls(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(&format!("{name}.calls"))).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// `amiable ARGUMENTS` in the project, with an environment built from nothing.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env(
                "PATH",
                format!(
                    "{}:/usr/local/bin:/usr/bin:/bin",
                    self.path("bin").display()
                ),
            )
            .env("HOME", self.path("home"))
            .env("AMIABLE_HOME", self.path("home/amiable"))
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env(
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            )
            .stdin(Stdio::null());
        command
    }

    /// Runs `amiable ARGUMENTS` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().expect("amiable starts"))
    }

    /// Starts `amiable ARGUMENTS` and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("amiable starts")
    }

    /// The newest run's folder.
    pub fn last_run(&self) -> PathBuf {
        let runs = fs::read_dir(self.path(".amiable/runs")).expect("runs");
        runs.map(|run| run.expect("a run").path())
            .max()
            .expect("at least one run")
    }

    /// The newest run's report.
    pub fn report(&self) -> serde_json::Value {
        let text = fs::read(self.last_run().join("report.json")).expect("a report");
        serde_json::from_slice(&text).expect("the report is JSON")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Asserts the exit code and shows everything when it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// Between two looks at something that other processes do. Nothing depends on how long it is; without it, whoever
/// waits takes a whole processor from those waited for.
pub const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Waits until `holds`, which some process under test brings about.
pub fn wait_until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Waits until `path` exists, which some process under test makes.
pub fn wait_for(path: &Path) {
    wait_until(|| path.exists());
}

/// What a scripted Terraform answers.
pub struct Terraform {
    pub plan: String,
    pub show: String,
    pub apply: String,
    pub output: String,
}

impl Default for Terraform {
    /// One resource to create, and it works.
    fn default() -> Self {
        Self {
            plan: lines(&[VERSION, PLANNED, PLAN_SUMMARY], 2),
            show: lines(&[SHOWN], 0),
            apply: lines(&[VERSION, APPLY_START, APPLY_DONE, APPLY_SUMMARY], 0),
            output: lines(&[OUTPUTS], 0),
        }
    }
}

impl Terraform {
    pub fn install(&self, project: &Project) {
        project.tool(
            "terraform",
            &[
                ("version -json", r#"echo '{"terraform_version":"1.11.4"}'"#),
                ("init ", "mkdir -p .terraform"),
                ("plan ", &format!("{SAVE_PLAN}\n{}", self.plan)),
                ("show ", &self.show),
                ("apply ", &self.apply),
                ("output ", &self.output),
                ("state list", "true"),
            ],
        );
    }

    /// Nothing to do.
    pub fn unchanged() -> Self {
        Self {
            plan: lines(&[VERSION, NO_CHANGES], 0),
            ..Self::default()
        }
    }
}

/// Writes the plan where `-out` says.
pub const SAVE_PLAN: &str = r#"for a; do case $a in -out=*) echo plan >"${a#-out=}";; esac; done"#;

pub const VERSION: &str = r#"{"type":"version","terraform":"1.11.4","ui":"1.2"}"#;
pub const PLANNED: &str = r#"{"type":"planned_change","change":{"resource":{"addr":"aws_vpc.main","resource_type":"aws_vpc"},"action":"create"}}"#;
pub const PLAN_SUMMARY: &str = r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"plan"}}"#;
pub const NO_CHANGES: &str = r#"{"type":"change_summary","changes":{"add":0,"change":0,"import":0,"remove":0,"operation":"plan"}}"#;
pub const SHOWN: &str = r#"{"format_version":"1.2","applyable":true,"complete":true,"errored":false,"resource_changes":[{"address":"aws_vpc.main","mode":"managed","type":"aws_vpc","change":{"actions":["create"]}}]}"#;
pub const APPLY_START: &str =
    r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.main"},"action":"create"}}"#;
pub const APPLY_DONE: &str = r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.main"},"action":"create","elapsed_seconds":1}}"#;
pub const APPLY_SUMMARY: &str = r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}"#;
pub const OUTPUTS: &str = r#"{"url":{"sensitive":false,"type":"string","value":"http://web.example.com/"},"password":{"sensitive":true,"type":"string","value":"hunter2hunter2"}}"#;

/// A script that prints `lines` and exits with `code`.
pub fn lines(lines: &[&str], code: i32) -> String {
    let prints: Vec<String> = lines
        .iter()
        .map(|line| format!("printf '%s\\n' '{line}'"))
        .collect();
    format!("{}\nexit {code}", prints.join("\n"))
}
