//! The machine image: built once for its definition and the host's network settings, found by its tag.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    BuilderError,
    docker::{Docker, last_lines, said},
    host::HostSettings,
};
use crate::{
    command::ToolCommand,
    process::{ProcessError, Unwanted, capture_unless},
    sandbox::lock,
};

const REPOSITORY: &str = "amiable-builder";
const REGISTRY_BASE: &str = "debian:12";
const LOCAL_BASE: &str = "amiable-base:bookworm";

/// 50 MB from a registry on a slow line.
const PULL_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Some 50 packages on a slow line; debootstrap alike.
const BUILD_PATIENCE: Duration = Duration::from_secs(20 * 60);
/// Another process may have to do all of it first.
const LOCK_PATIENCE: Duration = Duration::from_secs(45 * 60);
/// Reading 200 MB from disk.
const IMPORT_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Files of the build context that are the same everywhere.
const DEFINITION: [(&str, &str); 4] = [
    ("Dockerfile", include_str!("Dockerfile")),
    ("cloud-init.sh", include_str!("cloud-init.sh")),
    ("entrypoint.sh", include_str!("entrypoint.sh")),
    ("setup.sh", include_str!("setup.sh")),
];

/// Everything that decides what is in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    files: Vec<(Utf8PathBuf, Vec<u8>)>,
}

impl Definition {
    pub(super) fn new(host: &HostSettings) -> Self {
        let mut files: Vec<(Utf8PathBuf, Vec<u8>)> = DEFINITION
            .iter()
            .map(|(name, text)| (Utf8PathBuf::from(*name), text.as_bytes().to_vec()))
            .collect();
        let share = Utf8Path::new("host/usr/share/amiable");
        for (index, pem) in host.certificates.iter().enumerate() {
            files.push((share.join(format!("host-ca/{index}.crt")), pem.clone()));
        }
        // Sources of the host stand for Debian's own, so they wait in a folder until those are removed.
        let apt = if host.apt_sources {
            share.join("host-apt")
        } else {
            Utf8PathBuf::from("host/etc/apt")
        };
        for (path, text) in &host.apt {
            files.push((apt.join(path), text.clone()));
        }
        Self { files }
    }

    /// The image's name, with a hash of the definition as its tag.
    pub(super) fn tag(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, text) in &self.files {
            for part in [path.as_str().as_bytes(), text] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        format!("{REPOSITORY}:{}", &hasher.finalize().to_hex()[..12])
    }

    fn write(&self, folder: &Utf8Path) -> std::io::Result<()> {
        // COPY fails for a folder that is not there.
        fs_err::create_dir(folder.join("host"))?;
        for (path, text) in &self.files {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            fs_err::write(path, text)?;
        }
        readable_for_all(folder)
    }
}

/// `COPY` takes modes over, and the driver's umask leaves folders to their owner alone: in the image
/// nobody but root could look into `/usr` then.
fn readable_for_all(folder: &Utf8Path) -> std::io::Result<()> {
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        let entry = entry?;
        let mode = if entry.file_type().is_dir() {
            0o755
        } else {
            0o644
        };
        fs_err::set_permissions(entry.path(), Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Where amiable keeps a Debian 12 root file system for machines out of reach of container registries.
pub(super) fn rootfs(home: &Utf8Path) -> Utf8PathBuf {
    home.join("base/rootfs.tar")
}

/// Makes sure that the image is there, and returns its name.
pub(super) fn ensure(
    docker: &Docker,
    home: &Utf8Path,
    host: &HostSettings,
    progress: &mut dyn FnMut(&str),
) -> Result<String, BuilderError> {
    let definition = Definition::new(host);
    let tag = definition.tag();
    if docker.has_image(&tag)? {
        return Ok(tag);
    }
    fs_err::create_dir_all(home).map_err(|source| file_error("make the folder", home, source))?;
    let lock = home.join("builder-image.lock");
    progress("waiting for another build of the builder machine's image");
    let _held = lock::hold(&lock, LOCK_PATIENCE, docker.unwanted())
        .map_err(|source| file_error("lock", &lock, source))?
        .ok_or_else(|| match docker.unwanted().now() {
            true => BuilderError::Unwanted,
            false => BuilderError::Busy {
                minutes: LOCK_PATIENCE.as_secs() / 60,
                lock: lock.clone(),
            },
        })?;
    if docker.has_image(&tag)? {
        return Ok(tag);
    }
    let base = base(docker, home, progress)?;
    progress("building the builder machine's image (once)");
    build(docker, host, &definition, &tag, base)?;
    Ok(tag)
}

fn build(
    docker: &Docker,
    host: &HostSettings,
    definition: &Definition,
    tag: &str,
    base: &str,
) -> Result<(), BuilderError> {
    let context = tempfile::tempdir()
        .map_err(|source| file_error("make a folder in", Utf8Path::new("TMPDIR"), source))?;
    let folder = Utf8PathBuf::try_from(context.path().to_owned())
        .map_err(|error| file_error("use", Utf8Path::new("TMPDIR"), error.into_io_error()))?;
    definition
        .write(&folder)
        .map_err(|source| file_error("write the build context", &folder, source))?;
    let mut command = ToolCommand::new(docker.program())
        .args(["build", "--tag", tag, "--build-arg"])
        .arg(format!("BASE={base}"));
    // By name alone: a proxy's address may hold a password, and arguments are there for all to see.
    for (name, value) in &host.proxies {
        command = command.args(["--build-arg", name]).env(name, value);
    }
    let done = docker.attempt(&command.arg(folder.as_str()), BUILD_PATIENCE)?;
    if done.success() {
        return Ok(());
    }
    let output = format!("{}\n{}", done.stdout_text(), done.stderr_text());
    Err(BuilderError::ImageBuild {
        tail: last_lines(output.trim_end(), 15),
    })
}

/// A Debian 12 base image: from the engine, a registry, the root file system amiable has, or debootstrap.
fn base(
    docker: &Docker,
    home: &Utf8Path,
    progress: &mut dyn FnMut(&str),
) -> Result<&'static str, BuilderError> {
    if docker.has_image(REGISTRY_BASE)? {
        return Ok(REGISTRY_BASE);
    }
    progress("pulling debian:12");
    let pull = ToolCommand::new(docker.program()).args(["pull", "--quiet", REGISTRY_BASE]);
    let pulled = match docker.attempt(&pull, PULL_PATIENCE) {
        Ok(done) if done.success() => return Ok(REGISTRY_BASE),
        Ok(done) => said(&done),
        // A network that swallows packets instead of refusing them.
        Err(BuilderError::Process(error @ ProcessError::Deadline { .. })) => error.to_string(),
        Err(error) => return Err(error),
    };
    if docker.has_image(LOCAL_BASE)? {
        return Ok(LOCAL_BASE);
    }
    let tarball = rootfs(home);
    if !tarball.exists() {
        let debootstrap = debootstrap().ok_or_else(|| BuilderError::NoBaseImage {
            pull: pulled,
            rootfs: tarball.clone(),
        })?;
        progress("making a Debian 12 base with debootstrap");
        bootstrap(&debootstrap, &tarball, docker.unwanted())?;
    }
    progress("importing the Debian 12 base");
    let import = ToolCommand::new(docker.program()).args(["import", tarball.as_str(), LOCAL_BASE]);
    docker.run(&import, IMPORT_PATIENCE)?;
    Ok(LOCAL_BASE)
}

/// debootstrap, where it is and may be used: only root can make device nodes and change root.
fn debootstrap() -> Option<Utf8PathBuf> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    // Users' search paths often lack the folder of administrators' programs.
    let found = which::which("debootstrap").or_else(|_| which::which("/usr/sbin/debootstrap"));
    Utf8PathBuf::try_from(found.ok()?).ok()
}

fn bootstrap(
    debootstrap: &Utf8Path,
    tarball: &Utf8Path,
    unwanted: &Unwanted,
) -> Result<(), BuilderError> {
    let parent = tarball.parent().unwrap_or(Utf8Path::new("."));
    fs_err::create_dir_all(parent)
        .map_err(|source| file_error("make the folder", parent, source))?;
    let work = tempfile::tempdir_in(parent)
        .map_err(|source| file_error("make a folder in", parent, source))?;
    let work_path = Utf8PathBuf::try_from(work.path().to_owned())
        .map_err(|error| file_error("use", parent, error.into_io_error()))?;
    let root = work_path.join("root");
    let unfinished = work_path.join("rootfs.tar");
    let commands = [
        ToolCommand::new(debootstrap).args(["--variant=minbase", "bookworm", root.as_str()]),
        ToolCommand::new("tar").args(["-C", root.as_str(), "-cf", unfinished.as_str(), "."]),
    ];
    for command in commands {
        let done = capture_unless(&command, BUILD_PATIENCE, || unwanted.now())?;
        if !done.success() {
            let output = format!("{}\n{}", done.stdout_text(), done.stderr_text());
            return Err(BuilderError::Debootstrap {
                message: last_lines(output.trim_end(), 5),
            });
        }
    }
    fs_err::rename(&unfinished, tarball).map_err(|source| file_error("write", tarball, source))
}

fn file_error(action: &'static str, path: &Utf8Path, source: std::io::Error) -> BuilderError {
    BuilderError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_depends_on_what_the_host_adds() {
        let plain = Definition::new(&HostSettings::default());
        assert_eq!(plain.tag(), Definition::new(&HostSettings::default()).tag());
        let company = Definition::new(&HostSettings {
            certificates: vec![b"pem".to_vec()],
            ..HostSettings::default()
        });
        assert_ne!(company.tag(), plain.tag());
        assert!(
            plain.tag().starts_with("amiable-builder:"),
            "{}",
            plain.tag()
        );
    }

    #[test]
    fn the_context_has_a_folder_for_the_host_even_when_it_is_empty() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        Definition::new(&HostSettings::default())
            .write(folder)
            .unwrap();
        assert!(folder.join("host").is_dir());
        let mode = folder.join("host").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "COPY takes modes over");
        assert!(folder.join("Dockerfile").is_file());
    }

    #[test]
    fn foreign_sources_wait_until_debians_own_are_gone() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        let settings = HostSettings {
            apt: vec![("sources.list".into(), b"deb x bookworm main".to_vec())],
            apt_sources: true,
            ..HostSettings::default()
        };
        Definition::new(&settings).write(folder).unwrap();
        let there = folder.join("host/usr/share/amiable/host-apt/sources.list");
        assert!(there.is_file());
    }
}
