//! [`FileMark`]: a file as it was at one moment, to tell later whether it is still the same.

use std::{fs, io, os::unix::fs::MetadataExt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

/// Which file a path stood for, and its last change. Two marks of a path are equal as long as nobody
/// has written to the file, replaced it, or changed its owner or mode in between.
///
/// A file that is put back with its old size and modification time has another inode or another time
/// of status change, which no program can set (inode(7)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    path: Utf8PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds since the epoch.
    modified: (i64, i64),
    status_changed: (i64, i64),
}

impl FileMark {
    /// The mark of the file at `path`, links followed.
    ///
    /// # Errors
    ///
    /// When it is not there or cannot be looked at.
    pub fn of(path: &Utf8Path) -> io::Result<Self> {
        let seen = fs::metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            device: seen.dev(),
            inode: seen.ino(),
            size: seen.size(),
            modified: (seen.mtime(), seen.mtime_nsec()),
            status_changed: (seen.ctime(), seen.ctime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_file_put_back_with_its_size_and_time_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("tool");
        let put = |text: &str| {
            let new = path.with_extension("new");
            fs::write(&new, text).unwrap();
            let file = fs::File::options().write(true).open(&new).unwrap();
            file.set_modified(UNIX_EPOCH).unwrap();
            fs::rename(&new, &path).unwrap();
        };
        put("one");
        let kept = fs::File::open(&path).unwrap();
        let before = FileMark::of(&path).unwrap();
        assert_eq!(FileMark::of(&path).unwrap(), before);
        put("two");
        assert_ne!(FileMark::of(&path).unwrap(), before);
        drop(kept);
        fs::remove_file(&path).unwrap();
        assert!(FileMark::of(&path).is_err());
    }
}
