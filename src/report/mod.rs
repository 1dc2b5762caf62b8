//! Events to terminal, JSON and Markdown. It starts nothing and knows nothing of the runner.
//!
//! ```text
//! Event -> Reporter -> terminal            lines on stderr while the run goes on
//!                   -> aggregate           RunSummary, a pure fold
//!                        -> json           report.json, and back
//!                        -> markdown       report.md
//!                        -> terminal       the summary at the end, `report show`
//! ```
//!
//! - [`outputs`]: what `amiable output` reads, kept by the reporter;
//! - [`history`]: the reports of earlier runs;
//! - [`crate::inert`] makes foreign text harmless; every rendering passes all of it through there.

pub mod aggregate;
pub mod approval;
mod duration;
pub mod history;
pub mod json;
pub mod markdown;
pub mod outputs;
mod phrase;
mod removals;
mod store;
pub mod terminal;
pub mod verdict;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde_json::Value;

use crate::events::{Event, Happening, Operation, RunResult};

pub use crate::inert;
pub use aggregate::RunSummary;
pub use approval::approval_text;
pub use duration::human;
pub use store::WriteError;
pub use terminal::{Clock, Pace, Screen, Settings};

use terminal::Terminal;

/// Takes the events of one run, shows them, and reports at the end.
///
/// The report is written whatever happens: by [`Reporter::finish`], or when the reporter is dropped
/// without it.
pub struct Reporter {
    terminal: Terminal,
    folder: Utf8PathBuf,
    summary: Option<RunSummary>,
    /// Where the deployment's outputs are kept, when the reporter is to keep them.
    outputs: Option<Utf8PathBuf>,
    /// Why they could not be.
    outputs_problem: Option<WriteError>,
    finished: bool,
}

/// What is there after a run.
#[derive(Debug)]
pub struct Finished {
    /// `None` when the run never started.
    pub summary: Option<RunSummary>,
    /// Whether `report.json`, `report.md` and the outputs could be written.
    pub written: Result<(), WriteError>,
}

impl Finished {
    /// The report as one JSON document, `None` when the run never started.
    pub fn document(&self) -> Option<Value> {
        self.summary.as_ref().map(json::to_value)
    }
}

impl Reporter {
    /// A reporter on this process's stderr, for the run whose records are in `folder`.
    pub fn new(settings: Settings, folder: impl Into<Utf8PathBuf>) -> Self {
        let clock: Clock = Arc::new(Timestamp::now);
        Self::on_screen(settings, folder, Screen::stderr(), clock, Pace::Own)
    }

    /// A reporter on another screen, with another clock.
    pub fn on_screen(
        settings: Settings,
        folder: impl Into<Utf8PathBuf>,
        screen: Screen,
        clock: Clock,
        pace: Pace,
    ) -> Self {
        Self {
            terminal: Terminal::new(settings, screen, clock, pace),
            folder: folder.into(),
            summary: None,
            outputs: None,
            outputs_problem: None,
            finished: false,
        }
    }

    /// Keeps the deployment's outputs in the file at `path` ([`outputs`]): stored as soon as they are
    /// known, removed after a destroy.
    pub fn keeping_outputs(mut self, path: impl Into<Utf8PathBuf>) -> Self {
        self.outputs = Some(path.into());
        self
    }

    /// Takes the next event. The first has to be [`Happening::RunStarted`]; any before it is lost.
    pub fn on(&mut self, event: &Event) {
        let summary = match (&mut self.summary, &event.what) {
            (Some(summary), _) => {
                summary.fold(event);
                summary
            }
            (none, Happening::RunStarted(start)) => {
                none.insert(RunSummary::started(event.at, start))
            }
            (None, _) => return,
        };
        if matches!(
            event.what,
            Happening::StepStarted { .. } | Happening::StepFinished { .. }
        ) {
            keep_so_far(summary, &self.folder);
        }
        self.terminal.on(event, summary);
        if let Some(path) = &self.outputs
            && let Err(problem) = keep_outputs(path, summary, event)
        {
            self.outputs_problem = Some(problem);
        }
    }

    /// Brings what depends on the time up to date. To be called about once a second, so that a long
    /// step without events is heard of in a log.
    pub fn tick(&mut self) {
        self.terminal.tick();
    }

    /// The terminal's lines, for prompts ([`Screen::suspend`]) while the run goes on.
    pub fn screen(&self) -> Screen {
        self.terminal.screen().clone()
    }

    /// The run so far, `None` before it started.
    pub fn summary(&self) -> Option<&RunSummary> {
        self.summary.as_ref()
    }

    /// Writes the report and shows the summary, also when writing failed.
    pub fn finish(mut self) -> Finished {
        self.finished = true;
        let Some(mut summary) = self.summary.take() else {
            self.terminal.close();
            return Finished {
                summary: None,
                written: Ok(()),
            };
        };
        summary.settle();
        let written = write(&summary, &self.folder);
        let page = self.folder.join(history::REPORT_MARKDOWN);
        self.terminal
            .finish(&summary, written.is_ok().then_some(page.as_path()));
        Finished {
            summary: Some(summary),
            written: written.and(self.outputs_problem.take().map_or(Ok(()), Err)),
        }
    }
}

impl Drop for Reporter {
    /// For a driver that gives up midway: the terminal is left in order, and what is known is kept.
    fn drop(&mut self) {
        self.terminal.close();
        if let Some(mut summary) = self.summary.take().filter(|_| !self.finished) {
            summary.settle();
            // There is nobody left to tell.
            let _ = write(&summary, &self.folder);
        }
    }
}

/// Keeps what is known, for a driver that is killed: `report show` tells then how far it came. A run that
/// goes on writes it again, so a disk that is full now is no reason to stop.
fn keep_so_far(summary: &RunSummary, folder: &Utf8Path) {
    let mut summary = summary.clone();
    summary.settle();
    let text = json::to_text(&json::to_value(&summary));
    let _ = store::replace_without_sync(&folder.join(history::REPORT_JSON), &text);
}

/// Does what `event` means for the outputs kept at `path`, if anything.
fn keep_outputs(path: &Utf8Path, summary: &RunSummary, event: &Event) -> Result<(), WriteError> {
    match &event.what {
        Happening::Outputs(known) => outputs::store(path, &summary.run, known),
        Happening::RunFinished {
            result: RunResult::Succeeded,
        } if summary.operation == Operation::Destroy => outputs::remove(path),
        _ => Ok(()),
    }
}

fn write(summary: &RunSummary, folder: &Utf8Path) -> Result<(), WriteError> {
    store::replace(
        &folder.join(history::REPORT_MARKDOWN),
        &markdown::render(summary),
    )?;
    // Last, because a run counts as reported when it is there.
    store::replace(
        &folder.join(history::REPORT_JSON),
        &json::to_text(&json::to_value(summary)),
    )
}
