//! The real Packer, Terraform and emulator, for tests that go through them.
//!
//! A program that is missing fails the test that needs it. Children get an environment of their own.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use camino::{Utf8Path, Utf8PathBuf};

/// What a tool printed, and whether it succeeded.
#[derive(Debug)]
pub struct Output {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    pub fn expect_success(self, what: &str) -> Self {
        assert!(self.success, "{what}:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

pub fn packer(folder: &Utf8Path, args: &[&str]) -> Output {
    run(tool("AMIABLE_PACKER", "packer"), folder, args, "")
}

/// The JSON values of `expressions`, as `packer console` in `folder` evaluates them.
pub fn packer_values(
    folder: &Utf8Path,
    args: &[&str],
    expressions: &[String],
) -> Vec<serde_json::Value> {
    let args: Vec<&str> = [&["console"], args, &["."]].concat();
    // All in one list: a console that reads from a pipe prints its last result only, and jsonencode of
    // Packer 1.6 refuses null.
    let script = format!("jsonencode([{}])\n", expressions.join(", "));
    let program = tool("AMIABLE_PACKER", "packer");
    let output = run(program, folder, &args, &script).expect_success("packer console");
    serde_json::from_str(&output.stdout).expect(&output.stdout)
}

pub fn terraform(folder: &Utf8Path, args: &[&str]) -> Output {
    run(tool("AMIABLE_TERRAFORM", "terraform"), folder, args, "")
}

/// The JSON values of `expressions`, as `terraform console` in `folder` evaluates them.
pub fn terraform_values(folder: &Utf8Path, expressions: &[String]) -> Vec<serde_json::Value> {
    // As base64, because the console writes strings as HCL.
    let script = format!("base64encode(jsonencode([{}]))\n", expressions.join(", "));
    let program = tool("AMIABLE_TERRAFORM", "terraform");
    let output = run(program, folder, &["console"], &script).expect_success("terraform console");
    let json = BASE64_STANDARD.decode(output.stdout.trim().trim_matches('"'));
    serde_json::from_slice(&json.expect(&output.stdout)).expect(&output.stdout)
}

/// Writes a CLI configuration that finds the AWS provider in the local mirror when there is one, and
/// gives its path. Without a mirror Terraform asks its registry.
pub fn terraform_cli_configuration(folder: &Utf8Path) -> Utf8PathBuf {
    let providers = amiable_home().join("providers");
    let text = if providers.is_dir() {
        format!(
            "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
            providers
        )
    } else {
        String::new()
    };
    let file = folder.join("cli.tfrc");
    fs::write(&file, text).unwrap();
    file
}

/// moto's server on a free port, ended when dropped.
pub struct Moto {
    pub endpoint: String,
    child: Child,
}

impl Moto {
    pub fn start() -> Moto {
        let in_home = amiable_home().join("venv/bin/moto_server");
        let program = match env::var_os("AMIABLE_MOTO_SERVER") {
            Some(program) => program.into(),
            None => which::which("moto_server").unwrap_or(in_home),
        };
        let mut child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {}: {error}", program.display()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let endpoint = lines
            .find_map(|line| {
                let line = line.expect("moto_server ended before it listened");
                Some(line.split_once("Running on ")?.1.trim().to_owned())
            })
            .expect("moto_server ended before it listened");
        // Its log has to go somewhere, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Moto { endpoint, child }
    }

    /// What the AWS CLI answers, as JSON.
    pub fn aws(&self, args: &[&str]) -> serde_json::Value {
        let in_home = amiable_home().join("venv/bin/aws");
        let program = match env::var_os("AMIABLE_AWS") {
            Some(program) => program.into(),
            None => which::which("aws").unwrap_or(in_home),
        };
        let endpoint = format!("--endpoint-url={}", self.endpoint);
        let args = [&[endpoint.as_str(), "--output=json"], args].concat();
        let output = run(program, Utf8Path::new("/"), &args, "").expect_success("aws");
        serde_json::from_str(&output.stdout).expect("the AWS CLI answers in JSON")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A private key for SSH, in `folder`.
pub fn private_key(folder: &Utf8Path) -> Utf8PathBuf {
    let key = folder.join("id_rsa");
    let args = ["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", key.as_str()];
    run("ssh-keygen".into(), folder, &args, "").expect_success("ssh-keygen");
    key
}

/// A folder of `tests/fixtures`, copied to a temporary one.
pub fn fixture(name: &str) -> (tempfile::TempDir, Utf8PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let target = temporary.path().canonicalize().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.unwrap();
        let path = target.join(entry.path().strip_prefix(&source).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::copy(entry.path(), path).unwrap();
        }
    }
    (temporary, Utf8PathBuf::try_from(target).unwrap())
}

fn amiable_home() -> PathBuf {
    match env::var_os("AMIABLE_HOME") {
        Some(home) => home.into(),
        None => {
            let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
            let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
            data.unwrap_or(home.join(".local/share")).join("amiable")
        }
    }
}

fn tool(variable: &str, name: &str) -> PathBuf {
    match env::var_os(variable) {
        Some(program) => program.into(),
        None => which::which(name).unwrap_or(amiable_home().join("bin").join(name)),
    }
}

fn run(program: PathBuf, folder: &Utf8Path, args: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(&program);
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("CHECKPOINT_DISABLE", "1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test-secret-key")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let configuration = folder.join("cli.tfrc");
    if configuration.is_file() {
        command.env("TF_CLI_CONFIG_FILE", configuration);
    }
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start {}: {error}", program.display()));
    // A tool that ends before it has read everything says why in its output.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Output {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
