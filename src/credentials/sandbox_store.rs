//! The sandbox's own credentials: generated once, kept until the sandbox is reset.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
};

use camino::Utf8Path;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::source::Trouble;
use crate::secret::Secret;

/// Characters of a generated secret. With 62 choices each, 24 of them have 142 bits.
const LENGTH: usize = 24;

const LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Version of the file's layout.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    version: u32,
    /// By stack, then by credential.
    stacks: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            version: VERSION,
            stacks: BTreeMap::new(),
        }
    }
}

/// A credential of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub secret: Secret,
    /// It was made just now; otherwise it was there.
    pub is_new: bool,
}

/// The credentials `names` of `stack` in the file at `path`, the missing ones made and stored.
///
/// # Errors
///
/// When the file cannot be read or written, or is not what this module writes.
pub fn get_or_generate(path: &Utf8Path, stack: &str, names: &[&str]) -> Result<Vec<Kept>, Trouble> {
    update(path, |contents| {
        let kept = contents.stacks.entry(stack.to_owned()).or_default();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let is_new = !kept.contains_key(*name);
            if is_new {
                kept.insert((*name).to_owned(), generate()?);
            }
            all.push(Kept {
                secret: Secret::new(kept[*name].as_str()),
                is_new,
            });
        }
        let changed = all.iter().any(|kept| kept.is_new);
        Ok((all, changed))
    })
}

/// Stores `secret` as `name` of `stack`.
///
/// # Errors
///
/// As [`get_or_generate`].
pub fn set(path: &Utf8Path, stack: &str, name: &str, secret: &Secret) -> Result<(), Trouble> {
    update(path, |contents| {
        let kept = contents.stacks.entry(stack.to_owned()).or_default();
        kept.insert(name.to_owned(), secret.expose().to_owned());
        Ok(((), true))
    })
}

/// Forgets `name` of `stack` and says whether it was there.
///
/// # Errors
///
/// As [`get_or_generate`].
pub fn remove(path: &Utf8Path, stack: &str, name: &str) -> Result<bool, Trouble> {
    update(path, |contents| {
        let kept = contents.stacks.get_mut(stack);
        let was_there = kept.is_some_and(|kept| kept.remove(name).is_some());
        Ok((was_there, was_there))
    })
}

/// A random secret that RDS and shells take: letters and digits, a letter first.
fn generate() -> Result<String, Trouble> {
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        let alphabet: &[u8] = if text.is_empty() {
            LETTERS
        } else {
            LETTERS_AND_DIGITS
        };
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(|error| {
            Trouble::broken(format!("the system gives no random bytes: {error}"))
        })?;
        // What is above the greatest multiple would make some characters likelier than others.
        let fair = 256 / alphabet.len() * alphabet.len();
        let byte = usize::from(byte[0]);
        if byte < fair {
            text.push(char::from(alphabet[byte % alphabet.len()]));
        }
    }
    Ok(text)
}

/// Lets `change` change the contents while no other process does, and writes them back if it says
/// that it did.
fn update<T>(
    path: &Utf8Path,
    change: impl FnOnce(&mut Contents) -> Result<(T, bool), Trouble>,
) -> Result<T, Trouble> {
    let failed = |what: &str, error: &io::Error| {
        Trouble::broken(format!("failed to {what} {path}: {error}"))
            .mend("make the folder writable, or free some space")
    };
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failed("make the folder of", &error))?;
    let lock =
        private_file(&path.with_extension("lock")).map_err(|error| failed("lock", &error))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed("lock", &error.into()))?;

    let mut contents = read(path)?;
    let (result, changed) = change(&mut contents)?;
    if changed {
        write(path, folder, &contents).map_err(|error| failed("write", &error))?;
    }
    Ok(result)
}

fn private_file(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
}

fn read(path: &Utf8Path) -> Result<Contents, Trouble> {
    // An error of serde_json may quote what it read, so only its place is told.
    let damaged = |place: String| {
        Trouble::broken(format!("{path} is damaged{place}"))
            .mend("make new ones: amiable sandbox reset (the sandbox's deployments go too)")
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(damaged(String::new()));
        }
        Err(error) => return Err(Trouble::broken(format!("failed to read {path}: {error}"))),
    };
    let contents: Contents = serde_json::from_str(&text).map_err(|error| {
        damaged(format!(
            " (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    if contents.version != VERSION {
        return Err(Trouble::broken(format!(
            "{path} has layout {}, and this version of amiable knows {VERSION}",
            contents.version
        ))
        .mend("use the version of amiable that wrote it, or amiable sandbox reset"));
    }
    Ok(contents)
}

fn write(path: &Utf8Path, folder: &Utf8Path, contents: &Contents) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, contents)?;
    file.write_all(b"\n")?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o600))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path =
            Utf8PathBuf::from_path_buf(folder.path().join("sandbox/credentials.json")).unwrap();
        (folder, path)
    }

    #[test]
    fn a_generated_credential_is_the_same_next_time() {
        let (_folder, path) = folder();
        let first = get_or_generate(&path, "dashboard", &["a", "b"]).unwrap();
        assert!(first.iter().all(|kept| kept.is_new));
        assert_ne!(first[0].secret, first[1].secret);
        let second = get_or_generate(&path, "dashboard", &["a"]).unwrap();
        assert_eq!(
            second[0],
            Kept {
                secret: first[0].secret.clone(),
                is_new: false
            }
        );
        let other = get_or_generate(&path, "insight", &["a"]).unwrap();
        assert_ne!(other[0].secret, first[0].secret);
    }

    #[test]
    fn the_file_is_readable_by_its_owner_alone() {
        let (_folder, path) = folder();
        get_or_generate(&path, "dashboard", &["a"]).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn generated_text_fits_rds_and_shells() {
        for _ in 0..200 {
            let text = generate().unwrap();
            assert_eq!(text.len(), LENGTH);
            assert!(
                text.starts_with(|c: char| c.is_ascii_alphabetic()),
                "{text}"
            );
            assert!(
                text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_was_set_stays_until_it_is_removed() {
        let (_folder, path) = folder();
        set(&path, "dashboard", "a", &Secret::new("swordfish")).unwrap();
        let kept = get_or_generate(&path, "dashboard", &["a"]).unwrap();
        assert_eq!(
            kept[0],
            Kept {
                secret: Secret::new("swordfish"),
                is_new: false
            }
        );
        assert!(remove(&path, "dashboard", "a").unwrap());
        assert!(!remove(&path, "dashboard", "a").unwrap());
    }

    #[test]
    fn a_damaged_file_is_refused_without_quoting_it() {
        let (_folder, path) = folder();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, r#"{"version": 1, "stacks": "hunter2hunter2"}"#).unwrap();
        let trouble = get_or_generate(&path, "dashboard", &["a"]).unwrap_err();
        assert!(trouble.problem.contains("line 1"), "{trouble:?}");
        assert!(!trouble.problem.contains("hunter2"), "{trouble:?}");
    }

    #[test]
    fn a_newer_layout_is_refused() {
        let (_folder, path) = folder();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, r#"{"version": 2, "stacks": {}}"#).unwrap();
        let trouble = get_or_generate(&path, "dashboard", &["a"]).unwrap_err();
        assert!(trouble.problem.contains("layout 2"), "{trouble:?}");
    }

    #[test]
    fn processes_do_not_overwrite_each_others_credentials() {
        let (_folder, path) = folder();
        let names: Vec<String> = (0..16).map(|n| format!("credential_{n}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                scope.spawn(|| get_or_generate(&path, "dashboard", &[name]).unwrap());
            }
        });
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let kept = get_or_generate(&path, "dashboard", &names).unwrap();
        assert!(kept.iter().all(|kept| !kept.is_new));
    }
}
