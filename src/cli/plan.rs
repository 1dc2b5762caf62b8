//! `amiable plan`.

use clap::Args as ClapArgs;

use super::{
    Global, deploy,
    up::{BuildOptions, LockOptions},
};
use crate::{errors::Error, events::Operation, plan::Request};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Stack to plan for; without it the default one
    stack: Option<String>,
    #[command(flatten)]
    build: BuildOptions,
    /// Deploy again what a rollback left, if nothing about it has changed
    #[arg(long)]
    undo_rollback: bool,
    #[command(flatten)]
    lock: LockOptions,
}

impl Args {
    /// Plans and shows; changes nothing.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            undo_rollback: self.undo_rollback,
            ..self.build.request(Operation::Plan, &self.lock, global)
        };
        deploy::run(global, self.stack.as_deref(), request)
    }
}
