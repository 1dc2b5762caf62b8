//! Writes files so that a reader sees the old one or the new one, never a part.

use std::{
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::errors::Error;

/// A file that could not be written. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {path}: {source}")]
pub struct WriteError {
    pub path: Utf8PathBuf,
    #[source]
    pub source: io::Error,
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Error::Io {
            context: format!("failed to write {}", error.path),
            source: error.source,
        }
    }
}

/// Replaces the file at `path` with `text`, mode 0600, on disk when this returns.
///
/// # Errors
///
/// When the folder is missing or not writable, or the disk is full.
pub fn replace(path: &Utf8Path, text: &str) -> Result<(), WriteError> {
    write(path, text, Durability::OnDisk).map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// As [`replace`], for a file that is soon replaced again: whole after a crash of this process, perhaps
/// not after one of the machine.
///
/// # Errors
///
/// As [`replace`].
pub fn replace_without_sync(path: &Utf8Path, text: &str) -> Result<(), WriteError> {
    write(path, text, Durability::InMemory).map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

#[derive(PartialEq, Eq)]
enum Durability {
    OnDisk,
    InMemory,
}

fn write(path: &Utf8Path, text: &str, durability: Durability) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder,
        _ => Utf8Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".tmp")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if durability == Durability::InMemory {
        file.persist(path).map_err(|error| error.error)?;
        return Ok(());
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself is durable only when the folder is.
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = folder.join("report.json");
        replace(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(folder).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = replace(Utf8Path::new("/nonexistent/report.json"), "x").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("failed to write /nonexistent/report.json: "),
            "{error}"
        );
    }
}
