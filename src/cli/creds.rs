//! `amiable creds`: where credentials come from, storing them, running a command with them.

use std::io::{self, IsTerminal, Read};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Global;
use crate::{
    command::{EnvValue, ToolCommand},
    config::{CredentialSpec, Stack},
    credentials::{
        self, Answer, Context, Outcome, Resolution, Resolved, StoreError, WritableStore,
        aws_environment::{self, aws_environment},
    },
    errors::{Error, Exit},
    events::Warning,
    process::{self, ProcessError},
    sandbox::{Sandbox, Status, overrides},
};

/// See where credentials come from, store them, run a command with them.
#[derive(Debug, Args)]
pub struct CredsArgs {
    #[command(subcommand)]
    command: CredsCommand,
}

#[derive(Debug, Subcommand)]
enum CredsCommand {
    /// Say where each credential comes from, or why it is missing. Never shows a value.
    Check,
    /// Store a credential: typed twice without echo, or read from standard input.
    Set {
        /// Name of the credential in the stack file.
        name: String,
        /// Where to store it, instead of in the first of its sources that can be written.
        #[arg(long, value_enum)]
        store: Option<StoreArg>,
    },
    /// Remove a stored credential.
    Rm {
        /// Name of the credential in the stack file.
        name: String,
        /// Where to remove it, instead of from the first of its sources that can be written.
        #[arg(long, value_enum)]
        store: Option<StoreArg>,
    },
    /// Run a command with the credentials in its environment.
    Exec {
        /// Names of credentials in the stack file; all of them when none is named.
        names: Vec<String>,
        /// The command and its arguments.
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StoreArg {
    Keyring,
    Pass,
}

impl From<StoreArg> for WritableStore {
    fn from(store: StoreArg) -> Self {
        match store {
            StoreArg::Keyring => Self::Keyring,
            StoreArg::Pass => Self::Pass,
        }
    }
}

impl CredsArgs {
    /// Runs the subcommand for the stack that `global` names. With `--json`, `check` prints one JSON
    /// document; with `--yes`, `rm` does not ask.
    ///
    /// # Errors
    ///
    /// When a credential is missing, unknown to the stack file, or a store refuses.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let stack = &global.load(&global.project()?, None)?;
        let interactive = !global.non_interactive && io::stdin().is_terminal();
        let context = &Context::of_process(stack, &stack.root, interactive);
        self.run_for(stack, context, global.json, global.yes)
    }

    /// Runs the subcommand for `stack` with look-ups as `context` says.
    ///
    /// # Errors
    ///
    /// As [`CredsArgs::run`].
    pub fn run_for(
        &self,
        stack: &Stack,
        context: &Context,
        json: bool,
        yes: bool,
    ) -> Result<(), Error> {
        match &self.command {
            CredsCommand::Check => check(stack, context, json),
            CredsCommand::Set { name, store } => set(stack, context, name, *store),
            CredsCommand::Rm { name, store } => remove(stack, context, name, *store, yes),
            CredsCommand::Exec { names, command } => exec(stack, context, names, command),
        }
    }
}

fn check(stack: &Stack, context: &Context, json: bool) -> Result<(), Error> {
    let resolution = credentials::resolve(&stack.credentials, context);
    let missing = resolution.check();
    if json {
        super::stdout::print(&format!("{:#}\n", document(context, &resolution)))?;
        return match missing {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::RunEnded(Exit::MissingCredential)),
        };
    }
    let mut lines = String::new();
    if resolution.credentials.is_empty() {
        lines = format!("{} has no credentials\n", stack.file);
    }
    let widest = resolution
        .credentials
        .iter()
        .map(|resolved| resolved.name.chars().count())
        .max();
    for resolved in &resolution.credentials {
        let width = widest.unwrap_or(0);
        lines.push_str(&format!(
            "{:width$}  {:8}  {}\n",
            resolved.name,
            status(resolved),
            resolved.origin()
        ));
    }
    super::stdout::print(&lines)?;
    show_warnings(resolution.warnings());
    missing.map_err(Error::from)
}

/// One word for what became of a credential.
fn status(resolved: &Resolved) -> &'static str {
    match resolved.outcome {
        Outcome::Found { .. } | Outcome::Generated { .. } | Outcome::LeftToAws { .. } => "ok",
        Outcome::AbsentOptional => "left out",
        Outcome::Missing(_) => "missing",
    }
}

/// What `creds check --json` prints.
fn document(context: &Context, resolution: &Resolution) -> Value {
    let credentials: Vec<Value> = resolution.credentials.iter().map(credential).collect();
    json!({
        "stack": context.stack,
        "environment": context.environment,
        "complete": resolution.check().is_ok(),
        "credentials": credentials,
    })
}

fn credential(resolved: &Resolved) -> Value {
    let (outcome, source) = match &resolved.outcome {
        Outcome::Found { source, .. } => ("found", Some(source.kind())),
        Outcome::Generated { .. } => ("generated", Some("sandbox")),
        Outcome::AbsentOptional => ("absent_optional", None),
        Outcome::LeftToAws { .. } => ("left_to_aws", None),
        Outcome::Missing(_) => ("missing", None),
    };
    let attempts: Vec<Value> = resolved
        .attempts
        .iter()
        .map(|attempt| {
            let (answer, text, mend) = match &attempt.answer {
                Answer::Found => ("found", None, None),
                Answer::Trouble(trouble) => (
                    "trouble",
                    Some(trouble.problem.as_str()),
                    trouble.mend.as_deref(),
                ),
                Answer::NotAsked(reason) => ("not_asked", Some(*reason), None),
            };
            json!({
                "kind": attempt.source.kind(),
                "source": attempt.source.to_string(),
                "answer": answer,
                "text": text,
                "mend": mend,
            })
        })
        .collect();
    let (note, hints) = match &resolved.outcome {
        Outcome::Missing(unresolved) => (unresolved.note.as_deref(), unresolved.hints.as_slice()),
        _ => (None, [].as_slice()),
    };
    json!({
        "name": resolved.name,
        "outcome": outcome,
        "source": source,
        "origin": resolved.origin(),
        "env": resolved.env,
        "terraform": resolved.terraform,
        "attempts": attempts,
        "note": note,
        "hints": hints,
        "warnings": resolved.warnings.iter().map(|warning| &warning.text).collect::<Vec<_>>(),
    })
}

fn set(stack: &Stack, context: &Context, name: &str, store: Option<StoreArg>) -> Result<(), Error> {
    let spec = find(stack, name)?;
    let value = read_value(name, context)?;
    let stored = credentials::set(spec, store.map(Into::into), &value, context)?;
    super::stderr::say(&format!("stored {name} in {}", stored.source));
    show_warnings(stored.warnings.iter());
    Ok(())
}

/// The value typed twice on a terminal, or all of standard input.
fn read_value(name: &str, context: &Context) -> Result<Zeroizing<Vec<u8>>, Error> {
    let read_error = |source| Error::Io {
        context: format!("read the value of {name}"),
        source,
    };
    if !io::stdin().is_terminal() {
        let mut bytes = Zeroizing::new(Vec::new());
        io::stdin().read_to_end(&mut bytes).map_err(read_error)?;
        return Ok(bytes);
    }
    if !context.interactive {
        return Err(Error::Usage(format!(
            "the value of {name} is read from standard input, which is a terminal; without --non-interactive it is asked for"
        )));
    }
    let typed = dialoguer::Password::new()
        .with_prompt(format!("value of {name}"))
        .with_confirmation("again", "the two differ")
        .interact()
        .map_err(|dialoguer::Error::IO(source)| read_error(source))?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

fn remove(
    stack: &Stack,
    context: &Context,
    name: &str,
    store: Option<StoreArg>,
    yes: bool,
) -> Result<(), Error> {
    let spec = find(stack, name)?;
    if context.interactive && !yes && io::stdin().is_terminal() {
        let confirmed = dialoguer::Confirm::new()
            .with_prompt(format!("remove the stored value of {name} for good?"))
            .default(false)
            .interact()
            .map_err(|dialoguer::Error::IO(source)| Error::Io {
                context: "ask for confirmation".to_owned(),
                source,
            })?;
        if !confirmed {
            return Err(Error::RunEnded(Exit::Declined));
        }
    }
    let source = credentials::remove(spec, store.map(Into::into), context)?;
    super::stderr::say(&format!("removed {name} from {source}"));
    Ok(())
}

fn exec(
    stack: &Stack,
    context: &Context,
    names: &[String],
    command: &[String],
) -> Result<(), Error> {
    let mut specs = Vec::new();
    for name in names {
        let spec = find(stack, name)?;
        if spec.env.is_none() {
            return Err(Error::Usage(format!(
                "credential {name} has no env in {}, so a command cannot be given it",
                stack.file
            )));
        }
        specs.push(spec.clone());
    }
    if names.is_empty() {
        let all = stack.credentials.iter().filter(|spec| spec.env.is_some());
        specs.extend(all.cloned());
    }
    let resolution = credentials::resolve(&specs, context);
    show_warnings(resolution.warnings());
    resolution.check()?;

    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Error::Usage("creds exec needs a command after --".to_owned()))?;
    let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
    let command = ToolCommand::new(program)
        .args(arguments)
        .envs(resolution.child_environment(&names))
        .envs(way_to_aws(stack, context, &resolution)?);
    let error = process::replace(&command, &aws_environment::IDENTITY);
    Err(match error {
        ProcessError::Start { .. } => Error::Tool {
            problem: error.to_string(),
            hints: vec![format!("check that {program} is installed and executable")],
        },
        other => other.into(),
    })
}

/// The variables that lead the command to AWS, or in the sandbox to the emulator.
fn way_to_aws(
    stack: &Stack,
    context: &Context,
    resolution: &Resolution,
) -> Result<Vec<(String, EnvValue)>, Error> {
    if !context.sandbox {
        let variables = aws_environment(resolution, context, &stack.region);
        return Ok(variables.into_iter().map(Into::into).collect());
    }
    let sandbox = Sandbox::of_project(&stack.root);
    let url = match sandbox.status()? {
        Status::Running(emulator) => Some(emulator.url()),
        _ => {
            anstream::eprintln!("the sandbox is not running: the command cannot reach its AWS");
            None
        }
    };
    let no_proxy = context.variables.text("NO_PROXY");
    Ok(overrides::child_environment(
        url.as_deref(),
        &stack.region,
        no_proxy,
    ))
}

fn find<'s>(stack: &'s Stack, name: &str) -> Result<&'s CredentialSpec, Error> {
    stack
        .credentials
        .iter()
        .find(|spec| spec.name == name)
        .ok_or_else(|| {
            let known: Vec<&str> = stack
                .credentials
                .iter()
                .map(|spec| spec.name.as_str())
                .collect();
            Error::Usage(match known.as_slice() {
                [] => format!("{} has no credentials", stack.file),
                _ => format!(
                    "{} has no credential {name}; it has {}",
                    stack.file,
                    known.join(", ")
                ),
            })
        })
}

fn show_warnings<'w>(warnings: impl Iterator<Item = &'w Warning>) {
    for warning in warnings {
        super::stderr::say(&format!("warning: {}", warning.text));
        if let Some(hint) = &warning.hint {
            super::stderr::say(&format!("  hint: {hint}"));
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Error::Failed {
            problem: error.problem,
            hints: error.hints,
        }
    }
}
