//! `amiable image sweep`.

use clap::Args as ClapArgs;

use crate::{
    cli::{Global, deploy},
    errors::Error,
    events::Operation,
    plan::{RemovalRequest, Request},
    run_id::RunId,
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Only what this run has left, also when it ran in another checkout
    #[arg(long, value_name = "RUN", value_parser = run_id)]
    run: Option<RunId>,
}

impl Args {
    /// Removes what builds that did not end well have left.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            approved: global.yes,
            removal: RemovalRequest {
                dry_run: self.dry_run,
                keep: None,
                run: self.run.clone(),
            },
            ..Request::new(Operation::ImageSweep)
        };
        deploy::run(global, None, request)
    }
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text).ok_or_else(|| "a run's id, such as 20260301-120000-0a1b2c".to_owned())
}
