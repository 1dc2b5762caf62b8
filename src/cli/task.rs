//! `amiable task NAME`.

use clap::Args as ClapArgs;

use super::{Global, deploy};
use crate::{
    errors::Error,
    events::Operation,
    plan::{ManualTask, Request},
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Task to run
    name: String,
    /// Arguments for the task's command
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Args {
    /// Runs the task with the deployment's outputs and credentials.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            task: Some(ManualTask {
                name: self.name.clone(),
                arguments: self.arguments.clone(),
            }),
            ..Request::new(Operation::Task)
        };
        deploy::run(global, None, request)
    }
}
