//! Digests of files and of whole folders.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    num::NonZero,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What counts of a file: its content, and whether it can be run. Time stamps, owners and the other
/// bits of its mode differ between checkouts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileDigest {
    /// BLAKE3 of the content, hexadecimal.
    pub content: String,
    pub executable: bool,
}

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("failed to read {}: {source}", .path.display())]
pub struct HashError {
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Digests of `files`: the name each has in the result, and where it is.
///
/// # Errors
///
/// When one cannot be read; the first by name.
pub fn digests(
    files: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, FileDigest>, HashError> {
    // A core each, up to a number that keeps a spinning disk from seeking between files.
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(8);
    let files: Vec<(&String, &PathBuf)> = files.iter().collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(files.len()));
    thread::scope(|scope| {
        for _ in 0..threads.min(files.len()) {
            scope.spawn(|| {
                let mut own = Vec::new();
                while let Some((name, path)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    own.push(((*name).clone(), digest(path)));
                }
                results
                    .lock()
                    .expect("no thread panics while it holds the lock")
                    .extend(own);
            });
        }
    });
    let results = results
        .into_inner()
        .expect("no thread panics while it holds the lock");
    let by_name: BTreeMap<String, Result<FileDigest, HashError>> = results.into_iter().collect();
    by_name
        .into_iter()
        .map(|(name, result)| Ok((name, result?)))
        .collect()
}

/// Digest of one file, following links.
fn digest(path: &Path) -> Result<FileDigest, HashError> {
    let read = || -> io::Result<FileDigest> {
        // A pipe in the place of a file is not waited for.
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        let file = File::options()
            .read(true)
            .custom_flags(nonblock)
            .open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let mode = metadata.permissions().mode();
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        Ok(FileDigest {
            content: hasher.finalize().to_hex().to_string(),
            executable: mode & 0o111 != 0,
        })
    };
    read().map_err(|source| HashError {
        path: path.to_owned(),
        source,
    })
}
