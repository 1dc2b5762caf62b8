//! Packer's command lines.
//!
//! None asks HashiCorp for a newer version: without a network that waits, and the answer is not for
//! us. Variables never travel as arguments, which everybody on the machine can read.

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{EnvValue, ToolCommand};

/// The program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packer {
    pub program: Utf8PathBuf,
}

/// What a command works on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Folder to run in: that of the template, in the workspace.
    pub folder: Utf8PathBuf,
    /// The template: `.` or the name of a file.
    pub argument: String,
    /// Files of variables, a later one over an earlier one.
    pub variable_files: Vec<String>,
    /// The builder to run, when the template has others.
    pub only: Option<String>,
    /// Credentials and variables for Packer alone.
    pub env: Vec<(String, EnvValue)>,
}

impl Packer {
    pub fn new(program: impl Into<Utf8PathBuf>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// `packer version`, read by [`super::version::PackerVersion::parse`].
    pub fn version(&self) -> ToolCommand {
        self.command("version")
    }

    /// Checks the template without talking to anybody.
    pub fn validate(&self, target: &Target) -> ToolCommand {
        self.on(self.command("validate"), target)
    }

    /// Installs what `required_plugins` names: HCL2 templates, Packer 1.7 and later.
    pub fn init(&self, target: &Target) -> ToolCommand {
        self.command("init")
            .arg(target.argument.clone())
            .cwd(target.folder.clone())
            .envs(target.env.clone())
    }

    /// Installs a plugin for templates that cannot name it: legacy ones, Packer 1.10 and later.
    pub fn install_plugin(&self, source: &str, folder: &Utf8Path) -> ToolCommand {
        self.command("plugins")
            .args(["install", source])
            .cwd(folder.to_owned())
    }

    /// Builds the image. What it prints is read by [`super::decode`].
    pub fn build(&self, target: &Target) -> ToolCommand {
        let command = self.command("build").args([
            "-machine-readable",
            "-color=false",
            // `abort` would leave instance, key pair and security group behind.
            "-on-error=cleanup",
        ]);
        self.on(command, target)
    }

    fn command(&self, name: &str) -> ToolCommand {
        ToolCommand::new(self.program.clone())
            .env("CHECKPOINT_DISABLE", "1")
            .arg(name)
    }

    fn on(&self, command: ToolCommand, target: &Target) -> ToolCommand {
        let files = target.variable_files.iter();
        command
            .args(files.map(|file| format!("-var-file={file}")))
            .args(target.only.iter().map(|only| format!("-only={only}")))
            .arg(target.argument.clone())
            .cwd(target.folder.clone())
            .envs(target.env.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn least() -> Target {
        Target {
            folder: "/w/packer/web".into(),
            argument: ".".to_owned(),
            ..Target::default()
        }
    }

    fn all() -> Target {
        Target {
            folder: "/w/infra".into(),
            argument: "web.json".to_owned(),
            variable_files: vec!["a.json".to_owned(), "amiable.pkrvars.json".to_owned()],
            only: Some("amazon-ebs.web".to_owned()),
            env: vec![(
                "PKR_VAR_db_password".to_owned(),
                EnvValue::Secret(Secret::new("hunter2")),
            )],
        }
    }

    #[test]
    fn commands_with_no_options_and_with_all() {
        let packer = Packer::new("packer");
        for (command, line) in [
            (packer.version(), "packer version"),
            (packer.validate(&least()), "packer validate ."),
            (
                packer.validate(&all()),
                "packer validate -var-file=a.json -var-file=amiable.pkrvars.json \
                 -only=amazon-ebs.web web.json",
            ),
            (packer.init(&least()), "packer init ."),
            (packer.init(&all()), "packer init web.json"),
            (
                packer.install_plugin("github.com/hashicorp/amazon", Utf8Path::new("/w")),
                "packer plugins install github.com/hashicorp/amazon",
            ),
            (
                packer.build(&least()),
                "packer build -machine-readable -color=false -on-error=cleanup .",
            ),
            (
                packer.build(&all()),
                "packer build -machine-readable -color=false -on-error=cleanup -var-file=a.json \
                 -var-file=amiable.pkrvars.json -only=amazon-ebs.web web.json",
            ),
        ] {
            assert_eq!(command.display(), line);
            assert!(command.env.contains(&(
                "CHECKPOINT_DISABLE".to_owned(),
                EnvValue::Plain("1".to_owned())
            )));
        }
    }

    #[test]
    fn folder_and_environment_are_the_targets() {
        let command = Packer::new("/opt/packer").build(&all());
        assert_eq!(command.cwd.as_deref(), Some(Utf8Path::new("/w/infra")));
        assert!(command.env.contains(&all().env[0]));
        assert!(!command.display().contains("hunter2"));
    }
}
