//! What the first two steps find out, for all steps after them.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde_json::{Map, Value};

use super::{failure::Failure, installed::Installed};
use crate::{
    command::EnvValue,
    credentials::Resolution,
    errors::Exit,
    process::redaction::Redactor,
    render::terraform::{self as render, Root},
    sandbox::{
        Emulator, Sandbox,
        overrides::{self, ProviderOverride, Setting},
    },
    secret::Secret,
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
    pub resolution: Resolution,
    pub aws: Aws,
    pub terraform: Option<Terraform>,
    /// The state file, where the environment keeps it on this machine.
    pub local_state: Option<Utf8PathBuf>,
    /// The emulator's address, in the sandbox.
    pub endpoint: Option<String>,
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
        self.resolution.child_environment(names).collect()
    }

    /// The secret of the credential called `name`.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.resolution.get(name)?.secret()
    }

    /// In the sandbox, points the root module's AWS provider at the emulator. Which arguments do
    /// that depends on the provider's version, known once `init` has chosen it.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn finish_overrides(&self, folder: &Utf8Path) -> Result<(), Failure> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(());
        };
        let lock = fs_err::read_to_string(folder.join(".terraform.lock.hcl")).unwrap_or_default();
        let Some(version) = overrides::locked_provider_version(&lock) else {
            return Ok(());
        };
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("failed to point Terraform's provider at the sandbox: {error}"))
        };
        let root = Root::read(folder).map_err(|error| failed(&error))?;
        let attributes = provider_attributes(&overrides::provider(&version, endpoint));
        let text = render::provider("aws", &attributes, &root.aws_aliases);
        fs_err::write(folder.join(render::PROVIDER_OVERRIDE_FILE), text).map_err(|error| failed(&error))
    }
}

/// The override as the body of a `provider` block.
fn provider_attributes(provider: &ProviderOverride) -> Map<String, Value> {
    let value = |setting: &Setting| match setting {
        Setting::Text(text) => Value::from(text.as_str()),
        Setting::Number(number) => Value::from(*number),
        Setting::Flag(flag) => Value::from(*flag),
        Setting::Null => Value::Null,
    };
    let endpoints: Map<String, Value> = provider
        .endpoints
        .iter()
        .map(|(name, url)| ((*name).to_owned(), Value::from(url.as_str())))
        .collect();
    provider
        .arguments
        .iter()
        .map(|(name, setting)| ((*name).to_owned(), value(setting)))
        .chain([("endpoints".to_owned(), Value::Object(endpoints))])
        .collect()
}
