//! `amiable image`.

use clap::{Args as ClapArgs, Subcommand};

use super::{
    Global, deploy,
    up::{BuildOptions, LockOptions},
};
use crate::{errors::Error, events::Operation};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build the images of the stack that have changed
    Build {
        #[command(flatten)]
        build: BuildOptions,
    },
}

impl Args {
    /// Builds images.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        match &self.command {
            ImageCommand::Build { build } => {
                let lock = LockOptions::default();
                deploy::run(
                    global,
                    None,
                    build.request(Operation::ImageBuild, &lock, global),
                )
            }
        }
    }
}
