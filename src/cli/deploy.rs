//! What `up`, `plan`, `destroy`, `image build` and `task` share: load, run, report, exit code.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::Arc,
};

use camino::Utf8PathBuf;

use super::Global;
use crate::{
    config::Stack,
    errors::{Error, Exit},
    events::{Event, Happening},
    journal::StateFolder,
    plan::Request,
    report::{self, Reporter, WriteError, outputs},
    run_id::RunId,
    runner::{Listener, Run, Setup, frontend::Questions},
};

/// Carries `request` out on `stack` (or `--stack`, or the default one) and reports.
///
/// # Errors
///
/// What keeps the run from starting, or [`Error::RunEnded`] with the exit code of a run that did
/// not end well and has been reported.
pub fn run(global: &Global, stack: Option<&str>, request: Request) -> Result<(), Error> {
    let project = global.project()?;
    let stack = global.load(&project, stack)?;
    check_names(&stack, &request)?;
    let state = StateFolder::locate(&stack.root, &stack.name, &stack.environment.name);
    // What cannot be read is no reason not to deploy; the run writes the file anew.
    let known = outputs::load(&state.outputs()).ok().flatten();
    let run = Run::new(Setup {
        stack,
        request,
        questions: questions(global),
        known_outputs: known.map(|known| known.outputs).unwrap_or_default(),
    })?;
    let id = run.id().clone();
    let mut listener = Reporting {
        reporter: Reporter::new(global.report_settings(), run.folder().path()),
        outputs: state.outputs(),
        run: id,
        stored: Ok(()),
    };
    let exit = run.execute(&mut listener)?;
    let Reporting { reporter, stored, .. } = listener;
    let finished = reporter.finish();
    if let (true, Some(summary)) = (global.json, &finished.summary) {
        super::stdout::print_json(&report::json::to_value(summary))?;
    }
    finished.written.and(stored).map_err(|error| Error::Failed {
        problem: error.to_string(),
        hints: vec!["the run itself went as shown above".to_owned()],
    })?;
    match exit {
        Exit::Done => Ok(()),
        other => Err(Error::RunEnded(other)),
    }
}

/// The reports of a run, and the outputs that `amiable output` will read.
struct Reporting {
    reporter: Reporter,
    outputs: Utf8PathBuf,
    run: RunId,
    stored: Result<(), WriteError>,
}

impl Listener for Reporting {
    fn on(&mut self, event: &Event) {
        if let Happening::Outputs(found) = &event.what {
            self.stored = if found.is_empty() {
                outputs::remove(&self.outputs)
            } else {
                outputs::store(&self.outputs, &self.run, found)
            };
        }
        self.reporter.on(event);
    }
}

/// Refuses names of images and tasks that the stack does not have.
fn check_names(stack: &Stack, request: &Request) -> Result<(), Error> {
    let images: Vec<&str> = stack.images.iter().map(|image| image.name.as_str()).collect();
    for name in &request.rebuild {
        if name != "all" && !images.contains(&name.as_str()) {
            return Err(unknown("image", name, &stack.name, &images));
        }
    }
    if let Some(task) = &request.task {
        let tasks: Vec<&str> = stack.tasks.iter().map(|task| task.name.as_str()).collect();
        if !tasks.contains(&task.name.as_str()) {
            return Err(unknown("task", &task.name, &stack.name, &tasks));
        }
    }
    Ok(())
}

fn unknown(kind: &str, name: &str, stack: &str, known: &[&str]) -> Error {
    let known = match known {
        [] => "it has none".to_owned(),
        names => format!("it has {}", names.join(", ")),
    };
    Error::Usage(format!("stack {stack} has no {kind} {name:?}; {known}"))
}

fn questions(global: &Global) -> Questions {
    if global.non_interactive || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Questions::Nobody;
    }
    Questions::Terminal(Arc::new(|| {
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer).ok()?;
        (read > 0).then_some(answer)
    }))
}
