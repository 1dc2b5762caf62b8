//! [`KnownTools`]: the versions that tools said they are, kept from run to run.
//!
//! Only what files decide is kept, with these files ([`Evidence`]); a tool whose files have changed is
//! asked again. The file may be removed at any time.

use std::{collections::BTreeMap, io::Write};

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::installed::Installed;
use crate::{
    journal::run_folder::PRODUCED,
    tools::{evidence::Evidence, locate::Tool},
};

/// Layout of the file. One of another version counts as empty.
const LAYOUT: u32 = 1;

/// What is known of the tools, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownTools(BTreeMap<String, KnownTool>);

/// A tool that said which version it is, and what made it that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTool {
    #[serde(flatten)]
    installed: Installed,
    evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    layout: u32,
    tools: BTreeMap<String, KnownTool>,
}

/// Where they are kept in the project at `root`.
pub fn file(root: &Utf8Path) -> Utf8PathBuf {
    root.join(PRODUCED).join("tools.json")
}

impl KnownTools {
    /// Reads the file. One that is not there or of no use is as good as an empty one.
    pub fn load(file: &Utf8Path) -> Self {
        let stored: Option<Stored> = fs_err::read(file)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        match stored {
            Some(Stored {
                layout: LAYOUT,
                tools,
            }) => Self(tools),
            _ => Self::default(),
        }
    }

    /// The version that the tool at `program` said it is, when `evidence` is what it was then.
    pub fn version(&self, tool: Tool, program: &Utf8Path, evidence: &Evidence) -> Option<&Version> {
        let known = self.0.get(tool.name())?;
        (known.installed.program == program && known.evidence == *evidence)
            .then_some(&known.installed.version)
    }

    /// Remembers that `installed` is what `evidence`, gathered before it was asked, makes it.
    pub fn remember(&mut self, tool: Tool, installed: Installed, evidence: Evidence) {
        let known = KnownTool {
            installed,
            evidence,
        };
        self.0.insert(tool.name().to_owned(), known);
    }

    /// Forgets what `tool` said.
    pub fn forget(&mut self, tool: Tool) {
        self.0.remove(tool.name());
    }

    /// Writes the file, 0600, in one piece.
    ///
    /// # Errors
    ///
    /// When it cannot be written; nothing is lost but time then.
    pub fn store(&self, file: &Utf8Path) -> std::io::Result<()> {
        let folder = file.parent().unwrap_or(Utf8Path::new("."));
        let stored = Stored {
            layout: LAYOUT,
            tools: self.0.clone(),
        };
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&serde_json::to_vec_pretty(&stored)?)?;
        new.persist(file)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_for_the_same_program_with_the_same_evidence_only() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        let program = folder.join("packer");
        std::fs::write(&program, b"\x7fELF one").unwrap();
        let evidence = Evidence::of(Tool::Packer, &program).unwrap();
        let version = Version::new(1, 6, 6);
        let installed = Installed {
            program: program.clone(),
            version: version.clone(),
        };
        let mut known = KnownTools::default();
        known.remember(Tool::Packer, installed, evidence.clone());
        let file = folder.join("tools.json");
        known.store(&file).unwrap();

        let mut loaded = KnownTools::load(&file);
        assert_eq!(loaded, known);
        let ask = |tool, program| loaded.version(tool, program, &evidence);
        assert_eq!(ask(Tool::Packer, &program), Some(&version));
        assert_eq!(ask(Tool::Terraform, &program), None);
        assert_eq!(ask(Tool::Packer, Utf8Path::new("/other/packer")), None);
        std::fs::write(&program, b"\x7fELF two, which is longer").unwrap();
        let changed = Evidence::of(Tool::Packer, &program).unwrap();
        assert_eq!(loaded.version(Tool::Packer, &program, &changed), None);
        loaded.forget(Tool::Packer);
        assert_eq!(loaded, KnownTools::default());
    }

    #[test]
    fn a_file_of_no_use_counts_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path())
            .unwrap()
            .join("tools.json");
        for text in ["", "[]", r#"{"layout": 2, "tools": {}}"#] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(KnownTools::load(&file), KnownTools::default(), "{text}");
        }
    }
}
