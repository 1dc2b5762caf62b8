//! The driver gets a signal at every record of its journal, and the next run sets things right: the real driver,
//! Packer and Terraform, on the strict emulator of `tests/strict_aws`.
//!
//! - [`at_record`]: raising a signal in the driver at one record;
//! - [`trials`]: which signals at which records, and which of them are tried;
//! - [`lane`]: deploying, replacing and destroying in turn, with a trial at each;
//! - [`world`]: what is there at a moment, and what is wrong about it;
//! - [`matrix`]: the tests.

mod at_record;
mod lane;
mod matrix;
mod trials;
mod world;

#[path = "../images/project.rs"]
#[allow(dead_code, reason = "the tests of images use all of it")]
mod project;
#[path = "../images/scenario.rs"]
#[allow(dead_code, reason = "the tests of images use all of it")]
mod scenario;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
