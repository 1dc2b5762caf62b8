//! What every command that is a run shares (`up`, `plan`, `destroy`, `image build`, ...): load, run, report, exit
//! code.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::Arc,
};

use super::{Global, task_output::TaskOutput};
use crate::{
    config::Stack,
    errors::{Error, Exit},
    events::Event,
    journal::StateFolder,
    plan::Request,
    report::{Reporter, outputs},
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
    let task_output = TaskOutput::wanted(global, request.operation);
    let run = Run::new(Setup {
        stack,
        request,
        questions: questions(global),
        known_outputs: known.map(|known| known.outputs).unwrap_or_default(),
        on_wait: |who| super::stderr::say(&format!("waiting: {who}")),
    })?;
    let reporter = Reporter::new(global.report_settings(), run.folder().path());
    let mut listener = Reporting {
        reporter: reporter.keeping_outputs(state.outputs()),
        task_output,
    };
    let exit = run.execute(&mut listener)?;
    let finished = listener.reporter.finish();
    if let (true, Some(document)) = (global.json, finished.document()) {
        super::stdout::print_json(&document)?;
    }
    finished.written?;
    listener.task_output.map_or(Ok(()), TaskOutput::finish)?;
    match exit {
        Exit::Done => Ok(()),
        other => Err(Error::RunEnded(other)),
    }
}

/// The reports as the listener of a run: the one place where runner and report meet.
struct Reporting {
    reporter: Reporter,
    task_output: Option<TaskOutput>,
}

impl Listener for Reporting {
    fn on(&mut self, event: &Event) {
        let is_result = self
            .task_output
            .as_mut()
            .is_some_and(|output| output.takes(event));
        if !is_result {
            self.reporter.on(event);
        }
    }

    fn tick(&mut self) {
        self.reporter.tick();
    }
}

/// Refuses names of images and tasks that the stack does not have.
fn check_names(stack: &Stack, request: &Request) -> Result<(), Error> {
    let images: Vec<&str> = stack
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    let rebuild = request.rebuild.iter().filter(|name| *name != "all");
    for name in rebuild.chain(&request.replace) {
        if !images.contains(&name.as_str()) {
            return Err(unknown("image", name, &stack.name, &images));
        }
    }
    if request.rollback.is_some() {
        let lacks = match (&stack.terraform, images.as_slice()) {
            (None, _) => "Terraform root, so nothing is deployed",
            (_, []) => "image",
            _ => return Ok(()),
        };
        return Err(Error::Refused {
            problem: format!(
                "stack {} has no {lacks}: there is nothing to roll back",
                stack.name
            ),
            hints: Vec::new(),
        });
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
