//! `amiable image`: the AMI life cycle, one file per command.

mod build;
mod history;
mod replace;
mod rollback;

use clap::{Args as ClapArgs, Subcommand};

use super::Global;
use crate::errors::Error;

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build the images of the stack that have changed
    Build(build::Args),
    /// What was deployed when
    History(history::Args),
    /// Deploy images that were deployed before, and build none
    Rollback(rollback::Args),
    /// Build one image anew and deploy it; the others stay as they are
    Replace(replace::Args),
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// As the command's own `run`.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        match &self.command {
            ImageCommand::Build(args) => args.run(global),
            ImageCommand::History(args) => args.run(global),
            ImageCommand::Rollback(args) => args.run(global),
            ImageCommand::Replace(args) => args.run(global),
        }
    }
}
