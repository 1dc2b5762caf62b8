//! Digests of the files that count: those the template names, and those of `inputs`.

use std::{collections::BTreeMap, fs, io, os::unix::fs::PermissionsExt};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;
use thiserror::Error;
use walkdir::WalkDir;

use super::{FileDigest, NamedFile};
use crate::{config::Problem, render::packer::Template};

/// A file that counts and cannot be read.
#[derive(Debug, Error)]
pub enum CollectError {
    #[error("{0}")]
    Missing(Problem),
    #[error("failed to read {path}: {source}")]
    Read {
        path: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the pattern {pattern:?} in `inputs` is not valid: {problem}")]
    Pattern { pattern: String, problem: String },
    #[error("the pattern {0:?} in `inputs` matches no file")]
    Nothing(String),
    #[error("{0} has a name that is not UTF-8")]
    Name(String),
}

/// Folders below which `inputs` never look.
const NEVER: &[&str] = &[".amiable", ".git", ".terraform", "target"];

/// Digests of the template's own files, of `named` ones, and of those that match `inputs`, by their
/// paths relative to `project` (absolute for files outside it).
///
/// # Errors
///
/// When a file is missing or cannot be read, or a pattern matches nothing: a typing error there
/// would silently leave changes out.
pub fn collect(
    project: &Utf8Path,
    template: &Template,
    named: &[NamedFile],
    inputs: &[String],
) -> Result<BTreeMap<String, FileDigest>, CollectError> {
    let mut files = BTreeMap::new();
    for (path, _) in template.files() {
        add(project, path, &mut files)?;
    }
    for file in named {
        let path = normalize(&template.folder.join(&file.path));
        let full = project.join(&path);
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_dir() => add_folder(project, &path, &mut files)?,
            Ok(_) => add(project, &path, &mut files)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CollectError::Missing(Problem {
                    message: format!("{} names {path}, which is not there", template.path),
                    place: file.place.clone(),
                    hint: None,
                }));
            }
            Err(source) => return Err(CollectError::Read { path, source }),
        }
    }
    for pattern in inputs {
        add_matching(project, pattern, &mut files)?;
    }
    Ok(files)
}

fn add(
    project: &Utf8Path,
    path: &Utf8Path,
    files: &mut BTreeMap<String, FileDigest>,
) -> Result<(), CollectError> {
    let full = project.join(path);
    let key = full.strip_prefix(project).unwrap_or(path).to_string();
    if files.contains_key(&key) {
        return Ok(());
    }
    let failed = |source| CollectError::Read {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(&full).map_err(failed)?.permissions().mode();
    let mut hasher = blake3::Hasher::new();
    let file = fs::File::open(&full).map_err(failed)?;
    hasher.update_reader(file).map_err(failed)?;
    let digest = FileDigest {
        content: hasher.finalize().to_hex().to_string(),
        executable: mode & 0o111 != 0,
    };
    files.insert(key, digest);
    Ok(())
}

fn add_folder(
    project: &Utf8Path,
    folder: &Utf8Path,
    files: &mut BTreeMap<String, FileDigest>,
) -> Result<(), CollectError> {
    // Packer uploads what links lead to.
    for entry in WalkDir::new(project.join(folder)).follow_links(true) {
        let entry = entry.map_err(|error| CollectError::Read {
            path: folder.to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() {
            add(project, &relative(project, entry.path())?, files)?;
        }
    }
    Ok(())
}

fn add_matching(
    project: &Utf8Path,
    pattern: &str,
    files: &mut BTreeMap<String, FileDigest>,
) -> Result<(), CollectError> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let matcher = glob
        .map_err(|error| CollectError::Pattern {
            pattern: pattern.to_owned(),
            problem: error.to_string(),
        })?
        .compile_matcher();
    // Everything before the first wildcard is a folder that need not be searched for.
    let fixed: Utf8PathBuf = Utf8Path::new(pattern)
        .components()
        .take_while(|component| !component.as_str().contains(['*', '?', '[', '{']))
        .collect();
    let mut any = false;
    let walk = WalkDir::new(project.join(&fixed))
        .follow_links(true)
        .into_iter();
    let entries = walk.filter_entry(|entry| {
        let name = entry.file_name().to_str().unwrap_or_default();
        entry.depth() == 0 || !NEVER.contains(&name)
    });
    for entry in entries {
        let Ok(entry) = entry else {
            // The fixed part is not there: no file matches.
            continue;
        };
        let path = relative(project, entry.path())?;
        if entry.file_type().is_file() && matcher.is_match(path.as_std_path()) {
            add(project, &path, files)?;
            any = true;
        }
    }
    if any {
        Ok(())
    } else {
        Err(CollectError::Nothing(pattern.to_owned()))
    }
}

fn relative(project: &Utf8Path, path: &std::path::Path) -> Result<Utf8PathBuf, CollectError> {
    let path =
        Utf8Path::from_path(path).ok_or_else(|| CollectError::Name(path.display().to_string()))?;
    Ok(path.strip_prefix(project).unwrap_or(path).to_owned())
}

/// Takes `.` and `..` out of a path without looking at the disk, as the same path has to mean the
/// same file on every machine.
fn normalize(path: &Utf8Path) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if result.file_name().is_some() => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::symlink};

    use serde_json::Map;

    use super::*;
    use crate::{images::fingerprint::named_files, render::packer::resolve::Resolver};

    const TEMPLATE: &str = r#"
        source "amazon-ebs" "web" {}
        build {
          sources = ["source.amazon-ebs.web"]
          provisioner "shell" { script = "install.sh" }
          provisioner "file" {
            source      = "../app"
            destination = "/opt"
          }
        }
    "#;

    fn project() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        for (path, text) in [
            ("packer/web.pkr.hcl", TEMPLATE),
            ("packer/install.sh", "#!/bin/sh\n"),
            ("app/a.py", "a"),
            ("app/deep/b.py", "b"),
            ("other/c.txt", "c"),
        ] {
            fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs_err::write(root.join(path), text).unwrap();
        }
        (folder, root)
    }

    fn digests(
        root: &Utf8Path,
        inputs: &[&str],
    ) -> Result<BTreeMap<String, FileDigest>, CollectError> {
        let template = Template::read(root, Utf8Path::new("packer"), None).unwrap();
        let resolver = Resolver::new(&template, root, &Map::new(), &[]);
        let named = named_files(&template, &resolver, false).unwrap();
        let inputs: Vec<String> = inputs.iter().map(|&input| input.to_owned()).collect();
        collect(root, &template, &named, &inputs)
    }

    #[test]
    fn template_named_files_and_inputs_are_all_there_by_their_project_paths() {
        let (_folder, root) = project();
        let files = digests(&root, &["other/**"]).unwrap();
        let paths: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "app/a.py",
                "app/deep/b.py",
                "other/c.txt",
                "packer/install.sh",
                "packer/web.pkr.hcl"
            ]
        );
    }

    #[test]
    fn content_and_the_executable_bit_count_and_place_and_time_do_not() {
        let (_one, first) = project();
        let (_two, second) = project();
        assert_eq!(
            digests(&first, &[]).unwrap(),
            digests(&second, &[]).unwrap()
        );
        let script = second.join("packer/install.sh");
        fs_err::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        let executable = digests(&second, &[]).unwrap();
        assert_ne!(digests(&first, &[]).unwrap(), executable);
        fs_err::write(&script, "#!/bin/sh\r\n").unwrap();
        assert_ne!(digests(&second, &[]).unwrap(), executable);
    }

    #[test]
    fn a_link_counts_by_what_it_leads_to() {
        let (_one, first) = project();
        let (_two, second) = project();
        fs_err::remove_file(second.join("app/a.py")).unwrap();
        fs_err::write(second.join("real.py"), "a").unwrap();
        symlink("../real.py", second.join("app/a.py")).unwrap();
        assert_eq!(
            digests(&first, &[]).unwrap(),
            digests(&second, &[]).unwrap()
        );
    }

    #[test]
    fn what_is_named_and_missing_is_an_error() {
        let (_folder, root) = project();
        fs_err::remove_file(root.join("packer/install.sh")).unwrap();
        let error = digests(&root, &[]).unwrap_err().to_string();
        assert!(
            error.contains("packer/install.sh") && error.contains("web.pkr.hcl:5"),
            "{error}"
        );
        let (_folder, root) = project();
        assert!(matches!(
            digests(&root, &["nowhere/**"]),
            Err(CollectError::Nothing(_))
        ));
    }
}
