//! `amiable image prune`.

use clap::Args as ClapArgs;

use crate::{
    cli::{Global, deploy},
    errors::Error,
    events::Operation,
    plan::{RemovalRequest, Request},
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// How many images before the current one stay, instead of what the stack file says
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
}

impl Args {
    /// Removes images beyond those that are kept.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            approved: global.yes,
            removal: RemovalRequest {
                dry_run: self.dry_run,
                keep: self.keep,
                run: None,
            },
            ..Request::new(Operation::ImagePrune)
        };
        deploy::run(global, None, request)
    }
}
