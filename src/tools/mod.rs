//! Commands for the tools as data, and the meaning of what they print. Nothing here starts a child.

pub mod packer;
