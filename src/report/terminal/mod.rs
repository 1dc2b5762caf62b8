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

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use camino::Utf8Path;
use jiff::Timestamp;

use crate::{
    events::{Event, Happening, Level},
    report::aggregate::RunSummary,
};

pub use look::{Look, Tone};
pub use screen::{Screen, Size};
pub use settings::{Detail, Manner, Settings};
pub use summary::Page;

use live::Live;
use plain::Plain;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Who moves the clock of what is on display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Spinners turn and silent steps speak by themselves.
    Own,
    /// Only [`Terminal::tick`] does so.
    Ticked,
}

/// The display of a run.
pub struct Terminal {
    screen: Screen,
    settings: Settings,
    clock: Clock,
    display: Display,
}

enum Display {
    Nothing,
    Live(Live),
    Plain {
        plain: Arc<Mutex<Plain>>,
        _pulse: Option<Pulse>,
    },
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
                Manner::Plain => {
                    let plain = Arc::new(Mutex::new(Plain::new(screen.clone(), look)));
                    let pulse = (pace == Pace::Own).then(|| Pulse::start(&plain, clock.clone()));
                    Display::Plain {
                        plain,
                        _pulse: pulse,
                    }
                }
            }
        };
        Self {
            screen,
            settings,
            clock,
            display,
        }
    }

    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Shows `event`; `summary` has taken it in already.
    pub fn on(&mut self, event: &Event, summary: &RunSummary) {
        self.log(event);
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
            Display::Plain { plain, .. } => lock(plain).on(event, summary),
        }
    }

    /// Brings what depends on the time up to now.
    pub fn tick(&mut self) {
        match &self.display {
            Display::Nothing => {}
            Display::Live(live) => live.tick(),
            Display::Plain { plain, .. } => lock(plain).tick((self.clock)()),
        }
    }

    /// Takes down what changes; what stays, stays.
    pub fn close(&mut self) {
        self.display = Display::Nothing;
    }

    /// Shows the end of the run; `report` is where the report was written.
    pub fn finish(&mut self, summary: &RunSummary, report: Option<&Utf8Path>) {
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

    fn log(&self, event: &Event) {
        let Happening::Log { step, level, line } = &event.what else {
            return;
        };
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

/// A thread that lets silent steps speak, for as long as it is held.
struct Pulse {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Pulse {
    fn start(plain: &Arc<Mutex<Plain>>, clock: Clock) -> Self {
        let (stop, stopped) = mpsc::channel();
        let plain = Arc::clone(plain);
        let thread = thread::spawn(move || {
            while let Err(mpsc::RecvTimeoutError::Timeout) =
                stopped.recv_timeout(Duration::from_secs(1))
            {
                lock(&plain).tick(clock());
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed already, and nothing depends on it.
            let _ = thread.join();
        }
    }
}

fn lock(plain: &Mutex<Plain>) -> std::sync::MutexGuard<'_, Plain> {
    plain
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
