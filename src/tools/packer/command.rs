//! Command lines for Packer 1.6 and later.

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{EnvValue, ToolCommand};

/// Packer in the folder of one template.
#[derive(Debug, Clone)]
pub struct Packer {
    program: Utf8PathBuf,
    folder: Utf8PathBuf,
    env: Vec<(String, EnvValue)>,
}

impl Packer {
    /// Commands for `program` in `folder`. `env` is what the builder and the template need: `AWS_*`,
    /// `PKR_VAR_*`, and the variables that a legacy template reads with `{{env}}`.
    pub fn new(
        program: impl Into<Utf8PathBuf>,
        folder: impl Into<Utf8PathBuf>,
        env: Vec<(String, EnvValue)>,
    ) -> Self {
        Self {
            program: program.into(),
            folder: folder.into(),
            env,
        }
    }

    fn command(&self, arguments: &[&str]) -> ToolCommand {
        ToolCommand::new(self.program.clone())
            .args(arguments.iter().copied())
            .cwd(self.folder.clone())
            // The version check calls out to the network on every start.
            .env("CHECKPOINT_DISABLE", "1")
            .envs(self.env.iter().cloned())
    }

    /// `init`, which installs the plugins that an HCL2 template requires. Only from 1.7.0 on.
    pub fn init(&self, template: &str) -> ToolCommand {
        self.command(&["init", template])
    }

    /// `plugins install`, which a legacy template needs where no plugin is built in (1.10.0).
    pub fn install_amazon_plugin(&self) -> ToolCommand {
        self.command(&["plugins", "install", "github.com/hashicorp/amazon"])
    }

    /// `build`. A failed one cleans up after itself; `-on-error=abort` would leave the instance.
    pub fn build(&self, options: BuildOptions<'_>) -> ToolCommand {
        let mut command = self.command(&["build", "-machine-readable", "-on-error=cleanup"]);
        if let Some(file) = options.variables {
            command = command.arg(format!("-var-file={file}"));
        }
        if let Some(builder) = options.only {
            command = command.arg(format!("-only={builder}"));
        }
        command.arg(options.template)
    }
}

/// Choices for [`Packer::build`].
#[derive(Debug, Clone, Copy)]
pub struct BuildOptions<'a> {
    /// Template file, or `.` for a folder of them.
    pub template: &'a str,
    pub variables: Option<&'a Utf8Path>,
    /// The one builder to run.
    pub only: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_with_defaults_and_with_everything() {
        let packer = Packer::new("packer", "/w/packer/web", Vec::new());
        let plain = BuildOptions {
            template: ".",
            variables: None,
            only: None,
        };
        assert_eq!(
            packer.build(plain).display(),
            "packer build -machine-readable -on-error=cleanup ."
        );
        let all = BuildOptions {
            template: "web.json",
            variables: Some(Utf8Path::new("v.json")),
            only: Some("amazon-ebs.web"),
        };
        assert_eq!(
            packer.build(all).display(),
            "packer build -machine-readable -on-error=cleanup -var-file=v.json \
             -only=amazon-ebs.web web.json"
        );
        assert_eq!(packer.init(".").display(), "packer init .");
        assert_eq!(
            packer.install_amazon_plugin().display(),
            "packer plugins install github.com/hashicorp/amazon"
        );
    }
}
