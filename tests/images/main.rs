//! Replacing an image on an AWS that is strict and fails: the real driver, Packer and Terraform against moto
//! behind the proxy of `tests/strict_aws`.
//!
//! - [`scenario`]: what is replaced and how, the parameters of the tests;
//! - [`project`]: the project that it happens to;
//! - [`deployment`]: what AWS holds of it, asked behind the proxy;
//! - [`points`], [`lanes`]: the AWS requests of a replacement, and trials at each of them;
//! - [`killing`]: ending the driver as a power loss or a lone SIGKILL does;
//! - [`strictness`], [`misfortune`], [`kill_matrix`]: the tests.

mod deployment;
mod kill_matrix;
mod killing;
mod lanes;
mod misfortune;
mod points;
mod project;
mod scenario;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
mod strictness;
