//! [`Plain`]: lines that stay, for files, pipes and CI logs: `dashboard/sandbox image.web: ...`.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Tone, feed, screen::Screen};
use crate::{
    events::{Event, Happening, ImageDecision, Step},
    report::{
        aggregate::RunSummary,
        duration::{self, human},
        inert, phrase,
        verdict::{self, Verdict},
    },
};

/// A long step says what it is doing this often.
const PULSE: SignedDuration = SignedDuration::from_secs(10);

/// The lines of a run.
pub struct Plain {
    screen: Screen,
    look: Look,
    target: String,
    running: Vec<Running>,
}

struct Running {
    step: Step,
    started_at: Timestamp,
    said_at: Timestamp,
    doing: String,
}

impl Plain {
    pub fn new(screen: Screen, look: Look) -> Self {
        Self {
            screen,
            look,
            target: String::new(),
            running: Vec::new(),
        }
    }

    /// Shows `event`; `summary` has taken it in already.
    pub fn on(&mut self, event: &Event, summary: &RunSummary) {
        match &event.what {
            Happening::RunStarted(_) => {
                self.target = inert::line(&summary.target()).into_owned();
                self.screen.print(&feed::start(summary, self.look));
            }
            Happening::StepStarted { step } => {
                self.running.push(Running {
                    step: step.clone(),
                    started_at: event.at,
                    said_at: event.at,
                    doing: String::new(),
                });
                self.say(step, "started");
            }
            Happening::Activity { step, activity } => {
                let known = self
                    .running
                    .iter_mut()
                    .find(|running| running.step == *step);
                if let Some(running) = known {
                    running.doing = feed::activity(activity);
                }
            }
            Happening::StepFinished { step, result } => {
                self.running.retain(|running| running.step != *step);
                if feed::is_worth_a_line(result) {
                    self.finished(step, summary);
                }
            }
            Happening::ImageDecided {
                image,
                decision: decision @ ImageDecision::Build { .. },
            } => {
                let words = inert::line(&phrase::decision(decision)).into_owned();
                self.say(&Step::Image(image.clone()), &words);
            }
            Happening::Warning { step, warning } => {
                let warning = format!(
                    "{} {}",
                    self.look.paint(Tone::Caution, "warning:"),
                    inert::line(&warning.text)
                );
                match step {
                    Some(step) => self.say(step, &warning),
                    None => self.screen.print(&format!("{}: {warning}", self.target)),
                }
            }
            Happening::Interrupting { .. } => {
                if let Some(text) = feed::notice(event, self.look, 0) {
                    for line in text.lines() {
                        self.screen.print(&format!("{}: {line}", self.target));
                    }
                }
            }
            _ => {}
        }
        self.tick(event.at);
    }

    /// Lets the steps speak that have been silent for long.
    pub fn tick(&mut self, now: Timestamp) {
        let mut pulses = Vec::new();
        for running in &mut self.running {
            if duration::between(running.said_at, now) >= PULSE {
                running.said_at = now;
                let elapsed = human(duration::between(running.started_at, now));
                let text = match running.doing.as_str() {
                    "" => format!("running for {elapsed}"),
                    doing => format!("running for {elapsed}: {doing}"),
                };
                pulses.push((running.step.clone(), text));
            }
        }
        for (step, text) in pulses {
            self.say(&step, &text);
        }
    }

    fn finished(&self, step: &Step, summary: &RunSummary) {
        let Some(record) = summary.step(step) else {
            return;
        };
        let verdict = Verdict::of(record, summary);
        let mut text = self.look.paint(verdict.tone(), &loud(verdict));
        if let Some(took) = record.took().filter(|_| verdict != Verdict::Skipped) {
            text.push_str(&format!(" in {}", human(took)));
        }
        let detail = verdict::detail(record);
        if !detail.is_empty() {
            text.push_str(&format!(": {}", inert::line(&detail)));
        }
        self.say(step, &text);
    }

    fn say(&self, step: &Step, text: &str) {
        let step = step.to_string();
        let name = self
            .look
            .paint(Tone::Strong, &format!("{}:", inert::line(&step)));
        self.screen.print(&format!("{} {name} {text}", self.target));
    }
}

/// In capitals what should be found when looking over a long log.
fn loud(verdict: Verdict) -> String {
    match verdict {
        Verdict::Succeeded | Verdict::Reused | Verdict::Skipped | Verdict::NotRun => {
            verdict.word().to_owned()
        }
        Verdict::Degraded
        | Verdict::Unverified
        | Verdict::Failed
        | Verdict::Declined
        | Verdict::Interrupted
        | Verdict::Unfinished => verdict.word().to_ascii_uppercase(),
    }
}
