//! `amiable image`: the AMI life cycle, one file per command.

mod build;
mod history;
mod list;
mod prune;
mod replace;
mod rollback;
mod sweep;

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
    /// List the stack's AMIs, what each is for and who uses it
    List(list::Args),
    /// Remove AMIs beyond those that are kept, with their snapshots; never one in use
    Prune(prune::Args),
    /// Remove what builds that did not end well have left in the account
    Sweep(sweep::Args),
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
            ImageCommand::List(args) => args.run(global),
            ImageCommand::Prune(args) => args.run(global),
            ImageCommand::Sweep(args) => args.run(global),
        }
    }
}
