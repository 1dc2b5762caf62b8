//! Runs a plan: parallel where its edges allow, emitting events, printing nothing.
//!
//! - [`prepared`]: what preflight and credentials find out;
//! - [`installed`], [`known_tools`]: which tools there are, and what need not be asked again;
//! - [`context`]: what every step can use;
//! - [`past`]: earlier runs, and whether they are over;
//! - [`query`]: questions to AWS outside of a run;
//! - [`usage`], [`states`]: who uses an AMI;
//! - [`listing`]: the AMIs of a stack;
//! - [`leftovers`]: what builds have left in the account;
//! - [`retry`]: which calls are made again, and when;
//! - [`side_by_side`]: several questions at the same time;
//! - [`first`]: the two steps before there is a context;
//! - [`execute`]: which step runs when, and what the run amounts to;
//! - [`steps`]: the steps themselves;
//! - [`step_log`]: what tools print;
//! - [`stop`], [`frontend`]: the user's signals and answers;
//! - [`at_work`]: what has to be waited for when the user wants to stop;
//! - [`emitter`], [`failure`], [`step_output`]: what steps say and return.

pub mod at_work;
pub mod context;
pub mod emitter;
pub mod execute;
pub mod failure;
mod first;
pub mod frontend;
pub mod git;
pub mod installed;
pub mod known_tools;
pub mod leftovers;
pub mod listing;
pub mod past;
pub mod prepared;
pub mod query;
pub mod retry;
pub mod side_by_side;
pub mod states;
pub mod step_log;
pub mod step_output;
pub mod steps;
pub mod stop;
pub mod usage;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use camino::Utf8Path;
use jiff::Timestamp;
use tokio::{runtime, sync::mpsc};

use self::{
    at_work::AtWork,
    context::{Base, Context, Git},
    emitter::Emitter,
    execute::Verdict,
    first::first,
    frontend::Questions,
    stop::Stop,
};
use crate::{
    config::Stack,
    errors::{Error, Exit},
    events::{Event, Happening, Output, RunResult, RunStart, Signal, Step, StepResult, Warning},
    journal::{self, Journal, Lock, PastRun, Record, RunFolder, StateFolder, lock::LockError},
    plan::{self, Request},
    process::ProcessIdentity,
    run_id::RunId,
};

/// How often a listener without events is told that time passes.
const TICK: Duration = Duration::from_secs(1);

/// Everything a run starts from.
pub struct Setup {
    pub stack: Stack,
    pub request: Request,
    pub questions: Questions,
    /// The outputs of the deployment before this run.
    pub known_outputs: Vec<Output>,
    /// Told who is waited for, before there are events.
    pub on_wait: fn(&str),
}

/// Who listens to a run.
pub trait Listener {
    fn on(&mut self, event: &Event);

    /// Called about every second, with or without events.
    fn tick(&mut self) {}
}

/// A run that has its id, its folder and the lock, and has not begun.
pub struct Run {
    base: Base,
    known_outputs: Vec<Output>,
    /// An earlier run that began later by its id.
    of_the_future: Option<RunId>,
    runtime: runtime::Runtime,
    _lock: Lock,
}

impl Run {
    /// Takes the lock and makes the run's folder.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] when another run works on the same stack and environment and the request does
    /// not wait for it.
    pub fn new(setup: Setup) -> Result<Self, Error> {
        let Setup {
            stack,
            request,
            questions,
            known_outputs,
            on_wait,
        } = setup;
        let now = Timestamp::now();
        let newest = journal::past::newest_id(&stack.root)
            .map_err(failed_to("read the folder of earlier runs"))?;
        let run = RunId::following(newest.as_ref(), now, random()?);
        let of_the_future = newest.filter(|newest| {
            let started = newest.started_at();
            started.is_some_and(|started| started > now)
        });
        let state = StateFolder::create(&stack.root, &stack.name, &stack.environment.name)
            .map_err(failed_to("make the folders under .amiable/"))?;
        let owner = journal::lock::Owner {
            run: run.clone(),
            pid: std::process::id(),
            since: now,
        };
        let lock = match Lock::take(&state.lock(), &owner) {
            Err(LockError::Held(other)) if request.wait_for_others => {
                on_wait(&who_works(other.as_ref(), &stack));
                Lock::wait(&state.lock(), &owner)
            }
            taken => taken,
        }
        .map_err(|error| locked(error, &stack, &state))?;
        let folder = RunFolder::create(&stack.root, &run)
            .map_err(failed_to("make the run's folder under .amiable/runs/"))?;
        let unfinished = unfinished_runs(&stack.root, &state)
            .map_err(failed_to("read which runs have not ended"))?;
        journal::unfinished::mark(&state, &run).map_err(failed_to("mark the run as begun"))?;
        let journal = Journal::create(&folder.journal()).map_err(failed_to("make the journal"))?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed_to("start the runtime"))?;
        let stop = {
            let _guard = runtime.enter();
            Stop::listen().map_err(failed_to("listen for signals"))?
        };
        let git = git::look(&stack.root);
        let base = Base {
            stack,
            request,
            run,
            git,
            folder,
            state,
            journal,
            stop,
            questions,
            unfinished,
            at_work: AtWork::default(),
        };
        Ok(Self {
            base,
            known_outputs,
            of_the_future,
            runtime,
            _lock: lock,
        })
    }

    pub fn folder(&self) -> &RunFolder {
        &self.base.folder
    }

    pub fn id(&self) -> &RunId {
        &self.base.run
    }

    /// Runs every step and tells `listener` all about it.
    ///
    /// # Errors
    ///
    /// When not even the start can be recorded. What goes wrong later is in the events and in the
    /// returned exit code.
    pub fn execute(self, listener: &mut dyn Listener) -> Result<Exit, Error> {
        let Self {
            base,
            known_outputs,
            of_the_future,
            runtime,
            _lock,
        } = self;
        let plan = plan::build(&base.stack, &base.request, !base.unfinished.is_empty());
        base.record(run_started(&base))
            .map_err(|failure| Error::Failed {
                problem: failure.failure.message,
                hints: failure.failure.hints,
            })?;

        let (sender, mut receiver) = mpsc::unbounded_channel();
        let events = Emitter::new(sender);
        events.send(Happening::RunStarted(run_start(&base, &plan)));
        if let Some(later) = of_the_future {
            events.send(Happening::Warning {
                step: None,
                warning: clock_is_behind(&later, &base.folder),
            });
        }
        let (stop, at_work) = (base.stop.clone(), base.at_work.clone());
        let questions = base.questions.clone();
        let exit = runtime.block_on(async {
            let told = events.clone();
            let attended = stop::attend(&stop, &at_work, &told, &questions);
            let all = all_steps(base, &plan, events, known_outputs);
            tokio::pin!(all, attended);
            let mut ticks = tokio::time::interval(TICK);
            loop {
                tokio::select! {
                    biased;
                    Some(event) = receiver.recv() => listener.on(&event),
                    () = &mut attended => {}
                    exit = &mut all => break exit,
                    _ = ticks.tick() => listener.tick(),
                }
            }
        });
        while let Ok(event) = receiver.try_recv() {
            listener.on(&event);
        }
        // A thread may still wait for an answer on the terminal that nobody will give.
        runtime.shutdown_background();
        Ok(exit)
    }
}

async fn all_steps(
    base: Base,
    plan: &plan::Plan,
    events: Emitter,
    known_outputs: Vec<Output>,
) -> Exit {
    let mut verdict = Verdict::default();
    let stop = base.stop.clone();

    let prepared = first(
        &base,
        &events,
        &Step::Preflight,
        steps::preflight::run(&base, &events),
    )
    .await;
    verdict.take(&prepared.end);
    let access = match &prepared.value {
        Some(prepared) => {
            let work = steps::credentials::run(&base, &events, prepared);
            Some(first(&base, &events, &Step::Credentials, work).await)
        }
        None => None,
    };
    if let Some(access) = &access {
        verdict.take(&access.end);
    }
    let access_begun = access.is_some();
    let both = prepared.value.zip(access.and_then(|access| access.value));
    let came_to = match both {
        Some((prepared, access)) => {
            let events = events.with_redactor(access.redactor.clone());
            let context = Arc::new(Context {
                base,
                prepared,
                access,
                events,
                survey: tokio::sync::OnceCell::new(),
                past: tokio::sync::OnceCell::new(),
                known_outputs,
                outputs: Mutex::new(BTreeMap::new()),
            });
            let work = execute::execute(plan, context.clone(), &mut verdict);
            // Beside the work: most runs have no reason to look, and none waits for it.
            if looks_for_leftovers(&context) {
                tokio::join!(work, steps::sweep::warn_of_leftovers(&context));
            } else {
                work.await;
            }
            summary(&context, &verdict);
            CameTo::Work(context)
        }
        None => {
            let begun: &[Step] = match access_begun {
                true => &[Step::Preflight, Step::Credentials],
                false => &[Step::Preflight],
            };
            not_run(&events, plan, begun);
            CameTo::Start(Box::new(base))
        }
    };

    let terminated = matches!(stop.signal(), Some(Signal::Terminate | Signal::HangUp));
    let (result, exit) = verdict.result(terminated);
    let base = match &came_to {
        CameTo::Work(context) => {
            steps::terraform_plan::discard(context);
            &context.base
        }
        CameTo::Start(base) => base,
    };
    let record = Record::RunEnded {
        result: format!("{result:?}").to_lowercase(),
    };
    // The run is over; a record that cannot be written changes nothing about it.
    if base.record(record).is_ok() {
        // A mark that stays makes the next run look once more, and find that all is well.
        let _ = journal::unfinished::clear(&base.state, &base.run);
    }
    events.send(Happening::RunFinished { result });
    exit
}

/// How far a run came.
enum CameTo {
    /// Preflight or credentials failed.
    Start(Box<Base>),
    Work(Arc<Context>),
}

/// Whether the run says what earlier ones have left: a task is something else, and a sweep says it anyway.
fn looks_for_leftovers(context: &Context) -> bool {
    use crate::events::Operation;

    !matches!(
        context.base.request.operation,
        Operation::Task | Operation::ImageSweep
    )
}

/// Tells of every step but those in `begun` that it was never started.
fn not_run(events: &Emitter, plan: &plan::Plan, begun: &[Step]) {
    for planned in plan.steps() {
        if !begun.contains(&planned.step) {
            execute::finish(events, &planned.step, StepResult::NotRun);
        }
    }
}

/// The lines of the stack's own `summary`, once there is a deployment to speak of.
fn summary(context: &Context, verdict: &Verdict) {
    use crate::events::Operation;

    let (result, _) = verdict.result(false);
    let deployed = matches!(
        result,
        RunResult::Succeeded | RunResult::Degraded | RunResult::Unverified | RunResult::CheckFailed
    );
    let deploys = matches!(
        context.base.request.operation,
        Operation::Up | Operation::ImageRollback | Operation::ImageReplace
    );
    if !deploys || !deployed || context.deployed().is_empty() {
        return;
    }
    let scope = context.scope();
    for line in &context.base.stack.summary {
        match line.evaluate_string(&scope) {
            Ok(text) => context
                .events
                .send(Happening::Summary(context.events.redact(&text))),
            Err(error) => context.events.send(Happening::Warning {
                step: None,
                warning: Warning {
                    text: error.to_string(),
                    hint: None,
                },
            }),
        }
    }
}

fn clock_is_behind(later: &RunId, folder: &RunFolder) -> Warning {
    let runs = folder.path().with_file_name("");
    Warning {
        text: format!("the clock is behind run {later}: this run is counted as the one after it"),
        hint: Some(format!(
            "set the clock; if the clock of that run was wrong, its folder in {runs} can be removed"
        )),
    }
}

fn run_start(base: &Base, plan: &plan::Plan) -> RunStart {
    let Git {
        commit,
        branch,
        dirty,
    } = base.git.clone();
    RunStart {
        run: base.run.clone(),
        operation: base.request.operation,
        stack: base.stack.name.clone(),
        environment: base.stack.environment.name.clone(),
        region: base.stack.region.clone(),
        steps: plan
            .steps()
            .iter()
            .map(|planned| planned.step.clone())
            .collect(),
        folder: base.folder.path().to_owned(),
        git_commit: commit,
        git_branch: branch,
        git_dirty: dirty,
    }
}

fn run_started(base: &Base) -> Record {
    Record::RunStarted {
        run: base.run.clone(),
        amiable: env!("CARGO_PKG_VERSION").to_owned(),
        operation: base.request.operation.word().to_owned(),
        stack: base.stack.name.clone(),
        environment: base.stack.environment.name.clone(),
        driver_pid: std::process::id(),
        request: serde_json::to_value(&base.request).ok(),
        driver_started: ProcessIdentity::of(std::process::id()).map(|process| process.started),
    }
}

fn locked(error: LockError, stack: &Stack, state: &StateFolder) -> Error {
    match error {
        LockError::Held(owner) => Error::Locked {
            problem: who_works(owner.as_ref(), stack),
            hints: vec![
                "`--wait` waits until it has ended; Ctrl-C where it runs interrupts it".to_owned(),
            ],
        },
        LockError::Io(source) => Error::Io {
            context: format!("failed to use the lock {}", state.lock()),
            source,
        },
    }
}

/// The runs that were killed. The lock is ours, so none of them has a driver any more.
fn unfinished_runs(root: &Utf8Path, state: &StateFolder) -> io::Result<Vec<PastRun>> {
    let mut unfinished = Vec::new();
    for run in journal::unfinished::list(state)? {
        match PastRun::read(root, &run) {
            Ok(Some(past)) if past.result.is_none() => unfinished.push(past),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // It ended and could not take its mark away, did not come to doing anything, or its folder was
            // removed by somebody.
            _ => journal::unfinished::clear(state, &run)?,
        }
    }
    Ok(unfinished)
}

fn who_works(owner: Option<&journal::lock::Owner>, stack: &Stack) -> String {
    let who = owner.map_or_else(String::new, |owner| {
        format!(
            ": run {} (process {}) since {}",
            owner.run, owner.pid, owner.since
        )
    });
    format!(
        "another run works on {} in {}{who}",
        stack.name, stack.environment.name
    )
}

fn failed_to(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io {
        context: format!("failed to {what}"),
        source,
    }
}

fn random() -> Result<[u8; 2], Error> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| Error::Failed {
        problem: format!("the system gives no random numbers: {error}"),
        hints: Vec::new(),
    })?;
    Ok(bytes)
}
