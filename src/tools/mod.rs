//! The tools we drive: commands for them as data, and the meaning of their output.
//!
//! Nothing here starts a child; see [`crate::process`].

pub mod aws;
pub mod curl;
pub mod docker;
pub mod evidence;
pub mod file_mark;
pub mod known_error;
pub mod locate;
pub mod packer;
pub mod pyenv;
pub mod terraform;
