//! What the first two steps find out, for all steps after them.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;

use super::{failure::Failure, installed::Installed};
use crate::{
    command::EnvValue,
    errors::Exit,
    events::Warning,
    process::redaction::Redactor,
    render::terraform::{self as render, ProviderOverride},
    sandbox::{Emulator, Sandbox, overrides},
    tools::{aws::Aws, locate::Tool, terraform::Terraform},
    workspace::Workspace,
};

/// Found by `preflight`: the tools, the emulator, the workspace.
pub struct Prepared {
    pub terraform: Option<Installed>,
    pub packer: Option<Installed>,
    pub aws: Installed,
    /// In the sandbox only.
    pub sandbox: Option<RunningSandbox>,
    pub workspace: Workspace,
}

/// The sandbox and its emulator.
#[derive(Debug, Clone)]
pub struct RunningSandbox {
    pub sandbox: Sandbox,
    pub emulator: Emulator,
}

impl Prepared {
    pub fn terraform_version(&self) -> Version {
        self.terraform
            .as_ref()
            .map_or(Version::new(0, 0, 0), |installed| installed.version.clone())
    }

    /// The program as a user would call it.
    pub fn terraform_program(&self) -> &Utf8Path {
        self.terraform
            .as_ref()
            .map_or(Utf8Path::new("terraform"), |installed| installed.program.as_path())
    }

    /// Packer, which preflight demands when a step needs it.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn packer(&self) -> Result<&Installed, Failure> {
        self.packer
            .as_ref()
            .ok_or_else(|| Failure::of(Exit::MissingTool, "packer is needed").hint(Tool::Packer.mend()))
    }

    /// `curl`, looked up only when a check needs it.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn curl(&self) -> Result<Utf8PathBuf, Failure> {
        super::installed::path(Tool::Curl)
    }
}

/// Made by `credentials`: the tools' commands with what they may know.
pub struct Access {
    pub redactor: Arc<Redactor>,
    /// `AWS_*` for children that talk to AWS.
    pub aws_env: Vec<(String, EnvValue)>,
    /// Every credential by name, under its `env` name.
    pub credentials: Vec<HeldCredential>,
    pub aws: Aws,
    pub terraform: Option<Terraform>,
    /// The state file, where the environment keeps it on this machine.
    pub local_state: Option<Utf8PathBuf>,
    /// The emulator's address, in the sandbox.
    pub endpoint: Option<String>,
}

/// A credential that was found.
pub struct HeldCredential {
    pub name: String,
    pub env: Option<String>,
    pub secret: crate::secret::Secret,
}

impl Access {
    /// Terraform in the workspace's root module.
    ///
    /// # Errors
    ///
    /// When the stack has no root module.
    pub fn terraform(&self) -> Result<&Terraform, Failure> {
        self.terraform
            .as_ref()
            .ok_or_else(|| Failure::new("the stack has no Terraform root"))
    }

    pub fn local_state(&self) -> Option<Utf8PathBuf> {
        self.local_state.clone()
    }

    /// The credentials called `names`, for a child's environment.
    pub fn credential_env(&self, names: &[String]) -> Vec<(String, EnvValue)> {
        self.credentials
            .iter()
            .filter(|credential| names.contains(&credential.name))
            .filter_map(|credential| {
                let env = credential.env.clone()?;
                Some((env, EnvValue::Secret(credential.secret.clone())))
            })
            .collect()
    }

    /// The secret of the credential called `name`.
    pub fn secret(&self, name: &str) -> Option<&crate::secret::Secret> {
        self.credentials
            .iter()
            .find(|credential| credential.name == name)
            .map(|credential| &credential.secret)
    }

    /// In the sandbox, points the root module's AWS provider at the emulator. Which arguments do
    /// that depends on the provider's version, known once `init` has chosen it.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn finish_overrides(&self, folder: &Utf8Path) -> Result<Vec<Warning>, Failure> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(Vec::new());
        };
        let failed = |error: std::io::Error| {
            Failure::new(format!("failed to write the sandbox's provider settings: {error}"))
        };
        let lock = fs_err::read_to_string(folder.join(".terraform.lock.hcl")).unwrap_or_default();
        let Some(version) = render::locked_version(&lock, "hashicorp/aws") else {
            return Ok(Vec::new());
        };
        let provider = ProviderOverride::from(overrides::provider(version.major, endpoint));
        let aliases = render::provider_aliases(folder, "aws").map_err(failed)?;
        let text = render::provider_override(&provider, &aliases);
        fs_err::write(folder.join(render::PROVIDER_OVERRIDE_FILE), text).map_err(failed)?;
        Ok(Vec::new())
    }
}
