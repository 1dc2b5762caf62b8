//! Questions to AWS that need no run: no lock, no records, nothing changed.

use std::{sync::Arc, thread, time::Duration};

use super::{
    context::Context, emitter::Emitter, failure::Failure, installed, retry::Tries, stop::Stop,
};
use crate::{
    command::{EnvValue, ToolCommand},
    config::{CredentialSpec, SourceSpec, Stack},
    credentials::{self, aws_environment},
    errors::{Error, Exit},
    events::{Happening, Warning},
    process::{self, Captured, Unwanted, redaction::Redactor},
    sandbox::{Sandbox, Status, overrides},
    tools::{aws::Aws, known_error, locate::Tool},
};

/// How long AWS may take for one answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Access to AWS for a stack in its environment.
#[derive(Clone)]
pub struct Query {
    pub aws: Aws,
    redactor: Arc<Redactor>,
    run: Option<OfRun>,
}

/// The run that asks: it tells of what is asked again, which otherwise standard error does, and can be stopped.
#[derive(Clone)]
struct OfRun {
    events: Emitter,
    stop: Stop,
    unwanted: Unwanted,
}

impl Query {
    /// The access that a run has. Questions end when the user stops everything at once.
    pub fn of_run(context: &Context) -> Self {
        Self {
            aws: context.access.aws.clone(),
            redactor: context.access.redactor.clone(),
            run: Some(OfRun {
                events: context.events.clone(),
                stop: context.base.stop.clone(),
                unwanted: context.base.stop.at_last(),
            }),
        }
    }

    /// The access that a run has, for a step that only looks: its questions end at the first request to stop.
    pub fn of_looking_run(context: &Context) -> Self {
        let mut query = Self::of_run(context);
        if let Some(run) = &mut query.run {
            run.unwanted = context.base.stop.at_first();
        }
        query
    }

    /// The same access, to another region.
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            aws: self.aws.in_region(region),
            redactor: self.redactor.clone(),
            run: self.run.clone(),
        }
    }

    /// Opens it; `None` in a sandbox that is not running, which has nothing to tell of.
    ///
    /// # Errors
    ///
    /// When a credential for AWS is missing or the `aws` command is.
    pub fn open(stack: &Stack, interactive: bool) -> Result<Option<Self>, Error> {
        let context = credentials::Context::of_process(stack, &stack.root, interactive);
        let program = installed::path(Tool::Aws).map_err(failed)?;
        if stack.environment.is_sandbox() {
            let sandbox = Sandbox::of_project(&stack.root);
            let Status::Running(emulator) = sandbox.status()? else {
                return Ok(None);
            };
            let no_proxy = context.variables.text("NO_PROXY");
            let env = overrides::child_environment(Some(&emulator.url()), &stack.region, no_proxy);
            return Ok(Some(Self {
                aws: Aws::new(program, stack.region.clone(), env),
                redactor: Arc::new(Redactor::new([])),
                run: None,
            }));
        }
        let specs: Vec<CredentialSpec> = stack
            .credentials
            .iter()
            .filter(|spec| is_for_aws(spec))
            .cloned()
            .collect();
        let resolution = credentials::resolve(&specs, &context);
        resolution.check()?;
        let variables = aws_environment(&resolution, &context, &stack.region);
        let secrets = variables
            .iter()
            .filter_map(credentials::AwsVariable::secret)
            .chain(resolution.secrets());
        let redactor = Arc::new(Redactor::new(secrets));
        let env: Vec<(String, EnvValue)> = variables.into_iter().map(Into::into).collect();
        Ok(Some(Self {
            aws: Aws::new(program, stack.region.clone(), env),
            redactor,
            run: None,
        }))
    }

    /// Runs one `aws` command that changes nothing, and again when what it fails of passes by itself.
    ///
    /// # Errors
    ///
    /// When it cannot be started, takes too long, AWS refuses, or the user asks to stop in a way that
    /// ends questions.
    pub fn ask(&self, command: &ToolCommand) -> Result<Captured, Failure> {
        let mut tries = Tries::default();
        let complaint = loop {
            let answer = process::capture_unless(command, PATIENCE, || self.is_unwanted())?;
            if answer.success() {
                return Ok(answer);
            }
            let complaint = self.complaint(&answer);
            let error = known_error::passing_one([complaint.as_str()]);
            let error = error.filter(|_| !self.is_to_stop());
            let Some((pause, warning)) = tries.again(&command.call(), error) else {
                break complaint;
            };
            self.tell(warning);
            thread::sleep(pause);
        };
        let lines = complaint.lines().filter(|line| !line.trim().is_empty());
        Err(Failure::new(format!("AWS refuses `{}`", command.display()))
            .because(&complaint)
            .excerpt(lines.map(str::to_owned)))
    }

    fn is_to_stop(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.stop.signal().is_some())
    }

    fn is_unwanted(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.unwanted.now())
    }

    fn tell(&self, warning: Warning) {
        match &self.run {
            Some(run) => run.events.send(Happening::Warning {
                step: None,
                warning,
            }),
            None => anstream::eprintln!("{}", warning.text),
        }
    }

    /// What `read` makes of the answer to `command`.
    ///
    /// # Errors
    ///
    /// As [`Query::ask`], and when the answer is not of the kind that was asked for.
    pub fn read<T>(
        &self,
        command: &ToolCommand,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, Failure> {
        let answer = self.ask(command)?;
        read(&answer.stdout).ok_or_else(|| {
            Failure::new(format!(
                "`{}` gave an answer of another kind",
                command.display()
            ))
        })
    }

    /// What the `aws` command complained of, without secrets.
    pub fn complaint(&self, answer: &Captured) -> String {
        self.redactor.redact(&answer.stderr_text()).into_owned()
    }
}

/// Only these are looked up: a question must not unlock a store for a database's password.
pub fn is_for_aws(spec: &CredentialSpec) -> bool {
    let from_env = spec.sources.iter().filter_map(|source| match source {
        SourceSpec::Env(name) => Some(name),
        SourceSpec::Pass(_) | SourceSpec::Keyring(_) | SourceSpec::Command(_) => None,
    });
    from_env
        .chain(&spec.env)
        .any(|name| credentials::is_aws_key(name))
}

/// A failure outside of a run, as the command line tells it.
pub fn failed(failure: Failure) -> Error {
    let mut problem = failure.failure.message;
    for line in failure.failure.excerpt {
        problem.push_str("\n  ");
        problem.push_str(&line);
    }
    let hints = failure.failure.hints;
    match failure.exit {
        Exit::MissingTool => Error::Tool { problem, hints },
        Exit::Refused => Error::Refused { problem, hints },
        _ => Error::Failed { problem, hints },
    }
}
