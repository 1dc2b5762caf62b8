//! A secret that every tool prints wherever it can, in twelve encodings, and the search for it in everything that
//! was written and in the command line of every child.
//!
//! - [`secret`]: the canary and its encodings;
//! - [`scan`]: the search;
//! - [`project`]: the tools, real ones behind scripts that print the canary first;
//! - [`web`]: a server that says it in its answers;
//! - [`places`]: the tests, by where the canary is printed.

mod places;
mod project;
#[path = "../sandbox_project/mod.rs"]
mod sandbox_project;
mod scan;
mod secret;
mod web;
