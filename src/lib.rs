//! `amiable` drives image-based AWS deployments with one command.
//!
//! The modules, in the order in which `./run up` goes through them:
//!
//! | module | what belongs there |
//! |---|---|
//! | [`cli`] | clap structs, one file per subcommand: what was asked, and which part of the library answers |
//! | [`config`] | `stack.hcl` to a validated [`config::Stack`], with errors that show the place |
//! | [`plan`] | stack and request to the graph of steps; pure |
//! | [`credentials`] | where secrets come from and how they are stored |
//! | [`runner`] | runs the plan and emits [`events::Event`]s; prints nothing |
//! | [`workspace`] | the mirror of the source tree in which tools run |
//! | [`render`] | files for Packer and Terraform as text; pure |
//! | [`tools`] | commands for Terraform, Packer, AWS CLI, and the meaning of their output; spawns nothing |
//! | [`process`] | the only place that starts children and that exposes a secret to them |
//! | [`images`] | fingerprints, and which image to build, reuse or retire |
//! | [`journal`] | run directory, records of a run, lock |
//! | [`sandbox`] | the local AWS emulator and the builder machine |
//! | [`report`] | events to terminal, JSON and Markdown |
//!
//! [`command`], [`secret`], [`events`] and [`errors`] are the data types between them; [`inert`] makes what
//! strangers wrote harmless wherever it is shown.

pub mod cli;
pub mod command;
pub mod config;
pub mod credentials;
pub mod errors;
pub mod events;
pub mod images;
pub mod inert;
pub mod journal;
pub mod plan;
pub mod process;
pub mod render;
pub mod report;
pub mod run_id;
pub mod runner;
pub mod sandbox;
pub mod secret;
pub mod tools;
pub mod workspace;
