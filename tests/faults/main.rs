//! What goes wrong with the tools, and what the driver makes of it.

mod account;
mod diagnosis;
mod packer;
mod state;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
#[path = "../support/mod.rs"]
mod support;
mod terraform;
