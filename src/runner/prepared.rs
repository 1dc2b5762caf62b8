//! What the first two steps find out, for all steps after them.

use std::sync::{Arc, Mutex, MutexGuard};

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde_json::Value;

use super::{failure::Failure, installed::Installed};
use crate::{
    command::EnvValue,
    config::Backend,
    credentials::Resolution,
    errors::Exit,
    process::redaction::Redactor,
    render::terraform::{self as render, ProviderSettings, RootModule},
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
    /// Several images may be rendered into it at the same time.
    pub workspace: Mutex<Workspace>,
    /// The workspace's root, absolute.
    pub workspace_root: Utf8PathBuf,
    /// What the Terraform root module declares.
    pub root_module: Option<RootModule>,
}

/// The sandbox and its emulator.
#[derive(Debug, Clone)]
pub struct RunningSandbox {
    pub sandbox: Sandbox,
    pub emulator: Emulator,
    /// It was started by this run, empty.
    pub new: bool,
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
            .map_or(Utf8Path::new("terraform"), |installed| {
                installed.program.as_path()
            })
    }

    /// Writes a file of the workspace, relative to its root as to the project's.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, path: &Utf8Path, text: &str) -> Result<(), Failure> {
        self.workspace().write(path, text).map_err(Failure::from)
    }

    /// Takes a file out of the workspace, if it is there.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self, path: &Utf8Path) -> Result<(), Failure> {
        self.workspace().remove(path).map_err(Failure::from)
    }

    /// The workspace. A thread that panicked with it left at worst a file unwritten.
    fn workspace(&self) -> MutexGuard<'_, Workspace> {
        self.workspace
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Packer, which preflight demands when a step needs it.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn packer(&self) -> Result<&Installed, Failure> {
        self.packer.as_ref().ok_or_else(|| {
            Failure::of(Exit::MissingTool, "packer is needed").hint(Tool::Packer.mend())
        })
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
    pub backend: Option<Backend>,
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

    /// The credentials called `names`, for a child's environment.
    pub fn credential_env(&self, names: &[String]) -> Vec<(String, EnvValue)> {
        self.resolution.child_environment(names).collect()
    }

    /// The secret of the credential called `name`.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.resolution.get(name)?.secret()
    }

    /// Writes the backend and, in the sandbox, what points the root module's AWS provider at the
    /// emulator. Which arguments do that depends on the provider's version, known once `init` has
    /// chosen it; before the first `init` there is only the backend.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write_overrides(&self, prepared: &Prepared, root: &Utf8Path) -> Result<(), Failure> {
        let Some(module) = &prepared.root_module else {
            return Ok(());
        };
        let lock_file = prepared
            .workspace_root
            .join(root)
            .join(".terraform.lock.hcl");
        let lock = fs_err::read_to_string(lock_file).unwrap_or_default();
        let provider = self.endpoint.as_ref().and_then(|endpoint| {
            let version = overrides::locked_provider_version(&lock)?;
            Some(provider_settings(&overrides::provider(&version, endpoint)))
        });
        let text = render::override_file(module, self.backend.as_ref(), provider.as_ref());
        let path = root.join(render::OVERRIDE_FILE);
        match text {
            Some(text) => prepared.write(&path, &text),
            None => prepared.remove(&path),
        }
    }
}

fn provider_settings(provider: &ProviderOverride) -> ProviderSettings {
    let value = |setting: &Setting| match setting {
        Setting::Text(text) => Value::from(text.as_str()),
        Setting::Flag(flag) => Value::from(*flag),
        Setting::Null => Value::Null,
    };
    let arguments = provider.arguments.iter();
    let endpoints = provider.endpoints.iter();
    ProviderSettings {
        source: "hashicorp/aws".to_owned(),
        assume_role_arn: Some(provider.assume_role_arn.clone()),
        arguments: arguments
            .map(|(name, setting)| ((*name).to_owned(), value(setting)))
            .collect(),
        endpoints: endpoints
            .map(|(name, url)| ((*name).to_owned(), url.as_str().into()))
            .collect(),
    }
}
