//! [`FingerprintManifest`]: what decides an image's content, as data that can be stored and compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::events::BuildReason;

/// Everything that counts, and nothing else: no time stamps, no place on this machine, no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintManifest {
    /// Changes when what is hashed changes, so that manifests of different meanings never compare equal.
    version: u32,
    /// Every file by its path relative to the project.
    pub files: BTreeMap<String, FileDigest>,
    /// Digest of the template's variables and their values; credentials are not among them.
    variables: String,
    /// Stands for the credentials: see `rotate` in the stack file.
    rotate: Option<String>,
    /// The AMI that the image is built on, where it can be told.
    source_ami: Option<String>,
    /// Packer's major and minor version.
    packer: String,
    region: String,
    /// The template's builder that makes the image.
    builder: String,
}

const VERSION: u32 = 1;

/// Digest of one file's content, and whether it may be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    pub content: String,
    pub executable: bool,
}

/// The parts of a manifest besides the files.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    pub variables: &'a Map<String, Value>,
    pub rotate: Option<&'a str>,
    pub source_ami: Option<&'a str>,
    pub packer: &'a str,
    pub region: &'a str,
    pub builder: &'a str,
}

/// The hash, 32 hexadecimal digits: fits a tag and a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FingerprintManifest {
    pub fn new(files: BTreeMap<String, FileDigest>, settings: Settings<'_>) -> Self {
        let mut variables = blake3::Hasher::new();
        hash_value(&mut variables, &Value::Object(settings.variables.clone()));
        Self {
            version: VERSION,
            files,
            variables: variables.finalize().to_hex().to_string(),
            rotate: settings.rotate.map(str::to_owned),
            source_ami: settings.source_ami.map(str::to_owned),
            packer: settings.packer.to_owned(),
            region: settings.region.to_owned(),
            builder: settings.builder.to_owned(),
        }
    }

    /// The hash over all of it.
    pub fn fingerprint(&self) -> Fingerprint {
        // Fields in their order, files by path: the same manifest always gives the same text.
        let text = serde_json::to_vec(self).expect("a manifest holds texts and flags only");
        let hex = blake3::hash(&text).to_hex();
        Fingerprint(hex[..32].to_owned())
    }

    /// What is different in `new`, the most telling first.
    pub fn diff(&self, new: &Self) -> Vec<BuildReason> {
        let mut reasons = Vec::new();
        for (path, digest) in &new.files {
            match self.files.get(path) {
                None => reasons.push(BuildReason::Added(path.clone())),
                Some(known) if known != digest => reasons.push(BuildReason::Changed(path.clone())),
                Some(_) => {}
            }
        }
        let gone = self
            .files
            .keys()
            .filter(|path| !new.files.contains_key(*path));
        reasons.extend(gone.cloned().map(BuildReason::Removed));
        if self.variables != new.variables || self.rotate != new.rotate {
            reasons.push(BuildReason::VariablesChanged);
        }
        if let (from, Some(to)) = (&self.source_ami, &new.source_ami)
            && from.as_ref() != Some(to)
        {
            reasons.push(BuildReason::SourceAmiChanged {
                from: from.clone(),
                to: to.clone(),
            });
        }
        if self.packer != new.packer {
            reasons.push(BuildReason::PackerChanged {
                from: Some(self.packer.clone()),
                to: new.packer.clone(),
            });
        }
        reasons
    }
}

/// Hashes a value so that the order of an object's members does not count, and so that no two
/// different values give the same bytes.
fn hash_value(hasher: &mut blake3::Hasher, value: &Value) {
    let mut text = |kind: u8, text: &str| {
        hasher.update(&[kind]);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match value {
        Value::Null => text(b'0', ""),
        Value::Bool(flag) => text(b'b', &flag.to_string()),
        Value::Number(number) => text(b'n', &number.to_string()),
        Value::String(string) => text(b's', string),
        Value::Array(items) => {
            text(b'a', &items.len().to_string());
            for item in items {
                hash_value(hasher, item);
            }
        }
        Value::Object(members) => {
            text(b'o', &members.len().to_string());
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (key, value) in sorted {
                hash_value(hasher, &Value::String(key.clone()));
                hash_value(hasher, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(files: &[(&str, &str)], variables: Value, source_ami: &str) -> FingerprintManifest {
        let digest = |content: &str| FileDigest {
            content: content.into(),
            executable: false,
        };
        let files = files
            .iter()
            .map(|(path, content)| ((*path).to_owned(), digest(content)));
        FingerprintManifest::new(
            files.collect(),
            Settings {
                variables: variables.as_object().unwrap(),
                rotate: None,
                source_ami: Some(source_ami),
                packer: "1.6",
                region: "us-east-1",
                builder: "amazon-ebs.web",
            },
        )
    }

    #[test]
    fn the_order_of_variables_does_not_count_and_their_values_do() {
        let one = manifest(&[], json!({"a": 1, "b": "x"}), "ami-1");
        let same = manifest(&[], json!({"b": "x", "a": 1}), "ami-1");
        let other = manifest(&[], json!({"b": "x", "a": "1"}), "ami-1");
        assert_eq!(one.fingerprint(), same.fingerprint());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.fingerprint().as_str().len(), 32);
    }

    #[test]
    fn what_changed_is_named_down_to_the_file() {
        let old = manifest(&[("a.sh", "1"), ("b.sh", "1")], json!({"x": 1}), "ami-1");
        let new = manifest(&[("a.sh", "2"), ("c.sh", "1")], json!({"x": 2}), "ami-2");
        assert_eq!(
            old.diff(&new),
            [
                BuildReason::Changed("a.sh".into()),
                BuildReason::Added("c.sh".into()),
                BuildReason::Removed("b.sh".into()),
                BuildReason::VariablesChanged,
                BuildReason::SourceAmiChanged {
                    from: Some("ami-1".into()),
                    to: "ami-2".into()
                },
            ]
        );
        assert_eq!(old.diff(&old), []);
    }

    #[test]
    fn a_stored_manifest_has_the_same_fingerprint() {
        let manifest = manifest(&[("a.sh", "1")], json!({}), "ami-1");
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        let read: FingerprintManifest = serde_json::from_str(&text).unwrap();
        assert_eq!(read.fingerprint(), manifest.fingerprint());
    }
}
