//! `amiable up`.

use clap::{Args as ClapArgs, ValueEnum};

use super::{Global, deploy, resume::Resumed};
use crate::{
    errors::Error,
    events::Operation,
    plan::{Only, Request},
};

/// A minute: long enough for another Terraform to finish planning, short enough to be told.
const DEFAULT_LOCK_TIMEOUT: u64 = 60;

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Stack to deploy; without it the default one
    stack: Option<String>,
    #[command(flatten)]
    build: BuildOptions,
    /// Deploy again what a rollback left, if nothing about it has changed
    #[arg(long)]
    undo_rollback: bool,
    /// Do only one half of the work
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<Part>,
    /// Allow a resource that holds data to be destroyed or replaced; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    allow_destroy: Vec<String>,
    /// Leave images beyond those that are kept where they are
    #[arg(long)]
    no_prune: bool,
    #[command(flatten)]
    lock: LockOptions,
    /// Go on with a run that was killed, interrupted or failed: its stack, environment and options; what it
    /// built is not built again
    #[arg(long, value_name = "RUN", conflicts_with_all = ["stack", "rebuild", "no_provision", "only", "allow_destroy"])]
    resume: Option<String>,
}

/// How images are built.
#[derive(Debug, Clone, ClapArgs)]
pub struct BuildOptions {
    /// Build this image even when nothing changed; may be repeated, `all` means every image
    #[arg(long, value_name = "IMAGE")]
    pub rebuild: Vec<String>,
    /// Build images without running their provisioners; they are reported as degraded
    #[arg(long)]
    pub no_provision: bool,
    /// How many images build at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_least_one)]
    pub parallel: usize,
    /// Replace this AMI although something outside of the deployment uses it; may be repeated
    #[arg(long, value_name = "AMI")]
    pub allow_in_use: Vec<String>,
}

/// How to treat locks.
#[derive(Debug, Clone, ClapArgs)]
pub struct LockOptions {
    /// How long to wait for the lock of Terraform's state, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_LOCK_TIMEOUT)]
    pub lock_timeout: u64,
    /// Wait while another run works on the same stack and environment, instead of ending with 9
    #[arg(long)]
    pub wait: bool,
}

/// A half of a deployment.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Part {
    /// Build the images and stop
    Images,
    /// Deploy the newest images there are, building none
    Terraform,
}

impl Default for LockOptions {
    fn default() -> Self {
        Self {
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            wait: false,
        }
    }
}

impl Args {
    /// Deploys the stack.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        if let Some(run) = &self.resume {
            let resumed = Resumed::find(global, run)?;
            let request = Request {
                parallel: self.build.parallel,
                approved: global.yes,
                lock_timeout: self.lock.lock_timeout,
                wait_for_others: self.lock.wait,
                ..resumed.request
            };
            return deploy::run(&resumed.global, Some(&resumed.stack), request);
        }
        let request = Request {
            only: match self.only {
                None => Only::Everything,
                Some(Part::Images) => Only::Images,
                Some(Part::Terraform) => Only::Terraform,
            },
            undo_rollback: self.undo_rollback,
            allow_destroy: self.allow_destroy.iter().cloned().collect(),
            no_prune: self.no_prune,
            ..self.build.request(Operation::Up, &self.lock, global)
        };
        deploy::run(global, self.stack.as_deref(), request)
    }
}

impl BuildOptions {
    /// A request for `operation` with these options.
    pub fn request(&self, operation: Operation, lock: &LockOptions, global: &Global) -> Request {
        Request {
            rebuild: self.rebuild.iter().cloned().collect(),
            no_provision: self.no_provision,
            parallel: self.parallel,
            approved: global.yes,
            lock_timeout: lock.lock_timeout,
            wait_for_others: lock.wait,
            allow_in_use: self.allow_in_use.iter().cloned().collect(),
            ..Request::new(operation)
        }
    }
}

pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("a whole number, at least 1".to_owned()),
    }
}
