//! The AMI life cycle: decisions as pure functions over what AWS said and what the source tree holds.
//!
//! - [`fingerprint`]: what decides an image's content;
//! - [`source_ami`]: the AMI it builds on;
//! - [`decide`]: build or reuse;
//! - [`retire`]: what goes with the AMIs that are removed.

pub mod decide;
pub mod fingerprint;
pub mod retire;
pub mod source_ami;
