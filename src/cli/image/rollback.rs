//! `amiable image rollback`.

use clap::Args as ClapArgs;

use crate::{
    cli::{Global, deploy, up::LockOptions},
    errors::Error,
    events::Operation,
    images::rollback::Target,
    plan::Request,
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// AMI that its image gets, the others stay; without it every image as in the deployment before
    #[arg(value_parser = ami_id, conflicts_with = "to")]
    ami: Option<String>,
    /// Every image as this run deployed it; the beginning of its id will do
    #[arg(long, value_name = "RUN")]
    to: Option<String>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Allow a resource that holds data to be destroyed or replaced; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    allow_destroy: Vec<String>,
    #[command(flatten)]
    lock: LockOptions,
}

impl Args {
    /// Deploys images that were deployed before, building none.
    ///
    /// # Errors
    ///
    /// As [`deploy::run`], and when the stack deploys no images.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let target = match (&self.ami, &self.to) {
            (Some(ami), _) => Target::Ami(ami.clone()),
            (None, Some(run)) => Target::Run(run.clone()),
            (None, None) => Target::Previous,
        };
        let operation = match self.dry_run {
            true => Operation::Plan,
            false => Operation::ImageRollback,
        };
        let request = Request {
            rollback: Some(target),
            allow_destroy: self.allow_destroy.iter().cloned().collect(),
            approved: global.yes,
            lock_timeout: self.lock.lock_timeout,
            ..Request::new(operation)
        };
        deploy::run(global, None, request)
    }
}

/// The shape of AMI ids: `ami-` and hexadecimal digits (EC2 User Guide, "Resource IDs").
fn ami_id(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("ami-");
    let is_id = digits.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    match is_id {
        true => Ok(text.to_owned()),
        false => Err(
            "an AMI's id, as `amiable image history` shows them; a run goes after --to".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told_from_a_run() {
        assert!(ami_id("ami-0f3c2b1a09d8e7f65").is_ok());
        for wrong in ["ami-", "ami-xyz", "20260101-000000-abcdef", "--foo", ""] {
            assert!(ami_id(wrong).unwrap_err().contains("--to"), "{wrong}");
        }
    }
}
