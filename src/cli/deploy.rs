//! What `up`, `plan`, `destroy`, `image build` and `task` share: load, run, report, exit code.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::Arc,
};

use super::Global;
use crate::{
    errors::{Error, Exit},
    journal::StateFolder,
    plan::Request,
    report::{self, Reporter},
    runner::{Run, Setup, frontend::Questions},
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
    let state = StateFolder::locate(&project.root, &stack.name, &stack.environment.name);
    let known_outputs = report::outputs::load(&state.outputs())
        .map(|known| known.outputs)
        .unwrap_or_default();

    let run = Run::new(Setup {
        project: project.root.clone(),
        stack,
        request,
        questions: questions(global),
        known_outputs,
    })?;
    let mut reporter = Reporter::new(global.reporting(), run.folder().path(), &state.outputs());
    let exit = run.execute(&mut reporter)?;
    let document = reporter.finish()?;
    if global.json {
        super::print_json(&document)?;
    }
    match exit {
        Exit::Done => Ok(()),
        other => Err(Error::RunEnded(other)),
    }
}

/// Refuses names of images and tasks that the stack does not have.
fn check_names(stack: &crate::config::Stack, request: &Request) -> Result<(), Error> {
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
