//! [`Template`]: a Packer template as it is in the source tree.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use crate::{
    config::{ConfigError, Place},
    render::{
        hcl_file::HclFile,
        place::{place, problem, without_line},
    },
};

/// A Packer template with all files that Packer would read with it.
#[derive(Debug, Clone)]
pub struct Template {
    /// As the stack file names it, relative to the project's root.
    pub path: Utf8PathBuf,
    /// Folder that Packer runs in, relative to the project's root; empty for the root itself.
    pub folder: Utf8PathBuf,
    pub format: Format,
}

/// The two languages of Packer.
#[derive(Debug, Clone)]
pub enum Format {
    Hcl(HclTemplate),
    Legacy(LegacyTemplate),
}

/// A folder of HCL2 files, or one such file.
#[derive(Debug, Clone)]
pub struct HclTemplate {
    /// `*.pkr.hcl`, by name.
    pub files: Vec<HclFile>,
    /// `*.auto.pkrvars.hcl`, which Packer reads with a folder.
    pub variable_files: Vec<HclFile>,
    /// `*.auto.pkrvars.json`.
    pub json_variable_files: Vec<JsonFile>,
    /// What `packer build` gets: `.`, or the name of the file.
    pub argument: String,
}

/// A template of the older JSON format.
#[derive(Debug, Clone)]
pub struct LegacyTemplate {
    pub file: JsonFile,
}

/// A JSON file whose root is an object.
#[derive(Debug, Clone)]
pub struct JsonFile {
    /// Relative to the project's root.
    pub path: Utf8PathBuf,
    pub text: String,
    pub root: Map<String, Value>,
}

impl Template {
    /// Reads the template at `path` below `project`; `named_at` is the place that names it.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be parsed, or is of a kind that cannot be edited.
    pub fn read(
        project: &Utf8Path,
        path: &Utf8Path,
        named_at: Option<&Place>,
    ) -> Result<Template, ConfigError> {
        let full = project.join(path);
        let wrong = |message: String, hint: &str| {
            problem(message, named_at.cloned(), Some(hint.to_owned()))
        };
        let metadata = full.metadata().map_err(|error| {
            wrong(
                format!("failed to read the template {path}: {error}"),
                "`template` is a folder of *.pkr.hcl files, one such file, or a legacy JSON template",
            )
        })?;
        if metadata.is_dir() {
            return Self::read_folder(project, path, &wrong);
        }
        let name = full.file_name().unwrap_or_default().to_owned();
        let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let text = read_text(project, path)?;
        let format = if name.ends_with(".pkr.hcl") {
            Format::Hcl(HclTemplate {
                files: vec![HclFile::parse(path, &text)?],
                variable_files: Vec::new(),
                json_variable_files: Vec::new(),
                argument: name,
            })
        } else if name.ends_with(".pkr.json") {
            return Err(json_syntax(path));
        } else if name.ends_with(".json") {
            Format::Legacy(LegacyTemplate {
                file: JsonFile::parse(path, text)?,
            })
        } else {
            return Err(wrong(
                format!("{path} is no Packer template"),
                "template files end in .pkr.hcl or .json",
            ));
        };
        Ok(Template {
            path: path.to_owned(),
            folder,
            format,
        })
    }

    fn read_folder(
        project: &Utf8Path,
        path: &Utf8Path,
        wrong: &dyn Fn(String, &str) -> ConfigError,
    ) -> Result<Template, ConfigError> {
        let mut template = HclTemplate {
            files: Vec::new(),
            variable_files: Vec::new(),
            json_variable_files: Vec::new(),
            argument: ".".to_owned(),
        };
        let mut legacy = Vec::new();
        for name in file_names(project, path)? {
            let file = path.join(&name);
            if name.ends_with(".pkr.hcl") {
                let text = read_text(project, &file)?;
                template.files.push(HclFile::parse(&file, &text)?);
            } else if name.ends_with(".auto.pkrvars.hcl") {
                let text = read_text(project, &file)?;
                template
                    .variable_files
                    .push(HclFile::parse_values(&file, &text)?);
            } else if name.ends_with(".auto.pkrvars.json") {
                let text = read_text(project, &file)?;
                template
                    .json_variable_files
                    .push(JsonFile::parse_values(&file, text)?);
            } else if name.ends_with(".pkr.json") {
                return Err(json_syntax(&file));
            } else if name.ends_with(".json") {
                legacy.push(name);
            }
        }
        if template.files.is_empty() {
            let hint = match legacy.as_slice() {
                [] => "`template` is a folder of *.pkr.hcl files, one such file, or a legacy JSON \
                       template"
                    .to_owned(),
                [only] => format!("if {only} is the template: template = \"{path}/{only}\""),
                some => format!("name the file, one of: {}", some.join(", ")),
            };
            return Err(wrong(format!("{path} has no *.pkr.hcl file"), &hint));
        }
        Ok(Template {
            path: path.to_owned(),
            folder: path.to_owned(),
            format: Format::Hcl(template),
        })
    }

    /// True for a template of the older JSON format.
    pub fn is_legacy(&self) -> bool {
        matches!(self.format, Format::Legacy(_))
    }

    /// Paths of the files that make the template, relative to the project's root, and their content.
    pub fn files(&self) -> Vec<(&Utf8Path, &str)> {
        match &self.format {
            Format::Legacy(template) => vec![(&template.file.path, &template.file.text)],
            Format::Hcl(template) => template
                .files
                .iter()
                .chain(&template.variable_files)
                .map(|file| (file.path.as_path(), file.text.as_str()))
                .chain(
                    template
                        .json_variable_files
                        .iter()
                        .map(|file| (file.path.as_path(), file.text.as_str())),
                )
                .collect(),
        }
    }
}

impl JsonFile {
    /// Parses `text`, the content of `path`.
    ///
    /// # Errors
    ///
    /// When it is no JSON object, with the place.
    pub fn parse(path: &Utf8Path, text: String) -> Result<JsonFile, ConfigError> {
        let json = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match serde_json::from_str(json) {
            Ok(root) => Ok(JsonFile {
                path: path.to_owned(),
                root,
                text,
            }),
            Err(error) => {
                let line_start: usize = json
                    .split_inclusive('\n')
                    .take(error.line().saturating_sub(1))
                    .map(str::len)
                    .sum();
                let at = line_start + error.column().saturating_sub(1);
                Err(problem(
                    format!("failed to parse {path}: {error}"),
                    Some(place(path, json, at..at + 1)),
                    None,
                ))
            }
        }
    }

    /// As [`JsonFile::parse`], for a file of values.
    ///
    /// # Errors
    ///
    /// When it is no JSON object, with the place but not the line there.
    pub fn parse_values(path: &Utf8Path, text: String) -> Result<JsonFile, ConfigError> {
        Self::parse(path, text).map_err(|error| without_line(path, &error))
    }

    /// The first place after the key `section` where `name` is written as a string.
    ///
    /// serde_json keeps no positions; in a template this finds the right one nearly always, and an
    /// error shown at another mention of the name is still clear.
    pub fn place_of(&self, section: &str, name: &str) -> Option<Place> {
        let start = self.text.find(&format!("\"{section}\"")).unwrap_or(0);
        let written = serde_json::to_string(name).ok()?;
        let at = start + self.text[start..].find(&written)?;
        Some(place(&self.path, &self.text, at..at + written.len()))
    }
}

fn json_syntax(path: &Utf8Path) -> ConfigError {
    problem(
        format!("{path} is a template in the JSON syntax of HCL2, which cannot be edited"),
        None,
        Some("write it as *.pkr.hcl; legacy JSON templates end in .json alone".to_owned()),
    )
}

/// Names of the files in a folder, sorted as Packer does.
fn file_names(project: &Utf8Path, folder: &Utf8Path) -> Result<Vec<String>, ConfigError> {
    let failed =
        |error: std::io::Error| problem(format!("failed to list {folder}: {error}"), None, None);
    let mut names = Vec::new();
    for entry in project.join(folder).read_dir_utf8().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read_text(project: &Utf8Path, path: &Utf8Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(project.join(path))
        .map_err(|error| problem(format!("failed to read {path}: {error}"), None, None))
}
