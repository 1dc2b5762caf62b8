//! Bringing the links of a workspace up to date with the source.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs::FileType,
    io,
    path::Path,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Workspace, io_error};
use crate::errors::Error;

const LOCK_FILE: &str = ".terraform.lock.hcl";

/// Whether the entry `name` of `folder` (relative to `project`) is part of the mirror at all.
///
/// What tools and builds make in the source is not: it is large, or it describes something else than
/// what a run in the mirror does.
pub fn is_mirrored(project: &Path, folder: &Path, name: &str) -> bool {
    let is_cargo_target = || {
        folder.as_os_str().is_empty() && name == "target" && project.join("Cargo.toml").is_file()
    };
    name != ".amiable" && name != ".terraform" && !name.contains(".tfstate") && !is_cargo_target()
}

impl Workspace {
    pub(super) fn mirror(&mut self, materialise: &[&Utf8Path]) -> Result<(), Error> {
        for rendered in std::mem::take(&mut self.state.rendered) {
            self.remove(&rendered)?;
        }
        let mut real = std::mem::take(&mut self.state.folders);
        for folder in materialise {
            real.extend(folder.ancestors().map(Utf8Path::to_owned));
        }
        real.remove(Utf8Path::new(""));
        self.mirror_folder(Utf8Path::new(""), &real)?;
        self.state.project = self.project.clone();
        Ok(())
    }

    /// Makes the real folder `folder` of the mirror like that of the source; `real` are the folders
    /// that are real too, or were so far.
    fn mirror_folder(
        &mut self,
        folder: &Utf8Path,
        real: &BTreeSet<Utf8PathBuf>,
    ) -> Result<(), Error> {
        let mut wanted = BTreeSet::new();
        for name in entries(self.project.join(folder).as_std_path())? {
            let (project, at) = (self.project.as_std_path(), folder.as_std_path());
            if name == LOCK_FILE {
                self.copy_lock_file(folder)?;
            } else if is_mirrored(project, at, &name.to_string_lossy()) {
                self.mirror_entry(folder, &name, real)?;
            } else {
                self.note_state_file(folder, &name);
                continue;
            }
            wanted.insert(name);
        }
        self.remove_leftovers(folder, &wanted, real)
    }

    fn mirror_entry(
        &mut self,
        folder: &Utf8Path,
        name: &OsStr,
        real: &BTreeSet<Utf8PathBuf>,
    ) -> Result<(), Error> {
        let source = self.project.join(folder).as_std_path().join(name);
        let target = self.root.join(folder).as_std_path().join(name);
        let found = kind(&target);
        let is_folder = found.is_some_and(|found| found.is_dir());
        if let Some(below) = below(folder, name).filter(|below| real.contains(below)) {
            if source.is_dir() {
                if !is_folder {
                    if found.is_some() {
                        remove_file(&target)?;
                    }
                    fs_err::create_dir(&target)
                        .map_err(io_error(|| format!("make the folder {}", target.display())))?;
                }
                self.mirror_folder(&below, real)?;
                self.state.folders.insert(below);
                return Ok(());
            }
            if is_folder {
                self.dissolve(&below, real)?;
            }
        }
        match kind(&target) {
            None => link(&source, &target),
            Some(found) if found.is_symlink() => {
                if std::fs::read_link(&target).is_ok_and(|to| to == source) {
                    return Ok(());
                }
                remove_file(&target)?;
                link(&source, &target)
            }
            // A tool made something here before the source had this name; it keeps it.
            Some(_) => Ok(()),
        }
    }

    /// Removes what mirrors something that the source no longer has.
    fn remove_leftovers(
        &mut self,
        folder: &Utf8Path,
        wanted: &BTreeSet<OsString>,
        real: &BTreeSet<Utf8PathBuf>,
    ) -> Result<(), Error> {
        let target = self.root.join(folder).into_std_path_buf();
        for name in entries(&target)? {
            if wanted.contains(&name) {
                continue;
            }
            let path = target.join(&name);
            let below = below(folder, &name);
            let found = kind(&path);
            if found.is_some_and(|found| found.is_symlink()) {
                // A link to elsewhere is a tool's. The project may have been moved since.
                let to = std::fs::read_link(&path).unwrap_or_default();
                let is_ours = [&self.project, &self.state.project]
                    .into_iter()
                    .any(|project| to == project.join(folder).as_std_path().join(&name));
                if is_ours {
                    remove_file(&path)?;
                }
            } else if let Some(below) = below {
                if found.is_some_and(|found| found.is_dir()) {
                    if real.contains(&below) {
                        self.dissolve(&below, real)?;
                    }
                } else if self.state.locks.remove(&below).is_some() {
                    remove_file(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Removes a folder that mirrored one of the source, unless a tool has left something in it.
    fn dissolve(&mut self, folder: &Utf8Path, real: &BTreeSet<Utf8PathBuf>) -> Result<(), Error> {
        self.remove_leftovers(folder, &BTreeSet::new(), real)?;
        // This fails for a folder with a tool's files, which then stays.
        let _ = std::fs::remove_dir(self.root.join(folder));
        Ok(())
    }

    fn copy_lock_file(&mut self, folder: &Utf8Path) -> Result<(), Error> {
        let path = folder.join(LOCK_FILE);
        let source = self.project.join(&path);
        let text = fs_err::read(&source).map_err(io_error(|| format!("read {source}")))?;
        let digest = blake3::hash(&text).to_hex().to_string();
        let target = self.root.join(&path);
        let is_current = self.state.locks.get(&path) == Some(&digest)
            && kind(target.as_std_path()).is_some_and(|found| found.is_file());
        if !is_current {
            if kind(target.as_std_path()).is_some() {
                remove_file(target.as_std_path())?;
            }
            fs_err::write(&target, text).map_err(io_error(|| format!("write {target}")))?;
            self.state.locks.insert(path, digest);
        }
        Ok(())
    }

    fn note_state_file(&mut self, folder: &Utf8Path, name: &OsStr) {
        let path = below(folder, name);
        let states = path.filter(|path| path.extension() == Some("tfstate"));
        self.left_out_states.extend(states);
    }
}

/// `name` below `folder`; names that are not UTF-8 can be linked but not named.
fn below(folder: &Utf8Path, name: &OsStr) -> Option<Utf8PathBuf> {
    name.to_str().map(|name| folder.join(name))
}

/// Names in a folder, sorted.
fn entries(folder: &Path) -> Result<BTreeSet<OsString>, Error> {
    let listing = || format!("list {}", folder.display());
    fs_err::read_dir(folder)
        .map_err(io_error(listing))?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<_>>()
        .map_err(io_error(listing))
}

/// What is at `path` itself, not behind a link.
fn kind(path: &Path) -> Option<FileType> {
    path.symlink_metadata().ok().map(|found| found.file_type())
}

fn link(source: &Path, target: &Path) -> Result<(), Error> {
    fs_err::os::unix::fs::symlink(source, target).map_err(io_error(|| {
        format!("link {} to {}", target.display(), source.display())
    }))
}

fn remove_file(path: &Path) -> Result<(), Error> {
    fs_err::remove_file(path).map_err(io_error(|| format!("remove {}", path.display())))
}
