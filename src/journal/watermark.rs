//! [`Watermark`]: up to which run something has been dealt with, so that it is not done again for ever.

use std::io;

use camino::Utf8PathBuf;

use crate::run_id::RunId;

/// A file with the id of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark(Utf8PathBuf);

impl Watermark {
    pub fn at(file: Utf8PathBuf) -> Self {
        Self(file)
    }

    /// The run; `None` before the first, and when the file cannot be read: then everything is looked at
    /// once more.
    pub fn get(&self) -> Option<RunId> {
        let text = fs_err::read_to_string(&self.0).ok()?;
        RunId::parse(text.trim())
    }

    /// Sets it to `run`.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn set(&self, run: &RunId) -> io::Result<()> {
        fs_err::write(&self.0, format!("{run}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8PathBuf::from_path_buf(folder.path().join("mark")).unwrap();
        let mark = Watermark::at(file.clone());
        assert_eq!(mark.get(), None);
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH, [2, 3]);
        mark.set(&run).unwrap();
        assert_eq!(mark.get(), Some(run));
        fs_err::write(&file, "2026").unwrap();
        assert_eq!(mark.get(), None);
    }
}
