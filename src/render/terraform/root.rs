//! What a root module declares: variables, and configurations of a provider.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};
use hcl::{Body, Expression};
use thiserror::Error;

/// The declarations of a root module that we have to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// Each variable, with whether it has to be set.
    pub variables: BTreeMap<String, Required>,
    /// Aliases of `provider "aws"` blocks.
    pub aws_aliases: BTreeSet<String>,
}

/// Whether a variable has no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    Yes,
    No,
}

#[derive(Debug, Error)]
pub enum RootError {
    #[error("failed to read {file}: {source}")]
    Read {
        file: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{file} is not valid: {problem}")]
    Invalid { file: Utf8PathBuf, problem: String },
    #[error("the Terraform root {root} has no variable {name:?}; it has {known}")]
    Undeclared { root: Utf8PathBuf, name: String, known: String },
    #[error("the Terraform root {root} needs the variable {name:?}, and the stack file does not set it")]
    Unset { root: Utf8PathBuf, name: String },
}

impl Root {
    /// Reads the `*.tf` and `*.tf.json` files of `folder`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is no HCL.
    pub fn read(folder: &Utf8Path) -> Result<Self, RootError> {
        let mut root = Self::default();
        let failed = |file: &Utf8Path| {
            let file = file.to_owned();
            move |source| RootError::Read { file, source }
        };
        let entries = folder.read_dir_utf8().map_err(failed(folder))?;
        for entry in entries {
            let entry = entry.map_err(failed(folder))?;
            let path = entry.path();
            let name = entry.file_name();
            if name.ends_with(".tf") {
                let text = fs_err::read_to_string(path).map_err(failed(path))?;
                let body = hcl::parse(&text).map_err(|error| RootError::Invalid {
                    file: path.to_owned(),
                    problem: error.to_string(),
                })?;
                root.take(&body);
            } else if name.ends_with(".tf.json") && !name.starts_with("zz_amiable") {
                let text = fs_err::read(path).map_err(failed(path))?;
                let value = serde_json::from_slice(&text).map_err(|error| RootError::Invalid {
                    file: path.to_owned(),
                    problem: error.to_string(),
                })?;
                root.take_json(&value);
            }
        }
        Ok(root)
    }

    /// Checks that `set`, from the stack file, are variables of the root, and that every variable
    /// that has to be set is among them or the root's own `*.tfvars` (which are left to Terraform).
    ///
    /// # Errors
    ///
    /// The first that is not. Terraform would ignore the one and ask for the other.
    pub fn check(
        &self,
        root: &Utf8Path,
        set: &BTreeSet<String>,
        has_own_values: bool,
    ) -> Result<(), RootError> {
        if let Some(name) = set.iter().find(|name| !self.variables.contains_key(*name)) {
            let known: Vec<&str> = self.variables.keys().map(String::as_str).collect();
            return Err(RootError::Undeclared {
                root: root.to_owned(),
                name: name.clone(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            });
        }
        let unset = |(name, required): &(&String, &Required)| {
            **required == Required::Yes && !set.contains(*name)
        };
        match self.variables.iter().find(unset) {
            Some((name, _)) if !has_own_values => {
                Err(RootError::Unset { root: root.to_owned(), name: name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, body: &Body) {
        for block in body.blocks() {
            let label = block.labels().first().map(|label| label.as_str().to_owned());
            let attribute = |name: &str| {
                block.body().attributes().find(|attribute| attribute.key() == name)
            };
            match (block.identifier(), label) {
                ("variable", Some(name)) => {
                    let required = match attribute("default") {
                        Some(_) => Required::No,
                        None => Required::Yes,
                    };
                    self.variables.insert(name, required);
                }
                ("provider", Some(name)) if name == "aws" => {
                    if let Some(Expression::String(alias)) =
                        attribute("alias").map(|attribute| attribute.expr())
                    {
                        self.aws_aliases.insert(alias.clone());
                    }
                }
                _ => {}
            }
        }
    }

    fn take_json(&mut self, value: &serde_json::Value) {
        for (name, variable) in value["variable"].as_object().into_iter().flatten() {
            let required = if variable.get("default").is_some() { Required::No } else { Required::Yes };
            self.variables.insert(name.clone(), required);
        }
        let providers = match &value["provider"]["aws"] {
            serde_json::Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        };
        self.aws_aliases.extend(
            providers.iter().filter_map(|provider| Some(provider["alias"].as_str()?.to_owned())),
        );
    }
}

/// Whether the root module in `folder` says itself where its state is. What cannot be read has none.
pub fn has_backend(folder: &Utf8Path) -> bool {
    let bodies = folder.read_dir_utf8().into_iter().flatten().flatten().filter_map(|entry| {
        let is_source = entry.file_name().ends_with(".tf");
        let text = is_source.then(|| fs_err::read_to_string(entry.path()).ok()).flatten()?;
        hcl::parse(&text).ok()
    });
    bodies.into_iter().any(|body| {
        let settings = body.blocks().filter(|block| block.identifier() == "terraform");
        settings
            .flat_map(|block| block.body().blocks())
            .any(|block| matches!(block.identifier(), "backend" | "cloud"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Root {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(
            path.join("main.tf"),
            "variable \"ami_id\" {}\nvariable \"size\" { default = 1 }\nprovider \"aws\" {\n  alias = \"east\"\n}\n",
        )
        .unwrap();
        fs_err::write(path.join("more.tf.json"), r#"{"variable":{"extra":{"default":null}}}"#).unwrap();
        Root::read(path).unwrap()
    }

    #[test]
    fn variables_and_aliases_are_found_in_both_syntaxes() {
        let root = root();
        assert_eq!(root.variables["ami_id"], Required::Yes);
        assert_eq!(root.variables["size"], Required::No);
        assert_eq!(root.variables["extra"], Required::No);
        assert!(root.aws_aliases.contains("east"));
    }

    #[test]
    fn a_misspelt_variable_and_one_that_nobody_sets_are_errors() {
        let root = root();
        let check = |names: &[&str], own| {
            let set = names.iter().map(|&name| name.to_owned()).collect();
            root.check(Utf8Path::new("infra"), &set, own)
        };
        assert!(check(&["ami_id"], false).is_ok());
        assert!(matches!(check(&["ami_id", "ami"], false), Err(RootError::Undeclared { .. })));
        assert!(matches!(check(&[], false), Err(RootError::Unset { .. })));
        assert!(check(&[], true).is_ok());
    }
}
