//! Packer: its versions, command lines, and what it prints.
pub mod version;
