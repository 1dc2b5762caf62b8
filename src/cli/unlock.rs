//! `amiable unlock`.

use clap::Args as ClapArgs;

use super::{Global, deploy};
use crate::{
    errors::Error,
    events::Operation,
    plan::{Request, Unlock},
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Stack whose state is locked; without it the default one
    stack: Option<String>,
    /// Id of the lock, for backends other than s3
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Free the lock although nothing here can tell whether its owner is gone
    #[arg(long)]
    owner_is_gone: bool,
}

impl Args {
    /// Frees the lock of Terraform's state.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`].
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let request = Request {
            unlock: Unlock {
                id: self.id.clone(),
                owner_is_gone: self.owner_is_gone,
            },
            ..Request::new(Operation::Unlock)
        };
        deploy::run(global, self.stack.as_deref(), request)
    }
}
