//! What every step of a run can use.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::Timestamp;

use super::{
    at_work::AtWork,
    emitter::Emitter,
    failure::Failure,
    frontend::Questions,
    past,
    prepared::{Access, Prepared},
    retry::Retry,
    step_output::{StepOutput, Stopped},
    steps::image::survey::Survey,
    stop::Stop,
};
use crate::{
    command::ToolCommand,
    config::{ImageFacts, RunFacts, Scope, Stack},
    events::{Level, Operation, Output, OutputValue, Step},
    journal::{Journal, PastRun, Record, RunFolder, StateFolder},
    plan::Request,
    process::{self, Captured, Channel, Ended, ProcessIdentity, Spool, StopSignal},
    run_id::RunId,
    tools::known_error,
};

/// What is known before the first step.
pub struct Base {
    pub stack: Stack,
    pub request: Request,
    pub run: RunId,
    pub git: Git,
    pub folder: RunFolder,
    pub state: StateFolder,
    pub journal: Journal,
    pub stop: Stop,
    pub questions: Questions,
    /// Earlier runs of the stack in this environment that were killed, oldest first.
    pub unfinished: Vec<PastRun>,
    pub at_work: AtWork,
}

/// The commit that is being deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Git {
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub dirty: bool,
}

/// Everything a step after `preflight` and `credentials` works with.
pub struct Context {
    pub base: Base,
    pub prepared: Prepared,
    pub access: Access,
    /// Sends redacted events.
    pub events: Emitter,
    /// What AWS says of images, once it has been asked.
    pub survey: tokio::sync::OnceCell<Survey>,
    /// Earlier runs, once their journals have been read.
    pub past: tokio::sync::OnceCell<Vec<PastRun>>,
    /// The outputs of the deployment before this run.
    pub known_outputs: Vec<Output>,
    pub outputs: Mutex<BTreeMap<Step, StepOutput>>,
}

/// How many runs are looked back at: what an older one left open has long been seen to by another.
const REMEMBERED: usize = 200;
/// How long a short command of a tool may take.
pub const SHORT: Duration = Duration::from_secs(120);

impl Base {
    /// Records `record` durably.
    ///
    /// # Errors
    ///
    /// When it cannot be written; then the call it announces must not be made.
    pub fn record(&self, record: Record) -> Result<(), Failure> {
        self.journal
            .append(Timestamp::now(), record)
            .map_err(|error| {
                Failure::new(format!(
                    "failed to write {}: {error}",
                    self.folder.journal()
                ))
                .hint("free some space or make the folder writable, then rerun")
            })
    }
}

impl Context {
    /// The image step's outcome, when there is one already.
    pub fn image(&self, name: &str) -> Option<StepOutput> {
        self.output_of(&Step::Image(name.to_owned()))
    }

    /// The earlier runs of the stack in this environment, newest first, as far as their journals are here
    /// and among the last [`REMEMBERED`] ones.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub async fn past(&self) -> Result<&[PastRun], Failure> {
        let read = || async {
            let (root, run) = (self.base.stack.root.clone(), self.base.run.clone());
            let stack = self.base.stack.name.clone();
            let environment = self.base.stack.environment.name.clone();
            let mut past =
                blocking(move || PastRun::newest(&root, &stack, &environment, REMEMBERED))
                    .await?
                    .map_err(|error| {
                        Failure::new(format!(
                            "failed to read the journals of earlier runs: {error}"
                        ))
                    })?;
            past.retain(|past| past.run != run);
            Ok(past)
        };
        self.past.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// What `step` handed on.
    pub fn output_of(&self, step: &Step) -> Option<StepOutput> {
        let outputs = self
            .outputs
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        outputs.get(step).cloned()
    }

    /// What expressions of the stack file see at this point of the run.
    pub fn scope(&self) -> Scope {
        let base = &self.base;
        let images = base.stack.images.iter().filter_map(|image| {
            let (id, fingerprint) = match self.image(&image.name) {
                Some(StepOutput::Image(ready)) => (ready.outcome.ami, ready.outcome.fingerprint),
                Some(StepOutput::ImageToBuild { fingerprint }) => {
                    (PLACEHOLDER_AMI.to_owned(), fingerprint)
                }
                // A destroy looks no image up, so that it works when there is none any more.
                None if base.request.operation == Operation::Destroy => {
                    (PLACEHOLDER_AMI.to_owned(), String::new())
                }
                _ => return None,
            };
            let facts = ImageFacts {
                id: Some(id),
                fingerprint: Some(fingerprint),
            };
            Some((image.name.clone(), facts))
        });
        let deployed = self.deployed();
        let sensitive = |output: &&Output| output.value == OutputValue::Sensitive;
        Scope {
            run: Some(RunFacts {
                id: base.run.to_string(),
                git_commit: base.git.commit.clone(),
                git_branch: base.git.branch.clone(),
            }),
            images: images.collect(),
            sensitive: deployed
                .iter()
                .filter(sensitive)
                .map(|output| output.name.clone())
                .collect(),
            outputs: Some(deployed.into_iter().filter_map(plain).collect()),
            ..base.stack.scope()
        }
    }

    /// The outputs of the deployment: this run's, or before it has any those of the last one.
    pub fn deployed(&self) -> Vec<Output> {
        match self.output_of(&Step::TerraformApply) {
            Some(StepOutput::Deployed(outputs)) => outputs,
            _ => self.known_outputs.clone(),
        }
    }

    /// Runs a short command on another thread. What it prints is returned as it is, and logged nowhere.
    ///
    /// # Errors
    ///
    /// When it cannot be started, does not end within [`SHORT`], or the user stops everything at once.
    pub async fn capture(&self, command: ToolCommand) -> Result<Captured, Failure> {
        capture(&self.base.stop, command).await
    }

    /// Runs a short command that changes nothing, and again when what it fails of passes by itself.
    ///
    /// # Errors
    ///
    /// As [`Context::capture`].
    pub async fn ask(&self, command: ToolCommand) -> Result<Captured, Failure> {
        ask(&self.events, &self.base.stop, command).await
    }

    /// Runs a long command of `step`: journal, log, and `on_line` for every line of it.
    ///
    /// # Errors
    ///
    /// When the journal cannot be written or the command not be started.
    pub async fn stream(
        &self,
        step: &Step,
        name: &str,
        command: &ToolCommand,
        signal: StopSignal,
        mut on_output: impl FnMut(process::Output<'_>),
    ) -> Result<Ended, Failure> {
        let spool = Spool::in_folder(&self.base.folder.spool(), name);
        let temporary = process::temporary::PrivateFolder::create()
            .map_err(|error| Failure::new(format!("failed to make a temporary folder: {error}")))?;
        self.base.record(Record::ChildStarting {
            step: step.to_string(),
            command: command.display(),
            stdout: spool.stdout.to_string(),
            stderr: spool.stderr.to_string(),
            temporary: Some(temporary.path().to_owned()),
        })?;
        let mark = past::mark(&self.base.run, &step.to_string());
        let command = command.clone().env("TMPDIR", temporary.path());
        let mut unrecorded = None;
        let ended = process::stream(
            &command,
            &spool,
            &mark,
            signal,
            self.base.stop.requests.clone(),
            |output| {
                if let process::Output::Started { pid } = output {
                    let record = Record::ChildStarted {
                        step: step.to_string(),
                        pid,
                        started: ProcessIdentity::of(pid).map(|process| process.started),
                    };
                    unrecorded = self.base.record(record).err();
                }
                on_output(output);
            },
        )
        .await?;
        spool.remove();
        if let Some(failure) = unrecorded {
            self.events.warn(step, failure.failure.message, None);
        }
        self.base.record(Record::ChildEnded {
            step: step.to_string(),
            code: ended.code,
            signal: ended.signal,
        })?;
        for (pid, program) in &ended.stragglers {
            let text = format!("{program} (process {pid}) was left behind and was ended");
            self.events.log(step, Level::Warn, &text);
        }
        Ok(ended)
    }

    /// The level at which a raw line of a tool is worth showing.
    pub fn level_of(channel: Channel) -> Level {
        match channel {
            Channel::Stdout => Level::Info,
            Channel::Stderr => Level::Warn,
        }
    }

    /// Fails when the user has asked to stop.
    ///
    /// # Errors
    ///
    /// [`Stopped::Interrupted`] then.
    pub fn go_on(&self) -> Result<(), Stopped> {
        match self.base.stop.signal() {
            None => Ok(()),
            Some(_) => Err(Stopped::Interrupted {
                pending: Vec::new(),
            }),
        }
    }
}

/// Stands for the id of an image that is not known: one that `plan` would have to build, any in a
/// `destroy`. It has the shape that AWS gives ids, which root modules may insist on.
pub const PLACEHOLDER_AMI: &str = "ami-00000000000000000";

fn plain(output: Output) -> Option<(String, serde_json::Value)> {
    match output.value {
        OutputValue::Plain(value) => Some((output.name, value)),
        OutputValue::Sensitive => None,
    }
}

/// Runs a short command on another thread.
///
/// # Errors
///
/// When it cannot be started, does not end within [`SHORT`], or the user stops everything at once.
pub async fn capture(stop: &Stop, command: ToolCommand) -> Result<Captured, Failure> {
    let stop = stop.clone();
    blocking(move || process::capture_unless(&command, SHORT, || stop.at_once()))
        .await?
        .map_err(Failure::from)
}

/// Runs a short command that changes nothing, and again when what it fails of passes by itself.
///
/// # Errors
///
/// As [`capture`].
pub async fn ask(events: &Emitter, stop: &Stop, command: ToolCommand) -> Result<Captured, Failure> {
    let mut retry = Retry::new(events, stop, None);
    loop {
        let answer = capture(stop, command.clone()).await?;
        if answer.success() {
            return Ok(answer);
        }
        let complaint = answer.stderr_text();
        let error = known_error::passing_one([complaint.as_str()]);
        if !retry.after(&command.call(), error).await {
            return Ok(answer);
        }
    }
}

/// Runs `work`, which blocks, on another thread.
///
/// # Errors
///
/// When it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::new(format!("internal error: {error}")))
}
