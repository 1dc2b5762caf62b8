//! A project that is deployed with the real tools into an emulator behind the proxy of `tests/strict_aws`.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{
    strict_aws::{
        client::StrictAws,
        holds::Release,
        process,
        rules::{Side, When},
        strict::Settings,
        xml,
    },
    support::Ran,
};

/// Of the caller's environment, what the tools need to be found.
const INHERITED: [&str; 4] = ["PATH", "HOME", "AMIABLE_HOME", "XDG_DATA_HOME"];

/// A stack that is nothing but a Terraform root.
const STACK: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
}
"#;

/// The provider gives up soon, or tests would take as long as its patience.
const PROVIDER: &str = r#"
provider "aws" {
  region      = "us-east-1"
  max_retries = 1
}
"#;

/// A VPC, which one call makes.
pub const VPC: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.1.0.0/16"
}
"#;

pub const UP: &[&str] = &["up", "--yes"];

/// The project; its sandbox ends with it.
pub struct Account {
    folder: tempfile::TempDir,
    programs: tempfile::TempDir,
}

impl Account {
    /// A project with this Terraform root and no image.
    pub fn new(root: &str) -> Self {
        let account = Self::with_stack(STACK);
        account.write("terraform/main.tf", &format!("{PROVIDER}{root}"));
        account
    }

    /// A project with this stack file, and its sandbox started.
    pub fn with_stack(stack: &str) -> Self {
        let account = Self {
            folder: tempfile::tempdir().unwrap(),
            programs: tempfile::tempdir().unwrap(),
        };
        let settings = Settings {
            unseen: 0,
            pending: 0,
        };
        process::write_script(account.programs.path(), settings);
        account.write_packer();
        account.write("stack.hcl", stack);
        account.run(&["sandbox", "start"]).expect(0);
        account
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The proxy in front of the emulator.
    pub fn aws(&self) -> StrictAws {
        StrictAws::of_project(self.folder.path())
    }

    /// How many VPCs there are, the default one apart.
    pub fn vpcs(&self) -> usize {
        let filter = [
            ("Filter.1.Name", "is-default"),
            ("Filter.1.Value.1", "false"),
        ];
        let answer = self.aws().moto().ask("us-east-1", "DescribeVpcs", &filter);
        xml::items_of(&answer.unwrap(), "vpcSet").len()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amiable"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        for name in INHERITED {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env(
                "AMIABLE_MOTO_SERVER",
                self.programs.path().join("strict_aws"),
            )
            .env("AMIABLE_PACKER", self.programs.path().join("packer"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Starts `up`, and leaves it at the moment at which AWS has carried `action` of EC2 out and its answer is
    /// not delivered yet.
    pub fn up_until(&self, action: &str) -> Midway<'_> {
        self.midway(UP, action, Side::After)
    }

    /// Starts `arguments`, and leaves it at the moment at which `action` of EC2 is held.
    pub fn midway(&self, arguments: &[&str], action: &str, at: Side) -> Midway<'_> {
        let trap = self.aws().trap(When::ec2(&[action]).nth(1), at);
        let mut driver = self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(driver.stderr.take().unwrap());
        let held = trap.wait().expect("the request comes");
        Midway {
            account: self,
            driver,
            said,
            heard: String::new(),
            held,
        }
    }

    /// The folder of the newest run, by its place among them.
    pub fn last_run(&self) -> PathBuf {
        let runs = fs::read_dir(self.path(".amiable/runs")).unwrap();
        let runs = runs.map(|run| run.unwrap().path());
        runs.max_by_key(|run| {
            fs::metadata(run.join("journal.jsonl"))
                .unwrap()
                .modified()
                .unwrap()
        })
        .expect("a run")
    }

    pub fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.last_run().join("report.json")).unwrap()).unwrap()
    }

    /// The journal's records of the newest run.
    pub fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.last_run().join("journal.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Whether the newest run has started a child for `step`.
    pub fn called(&self, step: &str) -> bool {
        self.journal()
            .iter()
            .any(|record| record["record"] == "child-started" && record["step"] == step)
    }

    /// Terraform's state file.
    pub fn state(&self) -> PathBuf {
        let found = walkdir::WalkDir::new(self.path(".amiable/sandbox/instances"))
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .find(|path| path.ends_with("web.tfstate"));
        found.expect("a state file")
    }

    /// Has `script` carried out in place of `packer build`.
    pub fn script_build(&self, script: &str) {
        let path = self.programs.path().join("packer");
        let real = fs::read_to_string(&path).unwrap();
        let (head, real) = real.split_once('\n').unwrap();
        let text = format!("{head}\nif [ \"$1\" = build ]; then\n{script}\nexit\nfi\n{real}");
        fs::write(path, text).unwrap();
    }

    /// Packer 1.6 looks at a pending AMI every 15 s, unless it is told to look again at once.
    fn write_packer(&self) {
        let packer = env::var_os("AMIABLE_PACKER").unwrap_or("packer".into());
        let packer = which::which(packer).expect("scripts/bootstrap installs packer");
        let path = self.programs.path().join("packer");
        let script = format!(
            "#!/bin/sh\nAWS_POLL_DELAY_SECONDS=0 exec '{}' \"$@\"\n",
            packer.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.command(&["sandbox", "stop"]).output();
    }
}

/// A driver whose tool waits for an answer of AWS.
pub struct Midway<'a> {
    account: &'a Account,
    driver: Child,
    said: BufReader<std::process::ChildStderr>,
    heard: String,
    held: u64,
}

impl Midway<'_> {
    /// The tool of `step` that waits.
    pub fn tool(&self, step: &str) -> u32 {
        let records = self.account.journal();
        let started = records
            .iter()
            .find(|record| record["record"] == "child-started" && record["step"] == step);
        let pid = started.expect("a child")["pid"].as_u64().unwrap();
        u32::try_from(pid).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        send(self.driver.id(), signal);
    }

    /// Waits until the driver has said `text`.
    pub fn hear(&mut self, text: &str) {
        while !self.heard.contains(text) {
            let mut line = String::new();
            let count = self.said.read_line(&mut line).unwrap();
            assert_ne!(
                count, 0,
                "the driver ended without {text:?}: {}",
                self.heard
            );
            self.heard.push_str(&line);
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.driver.try_wait().unwrap().is_none()
    }

    /// AWS's answer goes the way that `release` says.
    pub fn release(&self, release: Release) {
        self.account.aws().release(self.held, release);
    }

    /// To release it once the driver is gone.
    pub fn release_later(&self) -> impl FnOnce(Release) + use<> {
        let (aws, held) = (self.account.aws(), self.held);
        move |release| aws.release(held, release)
    }

    /// What becomes of the driver.
    pub fn end(mut self) -> Ran {
        std::io::Read::read_to_string(&mut self.said, &mut self.heard).unwrap();
        let status = self.driver.wait().unwrap();
        Ran {
            code: status.code(),
            stdout: String::new(),
            stderr: self.heard,
        }
    }

    /// Kills the driver alone.
    pub fn kill(mut self) {
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }
}

pub fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The processes in the session that `leader` leads or led, with their names.
pub fn session(leader: u32) -> Vec<(u32, String)> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            // State is field 3, the session field 6 (proc(5)).
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (start, rest) = stat.rsplit_once(')')?;
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let alive = !matches!(*fields.first()?, "Z" | "X");
            let ours = alive && *fields.get(3)? == leader.to_string();
            ours.then(|| (pid, start.split_once('(').unwrap().1.to_owned()))
        })
        .collect()
}

/// The text of a file with what is wrong with it, for an assertion.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
