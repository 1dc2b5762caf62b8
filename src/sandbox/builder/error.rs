//! [`BuilderError`]: why a builder machine cannot be had, with the mend.

use camino::Utf8PathBuf;
use thiserror::Error;

use super::super::SandboxError;
use crate::{errors::Error, process::ProcessError};

/// What went wrong with Docker or a builder machine.
#[derive(Debug, Error)]
pub enum BuilderError {
    #[error("no docker program: {program} is not there")]
    NoDocker { program: Utf8PathBuf },
    #[error("docker's engine does not answer: {message}")]
    EngineDown { message: String },
    #[error("docker's engine refuses this user: {message}")]
    EngineDenied { message: String },
    #[error("no Debian 12 base image: no registry answers ({pull})")]
    NoBaseImage { pull: String, rootfs: Utf8PathBuf },
    #[error("failed to make a Debian 12 base image with debootstrap: {message}")]
    Debootstrap { message: String },
    #[error("failed to build the image of the builder machine\n{tail}")]
    ImageBuild { tail: String },
    #[error("{name:?} cannot be the name of a user on the builder machine")]
    UserName { name: String },
    #[error("the builder machine did not start: {message}")]
    Start { message: String },
    #[error(
        "the builder machine's sshd did not answer on 127.0.0.1:{port} within {seconds} s\n{log}"
    )]
    Silent {
        port: u16,
        seconds: u64,
        log: String,
    },
    #[error("another amiable has been building the builder machine's image for {minutes} minutes")]
    Busy { minutes: u64, lock: Utf8PathBuf },
    #[error("the builder machine is not wanted any more")]
    Unwanted,
    #[error("{command} failed: {message}")]
    Docker { command: String, message: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("failed to {action} {path}: {source}")]
    File {
        action: &'static str,
        path: Utf8PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl BuilderError {
    /// What the user can do about it.
    pub fn hints(&self) -> Vec<String> {
        let mend: Vec<String> = match self {
            BuilderError::NoDocker { .. } => vec![
                "install Docker: Debian and Ubuntu `apt-get install docker.io`, elsewhere docs.docker.com/engine/install"
                    .to_owned(),
                "AMIABLE_DOCKER names the program where it is not on PATH".to_owned(),
            ],
            BuilderError::EngineDown { .. } => vec![
                "start it: `sudo systemctl start docker`, `sudo service docker start`, or Docker Desktop".to_owned(),
                "`docker info` and the variable DOCKER_HOST tell which engine is asked".to_owned(),
            ],
            BuilderError::EngineDenied { .. } => vec![
                "add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again): \
                 its members can do what root can"
                    .to_owned(),
            ],
            BuilderError::NoBaseImage { rootfs, .. } => vec![
                "let `docker pull debian:12` work (network, proxy, or a mirror in Docker's settings)".to_owned(),
                format!(
                    "or, as root, install debootstrap, or put a tarball of a Debian 12 root file system at {rootfs}"
                ),
            ],
            BuilderError::Debootstrap { .. } => {
                vec!["it needs root and a Debian mirror; `debootstrap --variant=minbase bookworm DIR` shows more".to_owned()]
            }
            BuilderError::ImageBuild { .. } => vec![
                "the build installs Debian packages: look at the network, the proxy and the certificates \
                 that containers need here (docs/sandbox.md)"
                    .to_owned(),
            ],
            BuilderError::UserName { .. } => {
                return vec!["set ssh_username in the template to a plain user name, such as admin".to_owned()];
            }
            BuilderError::Silent { .. } => vec![
                "the engine has to run on this machine: its containers' ports are reached on 127.0.0.1".to_owned(),
            ],
            BuilderError::Busy { lock, .. } => vec![format!("see who holds {lock} with `fuser -v {lock}`")],
            BuilderError::Sandbox(error) => error.hints(),
            BuilderError::Unwanted | BuilderError::Process(ProcessError::Ended { .. }) => return Vec::new(),
            BuilderError::Start { .. }
            | BuilderError::Docker { .. }
            | BuilderError::Process(_)
            | BuilderError::File { .. } => Vec::new(),
        };
        let way_out = "`--no-provision` goes on without builder machines: images are then reported as not provisioned";
        mend.into_iter().chain([way_out.to_owned()]).collect()
    }
}

impl From<BuilderError> for Error {
    fn from(error: BuilderError) -> Self {
        let problem = error.to_string();
        let hints = error.hints();
        match error {
            BuilderError::NoDocker { .. }
            | BuilderError::EngineDown { .. }
            | BuilderError::EngineDenied { .. }
            | BuilderError::NoBaseImage { .. } => Error::Tool { problem, hints },
            BuilderError::Busy { .. } => Error::Locked { problem, hints },
            BuilderError::Sandbox(error) => error.into(),
            BuilderError::Debootstrap { .. }
            | BuilderError::ImageBuild { .. }
            | BuilderError::UserName { .. }
            | BuilderError::Start { .. }
            | BuilderError::Silent { .. }
            | BuilderError::Unwanted
            | BuilderError::Docker { .. }
            | BuilderError::Process(_)
            | BuilderError::File { .. } => Error::Failed { problem, hints },
        }
    }
}
