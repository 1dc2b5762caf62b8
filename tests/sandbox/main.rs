//! The sandbox with the real programs: moto's server, the AWS CLI, Docker, ssh.

mod builder;
mod emulator;
mod packer;

use std::{env, path::PathBuf, time::Duration};

use amiable::sandbox::{EmulatorSettings, Sandbox};
use camino::Utf8PathBuf;

/// A deadline that only a hanging program reaches.
const LONG: Duration = Duration::from_secs(600);

/// A program that scripts/bootstrap installs.
fn program(variable: &str, name: &str) -> Utf8PathBuf {
    let path = match env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => which::which(name)
            .unwrap_or_else(|_| panic!("{name} is not on PATH: scripts/bootstrap installs it")),
    };
    Utf8PathBuf::try_from(path).unwrap()
}

fn settings() -> EmulatorSettings {
    EmulatorSettings {
        moto_server: program("AMIABLE_MOTO_SERVER", "moto_server"),
        region: "us-east-1".to_owned(),
    }
}

/// A sandbox in a temporary folder that leaves nothing running.
struct Fixture {
    sandbox: Sandbox,
    folder: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        Self {
            sandbox: Sandbox::at(folder.join(".amiable/sandbox")),
            folder,
            _keep: keep,
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.sandbox.stop().unwrap();
    }
}
