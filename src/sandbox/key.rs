//! The SSH key pair of the builder machines: one per sandbox, worth nothing outside this machine.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::SandboxError;
use crate::{command::ToolCommand, process::capture};

const PATIENCE: Duration = Duration::from_secs(30);

/// A key that Packer logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderKey {
    /// Path of the private half, 0600.
    pub private_key: Utf8PathBuf,
    /// The public half, as one line of an `authorized_keys` file.
    pub public_key: String,
    /// Name under which EC2 in the emulator is told about it.
    pub name: String,
}

impl BuilderKey {
    /// Reads the key in `folder`, or makes one there. The caller keeps others from doing so at once.
    ///
    /// Ed25519, because the SSH library of older Packers signs with RSA keys only in a way (SHA-1) that
    /// OpenSSH 8.8 and later refuse.
    pub(super) fn in_folder(folder: &Utf8Path) -> Result<Self, SandboxError> {
        let private_key = folder.join("builder-key");
        let public_file = folder.join("builder-key.pub");
        if !(private_key.exists() && public_file.exists()) {
            generate(&private_key)?;
        }
        let text = fs_err::read_to_string(&public_file).map_err(|source| SandboxError::File {
            action: "read",
            path: public_file,
            source,
        })?;
        let public_key = text.trim().to_owned();
        let digest = blake3::hash(public_key.as_bytes()).to_hex();
        Ok(Self {
            private_key,
            name: format!("amiable-builder-{}", &digest[..8]),
            public_key,
        })
    }
}

fn generate(private_key: &Utf8Path) -> Result<(), SandboxError> {
    // ssh-keygen asks before it overwrites, and half a pair may be left of an earlier attempt.
    for file in [private_key.to_owned(), format!("{private_key}.pub").into()] {
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(SandboxError::File {
                    action: "remove",
                    path: file,
                    source,
                });
            }
            _ => {}
        }
    }
    let command = ToolCommand::new("ssh-keygen").args([
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "amiable builder machine",
        "-f",
        private_key.as_str(),
    ]);
    let problem = match capture(&command, PATIENCE) {
        Ok(done) if done.success() => return Ok(()),
        Ok(done) => done.stderr_text(),
        Err(error) => error.to_string(),
    };
    Err(SandboxError::Key { problem })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_private() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        let first = BuilderKey::in_folder(folder).unwrap();
        assert!(first.public_key.starts_with("ssh-ed25519 "), "{first:?}");
        let mode = std::fs::metadata(&first.private_key)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(BuilderKey::in_folder(folder).unwrap(), first);

        std::fs::remove_file(folder.join("builder-key.pub")).unwrap();
        let second = BuilderKey::in_folder(folder).unwrap();
        assert_ne!(second.name, first.name);
    }
}
