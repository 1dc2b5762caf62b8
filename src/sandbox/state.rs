//! `state.json`: which emulator belongs to this checkout.

use std::{fmt, io, io::Write, net::Ipv4Addr};

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::process::ProcessIdentity;

/// Layout of the file; a file of another layout is treated as if there were none.
const VERSION: u32 = 1;

/// Name of one emulator's life, 16 hexadecimal digits.
///
/// The emulator keeps everything in memory, so whatever describes its content (Terraform state above all)
/// is worth something only as long as this id is the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    pub(super) fn new() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self(format!("{:016x}", u64::from_be_bytes(random))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A running emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emulator {
    pub process: ProcessIdentity,
    /// It listens on this port of 127.0.0.1.
    pub port: u16,
    pub instance: InstanceId,
    pub started_at: Timestamp,
}

impl Emulator {
    /// The address that every AWS client is pointed at.
    pub fn url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }
}

/// What is remembered between commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The port of the last emulator: the next one takes it again where it is free, so that addresses in
    /// shell histories and editor settings stay right.
    pub(super) port: Option<u16>,
    pub(super) emulator: Option<Emulator>,
}

/// The file's layout, apart from the type in memory.
#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    port: Option<u16>,
    emulator: Option<Emulator>,
}

impl State {
    /// Reads the file. One that is missing, unreadable as JSON or of another version counts as empty: it
    /// describes a process that can be started again at any time.
    pub(super) fn read(file: &Utf8Path) -> io::Result<Self> {
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        Ok(match serde_json::from_slice::<OnDisk>(&text) {
            Ok(disk) if disk.version == VERSION => Self {
                port: disk.port,
                emulator: disk.emulator,
            },
            _ => Self::default(),
        })
    }

    /// Replaces the file in one step.
    pub(super) fn write(&self, file: &Utf8Path) -> io::Result<()> {
        let disk = OnDisk {
            version: VERSION,
            port: self.port,
            emulator: self.emulator.clone(),
        };
        let folder = file.parent().unwrap_or(Utf8Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut new, &disk)?;
        new.write_all(b"\n")?;
        new.as_file().sync_all()?;
        new.persist(file)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use camino::Utf8PathBuf;

    use super::*;

    fn file() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().join("state.json")).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_written_is_read_back_from_a_private_file() {
        let (_keep, file) = file();
        assert_eq!(State::read(&file).unwrap(), State::default());
        let state = State {
            port: Some(4566),
            emulator: Some(Emulator {
                process: ProcessIdentity {
                    pid: 7,
                    started: "then".to_owned(),
                },
                port: 4566,
                instance: InstanceId::new().unwrap(),
                started_at: Timestamp::from_second(1_000_000_000).unwrap(),
            }),
        };
        state.write(&file).unwrap();
        assert_eq!(State::read(&file).unwrap(), state);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_of_no_use_counts_as_empty() {
        let (_keep, file) = file();
        for text in [
            "",
            "{",
            "[]",
            r#"{"version": 2, "port": 1, "emulator": null}"#,
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(State::read(&file).unwrap(), State::default(), "{text}");
        }
    }
}
