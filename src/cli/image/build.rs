//! `amiable image build`.

use clap::Args as ClapArgs;

use crate::{
    cli::{
        Global, deploy,
        up::{BuildOptions, LockOptions},
    },
    errors::Error,
    events::Operation,
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    build: BuildOptions,
}

impl Args {
    /// Builds images.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = self
            .build
            .request(Operation::ImageBuild, &LockOptions::default(), global);
        deploy::run(global, None, request)
    }
}
