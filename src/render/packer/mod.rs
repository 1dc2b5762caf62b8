//! Packer templates: reading them, and editing copies of them for one run.
//!
//! A template is read ([`Template::read`]), one of its `amazon-ebs` builders is chosen
//! ([`Template::select`]), and [`render`] gives the files that differ from the source. The workspace
//! puts them in the places of the links to the originals.

pub mod align;
pub mod changes;
pub mod emulator;
mod functions;
pub mod hcl;
pub mod legacy;
pub mod post_processors;
pub mod provisioners;
pub mod resolve;
pub mod scope;
pub mod splice;
pub mod template;
pub mod variables;

use camino::Utf8PathBuf;

use crate::{config::ConfigError, tools::packer::version::Plugins};

pub use emulator::{BuilderMachine, Emulator};
pub use provisioners::provisions;
pub use resolve::{Argument, Resolver};
pub use template::{Format, Template};

/// What a run changes in the copy of a template.
#[derive(Debug, Clone)]
pub struct Edits {
    /// Name of the AMI, unique to the run.
    pub ami_name: String,
    /// Tags of everything Packer creates: instance, volumes, AMI, snapshots.
    pub tags: Vec<(String, String)>,
    /// Where the manifest is written, absolute.
    pub manifest: Utf8PathBuf,
    /// The emulator that stands for AWS.
    pub emulator: Option<Emulator>,
    /// False leaves all provisioners out.
    pub provision: bool,
    pub plugins: Plugins,
    /// Template variables whose values come from `PKR_VAR_*`.
    pub secret_variables: Vec<String>,
}

/// A builder of a template, chosen.
#[derive(Debug, Clone)]
pub struct Selected<'t> {
    pub template: &'t Template,
    /// The name Packer's output and manifest have for it.
    pub builder: String,
    /// The template has other builders, so Packer is told to run this one only.
    pub one_of_several: bool,
    pub parts: Parts<'t>,
}

/// Where the chosen builder stands in its template.
#[derive(Debug, Clone)]
pub enum Parts<'t> {
    Hcl(hcl::Parts<'t>),
    Legacy(legacy::Parts<'t>),
}

/// A template's copy for one run, and how to build it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Files that differ from the source.
    pub files: Vec<RenderedFile>,
    /// Folder to run in, relative to the workspace as to the project.
    pub folder: Utf8PathBuf,
    /// The template, as the last argument of `packer build`.
    pub argument: String,
    /// Value of `-only`.
    pub only: Option<String>,
    /// Files that the template itself has Packer write, relative to the workspace. A link in the place of
    /// one has to go first, or Packer would write through it into the source.
    pub writes: Vec<Utf8PathBuf>,
}

/// A file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Relative to the project's root and to the workspace.
    pub path: Utf8PathBuf,
    pub text: String,
}

impl Template {
    /// Chooses the `amazon-ebs` builder called `source`, or the only one there is.
    ///
    /// # Errors
    ///
    /// When there is none, several without a choice, or one that cannot be told without Packer.
    pub fn select(&self, source: Option<&str>) -> Result<Selected<'_>, ConfigError> {
        match &self.format {
            Format::Hcl(template) => hcl::select(self, template, source),
            Format::Legacy(template) => legacy::select(self, template, source),
        }
    }
}

/// The copy of the selected template with `edits`.
///
/// # Errors
///
/// When something in the template cannot be edited safely; the error says what and where.
pub fn render(selected: &Selected, edits: &Edits) -> Result<Rendering, ConfigError> {
    let (files, argument, manifests) = match &selected.parts {
        Parts::Hcl(parts) => (
            hcl::render(parts, edits)?,
            parts.template.argument.clone(),
            hcl::own_manifests(parts),
        ),
        Parts::Legacy(parts) => {
            let file = legacy::render(parts, edits)?;
            let name = file.path.file_name().unwrap_or_default().to_owned();
            (vec![file], name, legacy::own_manifests(parts))
        }
    };
    let folder = selected.template.folder.clone();
    let manifests = manifests.into_iter().map(|path| folder.join(path));
    Ok(Rendering {
        files,
        writes: manifests.collect(),
        folder,
        argument,
        only: selected.one_of_several.then(|| selected.builder.clone()),
    })
}

/// Where the `manifest` post-processor writes when it is not told.
const DEFAULT_MANIFEST: &str = "packer-manifest.json";

/// Chooses among builders by their names; each has the names it answers to, the one Packer uses first.
fn choose<'a, T>(
    template: &Template,
    builders: &'a [(Vec<String>, T)],
    source: Option<&str>,
) -> Result<&'a (Vec<String>, T), ConfigError> {
    let refuse =
        |message: String, hint: String| crate::render::place::problem(message, None, Some(hint));
    let path = &template.path;
    let all: Vec<&str> = builders
        .iter()
        .map(|(names, _)| names[0].as_str())
        .collect();
    let fitting: Vec<_> = match source {
        Some(name) => builders
            .iter()
            .filter(|(names, _)| names.iter().any(|known| known == name))
            .collect(),
        None => builders.iter().collect(),
    };
    match (fitting.as_slice(), source) {
        ([only], _) if all.iter().filter(|name| **name == only.0[0]).count() > 1 => Err(refuse(
            format!("{path} builds {} more than once", only.0[0]),
            "give its builds different names: name = \"...\" in the build block".to_owned(),
        )),
        ([only], _) => Ok(only),
        ([], Some(name)) => Err(refuse(
            format!("{path} has no amazon-ebs builder `{name}`"),
            format!("it has: {}", all.join(", ")),
        )),
        (_, None) => Err(refuse(
            format!("{path} has several amazon-ebs builders, and an image is one AMI"),
            format!("set `source` of the image to one of: {}", all.join(", ")),
        )),
        (some, Some(name)) => {
            let names: Vec<&str> = some.iter().map(|(names, _)| names[0].as_str()).collect();
            Err(refuse(
                format!("`{name}` stands for several builders of {path}"),
                format!("set `source` of the image to one of: {}", names.join(", ")),
            ))
        }
    }
}
