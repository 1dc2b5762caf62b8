//! [`Screen`]: the one place that writes to stderr while a run goes on.
//!
//! It keeps lines that stay above a few live lines at the bottom, which it repaints. Each change is
//! one write: lines are rewritten over themselves and never cleared first, so nothing flickers.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex, MutexGuard},
};

use console::measure_text_width;

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub rows: usize,
    pub columns: usize,
}

/// A handle on the terminal's lines; its copies share them.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Lines>>);

struct Lines {
    out: Box<dyn Write + Send>,
    size: Box<dyn Fn() -> Size + Send>,
    /// Live lines as they are on the terminal.
    shown: Vec<String>,
    /// The terminal's width when they were written.
    columns: usize,
    /// Live lines as they ought to be.
    wanted: Vec<String>,
    /// Lines that are to stay and have not been written yet.
    above: String,
    /// While more than zero, nothing is written.
    holds: usize,
}

impl Screen {
    /// A screen that writes to `out` and asks `size` before each repaint.
    pub fn new(out: Box<dyn Write + Send>, size: Box<dyn Fn() -> Size + Send>) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            out,
            size,
            shown: Vec::new(),
            columns: 0,
            wanted: Vec::new(),
            above: String::new(),
            holds: 0,
        })))
    }

    /// This process's stderr.
    pub fn stderr() -> Self {
        let terminal = console::Term::stderr();
        Self::new(
            Box::new(std::io::stderr()),
            Box::new(move || {
                let (rows, columns) = terminal.size();
                Size {
                    rows: rows.into(),
                    columns: columns.into(),
                }
            }),
        )
    }

    /// Rows and columns there are now, at least one and twenty.
    pub fn size(&self) -> Size {
        self.lines().size()
    }

    /// Writes lines that stay, above the live ones. `text` has to be inert but for our own colours.
    pub fn print(&self, text: &str) {
        let mut lines = self.lines();
        lines.above.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            lines.above.push('\n');
        }
        lines.paint();
    }

    /// Runs `show` while the live lines are gone and nothing is written: for a prompt, or another
    /// program on the terminal. What comes in meanwhile is shown afterwards.
    pub fn suspend<T>(&self, show: impl FnOnce() -> T) -> T {
        let mut lines = self.lines();
        lines.clear();
        lines.holds += 1;
        drop(lines);
        let _release = Release(self);
        show()
    }

    /// Shows a question and leaves the cursor behind it; the terminal is the user's until the hold is
    /// dropped. `text` has to be inert but for our own colours.
    pub fn ask(&self, text: &str) -> Hold {
        let mut lines = self.lines();
        lines.clear();
        let before = std::mem::take(&mut lines.above);
        lines.write(&(before + text));
        lines.holds += 1;
        drop(lines);
        Hold(self.clone())
    }

    /// Ends the line of a question that nobody answered, before whatever else is written.
    pub(super) fn break_line(&self) {
        let mut lines = self.lines();
        lines.above.insert(0, '\n');
        lines.paint();
    }

    /// Replaces the live lines. None may be wider than the terminal.
    pub(super) fn set_live(&self, live: Vec<String>) {
        let mut lines = self.lines();
        lines.wanted = live;
        lines.paint();
    }

    /// Takes all changes of `change` together in one write.
    pub(super) fn at_once<T>(&self, change: impl FnOnce() -> T) -> T {
        self.lines().holds += 1;
        let _release = Release(self);
        change()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Lines are whole after every statement that could panic; showing on is better than not.
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

/// Nothing is written until this is dropped.
pub struct Hold(Screen);

impl Drop for Hold {
    fn drop(&mut self) {
        drop(Release(&self.0));
    }
}

struct Release<'a>(&'a Screen);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let mut lines = self.0.lines();
        lines.holds -= 1;
        lines.paint();
    }
}

impl Lines {
    fn size(&self) -> Size {
        let size = (self.size)();
        Size {
            rows: size.rows.max(1),
            columns: size.columns.max(20),
        }
    }

    fn paint(&mut self) {
        if self.holds > 0 {
            return;
        }
        let columns = self.size().columns;
        let mut text = String::new();
        if self.above.is_empty() && self.wanted.len() == self.shown.len() && columns == self.columns
        {
            if self.wanted == self.shown {
                return;
            }
            text.push_str(&up(self.shown.len()));
            text.push_str(WRAP_OFF);
            for (old, new) in self.shown.iter().zip(&self.wanted) {
                if old != new {
                    text.push_str(new);
                    text.push_str(ERASE_REST_OF_LINE);
                }
                text.push('\n');
            }
            text.push_str(WRAP_ON);
            // What was typed meanwhile, such as ^C, is echoed below.
            text.push('\r');
            text.push_str(ERASE_BELOW);
        } else {
            if !self.shown.is_empty() {
                text.push_str(&up(self.rows_of_shown(columns)));
                text.push_str(ERASE_BELOW);
            }
            text.push_str(&std::mem::take(&mut self.above));
            if !self.wanted.is_empty() {
                text.push_str(WRAP_OFF);
                for line in &self.wanted {
                    text.push_str(line);
                    text.push('\n');
                }
                text.push_str(WRAP_ON);
            }
        }
        self.shown.clone_from(&self.wanted);
        self.columns = columns;
        self.write(&text);
    }

    fn clear(&mut self) {
        if self.holds == 0 && !self.shown.is_empty() {
            let text = up(self.rows_of_shown(self.size().columns)) + ERASE_BELOW;
            self.shown.clear();
            self.write(&text);
        }
    }

    /// Rows that the live lines take up now: a terminal that became narrower has wrapped them.
    fn rows_of_shown(&self, columns: usize) -> usize {
        self.shown
            .iter()
            .map(|line| measure_text_width(line).div_ceil(columns).max(1))
            .sum()
    }

    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        // A terminal that is gone must not stop a deployment: the report is in its file.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

// DEC private mode 7. A terminal multiplexer makes a window narrower some time before it tells the
// program. Lines that are painted in between must not wrap: then the rows that [`Lines::rows_of_shown`]
// counts are right whether there was such a painting or not.
const WRAP_OFF: &str = "\u{1b}[?7l";
const WRAP_ON: &str = "\u{1b}[?7h";

// ECMA-48: EL, ED.
const ERASE_REST_OF_LINE: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// To the start of the line `rows` above (ECMA-48: CUU).
fn up(rows: usize) -> String {
    match rows {
        0 => "\r".to_owned(),
        rows => format!("\r\u{1b}[{rows}A"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written, write by write.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.lock().unwrap().push(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Writes {
        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    fn screen() -> (Screen, Writes) {
        let writes = Writes::default();
        let size = Size {
            rows: 10,
            columns: 40,
        };
        (
            Screen::new(Box::new(writes.clone()), Box::new(move || size)),
            writes,
        )
    }

    #[test]
    fn without_live_lines_there_are_no_control_characters() {
        let (screen, writes) = screen();
        screen.print("one");
        screen.print("two\n");
        screen.suspend(|| screen.print("three"));
        assert_eq!(writes.take(), ["one\n", "two\n", "three\n"]);
    }

    #[test]
    fn only_lines_that_changed_are_written_again() {
        let (screen, writes) = screen();
        screen.set_live(vec!["a 1".into(), "b 1".into()]);
        writes.take();
        screen.set_live(vec!["a 1".into(), "b 2".into()]);
        assert_eq!(
            writes.take(),
            ["\r\u{1b}[2A\u{1b}[?7l\nb 2\u{1b}[K\n\u{1b}[?7h\r\u{1b}[J"]
        );
        screen.set_live(vec!["a 1".into(), "b 2".into()]);
        assert_eq!(writes.take(), [""; 0]);
    }

    #[test]
    fn changes_together_are_one_write() {
        let (screen, writes) = screen();
        screen.at_once(|| {
            screen.set_live(vec!["a".into()]);
            screen.print("above");
            screen.set_live(vec!["b".into()]);
        });
        assert_eq!(writes.take(), ["above\n\u{1b}[?7lb\n\u{1b}[?7h"]);
    }

    #[test]
    fn a_panic_in_a_prompt_gives_the_screen_back() {
        let (screen, writes) = screen();
        let prompt = std::panic::AssertUnwindSafe(|| screen.suspend(|| panic!("in the prompt")));
        assert!(std::panic::catch_unwind(prompt).is_err());
        screen.print("after");
        assert_eq!(writes.take(), ["after\n"]);
    }
}
