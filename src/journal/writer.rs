//! Appends records to a journal so that each is on disk before the call it announces.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    sync::Mutex,
};

use camino::Utf8Path;
use jiff::Timestamp;

use super::record::{Entry, Record};

/// An open journal.
#[derive(Debug)]
pub struct Journal(Mutex<File>);

impl Journal {
    /// Makes a new journal, 0600.
    ///
    /// # Errors
    ///
    /// When the file exists already or cannot be made.
    pub fn create(path: &Utf8Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        sync_folder(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// Opens the journal of an earlier run, to add to it.
    ///
    /// # Errors
    ///
    /// When it is not there or not writable.
    pub fn reopen(path: &Utf8Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().append(true).open(path)?;
        // The last line may be torn; what follows is to be a line of its own.
        file.write_all(b"\n")?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes `record` and waits until it is durable.
    ///
    /// # Errors
    ///
    /// When it cannot be written. The call it announces must not be made then.
    pub fn append(&self, at: Timestamp, record: Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Entry { at, record })?;
        line.push(b'\n');
        // A thread that panicked while it held the lock has at worst left a torn line, which the
        // reader tolerates.
        let mut file = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        file.write_all(&line)?;
        file.sync_data()
    }
}

/// Makes the name of the file at `path` durable: what is written to it would be nowhere without (fsync(2)).
pub(super) fn sync_folder(path: &Utf8Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_appended_a_line_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path())
            .unwrap()
            .join("journal.jsonl");
        let journal = Journal::create(&path).unwrap();
        for step in ["preflight", "credentials"] {
            let record = Record::StepStarted { step: step.into() };
            journal.append(Timestamp::UNIX_EPOCH, record).unwrap();
        }
        let text = fs_err::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(
            Journal::create(&path).is_err(),
            "an existing journal is never overwritten"
        );
    }
}
