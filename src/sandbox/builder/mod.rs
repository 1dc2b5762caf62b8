//! Builder machines: throw-away Docker containers of Debian 12 in which provisioning scripts really run.
//!
//! In the sandbox Packer launches its instance in the emulator, where nothing can run, and is told to connect
//! to such a machine instead. There is one container per build; it is labelled with its run and its checkout,
//! so that one whose driver died is found and removed by the next.

mod docker;
mod error;
mod host;
mod image;
mod machine;
mod pip;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

pub use error::BuilderError;
pub use host::HostSettings;

use docker::Docker;
use machine::{LABEL_CHECKOUT, LABEL_IMAGE, LABEL_RUN, Specification};

use super::Sandbox;
use crate::{command::ToolCommand, process::Unwanted, run_id::RunId};

/// For listing containers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a provisioning script finds a tarball of a Debian 12 root file system for `docker import`, on
/// machines out of reach of container registries.
pub const BASE_IMAGE_FILE: &str = "/usr/share/amiable/base-image.tar";

/// Makes builder machines for one checkout.
#[derive(Debug, Clone)]
pub struct Builder {
    docker: Docker,
    sandbox: Sandbox,
    home: Utf8PathBuf,
    host: HostSettings,
}

/// A running builder machine. It runs until [`BuilderMachine::stop`], whatever becomes of this value.
#[derive(Debug, Clone)]
pub struct BuilderMachine {
    docker: Docker,
    /// Id of the container.
    pub container: String,
    pub host: &'static str,
    pub port: u16,
    /// The first of the users it was started for.
    pub user: String,
    pub private_key: Utf8PathBuf,
    pub public_key: String,
    /// Name under which the emulator is told about the key ([`super::Emulator::import_key_pair`]).
    pub keypair_name: String,
}

/// A container of this checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub container: String,
    /// The run that started it.
    pub run: String,
    /// The image it was for.
    pub image: String,
    /// The engine's word: `running`, `exited`, ...
    pub state: String,
}

impl Builder {
    /// A builder that uses the program `docker`, keeps its key in `sandbox`, and takes the machine-wide
    /// files from `home` (`AMIABLE_HOME`). Touches nothing.
    pub fn new(
        docker: impl Into<Utf8PathBuf>,
        sandbox: &Sandbox,
        home: impl Into<Utf8PathBuf>,
        host: HostSettings,
    ) -> Self {
        Self {
            docker: Docker::new(docker),
            sandbox: sandbox.clone(),
            home: home.into(),
            host,
        }
    }

    /// The same builder, which gives up what it is at once it is `unwanted`; a machine that it was starting is removed.
    pub fn unless(self, unwanted: Unwanted) -> Self {
        Self {
            docker: self.docker.unless(unwanted.clone()),
            sandbox: self.sandbox.unless(unwanted),
            ..self
        }
    }

    /// Asks the engine for its version, to tell early whether it can be used.
    ///
    /// # Errors
    ///
    /// When there is no program, no engine, or no permission.
    pub fn engine_version(&self) -> Result<String, BuilderError> {
        self.docker
            .call(["version", "--format", "{{.Server.Version}}"])
    }

    /// Makes sure that the machine image is there, and returns its name. `progress` gets a phrase for each
    /// thing that takes long.
    ///
    /// # Errors
    ///
    /// When the engine cannot be used, there is no base image, or the build fails.
    pub fn ensure_image(&self, progress: &mut dyn FnMut(&str)) -> Result<String, BuilderError> {
        image::ensure(&self.docker, &self.home, &self.host, progress)
    }

    /// Starts a machine for the image `image` of `run`, with `users` who may use sudo, and waits until its
    /// sshd answers.
    ///
    /// # Errors
    ///
    /// As [`Builder::ensure_image`], and when the container does not start; then it is removed.
    pub fn start(
        &self,
        run: &RunId,
        image: &str,
        users: &[String],
        progress: &mut dyn FnMut(&str),
    ) -> Result<BuilderMachine, BuilderError> {
        if let Some(name) = users.iter().find(|name| !machine::is_user_name(name)) {
            return Err(BuilderError::UserName { name: name.clone() });
        }
        let user = users.first().ok_or_else(|| BuilderError::UserName {
            name: String::new(),
        })?;
        let machine_image = self.ensure_image(progress)?;
        let key = self.sandbox.builder_key()?;
        let specification = Specification {
            machine_image,
            checkout: self.checkout()?,
            run: run.to_string(),
            image: image.to_owned(),
            users: users.to_vec(),
            public_key: key.public_key.clone(),
            proxies: self.host.proxies.clone(),
            files: self.files()?,
        };
        progress("starting the builder machine");
        let container = machine::start(&self.docker, &specification).inspect_err(|error| {
            if matches!(error, BuilderError::Process(_)) {
                self.remove_unanswered(run, image);
            }
        })?;
        let ready = machine::port(&self.docker, &container).and_then(|port| {
            machine::wait_for_ssh(&self.docker, &container, port)?;
            Ok(port)
        });
        match ready {
            Ok(port) => Ok(BuilderMachine {
                docker: self.docker.in_any_case(),
                container,
                host: "127.0.0.1",
                port,
                user: user.clone(),
                private_key: key.private_key,
                public_key: key.public_key,
                keypair_name: key.name,
            }),
            Err(error) => {
                machine::remove(&self.docker.in_any_case(), &container)?;
                Err(error)
            }
        }
    }

    /// Removes the container that the engine may have made although its answer was not waited for. One that it makes
    /// later still, or does not give away, is found by its labels once the run is over.
    fn remove_unanswered(&self, run: &RunId, image: &str) {
        let docker = self.docker.in_any_case();
        let is_ours =
            |leftover: &&Leftover| leftover.run == run.as_str() && leftover.image == image;
        let all = self.clone().unless(Unwanted::never()).leftovers();
        for leftover in all.unwrap_or_default().iter().filter(is_ours) {
            let _ = machine::remove(&docker, &leftover.container);
        }
    }

    /// The containers of this checkout that are still there, of whatever run.
    ///
    /// # Errors
    ///
    /// When the engine cannot be used.
    pub fn leftovers(&self) -> Result<Vec<Leftover>, BuilderError> {
        let format = format!(
            "{{{{.ID}}}}\t{{{{.Label \"{LABEL_RUN}\"}}}}\t{{{{.Label \"{LABEL_IMAGE}\"}}}}\t{{{{.State}}}}"
        );
        let command = ToolCommand::new(self.docker.program())
            .args(["ps", "--all", "--no-trunc", "--filter"])
            .arg(format!("label={LABEL_CHECKOUT}={}", self.checkout()?))
            .args(["--format", &format]);
        let output = self.docker.run(&command, PATIENCE)?;
        Ok(output.lines().filter_map(leftover).collect())
    }

    /// Removes the containers of this checkout whose run `is_live` does not know, and returns them.
    ///
    /// # Errors
    ///
    /// When the engine cannot be used.
    pub fn sweep(&self, is_live: impl Fn(&str) -> bool) -> Result<Vec<Leftover>, BuilderError> {
        let mut swept = Vec::new();
        for leftover in self.leftovers()? {
            if !is_live(&leftover.run) {
                machine::remove(&self.docker, &leftover.container)?;
                swept.push(leftover);
            }
        }
        Ok(swept)
    }

    /// Tells checkouts apart, also when their sandbox has not been made yet.
    fn checkout(&self) -> Result<String, BuilderError> {
        let folder = self.sandbox.folder();
        let absolute = absolute(folder)?;
        let digest = blake3::hash(absolute.as_str().as_bytes()).to_hex();
        Ok(digest[..12].to_owned())
    }

    /// The host's files that a machine gets, as far as they are there.
    fn files(&self) -> Result<Vec<(Utf8PathBuf, &'static str)>, BuilderError> {
        let mut files = Vec::new();
        let rootfs = image::rootfs(&self.home);
        if host::is_file(&rootfs) {
            files.push((absolute(&rootfs)?, BASE_IMAGE_FILE));
        }
        if let Some(text) = &self.host.pip {
            // Everyone on the machine has to read it; on this side the folder keeps others out.
            let file = self.sandbox.folder().join("pip.conf");
            fs_err::write(&file, text)
                .and_then(|()| {
                    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                    fs_err::set_permissions(&file, mode)
                })
                .map_err(|source| BuilderError::File {
                    action: "write",
                    path: file.clone(),
                    source,
                })?;
            files.push((absolute(&file)?, "/etc/pip.conf"));
        }
        Ok(files)
    }
}

impl BuilderMachine {
    /// Removes the container, exactly this one, with its volumes. Doing so again is fine.
    ///
    /// # Errors
    ///
    /// When the engine cannot be used.
    pub fn stop(&self) -> Result<(), BuilderError> {
        machine::remove(&self.docker, &self.container)
    }
}

fn leftover(line: &str) -> Option<Leftover> {
    let mut fields = line.split('\t').map(str::to_owned);
    Some(Leftover {
        container: fields.next()?,
        run: fields.next()?,
        image: fields.next()?,
        state: fields.next()?,
    })
}

/// The path as the engine and other checkouts see it: without links, where it exists.
fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, BuilderError> {
    path.canonicalize_utf8()
        .or_else(|_| camino::absolute_utf8(path))
        .map_err(|source| BuilderError::File {
            action: "find",
            path: path.to_owned(),
            source,
        })
}
