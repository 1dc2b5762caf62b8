//! The redacted output of a step, kept for when it is needed: `logs/<step>.log`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use camino::Utf8Path;

use crate::inert;

/// An open log. Lines have been redacted before they get here; that they do nothing to the terminal of
/// whoever reads the log is seen to here.
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
        writeln!(self.0, "{}", inert::line(line.trim_end_matches('\r')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_does_nothing_to_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("it.log");
        let mut log = StepLog::open(&path).unwrap();
        log.line("\u{1b}[31mred\u{1b}[0m <b>\tx\r").unwrap();
        log.line("\u{1b}]0;title\u{7} \u{202e}txt.exe\r\u{9b}2J\nfaked")
            .unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "red <b>    x\n\\u{1b}]0;title\\u{7} \\u{202e}txt.exe\\r\\u{9b}2J\\nfaked\n"
        );
    }
}
