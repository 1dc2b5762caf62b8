//! Command lines for Terraform 1.5 and later, and OpenTofu.

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{EnvValue, ToolCommand};

/// Terraform in the folder of one root module, with the environment all its commands share.
#[derive(Debug, Clone)]
pub struct Terraform {
    program: Utf8PathBuf,
    folder: Utf8PathBuf,
    env: Vec<(String, EnvValue)>,
}

impl Terraform {
    /// Commands for `program` in `folder`. `env` is what the provider and the variables need:
    /// `AWS_*`, `TF_VAR_*`, `TF_CLI_CONFIG_FILE`.
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

    /// Folder of the root module.
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    fn command(&self, arguments: &[&str]) -> ToolCommand {
        ToolCommand::new(self.program.clone())
            .args(arguments.iter().copied())
            .cwd(self.folder.clone())
            // Without it Terraform suggests commands to type, which makes no sense inside a driver.
            .env("TF_IN_AUTOMATION", "1")
            // Keeps a question that nobody can answer from hanging the run.
            .env("TF_INPUT", "0")
            // The version check calls out to the network on every start.
            .env("CHECKPOINT_DISABLE", "1")
            .envs(self.env.iter().cloned())
    }

    /// `init`; `-reconfigure` because the backend may differ from the one of another environment.
    pub fn init(&self) -> ToolCommand {
        self.command(&["init", "-input=false", "-no-color", "-reconfigure"])
    }

    /// `plan` that saves itself to `plan` and speaks JSON lines. Exit code 2 means "changes", but
    /// also any Go fatal error, so the document decides: see [`super::plan_document`].
    pub fn plan(&self, options: PlanOptions<'_>) -> ToolCommand {
        let mut command = self
            .command(&["plan", "-json", "-input=false", "-detailed-exitcode"])
            .arg(format!("-lock-timeout={}s", options.lock_timeout_seconds))
            .arg(format!("-out={}", options.save_to));
        if options.destroy {
            command = command.arg("-destroy");
        }
        if !options.refresh {
            command = command.arg("-refresh=false");
        }
        command
    }

    /// `apply` of exactly the saved plan. Variables are in the plan already.
    pub fn apply(&self, plan: &Utf8Path, lock_timeout_seconds: u64) -> ToolCommand {
        self.command(&["apply", "-json", "-input=false"])
            .arg(format!("-lock-timeout={lock_timeout_seconds}s"))
            .arg(plan.as_str())
    }

    /// The saved plan as one JSON document. It shows sensitive values: never store it.
    pub fn show_plan(&self, plan: &Utf8Path) -> ToolCommand {
        self.command(&["show", "-json", "-no-color", plan.as_str()])
    }

    /// All outputs as JSON. It shows sensitive values: never store it undecoded.
    pub fn output(&self) -> ToolCommand {
        self.command(&["output", "-json", "-no-color"])
    }

    /// Frees the lock with this id. Terraform asks nothing then.
    pub fn force_unlock(&self, id: &str) -> ToolCommand {
        self.command(&["force-unlock", "-force", "-no-color", id])
    }

    /// The whole state, wherever it is kept. It holds secrets: never store or show it.
    pub fn state_pull(&self) -> ToolCommand {
        self.command(&["state", "pull"])
    }

    /// Addresses of everything in the state, one a line.
    pub fn state_list(&self) -> ToolCommand {
        self.command(&["state", "list"])
    }
}

/// Choices for [`Terraform::plan`].
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions<'a> {
    /// File the plan is saved to.
    pub save_to: &'a Utf8Path,
    pub destroy: bool,
    /// `false` plans from the state alone: the way out for a destroy whose data sources are gone.
    pub refresh: bool,
    /// How long to wait for the state's lock.
    pub lock_timeout_seconds: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terraform() -> Terraform {
        Terraform::new("terraform", "/w/root", Vec::new())
    }

    #[test]
    fn plan_with_defaults_and_with_everything() {
        let mut options = PlanOptions {
            save_to: Utf8Path::new("/r/plan"),
            destroy: false,
            refresh: true,
            lock_timeout_seconds: 30,
        };
        assert_eq!(
            terraform().plan(options).display(),
            "terraform plan -json -input=false -detailed-exitcode -lock-timeout=30s -out=/r/plan"
        );
        options.destroy = true;
        options.refresh = false;
        assert_eq!(
            terraform().plan(options).display(),
            "terraform plan -json -input=false -detailed-exitcode -lock-timeout=30s \
             -out=/r/plan -destroy -refresh=false"
        );
    }

    #[test]
    fn the_other_commands() {
        let terraform = terraform();
        assert_eq!(
            terraform.init().display(),
            "terraform init -input=false -no-color -reconfigure"
        );
        assert_eq!(
            terraform.apply(Utf8Path::new("/r/plan"), 5).display(),
            "terraform apply -json -input=false -lock-timeout=5s /r/plan"
        );
        assert_eq!(
            terraform.show_plan(Utf8Path::new("/r/plan")).display(),
            "terraform show -json -no-color /r/plan"
        );
        assert_eq!(
            terraform.output().display(),
            "terraform output -json -no-color"
        );
        assert_eq!(terraform.state_pull().display(), "terraform state pull");
        assert_eq!(terraform.state_list().display(), "terraform state list");
        assert_eq!(
            terraform.force_unlock("7").display(),
            "terraform force-unlock -force -no-color 7"
        );
    }

    #[test]
    fn every_command_runs_in_the_root_module_and_never_asks() {
        let command = terraform().init();
        assert_eq!(command.cwd.as_deref(), Some(Utf8Path::new("/w/root")));
        let input = EnvValue::Plain("0".to_owned());
        assert!(command.env.contains(&("TF_INPUT".to_owned(), input)));
    }
}
