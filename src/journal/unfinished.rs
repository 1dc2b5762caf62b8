//! Which runs of a stack in an environment have not recorded their end, without reading every journal.
//!
//! A run leaves a mark before it does anything and takes it away at its very end; a killed one's stays
//! until a later run has taken in what it left.

use std::io;

use camino::Utf8PathBuf;

use super::{StateFolder, writer::sync_folder};
use crate::run_id::RunId;

/// Marks `run` as not ended, durably.
///
/// # Errors
///
/// When the mark cannot be made.
pub fn mark(state: &StateFolder, run: &RunId) -> io::Result<()> {
    fs_err::create_dir_all(state.unfinished())?;
    let mark = path(state, run);
    fs_err::write(&mark, "")?;
    sync_folder(&mark)
}

/// Takes the mark away, if it is there.
///
/// # Errors
///
/// When it is there and cannot be removed.
pub fn clear(state: &StateFolder, run: &RunId) -> io::Result<()> {
    match fs_err::remove_file(path(state, run)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The runs that are marked, oldest first.
///
/// # Errors
///
/// When the marks are there and cannot be read.
pub fn list(state: &StateFolder) -> io::Result<Vec<RunId>> {
    let folder = state.unfinished();
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    for entry in folder.read_dir_utf8()? {
        runs.extend(RunId::parse(entry?.file_name()));
    }
    runs.sort_unstable();
    Ok(runs)
}

fn path(state: &StateFolder, run: &RunId) -> Utf8PathBuf {
    state.unfinished().join(run.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;
    use jiff::Timestamp;

    #[test]
    fn a_run_is_marked_until_it_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let state = StateFolder::create(root, "web", "prod").unwrap();
        let run = RunId::new(Timestamp::UNIX_EPOCH, [2, 3]);
        assert_eq!(list(&state).unwrap(), []);
        mark(&state, &run).unwrap();
        assert_eq!(list(&state).unwrap(), std::slice::from_ref(&run));
        clear(&state, &run).unwrap();
        clear(&state, &run).unwrap();
        assert_eq!(list(&state).unwrap(), []);
    }
}
