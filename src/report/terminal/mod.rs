//! A run on stderr while it goes on, and its summary at the end.
//!
//! - [`settings`]: what the terminal is like and how much is wanted;
//! - [`screen`]: the only writer; lines that stay above lines that change;
//! - [`live`], with [`canvas`]: steps that change in place;
//! - [`plain`]: one line after the other;
//! - [`feed`]: the texts of both;
//! - [`summary`]: the end.

mod canvas;
mod feed;
mod live;
mod look;
mod plain;
mod screen;
mod settings;
mod summary;

use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;

use crate::{
    events::{Event, Happening, Level, Operation, Step},
    report::{aggregate::RunSummary, inert},
};

pub use look::{Look, Tone};
pub use screen::{Hold, Screen, Size};
pub use settings::{Detail, Manner, Settings};
pub use summary::Page;

use live::Live;
use plain::Plain;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Who turns the spinners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// They turn by themselves.
    Own,
    /// Only [`Terminal::tick`] turns them: for tests.
    Ticked,
}

/// The display of a run.
pub struct Terminal {
    screen: Screen,
    settings: Settings,
    clock: Clock,
    display: Display,
    /// There while the user is being asked for approval.
    question: Option<screen::Hold>,
}

enum Display {
    Nothing,
    Live(Live),
    Plain(Plain),
}

impl Terminal {
    pub fn new(settings: Settings, screen: Screen, clock: Clock, pace: Pace) -> Self {
        let look = settings.look;
        let display = if settings.detail < Detail::Steps {
            Display::Nothing
        } else {
            match settings.manner {
                Manner::Live => Display::Live(Live::new(
                    screen.clone(),
                    look,
                    clock.clone(),
                    pace == Pace::Own,
                )),
                Manner::Plain => Display::Plain(Plain::new(screen.clone(), look)),
            }
        };
        Self {
            screen,
            settings,
            clock,
            display,
            question: None,
        }
    }

    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Shows `event`; `summary` has taken it in already.
    pub fn on(&mut self, event: &Event, summary: &RunSummary) {
        self.log(event, summary);
        self.approval(event, summary);
        match &mut self.display {
            // Whoever asks for quiet still has to learn what Ctrl-C did.
            Display::Nothing => {
                if let Happening::Interrupting { .. } = event.what
                    && let Some(text) = feed::notice(event, self.settings.look, 0)
                {
                    self.screen.print(&text);
                }
            }
            Display::Live(live) => live.on(event, summary),
            Display::Plain(plain) => plain.on(event, summary),
        }
        self.stop_question(event);
    }

    /// Brings what depends on the time up to now. To be called about once a second.
    pub fn tick(&mut self) {
        match &mut self.display {
            Display::Nothing => {}
            Display::Live(live) => live.tick(),
            Display::Plain(plain) => plain.tick((self.clock)()),
        }
    }

    /// Takes down what changes; what stays, stays.
    pub fn close(&mut self) {
        self.display = Display::Nothing;
    }

    /// Shows the end of the run; `report` is where the report was written.
    pub fn finish(&mut self, summary: &RunSummary, report: Option<&Utf8Path>) {
        self.end_question(true);
        self.close();
        let page = Page {
            look: self.settings.look,
            width: match self.settings.manner {
                Manner::Live => self.screen.size().columns,
                Manner::Plain => 100,
            },
            here: &self.settings.here,
        };
        let text = match self.settings.detail {
            Detail::Failures => page.render_failures(summary, report),
            _ => page.render(summary, report),
        };
        self.screen.print(&text);
    }

    /// Asks whatever was asked to be shown: nobody can approve what they do not see.
    fn approval(&mut self, event: &Event, summary: &RunSummary) {
        match &event.what {
            Happening::ApprovalAsked(changes) => {
                let question = feed::question(changes, summary, self.settings.look);
                self.question = Some(self.screen.ask(&question));
            }
            Happening::RemovalsProposed {
                removals,
                asked: true,
            } => {
                let question = feed::removal_question(removals, summary, self.settings.look);
                self.question = Some(self.screen.ask(&question));
            }
            Happening::ApprovalAnswered { approved } => {
                // An answer of yes ended its line; the end of input did not.
                self.end_question(!approved);
            }
            Happening::StepFinished {
                step: Step::Approve,
                ..
            } => self.end_question(true),
            _ => {}
        }
    }

    /// Asks below what was said of the request.
    fn stop_question(&mut self, event: &Event) {
        match event.what {
            Happening::Interrupting { asked: true, .. } => {
                let question = feed::stop_question(self.settings.look);
                self.question = Some(self.screen.ask(&question));
            }
            Happening::StopAnswered { typed, .. } => self.end_question(!typed),
            _ => {}
        }
    }

    fn end_question(&mut self, line_is_open: bool) {
        if let Some(hold) = self.question.take() {
            if line_is_open {
                self.screen.break_line();
            }
            drop(hold);
        }
    }

    fn log(&self, event: &Event, summary: &RunSummary) {
        let Happening::Log { step, level, line } = &event.what else {
            return;
        };
        // What a task prints is what it was run for; as a part of a deployment it is one step of many.
        let asked_for = summary.operation == Operation::Task && matches!(step, Step::Task(_));
        if asked_for && self.settings.detail > Detail::Failures {
            self.screen.print(&format!("{}\n", inert::line(line)));
            return;
        }
        let wanted = match level {
            Level::Trace => Detail::Trace,
            Level::Info | Level::Warn | Level::Error => Detail::Logs,
        };
        if self.settings.detail >= wanted {
            self.screen
                .print(&feed::log(step, *level, line, self.settings.look));
        }
    }
}
