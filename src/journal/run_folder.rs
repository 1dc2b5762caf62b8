//! What lies where under `.amiable/`.

use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt};

use camino::{Utf8Path, Utf8PathBuf};

use crate::run_id::RunId;

/// Folder of everything a checkout produces, in the project's root.
pub const PRODUCED: &str = ".amiable";

/// The folder of one run: `.amiable/runs/<id>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(Utf8PathBuf);

impl RunFolder {
    /// Makes the folder of a new run, 0700.
    ///
    /// # Errors
    ///
    /// When it cannot be made: read-only checkout, full disk.
    pub fn create(project_root: &Utf8Path, run: &RunId) -> io::Result<Self> {
        let folder = Self::locate(project_root, run);
        private_folder(&folder.0.join("logs"))?;
        private_folder(&folder.spool())?;
        Ok(folder)
    }

    /// The folder of an earlier run, whether it is there or not.
    pub fn locate(project_root: &Utf8Path, run: &RunId) -> Self {
        Self(project_root.join(PRODUCED).join("runs").join(run.as_str()))
    }

    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// The append-only records.
    pub fn journal(&self) -> Utf8PathBuf {
        self.0.join("journal.jsonl")
    }

    /// The redacted output of a step.
    pub fn log(&self, step: &str) -> Utf8PathBuf {
        self.0.join("logs").join(format!("{step}.log"))
    }

    /// Where children write before redaction; emptied as steps end.
    pub fn spool(&self) -> Utf8PathBuf {
        self.0.join("spool")
    }

    /// Terraform's saved plan. It holds secrets: 0600, deleted at the end of the run.
    pub fn plan(&self) -> Utf8PathBuf {
        self.0.join("spool").join("terraform.plan")
    }
}

/// What one stack keeps for one environment between runs: `.amiable/state/<stack>/<environment>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    folder: Utf8PathBuf,
    work: Utf8PathBuf,
    image_work: Utf8PathBuf,
}

impl StateFolder {
    /// Makes the folders, 0700.
    ///
    /// # Errors
    ///
    /// When they cannot be made.
    pub fn create(project_root: &Utf8Path, stack: &str, environment: &str) -> io::Result<Self> {
        let state = Self::locate(project_root, stack, environment);
        private_folder(&state.folder)?;
        private_folder(&state.work)?;
        Ok(state)
    }

    /// The folders' paths, whether they exist or not.
    pub fn locate(project_root: &Utf8Path, stack: &str, environment: &str) -> Self {
        let produced = project_root.join(PRODUCED);
        Self {
            folder: produced.join("state").join(stack).join(environment),
            work: produced.join("work").join(stack).join(environment),
            image_work: produced.join("work-images").join(stack).join(environment),
        }
    }

    /// The mirror of the source tree in which the tools run.
    pub fn workspace(&self) -> Utf8PathBuf {
        self.work.clone()
    }

    /// A mirror of an image's own: images that share a template render it differently at the same time.
    pub fn image_workspace(&self, image: &str) -> Utf8PathBuf {
        self.image_work.join(image)
    }

    /// The outputs of the last deployment.
    pub fn outputs(&self) -> Utf8PathBuf {
        self.folder.join("outputs.json")
    }

    /// Terraform's state where the environment has no backend of its own.
    pub fn local_terraform_state(&self) -> Utf8PathBuf {
        self.folder.join("terraform.tfstate")
    }

    /// The lock file of the stack in the environment.
    pub fn lock(&self) -> Utf8PathBuf {
        self.folder.join("lock")
    }

    /// What each image's fingerprint was made of when it was built, as `<image>.json`.
    pub fn fingerprint(&self, image: &str) -> Utf8PathBuf {
        self.folder
            .join("fingerprints")
            .join(format!("{image}.json"))
    }

    /// A file for each run that has not recorded its end.
    pub fn unfinished(&self) -> Utf8PathBuf {
        self.folder.join("unfinished")
    }

    /// Up to which run leftovers of builds have been looked for.
    pub fn leftovers_looked_at(&self) -> Utf8PathBuf {
        self.folder.join("leftovers-looked-at")
    }

    /// Up to which run removals that were begun have been ended.
    pub fn removals_ended(&self) -> Utf8PathBuf {
        self.folder.join("removals-ended")
    }

    /// The AMIs that the last prune left where they are because something uses them.
    pub fn images_in_use(&self) -> Utf8PathBuf {
        self.folder.join("images-in-use")
    }

    /// Tells whether `terraform init` has to run again.
    pub fn init_stamp(&self) -> Utf8PathBuf {
        self.folder.join("terraform-init")
    }
}

/// Forgets the outputs of every stack in `environment`: what they speak of is gone.
///
/// # Errors
///
/// When a file is there and cannot be removed.
pub fn forget_outputs(project_root: &Utf8Path, environment: &str) -> io::Result<()> {
    let stacks = project_root.join(PRODUCED).join("state");
    if !stacks.is_dir() {
        return Ok(());
    }
    for stack in stacks.read_dir_utf8()? {
        let state = StateFolder::locate(project_root, stack?.file_name(), environment);
        match fs_err::remove_file(state.outputs()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn private_folder(path: &Utf8Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_forgotten_in_one_environment_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        forget_outputs(root, "sandbox").unwrap();
        let [sandbox, prod] = ["sandbox", "prod"].map(|environment| {
            let state = StateFolder::create(root, "web", environment).unwrap();
            fs_err::write(state.outputs(), "{}").unwrap();
            state.outputs()
        });
        forget_outputs(root, "sandbox").unwrap();
        assert!(!sandbox.exists() && prod.exists());
    }
}
