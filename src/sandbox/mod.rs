//! The sandbox: an AWS emulator on this machine, and what pointing the tools at it takes.
//!
//! - [`Sandbox`]: the emulator's life cycle for one checkout;
//! - [`overrides`]: what changes for the tools in the sandbox environment, as data;
//! - [`builder`]: the throw-away machines in which Packer's provisioning scripts run;
//! - [`key`]: the SSH key of those machines.

mod amis;
pub mod builder;
pub mod emulator;
mod error;
mod http;
pub mod key;
mod lock;
mod moto;
pub mod overrides;
mod state;

use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

pub use emulator::EmulatorSettings;
pub use error::SandboxError;
pub use key::BuilderKey;
pub use state::{Emulator, InstanceId};

use crate::{journal::run_folder::PRODUCED, process::Unwanted};
use state::State;

/// Longer than an emulator may take to start, so that of two who start it the second gets it too.
const LOCK_PATIENCE: Duration = Duration::from_secs(90);

/// The sandbox of one checkout.
#[derive(Debug, Clone)]
pub struct Sandbox {
    folder: Utf8PathBuf,
    /// Whether its emulator, lock and keys are still wanted.
    unwanted: Unwanted,
}

/// A running emulator, and whether it has just been started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ensured {
    pub emulator: Emulator,
    /// It is empty: nothing that was known about an earlier instance holds.
    pub new: bool,
}

/// What is known about the emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// None has been started, or it was stopped.
    Stopped,
    Running(Emulator),
    /// It ended by itself, or something else answers in its place.
    Lost(Emulator),
}

impl Sandbox {
    /// The sandbox whose files are in `folder` (`.amiable/sandbox` of a checkout). Touches nothing.
    pub fn at(folder: impl Into<Utf8PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            unwanted: Unwanted::never(),
        }
    }

    /// The same sandbox, for which nothing is waited for once it is `unwanted`; an emulator that it was starting is ended.
    pub fn unless(&self, unwanted: Unwanted) -> Self {
        Self {
            folder: self.folder.clone(),
            unwanted,
        }
    }

    /// The sandbox of the project at `root`. Touches nothing.
    pub fn of_project(root: &Utf8Path) -> Self {
        Self::at(root.join(PRODUCED).join("sandbox"))
    }

    /// Where its files are.
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// What the emulator printed.
    pub fn log_file(&self) -> Utf8PathBuf {
        emulator::log_file(&self.folder)
    }

    /// Where the secrets generated for this sandbox are kept; [`Sandbox::reset`] forgets them.
    pub fn secrets_file(&self) -> Utf8PathBuf {
        self.folder.join("credentials.json")
    }

    /// Where files that describe the content of `instance` belong, Terraform's states above all. The
    /// folder goes when another instance takes over.
    pub fn instance_folder(&self, instance: &InstanceId) -> Utf8PathBuf {
        self.instances().join(instance.as_str())
    }

    /// Makes sure that an emulator runs, and starts one where none does or where it is lost.
    ///
    /// Of several callers, in this or other processes, one starts it and all get the same.
    ///
    /// # Errors
    ///
    /// When it cannot be started, does not answer, or another process keeps the sandbox locked.
    pub fn ensure_running(&self, settings: &EmulatorSettings) -> Result<Ensured, SandboxError> {
        if let Some(parent) = self.folder.parent() {
            make_folder(parent)?;
        }
        let _lock = self.lock()?;
        make_folder(&self.folder)?;
        let state = self.read_state()?;
        if let Some(emulator) = &state.emulator {
            if emulator::is_running(emulator) {
                return Ok(Ensured {
                    emulator: emulator.clone(),
                    new: false,
                });
            }
            // Alive but without our marker: emptied, or hanging. It is still our process to end.
            emulator::end(emulator)?;
        }
        let emulator = emulator::start(&self.folder, settings, state.port, &self.unwanted)?;
        let written = self.write_state(&State {
            port: Some(emulator.port),
            emulator: Some(emulator.clone()),
        });
        if let Err(error) = written {
            // Nobody would find it again.
            emulator::end(&emulator)?;
            return Err(error);
        }
        self.forget_instances()?;
        make_folder(&self.instance_folder(&emulator.instance))?;
        Ok(Ensured {
            emulator,
            new: true,
        })
    }

    /// The key that opens this sandbox's builder machines; made when it is first asked for.
    ///
    /// # Errors
    ///
    /// When it cannot be made or read, or another process keeps the sandbox locked.
    pub fn builder_key(&self) -> Result<BuilderKey, SandboxError> {
        if let Some(parent) = self.folder.parent() {
            make_folder(parent)?;
        }
        let _lock = self.lock()?;
        make_folder(&self.folder)?;
        BuilderKey::in_folder(&self.folder)
    }

    /// Looks at the emulator without changing anything.
    ///
    /// # Errors
    ///
    /// When the state file cannot be read.
    pub fn status(&self) -> Result<Status, SandboxError> {
        Ok(match self.read_state()?.emulator {
            None => Status::Stopped,
            Some(emulator) if emulator::is_running(&emulator) => Status::Running(emulator),
            Some(emulator) => Status::Lost(emulator),
        })
    }

    /// Ends the emulator, if it runs, and with it everything that was deployed to it. The port, the
    /// generated secrets and the builder machines' key stay.
    ///
    /// # Errors
    ///
    /// When its process cannot be ended, or another process keeps the sandbox locked.
    pub fn stop(&self) -> Result<Option<Emulator>, SandboxError> {
        if !self.folder.exists() {
            return Ok(None);
        }
        let _lock = self.lock()?;
        self.stop_locked()
    }

    /// Ends the emulator and removes every file of the sandbox.
    ///
    /// # Errors
    ///
    /// As [`Sandbox::stop`], and when a file cannot be removed.
    pub fn reset(&self) -> Result<Option<Emulator>, SandboxError> {
        if !self.folder.exists() {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let stopped = self.stop_locked()?;
        remove_folder(&self.folder)?;
        Ok(stopped)
    }

    fn stop_locked(&self) -> Result<Option<Emulator>, SandboxError> {
        let mut state = self.read_state()?;
        let Some(emulator) = state.emulator.take() else {
            return Ok(None);
        };
        emulator::end(&emulator)?;
        self.write_state(&state)?;
        Ok(Some(emulator))
    }

    fn state_file(&self) -> Utf8PathBuf {
        self.folder.join("state.json")
    }

    fn instances(&self) -> Utf8PathBuf {
        self.folder.join("instances")
    }

    fn read_state(&self) -> Result<State, SandboxError> {
        let file = self.state_file();
        State::read(&file).map_err(|source| SandboxError::File {
            action: "read",
            path: file,
            source,
        })
    }

    fn write_state(&self, state: &State) -> Result<(), SandboxError> {
        let file = self.state_file();
        state.write(&file).map_err(|source| SandboxError::File {
            action: "write",
            path: file,
            source,
        })
    }

    fn forget_instances(&self) -> Result<(), SandboxError> {
        remove_folder(&self.instances())
    }

    /// Keeps other processes, and other threads of this one, from starting or stopping the emulator.
    ///
    /// The lock file lies beside the folder, since [`Sandbox::reset`] removes the folder: a lock file
    /// that is removed locks nothing for the one who waits for it.
    fn lock(&self) -> Result<File, SandboxError> {
        let path = Utf8PathBuf::from(format!("{}.lock", self.folder));
        match lock::hold(&path, LOCK_PATIENCE, &self.unwanted) {
            Ok(Some(file)) => Ok(file),
            Ok(None) if self.unwanted.now() => Err(SandboxError::Unwanted),
            Ok(None) => Err(SandboxError::Busy {
                seconds: LOCK_PATIENCE.as_secs(),
                lock: path,
            }),
            Err(source) => Err(SandboxError::File {
                action: "lock",
                path,
                source,
            }),
        }
    }
}

fn make_folder(folder: &Utf8Path) -> Result<(), SandboxError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| SandboxError::File {
            action: "make the folder",
            path: folder.to_owned(),
            source,
        })
}

fn remove_folder(folder: &Utf8Path) -> Result<(), SandboxError> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SandboxError::File {
            action: "remove",
            path: folder.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
