//! One run per stack and environment on this machine.
//!
//! The lock is the operating system's, on an open file: it goes with its owner, however that ends.
//! What the file says about the owner is for messages only and is never taken for the lock.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
};

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::run_id::RunId;

/// The lock, held as long as this value lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub run: RunId,
    pub pid: u32,
    pub since: Timestamp,
}

#[derive(Debug, Error)]
pub enum LockError {
    /// Another run works on this stack and environment.
    #[error("another run holds the lock")]
    Held(Option<Owner>),
    #[error("failed to lock: {0}")]
    Io(#[from] io::Error),
}

impl Lock {
    /// Takes the lock at `path` for `owner`, or says at once who has it.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when another run has it, [`LockError::Io`] when the file cannot be used.
    pub fn take(path: &Utf8Path, owner: &Owner) -> Result<Self, LockError> {
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return Err(LockError::Held(serde_json::from_str(&text).ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Self::taken(file, owner)
    }

    /// Takes the lock at `path` for `owner`, after waiting for as long as another run has it.
    ///
    /// # Errors
    ///
    /// [`LockError::Io`] when the file cannot be used.
    pub fn wait(path: &Utf8Path, owner: &Owner) -> Result<Self, LockError> {
        let file = open(path)?;
        file.lock()?;
        Self::taken(file, owner)
    }

    fn taken(mut file: File, owner: &Owner) -> Result<Self, LockError> {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(owner).map_err(io::Error::from)?)?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(second: i64) -> Owner {
        let since = Timestamp::from_second(second).unwrap();
        Owner {
            run: RunId::new(since, [2, 3]),
            pid: 1,
            since,
        }
    }

    #[test]
    fn the_second_is_told_who_has_it_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("lock");
        let first = Lock::take(&path, &owner(1)).unwrap();
        match Lock::take(&path, &owner(2)) {
            Err(LockError::Held(Some(holder))) => assert_eq!(holder, owner(1)),
            other => panic!("{other:?}"),
        }
        drop(first);
        Lock::take(&path, &owner(2)).unwrap();
    }

    #[test]
    fn what_a_dead_owner_left_in_the_file_is_not_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("lock");
        fs_err::write(&path, "{\"run\":\"torn").unwrap();
        Lock::take(&path, &owner(1)).unwrap();
    }
}
