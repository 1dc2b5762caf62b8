//! What a workspace remembers of itself between runs.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::io_error;
use crate::errors::Error;

const FILE_NAME: &str = ".workspace.json";

/// Which parts of a mirror are ours. Paths are relative to the mirror's root.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// Where the source was when the links were made.
    pub(super) project: Utf8PathBuf,
    /// Folders that mirror a folder of the source. Any other real folder is a tool's.
    pub(super) folders: BTreeSet<Utf8PathBuf>,
    /// Files written in the place of a link.
    pub(super) rendered: BTreeSet<Utf8PathBuf>,
    /// Lock files copied from the source, with the digest they had there.
    pub(super) locks: BTreeMap<Utf8PathBuf, String>,
}

impl State {
    /// The state of the workspace at `root`; a new one when there is none that can be read.
    ///
    /// Without it links are made anew and files of earlier runs are taken for a tool's: nothing is lost
    /// but tidiness, so a damaged file stops nobody.
    pub(super) fn load(root: &Utf8Path) -> State {
        std::fs::read(root.join(FILE_NAME))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    pub(super) fn save(&self, root: &Utf8Path) -> Result<(), Error> {
        let file = root.join(FILE_NAME);
        let saving = || format!("write {file}");
        let mut temporary = tempfile::NamedTempFile::new_in(root).map_err(io_error(saving))?;
        serde_json::to_writer_pretty(&mut temporary, self)
            .map_err(|error| io_error(saving)(error.into()))?;
        temporary
            .persist(&file)
            .map_err(|error| io_error(saving)(error.error))?;
        Ok(())
    }
}
