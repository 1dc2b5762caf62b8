//! What goes wrong with the tools, and what the driver makes of it.
//!
//! - [`table`]: every fault, with the tests that show it, here or where it has its neighbours;
//! - [`completeness`]: the table is whole, and docs/reliability.md says the same;
//! - [`account`]: a project with the real tools and an emulator behind the proxy of `tests/strict_aws`, which
//!   delays, drops, refuses and answers as a test asks it to;
//! - [`terraform`], [`packer`], [`state`], [`diagnosis`]: the tests.

mod account;
mod completeness;
mod diagnosis;
mod packer;
mod state;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod terraform;
