//! What a task prints on standard output, for whoever reads that: `amiable task logs | grep ...`.

use std::io::{self, IsTerminal};

use super::{Global, stdout};
use crate::{
    errors::Error,
    events::{Event, Happening, Level, Operation, Step},
};

/// Passes the lines of a task that is run by itself on to standard output.
pub struct TaskOutput {
    written: Result<(), Error>,
}

impl TaskOutput {
    /// `None` when standard output is a terminal, where the reports show the lines among their own, or is to get a JSON
    /// document.
    pub fn wanted(global: &Global, operation: Operation) -> Option<Self> {
        let wanted = operation == Operation::Task && !global.json && !io::stdout().is_terminal();
        wanted.then_some(Self { written: Ok(()) })
    }

    /// Whether `event` is such a line; then it has been written. What the task printed as an error is for people.
    pub fn takes(&mut self, event: &Event) -> bool {
        let Happening::Log {
            step: Step::Task(_),
            level: Level::Info,
            line,
        } = &event.what
        else {
            return false;
        };
        // After an error there would be a hole.
        if self.written.is_ok() {
            self.written = stdout::print(&format!("{line}\n"));
        }
        true
    }

    /// # Errors
    ///
    /// When a line could not be written.
    pub fn finish(self) -> Result<(), Error> {
        self.written
    }
}
