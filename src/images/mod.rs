//! The AMI life cycle: decisions as pure functions over what AWS said and what the source tree holds.
//!
//! - [`fingerprint`]: what decides an image's content, with [`named_files`] and [`hashing`];
//! - [`source_ami`]: the AMI it builds on;
//! - [`decide`]: build or reuse;
//! - [`retire`]: what goes with the AMIs that are removed.

pub mod decide;
pub mod fingerprint;
pub mod hashing;
pub mod named_files;
pub mod retire;
pub mod source_ami;
