//! Which files count: from the names in a template and the globs of `inputs` to paths.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobBuilder};
use walkdir::WalkDir;

use super::Subject;
use crate::{
    config::{Place, Problem},
    images::named_files::NamedPath,
    render::relative::normalize,
    workspace::is_mirrored,
};

/// Files by the names they have in the manifest, and what is wrong with names.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) files: BTreeMap<String, PathBuf>,
    pub(super) problems: Vec<Problem>,
}

impl Collected {
    pub(super) fn add_named(&mut self, subject: &Subject, named: &NamedPath) {
        let path = &named.path;
        let name = if path.is_absolute() {
            normalize(&inside(subject.project, path).unwrap_or_else(|| path.clone()))
        } else {
            normalize(&subject.selected.template.folder.join(path))
        };
        let Some(name) = name else {
            self.problem(
                format!("{path} leads out of the project"),
                named.place.as_ref(),
                "move it into the project: a build runs in a copy of the project's tree, and relative \
                 paths end at its root",
            );
            return;
        };
        let full = subject
            .project
            .join(&subject.selected.template.folder)
            .join(path);
        match full.metadata() {
            Ok(found) if found.is_file() => {
                self.files.insert(name.to_string(), full.into());
            }
            Ok(found) if found.is_dir() && named.file_only => self.problem(
                format!("{path} is a folder, and a file is needed here"),
                named.place.as_ref(),
                "name the file",
            ),
            Ok(found) if found.is_dir() => {
                self.add_folder(subject, &full, &name, named.place.as_ref())
            }
            Ok(_) => self.no_file(path.as_str(), named.place.as_ref()),
            Err(_) if named.may_be_missing => {}
            Err(error) => {
                let from_root = subject.project.join(path);
                let hint = if path.is_relative() && from_root.exists() {
                    "there is one of that name at the project's root; paths in a template are relative \
                     to its folder"
                } else {
                    "paths in a template are relative to its folder"
                };
                self.problem(
                    format!("failed to find {path}: {error}"),
                    named.place.as_ref(),
                    hint,
                );
            }
        }
    }

    fn add_folder(
        &mut self,
        subject: &Subject,
        full: &Utf8Path,
        name: &Utf8Path,
        place: Option<&Place>,
    ) {
        self.walk(subject, full.as_std_path(), name, place, |_| true);
    }

    /// A glob relative to the project's root, or a folder.
    pub(super) fn add_input(&mut self, subject: &Subject, input: &str) {
        let place = subject.declared_at;
        let Some(pattern) = normalize(Utf8Path::new(input)).filter(|pattern| pattern.is_relative())
        else {
            self.problem(
                format!("the input {input} leads out of the project"),
                place,
                "inputs are relative to the project's root",
            );
            return;
        };
        let full = subject.project.join(&pattern);
        if full.is_file() {
            self.files.insert(pattern.into_string(), full.into());
            return;
        }
        if full.is_dir() {
            self.add_folder(subject, &full, &pattern, place);
            return;
        }
        let matcher = match glob(pattern.as_str()) {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                self.problem(
                    format!("the input {input} is no glob: {}", error.kind()),
                    place,
                    "`*` stands for part of a name, `**` for any number of folders",
                );
                return;
            }
        };
        let base = literal_folder(&pattern);
        let folder = subject.project.join(&base);
        if folder.is_dir() {
            let fits = |path: &str| matcher.is_match(path);
            self.walk(subject, folder.as_std_path(), &base, place, fits);
        }
        if !self.files.keys().any(|name| matcher.is_match(name)) {
            self.problem(
                format!("the input {input} fits no file"),
                place,
                "inputs are relative to the project's root; `folder/**` stands for all files below",
            );
        }
    }

    /// Adds the files below `folder`, which has the name `name`, whose names fit.
    fn walk(
        &mut self,
        subject: &Subject,
        folder: &Path,
        name: &Utf8Path,
        place: Option<&Place>,
        fits: impl Fn(&str) -> bool,
    ) {
        let project = subject.project.as_std_path();
        let entries = WalkDir::new(folder).follow_links(true).into_iter();
        let entries = entries.filter_entry(|entry| {
            let parent = entry.path().parent().unwrap_or(folder);
            let within = parent.strip_prefix(project).unwrap_or(parent);
            let file_name = entry.file_name().to_string_lossy();
            // Git's own files are no content, and change with every commit.
            entry.depth() == 0 || (file_name != ".git" && is_mirrored(project, within, &file_name))
        });
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let broken = error.path().unwrap_or(folder).display().to_string();
                    self.problem(
                        format!("failed to read {broken}: {error}"),
                        place,
                        "mend or remove it: what is in the folder becomes part of the image",
                    );
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                continue;
            }
            let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let Some(below) = below.to_str() else {
                self.problem(
                    format!("the name of {} is not UTF-8", entry.path().display()),
                    place,
                    "rename it",
                );
                continue;
            };
            let name = name.join(below).to_string();
            if !fits(&name) {
                continue;
            }
            if entry.file_type().is_file() {
                self.files.insert(name, entry.path().to_owned());
            } else {
                self.no_file(&name, place);
            }
        }
    }

    /// Pipes, sockets and devices, whose reading may never end.
    fn no_file(&mut self, path: &str, place: Option<&Place>) {
        self.problem(
            format!("{path} is neither a file nor a folder"),
            place,
            "only files and folders can be copied into an image",
        );
    }

    fn problem(&mut self, message: String, place: Option<&Place>, hint: &str) {
        self.problems.push(Problem {
            message,
            place: place.cloned(),
            hint: Some(hint.to_owned()),
        });
    }
}

/// An absolute path relative to the project that it is in, whichever way the checkout is reached.
fn inside(project: &Utf8Path, path: &Utf8Path) -> Option<Utf8PathBuf> {
    if let Ok(inside) = path.strip_prefix(project) {
        return Some(inside.to_owned());
    }
    let (project, folder) = (
        project.canonicalize_utf8().ok()?,
        path.parent()?.canonicalize_utf8().ok()?,
    );
    let inside = folder.strip_prefix(project).ok()?;
    Some(inside.join(path.file_name()?))
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

/// The folder that everything a glob fits is in: its parts before the first with a special character.
fn literal_folder(pattern: &Utf8Path) -> Utf8PathBuf {
    let parent = pattern.parent().unwrap_or(Utf8Path::new(""));
    parent
        .components()
        .take_while(|part| !part.as_str().contains(['*', '?', '[', '{', '\\']))
        .collect()
}
