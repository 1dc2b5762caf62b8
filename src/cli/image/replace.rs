//! `amiable image replace`.

use clap::Args as ClapArgs;

use crate::{
    cli::{
        Global, deploy,
        up::{LockOptions, at_least_one},
    },
    errors::Error,
    events::Operation,
    plan::Request,
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Image to build anew
    name: String,
    /// Build it without running its provisioners; it is reported as degraded
    #[arg(long)]
    no_provision: bool,
    /// How many images are looked at at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_least_one)]
    parallel: usize,
    /// Replace this AMI although something outside of the deployment uses it; may be repeated
    #[arg(long, value_name = "AMI")]
    allow_in_use: Vec<String>,
    /// Allow a resource that holds data to be destroyed or replaced; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    allow_destroy: Vec<String>,
    #[command(flatten)]
    lock: LockOptions,
}

impl Args {
    /// Builds the image and deploys it.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            replace: Some(self.name.clone()),
            rebuild: [self.name.clone()].into(),
            no_provision: self.no_provision,
            parallel: self.parallel,
            allow_in_use: self.allow_in_use.iter().cloned().collect(),
            allow_destroy: self.allow_destroy.iter().cloned().collect(),
            approved: global.yes,
            lock_timeout: self.lock.lock_timeout,
            ..Request::new(Operation::ImageReplace)
        };
        deploy::run(global, None, request)
    }
}
