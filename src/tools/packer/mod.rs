//! Packer: its commands, its machine-readable lines, its manifest.
//!
//! - [`command`]: what to run;
//! - [`version`]: what is installed, and what that means;
//! - [`decode`]: lines of `build -machine-readable`;
//! - [`manifest`]: the file of the manifest post-processor;
//! - [`activity`]: what Packer is doing, in a few words;
//! - [`outcome`]: what a build did, from its lines, its manifest and its exit code.

pub mod activity;
pub mod command;
pub mod decode;
pub mod manifest;
pub mod outcome;
pub mod version;

pub use command::Packer;
