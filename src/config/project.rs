//! [`Project`]: a checkout, and the stacks it holds.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::expr::Expression;

use super::{ConfigError, Problem, lexical, parse, source::Source, suggest};

/// Name of a stack file.
const FILE: &str = "stack.hcl";

/// Folder whose folders hold stacks.
const FOLDER: &str = "infra";

/// A checkout with stack files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Absolute path; all paths of stack files are relative to it.
    pub root: Utf8PathBuf,
    /// Stack files by the names of their stacks, relative to the root.
    pub stacks: BTreeMap<String, Utf8PathBuf>,
    /// Names of the stacks that say `default = true`.
    marked_default: Vec<String>,
}

impl Project {
    /// The project that `start` is in: the nearest folder, from `start` upwards, that holds
    /// `infra/*/stack.hcl` or a `stack.hcl`.
    ///
    /// # Errors
    ///
    /// When there is none, when `start` cannot be read, and when two files call their stack the same.
    pub fn find(start: &Utf8Path) -> Result<Self, ConfigError> {
        let start = start.canonicalize_utf8().map_err(|error| {
            error_of(
                format!("failed to look for a project in {start}: {error}"),
                None,
            )
        })?;
        for folder in start.ancestors() {
            if folder.join(FILE).is_file()
                && folder.parent().and_then(Utf8Path::file_name) == Some(FOLDER)
            {
                // This is one stack of a project, not the project.
                continue;
            }
            let files = stack_files(folder);
            if !files.is_empty() {
                return Self::with_files(folder.to_owned(), files);
            }
        }
        Err(error_of(
            format!("no stack file in {start} or a folder above it"),
            Some(
                "`amiable stack new NAME` makes a stack; for an existing repository, a short \
                 `stack.hcl` at its top is enough (docs/stack-file.md)"
                    .to_owned(),
            ),
        ))
    }

    fn with_files(root: Utf8PathBuf, files: Vec<Utf8PathBuf>) -> Result<Self, ConfigError> {
        let mut project = Self {
            root,
            stacks: BTreeMap::new(),
            marked_default: Vec::new(),
        };
        for file in files {
            let head = Head::read(&project.root, &file);
            if head.default {
                project.marked_default.push(head.name.clone());
            }
            if let Some(other) = project.stacks.get(&head.name) {
                return Err(error_of(
                    format!("two stacks are called `{}`: {other} and {file}", head.name),
                    Some("give one of them another name".to_owned()),
                ));
            }
            project.stacks.insert(head.name, file);
        }
        Ok(project)
    }

    /// The stack that commands without a stack's name are about: the only one, or the one that says `default = true`.
    ///
    /// # Errors
    ///
    /// When there are several, and not exactly one of them is marked.
    pub fn default_stack(&self) -> Result<&str, ConfigError> {
        let names = || {
            self.stacks
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        match (self.marked_default.as_slice(), self.stacks.len()) {
            ([one], _) => Ok(one),
            ([], 1) => Ok(self.stacks.keys().next().map_or("", String::as_str)),
            ([], _) => Err(error_of(
                "there are several stacks here, and none is the default".to_owned(),
                Some(format!(
                    "name one of {}, or write `default = true` into its `stack` block",
                    names()
                )),
            )),
            (several, _) => Err(error_of(
                format!(
                    "several stacks are marked as the default: {}",
                    several.join(", ")
                ),
                Some("leave `default = true` in one of them".to_owned()),
            )),
        }
    }

    /// The name and the file of a stack; without a name of the default one.
    ///
    /// # Errors
    ///
    /// When no stack has the name, or as [`Project::default_stack`].
    pub fn stack(&self, name: Option<&str>) -> Result<(&str, &Utf8Path), ConfigError> {
        let name = match name {
            Some(name) => name,
            None => self.default_stack()?,
        };
        match self.stacks.get_key_value(name) {
            Some((name, file)) => Ok((name, file)),
            None => Err(error_of(
                format!("there is no stack `{name}`"),
                suggest::hint(
                    name,
                    "the stacks here are",
                    self.stacks.keys().map(String::as_str),
                ),
            )),
        }
    }
}

fn error_of(message: String, hint: Option<String>) -> ConfigError {
    ConfigError::from(Problem {
        message,
        place: None,
        hint,
    })
}

/// The stack files of a folder, relative to it, in a stable order.
fn stack_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files: Vec<Utf8PathBuf> = folder
        .join(FOLDER)
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| Utf8Path::new(FOLDER).join(entry.file_name()).join(FILE))
        .chain([Utf8PathBuf::from(FILE)])
        .filter(|file| folder.join(file).is_file())
        .collect();
    files.sort();
    files
}

/// What has to be known about a stack file to choose it.
struct Head {
    name: String,
    default: bool,
}

impl Head {
    /// A file with mistakes is listed as well: what is wrong with it is said when it is chosen.
    fn read(root: &Utf8Path, file: &Utf8Path) -> Self {
        let fallback = || {
            let folder = root
                .join(file)
                .parent()
                .and_then(Utf8Path::file_name)
                .map(str::to_owned);
            folder.unwrap_or_else(|| "stack".to_owned())
        };
        let Ok(source) = Source::read(root, file) else {
            return Self {
                name: fallback(),
                default: false,
            };
        };
        let Ok(body) = parse::body(&source) else {
            return Self {
                name: label_of(&source.text).unwrap_or_else(fallback),
                default: false,
            };
        };
        let block = body.get_blocks("stack").next();
        let label = block.and_then(|block| block.labels.first());
        let default = block.and_then(|block| block.body.get_attribute("default"));
        Self {
            name: label.map_or_else(fallback, |label| label.as_str().to_owned()),
            default: default.is_some_and(
                |attribute| matches!(&attribute.value, Expression::Bool(truth) if *truth.value()),
            ),
        }
    }
}

/// The label of the `stack` block in text that cannot be parsed.
fn label_of(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let label = line.trim_start().strip_prefix("stack")?.trim_start();
        let name = label.strip_prefix('"')?.split('"').next()?;
        let plain = !name.is_empty() && name.chars().all(lexical::is_word);
        plain.then(|| name.to_owned())
    })
}
