//! [`Live`]: a line per running step that changes in place, and the finished ones above.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use console::{measure_text_width, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;

use super::{Clock, Look, Tone, canvas::Canvas, feed, screen::Screen};
use crate::{
    events::{Activity, Event, Happening, Step},
    report::{aggregate::RunSummary, duration, inert},
};

/// How often spinners turn.
const FRAME: Duration = Duration::from_millis(100);

/// The live display of a run.
pub struct Live {
    screen: Screen,
    look: Look,
    clock: Clock,
    bars: MultiProgress,
    running: Vec<Running>,
    /// Columns of the widest step's name.
    names: usize,
    /// Spinners turn by themselves.
    turning: bool,
}

struct Running {
    step: Step,
    bar: ProgressBar,
    line: Arc<Mutex<Line>>,
}

/// The text of a step's line.
struct Line {
    name: String,
    names: usize,
    started_at: Timestamp,
    text: String,
}

impl Live {
    pub fn new(screen: Screen, look: Look, clock: Clock, turning: bool) -> Self {
        let canvas = Canvas::new(screen.clone());
        Self {
            screen,
            look,
            clock,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(canvas))),
            running: Vec::new(),
            names: 0,
            turning,
        }
    }

    /// Shows `event`; `summary` has taken it in already.
    pub fn on(&mut self, event: &Event, summary: &RunSummary) {
        match &event.what {
            Happening::RunStarted(_) => {
                let names = summary.steps.iter().map(|record| record.step.to_string());
                self.names = names
                    .map(|name| measure_text_width(&name))
                    .max()
                    .unwrap_or(0);
                self.screen.print(&feed::start(summary, self.look));
            }
            Happening::StepStarted { step } => self.start(step, event.at),
            Happening::Activity { step, activity } => self.show(step, activity_text(activity)),
            Happening::StepFinished { step, result } => {
                let line = feed::finished(step, summary, self.look, self.names);
                let line = line.filter(|_| feed::is_worth_a_line(result));
                self.finish(step, line);
            }
            _ => {
                if let Some(text) = feed::notice(event, self.look, self.names) {
                    self.screen.print(&text);
                }
            }
        }
    }

    /// Repaints with the time there is now.
    pub fn tick(&self) {
        self.screen.at_once(|| {
            for running in &self.running {
                running.bar.tick();
            }
        });
    }

    /// Takes the live lines away for good.
    pub fn close(&mut self) {
        for running in self.running.drain(..) {
            self.bars.remove(&running.bar);
        }
        self.redraw();
    }

    fn start(&mut self, step: &Step, at: Timestamp) {
        if self.running.iter().any(|running| running.step == *step) {
            return;
        }
        let line = Arc::new(Mutex::new(Line {
            name: inert::line(&step.to_string()).into_owned(),
            names: self.names,
            started_at: at,
            text: String::new(),
        }));
        let bar = ProgressBar::new_spinner().with_style(self.style(Arc::clone(&line)));
        let bar = self.bars.add(bar);
        self.running.push(Running {
            step: step.clone(),
            bar: bar.clone(),
            line,
        });
        bar.tick();
        if self.turning {
            bar.enable_steady_tick(FRAME);
        }
    }

    fn show(&self, step: &Step, text: String) {
        let Some(running) = self.running.iter().find(|running| running.step == *step) else {
            return;
        };
        lock(&running.line).text = text;
        running.bar.tick();
    }

    fn finish(&mut self, step: &Step, line: Option<String>) {
        let screen = self.screen.clone();
        screen.at_once(|| {
            if let Some(line) = line {
                screen.print(&line);
            }
            if let Some(index) = self
                .running
                .iter()
                .position(|running| running.step == *step)
            {
                self.bars.remove(&self.running.remove(index).bar);
                self.redraw();
            }
        });
    }

    /// Paints what is left after a bar went; indicatif does so only when another one ticks.
    fn redraw(&self) {
        self.screen.at_once(|| {
            // Fails only when the canvas does, and that never does.
            let _ = self.bars.clear();
            for running in &self.running {
                running.bar.force_draw();
            }
        });
    }

    fn style(&self, line: Arc<Mutex<Line>>) -> ProgressStyle {
        let (screen, look, clock) = (self.screen.clone(), self.look, self.clock.clone());
        let write = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let text = lock(&line).compose(look, clock(), screen.size().columns);
            // indicatif's buffer is a String, which takes every write.
            let _ = out.write_str(&text);
        };
        ProgressStyle::with_template("{line}")
            .expect("the template is well-formed")
            .with_key("line", write)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.close();
    }
}

impl Line {
    /// The line in at most `columns` - 1 columns: what gets cut is the middle, never the elapsed time.
    fn compose(&self, look: Look, now: Timestamp, columns: usize) -> String {
        let elapsed = duration::between(self.started_at, now);
        let spinner = look.spinner(elapsed.as_millis().unsigned_abs());
        let elapsed = duration::ticking(elapsed);
        let room = (columns - 1).saturating_sub(2 + 2 + elapsed.len());
        let mut middle = String::new();
        let _ = write!(middle, "{}", self.name);
        if !self.text.is_empty() {
            let gap = self.names.saturating_sub(measure_text_width(&self.name)) + 2;
            let _ = write!(middle, "{}{}", " ".repeat(gap), self.text);
        }
        let middle = truncate_str(&middle, room, look.ellipsis());
        let name = middle
            .get(..self.name.len())
            .filter(|name| *name == self.name);
        let middle = match name {
            Some(name) => {
                let rest = &middle[name.len()..];
                format!("{}{rest}", look.paint(Tone::Strong, name))
            }
            None => middle.into_owned(),
        };
        format!(
            "{} {middle}  {}",
            look.paint(Tone::Busy, spinner),
            look.paint(Tone::Quiet, &elapsed)
        )
    }
}

fn activity_text(activity: &Activity) -> String {
    feed::activity(activity)
}

fn lock(line: &Mutex<Line>) -> std::sync::MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_keeps_its_time() {
        let start = Timestamp::from_second(1_000_000_000).unwrap();
        let line = Line {
            name: "terraform.apply".into(),
            names: 17,
            started_at: start,
            text: "7/31  aws_lb.main, aws_db_instance.main 国国国".into(),
        };
        let now = start + jiff::SignedDuration::from_secs(192);
        for look in [
            Look {
                color: false,
                unicode: true,
            },
            Look {
                color: true,
                unicode: false,
            },
        ] {
            for columns in 20..100 {
                let text = line.compose(look, now, columns);
                assert!(measure_text_width(&text) < columns, "{columns}: {text}");
                assert!(
                    console::strip_ansi_codes(&text).ends_with("  3m12s"),
                    "{text}"
                );
            }
        }
        let look = Look {
            color: false,
            unicode: true,
        };
        assert_eq!(
            line.compose(look, now, 44),
            "⠋ terraform.apply    7/31  aws_lb.m…  3m12s"
        );
        assert_eq!(
            line.compose(look, now, 80),
            "⠋ terraform.apply    7/31  aws_lb.main, aws_db_instance.main 国国国  3m12s"
        );
    }
}
