//! The `aws` command: what we ask AWS, and what it answers.
//!
//! - [`images`]: AMIs, what there is and what is done to them;
//! - [`launch_templates`], [`groups`]: what starts instances from an AMI;
//! - [`resources`]: what Packer makes on the way to one;
//! - [`refusal`]: why a thing is not removed;
//! - [`identity`]: `sts get-caller-identity`;
//! - [`objects`]: what Terraform's `s3` backend keeps;
//! - [`tags`]: `ec2 create-tags`, `delete-tags`;
//! - [`version`]: what is installed.
//!
//! One call takes about 0.7 s, nearly all of it Python starting, so calls are few and run beside
//! other work.

pub mod groups;
pub mod identity;
pub mod images;
pub mod launch_templates;
pub mod objects;
pub mod refusal;
pub mod resources;
pub mod tags;
pub mod version;

use camino::Utf8PathBuf;

use crate::command::{EnvValue, ToolCommand};

/// The `aws` command with the environment and region all its calls share.
#[derive(Debug, Clone)]
pub struct Aws {
    program: Utf8PathBuf,
    region: String,
    env: Vec<(String, EnvValue)>,
}

impl Aws {
    pub fn new(
        program: impl Into<Utf8PathBuf>,
        region: impl Into<String>,
        env: Vec<(String, EnvValue)>,
    ) -> Self {
        Self {
            program: program.into(),
            region: region.into(),
            env,
        }
    }

    /// The same access, to another region.
    pub fn in_region(&self, region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            ..self.clone()
        }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    fn command(&self, service: &str, action: &str) -> ToolCommand {
        ToolCommand::new(self.program.clone())
            .args([service, action, "--output", "json"])
            .args(["--region", self.region.as_str()])
            // Version 2 would otherwise start a pager.
            .env("AWS_PAGER", "")
            .envs(self.env.iter().cloned())
    }
}
