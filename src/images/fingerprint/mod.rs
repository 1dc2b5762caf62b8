//! [`Fingerprint`]: whether an image that is there was made from what is here.
//!
//! A fingerprint is the digest of a [`FingerprintManifest`], which lists everything that decides the
//! image's content: the template and the files it names, variables, the source AMI, Packer's version,
//! the region. Secrets have no part in it; `rotate` stands for them. Time stamps, the place of the
//! checkout and the order of files have none either.
//!
//! [`diff`] compares two manifests, [`digest_tags`] one with what the tags of an AMI say of another.

mod collect;
pub mod digest_tags;
#[cfg(test)]
mod properties;

use std::{collections::BTreeMap, fmt};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    hashing::{FileDigest, digests},
    named_files::{Unresolved, named_files},
};
use crate::{
    config::{ConfigError, Place, Problem},
    events::BuildReason,
    render::{
        packer::{Resolver, Selected},
        place::problem,
    },
    tools::packer::version::PackerVersion,
};
use collect::Collected;

/// Changes when the manifest's content or meaning does, so that older fingerprints no longer fit.
const FORMAT: u32 = 1;

/// The digest of everything that decides an image, as its AMI's tag has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that decides an image, in a form that can be stored and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintManifest {
    pub format: u32,
    /// The template, relative to the project's root.
    pub template: String,
    /// The builder of it.
    pub builder: String,
    /// The template's own files and those it names. Paths are relative to the project's root, or
    /// absolute for files that the template names so and that are elsewhere.
    pub files: BTreeMap<String, FileDigest>,
    /// Digest of the variables that are no secrets.
    pub variables: String,
    /// Stands for the secrets.
    pub rotate: Option<String>,
    /// `None` when only Packer knows it.
    pub source_ami: Option<String>,
    /// Major and minor version.
    pub packer: String,
    pub region: String,
}

/// What a fingerprint is taken of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The source tree, absolute.
    pub project: &'a Utf8Path,
    pub selected: &'a Selected<'a>,
    pub resolver: &'a Resolver,
    /// Globs of further files, relative to the project's root.
    pub inputs: &'a [String],
    /// Where the stack file declares the image.
    pub declared_at: Option<&'a Place>,
    /// Variables that are no secrets.
    pub variables: &'a Map<String, Value>,
    pub rotate: Option<&'a str>,
    pub source_ami: Option<&'a str>,
    pub packer: &'a PackerVersion,
    pub region: &'a str,
}

/// A manifest, and what could not be told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub manifest: FingerprintManifest,
    /// Names in the template that only Packer can tell; the image's `inputs` are to cover them.
    pub unresolved: Vec<Unresolved>,
}

impl FingerprintManifest {
    pub fn fingerprint(&self) -> Fingerprint {
        let text = serde_json::to_vec(self).expect("a manifest can be written as JSON");
        // 128 bits: no two images collide by accident, and the tag can be read out.
        let mut hex = blake3::hash(&text).to_hex().to_string();
        hex.truncate(32);
        Fingerprint(hex)
    }
}

/// Reads everything that decides the image.
///
/// # Errors
///
/// All problems together: files that are named and missing or cannot be read, globs that fit nothing,
/// paths that lead out of the project, and names that only Packer can tell when there are no `inputs`.
pub fn take(subject: Subject) -> Result<Taken, ConfigError> {
    let named = named_files(subject.selected, subject.resolver);
    let mut collected = Collected::default();
    for (path, _) in subject.selected.template.files() {
        let full = subject.project.join(path).into_std_path_buf();
        collected.files.insert(path.to_string(), full);
    }
    for path in &named.paths {
        collected.add_named(&subject, path);
    }
    for input in subject.inputs {
        collected.add_input(&subject, input);
    }
    if subject.inputs.is_empty() {
        let unresolved = named.unresolved.iter();
        collected.problems.extend(unresolved.map(|unresolved| {
            Problem {
                message: format!(
                    "which files `{}` names is known to Packer alone",
                    unresolved.what
                ),
                place: unresolved.place.clone(),
                hint: Some(
                    "list them in the image's `inputs`, so that a change of them causes a build"
                        .to_owned(),
                ),
            }
        }));
    }
    if !collected.problems.is_empty() {
        return Err(ConfigError {
            problems: collected.problems,
        });
    }

    let files = digests(&collected.files)
        .map_err(|error| problem(error.to_string(), subject.declared_at.cloned(), None))?;
    let variables = canonical(&Value::Object(subject.variables.clone()));
    Ok(Taken {
        manifest: FingerprintManifest {
            format: FORMAT,
            template: subject.selected.template.path.to_string(),
            builder: subject.selected.builder.clone(),
            files,
            variables: blake3::hash(variables.as_bytes()).to_hex().to_string(),
            rotate: subject.rotate.map(str::to_owned),
            source_ami: subject.source_ami.map(str::to_owned),
            packer: subject.packer.series(),
            region: subject.region.to_owned(),
        },
        unresolved: named.unresolved,
    })
}

/// Why an image made from `old` is not the one that `new` makes; empty when it is.
pub fn diff(old: &FingerprintManifest, new: &FingerprintManifest) -> Vec<BuildReason> {
    if old == new {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    for (path, digest) in &new.files {
        match old.files.get(path) {
            None => reasons.push(BuildReason::Added(path.clone())),
            Some(known) if known != digest => reasons.push(BuildReason::Changed(path.clone())),
            Some(_) => {}
        }
    }
    let removed = old
        .files
        .keys()
        .filter(|path| !new.files.contains_key(*path));
    reasons.extend(removed.map(|path| BuildReason::Removed(path.clone())));
    if old.variables != new.variables || old.rotate != new.rotate {
        reasons.push(BuildReason::VariablesChanged);
    }
    if let Some(to) = new
        .source_ami
        .clone()
        .filter(|_| old.source_ami != new.source_ami)
    {
        reasons.push(BuildReason::SourceAmiChanged {
            from: old.source_ami.clone(),
            to,
        });
    }
    if old.packer != new.packer {
        reasons.push(BuildReason::PackerChanged {
            from: Some(old.packer.clone()),
            to: new.packer.clone(),
        });
    }
    if reasons.is_empty() {
        reasons.push(BuildReason::DetailsUnknown);
    }
    reasons
}

/// JSON with the keys of every object in order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let members: Vec<String> = sorted
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::String(key.clone()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
