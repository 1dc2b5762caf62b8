//! The AMI life cycle: decisions as pure functions over what AWS said.
//!
//! - [`fingerprint`]: what decides an image's content;
//! - [`decide`]: build or reuse;
//! - [`retire`]: what goes with the AMIs that are removed.

pub mod decide;
pub mod fingerprint;
pub mod retire;
