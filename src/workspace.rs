//! The mirror of the source tree in which the tools run, so that they write nothing into the source.
//!
//! A folder in which a tool runs (the Terraform root, a Packer template's folder) is a real folder
//! with a link for every file of the source; its ancestors are real folders too, and everything
//! else is one link. So `../../modules/x` leads where it leads in the source, and what a tool or a
//! rendering writes lies beside the links.

use std::{collections::BTreeSet, fs, io, os::unix::fs::symlink};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Names that are never mirrored: what runs produce, and Terraform's own files beside a root module.
const LEFT_OUT: &[&str] = &[".amiable", ".terraform", "target"];

/// Terraform's record of chosen provider versions; copied, because `init` may rewrite it.
const LOCK_FILE: &str = ".terraform.lock.hcl";

/// A mirror of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    folder: Utf8PathBuf,
}

impl Workspace {
    /// The mirror's root.
    pub fn root(&self) -> &Utf8Path {
        &self.folder
    }

    /// Where `relative` of the project is in the mirror.
    pub fn path(&self, relative: &Utf8Path) -> Utf8PathBuf {
        self.folder.join(relative)
    }

    /// Puts `text` in the place of the link at `relative`, 0600.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, relative: &Utf8Path, text: &str) -> io::Result<()> {
        let path = self.path(relative);
        // Writing through a link would change the source.
        remove(&path)?;
        fs_err::write(path, text)
    }
}

/// Makes or updates the mirror of `project` in `folder`, with real folders at `materialise`
/// (relative to the project).
///
/// Links to files that are gone are removed, and generated files stay, `.terraform/` among them.
///
/// # Errors
///
/// When a folder cannot be read or the mirror not be written.
pub fn prepare(
    project: &Utf8Path,
    folder: &Utf8Path,
    materialise: &[&Utf8Path],
) -> io::Result<Workspace> {
    let mut real: BTreeSet<Utf8PathBuf> = BTreeSet::from([Utf8PathBuf::new()]);
    for path in materialise {
        let mut ancestor = Utf8PathBuf::new();
        for component in path.components() {
            if let Utf8Component::Normal(name) = component {
                ancestor.push(name);
                real.insert(ancestor.clone());
            }
        }
    }
    for path in &real {
        mirror_folder(&project.join(path), &folder.join(path), &|name| {
            real.contains(&path.join(name))
        })?;
    }
    Ok(Workspace { folder: folder.to_owned() })
}

/// Links every entry of `source` into `mirror`, but those for which `is_real` makes real folders.
fn mirror_folder(
    source: &Utf8Path,
    mirror: &Utf8Path,
    is_real: &dyn Fn(&str) -> bool,
) -> io::Result<()> {
    // What was a link once may have to be a real folder now.
    if fs::symlink_metadata(mirror).is_ok_and(|metadata| metadata.is_symlink()) {
        fs_err::remove_file(mirror)?;
    }
    fs_err::create_dir_all(mirror)?;
    let mut wanted = BTreeSet::new();
    for entry in source.read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        if is_real(name) || is_left_out(name) {
            continue;
        }
        let target = source.join(name);
        if name == LOCK_FILE {
            copy_if_newer(&target, &mirror.join(name))?;
            continue;
        }
        link(&target, &mirror.join(name))?;
        wanted.insert(name.to_owned());
    }
    for entry in mirror.read_dir_utf8()? {
        let entry = entry?;
        let stale = entry.file_type()?.is_symlink() && !wanted.contains(entry.file_name());
        if stale {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_left_out(name: &str) -> bool {
    LEFT_OUT.contains(&name)
        || name.contains(".tfstate")
        // Terraform 1.6 refuses to initialise a root whose tests use `mock_provider`.
        || name.ends_with(".tftest.hcl")
        || name.ends_with(".tftest.json")
}

/// Makes `path` a link to `target`, whatever it was before.
fn link(target: &Utf8Path, path: &Utf8Path) -> io::Result<()> {
    if fs::read_link(path).is_ok_and(|current| current == target.as_std_path()) {
        return Ok(());
    }
    remove(path)?;
    symlink(target, path)
}

fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Copies the source's lock file unless the mirror's copy, which `init` may have completed, is newer.
fn copy_if_newer(source: &Utf8Path, copy: &Utf8Path) -> io::Result<()> {
    let modified = |path: &Utf8Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    match (modified(source), modified(copy)) {
        (Ok(of_source), Ok(of_copy)) if of_copy >= of_source => Ok(()),
        _ => {
            remove(copy)?;
            fs_err::copy(source, copy).map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Trial {
        _folder: tempfile::TempDir,
        project: Utf8PathBuf,
        mirror: Utf8PathBuf,
    }

    impl Trial {
        fn new(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
            let trial = Self { project: root.join("p"), mirror: root.join("p/.amiable/work"), _folder: folder };
            for file in files {
                trial.write(file, file);
            }
            trial
        }

        fn write(&self, file: &str, text: &str) {
            let path = self.project.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }

        fn prepare(&self) -> Workspace {
            prepare(&self.project, &self.mirror, &[Utf8Path::new("tf/stacks/web"), Utf8Path::new("packer")]).unwrap()
        }
    }

    const FILES: &[&str] = &[
        "tf/stacks/web/main.tf",
        "tf/stacks/web/files/user-data",
        "tf/modules/net/main.tf",
        "packer/web.pkr.hcl",
        "app/x",
    ];

    #[test]
    fn relative_paths_lead_to_the_same_files() {
        let trial = Trial::new(FILES);
        let workspace = trial.prepare();
        let root = workspace.path(Utf8Path::new("tf/stacks/web"));
        for (path, file) in [
            ("main.tf", FILES[0]),
            ("files/user-data", FILES[1]),
            ("../../modules/net/main.tf", FILES[2]),
            ("../../../app/x", FILES[4]),
        ] {
            assert_eq!(fs_err::read_to_string(root.join(path)).unwrap(), file);
        }
    }

    #[test]
    fn writing_into_the_mirror_never_reaches_the_source() {
        let trial = Trial::new(FILES);
        let workspace = trial.prepare();
        let template = Utf8Path::new("packer/web.pkr.hcl");
        workspace.write(template, "edited").unwrap();
        assert_eq!(fs_err::read_to_string(trial.project.join(template)).unwrap(), FILES[3]);
        assert_eq!(fs_err::read_to_string(workspace.path(template)).unwrap(), "edited");
        // The next run starts from the source again.
        let workspace = trial.prepare();
        assert_eq!(fs_err::read_to_string(workspace.path(template)).unwrap(), FILES[3]);
    }

    #[test]
    fn an_update_follows_the_source_and_keeps_what_was_generated() {
        let trial = Trial::new(FILES);
        let workspace = trial.prepare();
        let root = workspace.path(Utf8Path::new("tf/stacks/web"));
        fs_err::create_dir_all(root.join(".terraform/providers")).unwrap();
        fs_err::write(root.join("x_override.tf.json"), "{}").unwrap();
        fs_err::remove_file(trial.project.join("tf/stacks/web/main.tf")).unwrap();
        trial.write("tf/stacks/web/renamed.tf", "renamed");
        trial.prepare();
        assert!(fs::symlink_metadata(root.join("main.tf")).is_err());
        assert!(root.join("renamed.tf").exists());
        assert!(root.join(".terraform/providers").is_dir());
        assert!(root.join("x_override.tf.json").exists());
    }

    #[test]
    fn states_and_what_runs_produce_are_not_mirrored() {
        let trial = Trial::new(FILES);
        trial.write("tf/stacks/web/terraform.tfstate", "{}");
        trial.write("tf/stacks/web/.terraform/x", "");
        trial.write("tf/stacks/web/.terraform.lock.hcl", "# lock");
        let workspace = trial.prepare();
        let root = workspace.path(Utf8Path::new("tf/stacks/web"));
        assert!(!root.join("terraform.tfstate").exists());
        assert!(!root.join(".terraform").exists());
        assert!(!workspace.path(Utf8Path::new(".amiable")).exists());
        let lock = root.join(".terraform.lock.hcl");
        assert!(!fs::symlink_metadata(&lock).unwrap().is_symlink());
        fs_err::write(&lock, "# completed by init").unwrap();
        trial.prepare();
        assert_eq!(fs_err::read_to_string(lock).unwrap(), "# completed by init");
    }
}
