//! `amiable destroy`.

use clap::Args as ClapArgs;

use super::{Global, deploy, up::LockOptions};
use crate::{errors::Error, events::Operation, plan::Request};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Stack to destroy; without it the default one
    stack: Option<String>,
    /// Also remove the stack's AMIs and their snapshots
    #[arg(long)]
    images: bool,
    #[command(flatten)]
    lock: LockOptions,
}

impl Args {
    /// Destroys the deployment.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            remove_images: self.images,
            approved: global.yes,
            lock_timeout: self.lock.lock_timeout,
            wait_for_others: self.lock.wait,
            ..Request::new(Operation::Destroy)
        };
        deploy::run(global, self.stack.as_deref(), request)
    }
}
