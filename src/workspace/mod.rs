//! The mirror of the source tree in which tools run.
//!
//! A run never writes into the source tree. Terraform and Packer run below `.amiable/work/` in a tree
//! of symbolic links that looks like the project. The folders that tools write to, and those on the way
//! to them, are real folders full of links; everything else is a link to the source. Relative paths of
//! modules and scripts keep working, what a tool leaves behind (`.terraform`) stays from run to run,
//! and a rendered file is a real file in the place of a link.

mod mirror;
mod state;

use std::io::Write;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use self::state::State;
use crate::errors::Error;

pub use mirror::is_mirrored;

/// A mirror of one project for one stack and environment.
#[derive(Debug)]
pub struct Workspace {
    /// The source tree, absolute.
    project: Utf8PathBuf,
    /// The mirror, absolute.
    root: Utf8PathBuf,
    state: State,
    /// Terraform state files of the source, which the mirror leaves out: what they describe is not what
    /// a run in the mirror knows of. Relative to the project's root.
    pub left_out_states: Vec<Utf8PathBuf>,
}

impl Workspace {
    /// Makes the mirror of `project` in `folder` (below the project when relative), or brings an
    /// earlier one up to date.
    ///
    /// The folders in `materialise`, relative to the project's root, are real folders in the mirror.
    /// Links follow the source: new files, removed and renamed ones. Files rendered by an earlier run
    /// become links again; whatever tools have left there stays. The source's `.terraform.lock.hcl` is
    /// copied when it has changed since it last was, because `terraform init` adds to it.
    ///
    /// # Errors
    ///
    /// When a folder of `materialise` is not one of the project's, or the disk refuses.
    pub fn prepare(
        project: &Utf8Path,
        folder: &Utf8Path,
        materialise: &[&Utf8Path],
    ) -> Result<Workspace, Error> {
        let project = project
            .canonicalize_utf8()
            .map_err(io_error(|| format!("find the project {project}")))?;
        for wanted in materialise {
            if !is_inside(wanted) || !project.join(wanted).is_dir() {
                return Err(Error::Failed {
                    problem: format!("{wanted} is not a folder of the project {project}"),
                    hints: vec!["paths in a stack file are relative to the project's root".into()],
                });
            }
        }
        let root = project.join(folder);
        fs_err::create_dir_all(&root).map_err(io_error(|| format!("make the folder {root}")))?;
        let root = root
            .canonicalize_utf8()
            .map_err(io_error(|| format!("find the folder {root}")))?;
        let mut workspace = Workspace {
            state: State::load(&root),
            project,
            root,
            left_out_states: Vec::new(),
        };
        workspace.mirror(materialise)?;
        workspace.state.save(&workspace.root)?;
        Ok(workspace)
    }

    /// The mirror's root, absolute: what the project's root is to the source.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Writes a file of the mirror, in the place of the link if there is one. Nobody else may read it.
    ///
    /// # Errors
    ///
    /// When `path` leads out of the mirror, or through a link into the source, or the disk refuses.
    pub fn write(&mut self, path: &Utf8Path, text: &str) -> Result<(), Error> {
        let target = self.real_place(path)?;
        let writing = || format!("write {target}");
        // Noted first: a run that is killed in between must not leave a copy that looks like a tool's file.
        if self.project.join(path).symlink_metadata().is_ok()
            && self.state.rendered.insert(path.to_owned())
        {
            self.state.save(&self.root)?;
        }
        let parent = target.parent().unwrap_or(&self.root);
        // A new file renamed over the old name replaces a link and never what it points to. Temporary
        // files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(parent).map_err(io_error(writing))?;
        file.write_all(text.as_bytes()).map_err(io_error(writing))?;
        file.persist(&target)
            .map_err(|error| io_error(writing)(error.error))?;
        Ok(())
    }

    /// Removes a file that [`Workspace::write`] or a tool wrote, or the link at `path`; nothing
    /// happens when there is none. The source is not touched.
    ///
    /// # Errors
    ///
    /// As for [`Workspace::write`].
    pub fn remove(&mut self, path: &Utf8Path) -> Result<(), Error> {
        let target = self.real_place(path)?;
        match fs_err::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io_error(|| format!("remove {target}"))(error))
            }
            _ => Ok(()),
        }
    }

    /// The absolute path of `path` in the mirror, after making sure that no folder on the way to it is a
    /// link. Missing folders are made.
    fn real_place(&self, path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
        let refused = |why: &str| Error::Failed {
            problem: format!("{path} is not written: {why}"),
            hints: Vec::new(),
        };
        if path.as_str().is_empty() || !is_inside(path) {
            return Err(refused("it is not a path inside the workspace"));
        }
        let mut place = self.root.clone();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            place.push(component);
            if components.peek().is_none() {
                break;
            }
            match place.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(refused(&format!("{place} is a link into the source"))),
                Err(_) => fs_err::create_dir(&place)
                    .map_err(io_error(|| format!("make the folder {place}")))?,
            }
        }
        Ok(place)
    }
}

/// True for relative paths without `..`.
fn is_inside(path: &Utf8Path) -> bool {
    path.components()
        .all(|part| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir))
}

/// Turns an I/O error into ours, with what was being done as a fragment.
fn io_error<C: FnOnce() -> String>(context: C) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io {
        context: context(),
        source,
    }
}
