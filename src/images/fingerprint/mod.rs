//! Fingerprints: one hash over everything that decides an image's content.
//!
//! - [`named_files`]: the files a template names;
//! - [`collect`]: their digests, and those of `inputs`;
//! - [`manifest`]: all that counts, the hash over it, and what changed since another one.

pub mod collect;
pub mod manifest;
pub mod named_files;

pub use collect::{CollectError, collect};
pub use manifest::{FileDigest, Fingerprint, FingerprintManifest};
pub use named_files::{NamedFile, named_files};
