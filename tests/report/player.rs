//! Plays scripts to a reporter on a terminal in memory, with the clock of the script.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use amiable::{
    events::Event,
    report::{
        Clock, Pace, Reporter, RunSummary, Screen, Settings,
        terminal::{Detail, Look, Manner, Size},
    },
};
use camino::{Utf8Path, Utf8PathBuf};
use indicatif::{InMemoryTerm, TermLike as _};
use jiff::Timestamp;

/// A folder that is removed at the end of the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("the temporary folder's path is UTF-8")
    }
}

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct FixedClock(Arc<Mutex<Timestamp>>);

impl FixedClock {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(
            "2026-03-01T12:00:00Z".parse().unwrap(),
        )))
    }

    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }

    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || *clock.0.lock().unwrap())
    }
}

/// Bytes that were written, for all who hold a copy.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("reports are UTF-8")
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal in memory as a writer. Like a terminal's driver, it returns the carriage at line ends.
#[derive(Clone)]
pub struct Terminal(pub InMemoryTerm);

impl Terminal {
    pub fn new(size: Size) -> Self {
        let cells = |number: usize| u16::try_from(number).unwrap();
        Self(InMemoryTerm::new(cells(size.rows), cells(size.columns)))
    }

    pub fn contents(&self) -> String {
        self.0.contents()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).expect("reports are UTF-8");
        self.0.write_str(&text.replace('\n', "\r\n"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Settings for tests: no colours, ASCII in plain logs and signs on terminals.
pub fn settings(manner: Manner, detail: Detail) -> Settings {
    Settings {
        manner,
        look: Look {
            color: false,
            unicode: manner == Manner::Live,
        },
        detail,
        here: Utf8PathBuf::new(),
    }
}

/// A reporter that writes to `out`, on a terminal of `size`.
pub fn reporter(
    settings: Settings,
    folder: &Utf8Path,
    out: impl Write + Send + 'static,
    size: Size,
    clock: &FixedClock,
) -> Reporter {
    let screen = Screen::new(Box::new(out), Box::new(move || size));
    Reporter::on_screen(settings, folder, screen, clock.clock(), Pace::Ticked)
}

pub const SIZE: Size = Size {
    rows: 40,
    columns: 100,
};

/// What a whole run writes to a log. Paths of the report's folder read `FOLDER`.
pub fn plain(events: &[Event], detail: Detail) -> String {
    let (folder, written, clock) = (Folder::new(), Written::default(), FixedClock::new());
    let settings = settings(Manner::Plain, detail);
    let mut reporter = reporter(settings, folder.path(), written.clone(), SIZE, &clock);
    for event in events {
        reporter.on(event);
    }
    reporter.finish().written.expect("the folder is writable");
    written.text().replace(folder.path().as_str(), "FOLDER")
}

/// The files that a run leaves: `report.json` and `report.md`.
pub fn files(events: &[Event]) -> (String, String) {
    let folder = Folder::new();
    let settings = settings(Manner::Plain, Detail::Failures);
    let clock = FixedClock::new();
    let mut reporter = reporter(settings, folder.path(), Written::default(), SIZE, &clock);
    for event in events {
        reporter.on(event);
    }
    reporter.finish().written.expect("the folder is writable");
    let read = |name| std::fs::read_to_string(folder.path().join(name)).expect("it was written");
    (read("report.json"), read("report.md"))
}

/// The summary of a whole script.
pub fn summary(events: &[Event]) -> RunSummary {
    let folder = Folder::new();
    let settings = settings(Manner::Plain, Detail::Failures);
    let clock = FixedClock::new();
    let mut reporter = reporter(settings, folder.path(), Written::default(), SIZE, &clock);
    for event in events {
        reporter.on(event);
    }
    reporter.finish().summary.expect("the script starts a run")
}
