//! Sends events: with the time, redacted, and to whoever listens.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::{
    events::{Activity, Event, Happening, Level, Step, Warning},
    process::redaction::Redactor,
};

/// The sending half of the line between the runner and the reports.
#[derive(Debug, Clone)]
pub struct Emitter {
    sender: mpsc::UnboundedSender<Event>,
    redactor: Arc<Redactor>,
}

impl Emitter {
    pub fn new(sender: mpsc::UnboundedSender<Event>) -> Self {
        Self {
            sender,
            redactor: Arc::new(Redactor::default()),
        }
    }

    /// The same line, with the secrets of `redactor` taken out of every text from now on.
    pub fn with_redactor(&self, redactor: Arc<Redactor>) -> Self {
        Self {
            sender: self.sender.clone(),
            redactor,
        }
    }

    /// `text` without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// Sends what happened. Its texts must have been redacted.
    pub fn send(&self, what: Happening) {
        // Nobody listens only when the run is being torn down.
        let _ = self.sender.send(Event {
            at: Timestamp::now(),
            what,
        });
    }

    pub fn log(&self, step: &Step, level: Level, line: &str) {
        self.send(Happening::Log {
            step: step.clone(),
            level,
            line: self.redact(line),
        });
    }

    pub fn doing(&self, step: &Step, what: impl Into<String>) {
        let what = what.into();
        self.activity(step, Activity::Doing(self.redact(&what)));
    }

    pub fn activity(&self, step: &Step, activity: Activity) {
        self.send(Happening::Activity {
            step: step.clone(),
            activity,
        });
    }

    pub fn warn(&self, step: &Step, text: impl AsRef<str>, hint: Option<String>) {
        self.send(Happening::Warning {
            step: Some(step.clone()),
            warning: Warning {
                text: self.redact(text.as_ref()),
                hint,
            },
        });
    }
}
