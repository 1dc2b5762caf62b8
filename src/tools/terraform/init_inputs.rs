//! What `terraform init` depends on, as one text that changes when init has to run again.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde::Deserialize;

/// Hash over the root module's and its local modules' files, the lock file, the version and `backend`.
///
/// The local modules are those the last init recorded in `.terraform/modules/modules.json`; a new
/// one can only be named in a file that is hashed already.
///
/// # Errors
///
/// When a folder or file cannot be read.
pub fn stamp(root: &Utf8Path, version: &Version, backend: &str) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(backend.as_bytes());
    hasher.update(&[0]);
    hasher.update(version.to_string().as_bytes());
    for folder in std::iter::once(Utf8PathBuf::new()).chain(recorded_modules(root)) {
        let mut files: Vec<Utf8PathBuf> = root
            .join(&folder)
            .read_dir_utf8()?
            .filter_map(|entry| Some(entry.ok()?.path().to_owned()))
            .filter(|path| decides_init(path))
            .collect();
        files.sort();
        for file in files {
            hasher.update(file.as_str().as_bytes());
            hasher.update(&[0]);
            hasher.update(blake3::hash(&fs_err::read(&file)?).as_bytes());
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn decides_init(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    // Its provider settings depend on the version that init chose, so they cannot decide about init;
    // the backend is part of the stamp by itself.
    let source = (name.ends_with(".tf") || name.ends_with(".tf.json"))
        && name != crate::render::terraform::OVERRIDE_FILE;
    source || name == ".terraform.lock.hcl"
}

fn recorded_modules(root: &Utf8Path) -> Vec<Utf8PathBuf> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(rename = "Modules")]
        modules: Vec<Module>,
    }
    #[derive(Deserialize)]
    struct Module {
        #[serde(rename = "Dir")]
        folder: Utf8PathBuf,
    }
    let text = fs_err::read(root.join(".terraform/modules/modules.json")).unwrap_or_default();
    let manifest: Manifest = serde_json::from_slice(&text).unwrap_or(Manifest {
        modules: Vec::new(),
    });
    manifest
        .modules
        .into_iter()
        .map(|module| module.folder)
        .filter(|folder| folder != "." && root.join(folder).is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_follows_the_root_its_modules_and_the_version() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let write = |path: &str, text: &str| {
            fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs_err::write(root.join(path), text).unwrap();
        };
        write("main.tf", "module \"m\" { source = \"./m\" }");
        write("m/main.tf", "# one");
        write("notes.txt", "one");
        write(
            ".terraform/modules/modules.json",
            r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"m","Source":"./m","Dir":"m"}]}"#,
        );
        let version = Version::new(1, 11, 4);
        let first = stamp(root, &version, "").unwrap();
        write("notes.txt", "two");
        assert_eq!(stamp(root, &version, "").unwrap(), first);
        assert_ne!(stamp(root, &Version::new(1, 12, 0), "").unwrap(), first);
        write("m/main.tf", "# two");
        let second = stamp(root, &version, "").unwrap();
        assert_ne!(second, first);
        write(".terraform.lock.hcl", "");
        assert_ne!(stamp(root, &version, "").unwrap(), second);
    }
}
