//! Locks between processes: whole-file locks, which the system releases when their holder ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    time::{Duration, Instant},
};

use camino::Utf8Path;

use crate::process::Unwanted;

const POLL: Duration = Duration::from_millis(25);

/// Takes the lock `path`, waiting at most `patience` for others, or until it is `unwanted`; `None` when they keep it
/// longer.
///
/// Dropping the file releases it. The file itself is never removed: one that is gone locks nothing for
/// those who wait for it.
pub(super) fn hold(
    path: &Utf8Path,
    patience: Duration,
    unwanted: &Unwanted,
) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline || unwanted.now() => {
                return Ok(None);
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_again_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::try_from(folder.path().join("lock")).unwrap();
        let take = |patience, unwanted: &Unwanted| hold(&path, patience, unwanted).unwrap();
        let first = take(Duration::ZERO, &Unwanted::never());
        assert!(first.is_some());
        assert!(take(Duration::ZERO, &Unwanted::never()).is_none());
        let long = Duration::from_secs(3600);
        assert!(take(long, &Unwanted::when(|| true)).is_none());
        drop(first);
        assert!(take(Duration::ZERO, &Unwanted::never()).is_some());
    }
}
