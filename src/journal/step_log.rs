//! The redacted output of a step, kept for when it is needed: `logs/<step>.log`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use camino::Utf8Path;

/// An open log. Lines have been redacted before they get here.
#[derive(Debug)]
pub struct StepLog(File);

impl StepLog {
    /// Opens the log at `path` for appending, 0600.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn open(path: &Utf8Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map(Self)
    }

    /// Appends a line.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.0, "{line}")
    }
}
