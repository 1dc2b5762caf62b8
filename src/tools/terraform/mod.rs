//! Terraform (or OpenTofu): its commands, its JSON lines, its plan document.
//!
//! - [`command`]: what to run;
//! - [`version`]: what is installed;
//! - [`decode`]: lines of `plan -json` and `apply -json`;
//! - [`plan_document`]: `show -json PLAN`;
//! - [`state_file`]: which resources of a state refer to something;
//! - [`stateful`]: which resources hold data;
//! - [`init_inputs`]: what `init` depends on;
//! - [`outputs`]: `output -json`;
//! - [`backend`], [`state_lock`]: where the state and its lock are, and who holds it;
//! - [`outcome`]: what an apply did, from all of its lines and its exit code;
//! - [`diagnosis`]: causes and mends of the errors that people meet most.

pub mod backend;
pub mod command;
pub mod decode;
pub mod diagnosis;
pub mod init_inputs;
pub mod outcome;
pub mod outputs;
pub mod plan_document;
pub mod state_file;
pub mod state_lock;
pub mod stateful;
pub mod version;

pub use command::Terraform;
