//! The AMI life cycle: decisions as pure functions over what AWS said and what the source tree holds.
//!
//! - [`fingerprint`]: what decides an image's content, with [`named_files`] and [`hashing`];
//! - [`source_ami`]: the AMI it builds on; [`copy_regions`]: where it is copied to;
//! - [`tag`]: what an AMI says of itself;
//! - [`question`]: what is asked of AWS before anything is decided;
//! - [`decide`]: build or reuse;
//! - [`history`]: what was deployed when, as the tags tell it;
//! - [`rollback`]: which AMIs a rollback deploys;
//! - [`unfinished`]: what an interrupted build left of an AMI; [`finishing`]: what it still lacks;
//! - [`exact`]: the one AMI that holds an exact name;
//! - [`usage`]: who uses an AMI;
//! - [`retention`]: which AMIs stay, and which are beyond what is kept;
//! - [`retire`]: what goes with the AMIs that are removed;
//! - [`leftovers`]: what builds that did not end well have left.

pub mod copy_regions;
pub mod decide;
pub mod exact;
pub mod fingerprint;
pub mod finishing;
pub mod hashing;
pub mod history;
pub mod leftovers;
pub mod named_files;
pub mod question;
pub mod retention;
pub mod retire;
pub mod rollback;
pub mod source_ami;
pub mod tag;
pub mod unfinished;
pub mod usage;
