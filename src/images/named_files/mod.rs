//! Which files a template names.
//!
//! - `arguments`: arguments of sources and provisioners that do so;
//! - `hcl`, `legacy`: finding them in either template language;
//! - `file_calls`: calls of `file(...)` and its kin.

mod arguments;
mod file_calls;
mod hcl;
mod legacy;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::{
    config::Place,
    render::packer::{Parts, Resolver, Selected, resolve::without_actions},
};

/// Files and folders that a template names, and names that only Packer can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedFiles {
    pub paths: Vec<NamedPath>,
    pub unresolved: Vec<Unresolved>,
}

/// A path as Packer sees it: absolute, or relative to the template's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    pub path: Utf8PathBuf,
    pub place: Option<Place>,
    /// It counts when it is there: an earlier provisioner makes it, or it is read only if it exists.
    pub may_be_missing: bool,
    /// A folder will not do.
    pub file_only: bool,
}

/// A name of files that cannot be told without Packer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// What names them: `script`, `file(...)`.
    pub what: String,
    pub place: Option<Place>,
}

/// Files that the selected builder and its provisioners name.
pub fn named_files(selected: &Selected, resolver: &Resolver) -> NamedFiles {
    let mut found = Found::default();
    match &selected.parts {
        Parts::Hcl(parts) => hcl::find(parts, resolver, &mut found),
        Parts::Legacy(parts) => legacy::find(parts, resolver, &mut found),
    }
    found.named
}

/// Collects names, each once.
#[derive(Default)]
struct Found {
    named: NamedFiles,
    seen: HashSet<(String, Needs)>,
}

/// What has to be at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Needs {
    may_be_missing: bool,
    file_only: bool,
}

impl Found {
    fn add(&mut self, path: &str, place: Option<&Place>, needs: Needs) {
        if !path.is_empty() && self.seen.insert((path.to_owned(), needs)) {
            self.named.paths.push(NamedPath {
                path: path.into(),
                place: place.cloned(),
                may_be_missing: needs.may_be_missing,
                file_only: needs.file_only,
            });
        }
    }

    /// Adds what the strings of an argument of a provisioner or source stand for.
    fn add_argument(&mut self, argument: &Argument, texts: &[String], place: Option<&Place>) {
        for text in texts {
            for found in arguments::paths(argument.kind, argument.name, text) {
                let needs = Needs {
                    may_be_missing: found.may_be_missing || argument.generated,
                    file_only: arguments::takes_files_only(argument.name) && found.path == *text,
                };
                self.add(&found.path, place, needs);
            }
        }
    }

    fn add_unresolved(&mut self, what: impl Into<String>, place: Option<Place>) {
        let unresolved = Unresolved {
            what: what.into(),
            place,
        };
        if !self.named.unresolved.contains(&unresolved) {
            self.named.unresolved.push(unresolved);
        }
    }
}

/// An argument that names files.
struct Argument<'a> {
    /// Of the provisioner, empty for a source and when it is not known.
    kind: &'a str,
    name: &'a str,
    /// An earlier provisioner makes them.
    generated: bool,
}

/// The strings of a value that is one, a list of them, or a list of objects with a `source`. Those with
/// actions of Packer's own templating are not known.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| {
        let text = value.as_str().or_else(|| value.get("source")?.as_str())?;
        without_actions(text).map(str::to_owned)
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Null => Some(Vec::new()),
        other => text(other).map(|text| vec![text]),
    }
}
