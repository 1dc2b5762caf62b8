//! Images: what decides their content, and which of them to build, reuse or retire.

pub mod fingerprint;
pub mod hashing;
pub mod named_files;
pub mod source_ami;
