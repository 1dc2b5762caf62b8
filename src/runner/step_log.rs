//! What a tool prints in a step: redacted over line ends, told to the reports, kept in the step's log.

use std::sync::Arc;

use super::{context::Context, emitter::Emitter};
use crate::{
    events::{Happening, Level, Step},
    journal,
    process::redaction::{RedactingLines, Redactor},
};

/// Takes the lines of one child. Lines that may hold the beginning of a secret wait for the next one;
/// [`StepLog::finish`] releases them.
pub struct StepLog<'a> {
    step: &'a Step,
    events: &'a Emitter,
    lines: RedactingLines<'a, Level>,
    file: Option<journal::StepLog>,
    speaker: Option<String>,
}

impl<'a> StepLog<'a> {
    /// The log of `step`. Without a file (a full disk) the reports still get the lines.
    pub fn open(context: &'a Context, step: &'a Step, redactor: &'a Arc<Redactor>) -> Self {
        let path = context.base.folder.log(&step.to_string());
        Self {
            step,
            events: &context.events,
            lines: RedactingLines::new(redactor),
            file: journal::StepLog::open(&path).ok(),
            speaker: None,
        }
    }

    /// Takes what the tool said at `level`; it may have several lines.
    pub fn take(&mut self, level: Level, text: &str) {
        for line in text.split('\n') {
            for (level, line) in self.lines.push(level, line) {
                tell(self.step, self.events, &mut self.file, level, line);
            }
        }
    }

    /// Takes what `speaker`, a part of the tool, said. Its name stands above its lines and not before each: a secret
    /// that is folded over several of them would not be found with something in between.
    pub fn take_from(&mut self, speaker: Option<&str>, level: Level, text: &str) {
        if self.speaker.as_deref() != speaker {
            self.speaker = speaker.map(str::to_owned);
            if let Some(speaker) = speaker {
                self.take(level, &format!("{speaker}:"));
            }
        }
        self.take(level, text);
    }

    /// Releases what waited.
    pub fn finish(self) {
        let Self {
            step,
            events,
            lines,
            mut file,
            speaker: _,
        } = self;
        for (level, line) in lines.finish() {
            tell(step, events, &mut file, level, line);
        }
    }
}

fn tell(
    step: &Step,
    events: &Emitter,
    file: &mut Option<journal::StepLog>,
    level: Level,
    line: String,
) {
    if file.as_mut().is_some_and(|file| file.line(&line).is_err()) {
        // A log with a hole would mislead; the lines before are still there.
        *file = None;
    }
    events.send(Happening::Log {
        step: step.clone(),
        level,
        line,
    });
}
