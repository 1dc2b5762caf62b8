//! [`Canvas`]: lets indicatif compose the live lines and [`Screen`] paint them.
//!
//! indicatif's own painting fills each line with spaces up to the terminal's edge instead of ending
//! it. A resized terminal then joins and wraps such lines into each other, and what is copied from it
//! comes as one long line.

use std::{io, mem, sync::Mutex};

use indicatif::TermLike;

use super::screen::Screen;

/// A terminal for indicatif that collects the lines of a frame.
#[derive(Debug)]
pub struct Canvas {
    screen: Screen,
    /// What was written since the last frame: a line and its filling by turns.
    written: Mutex<Vec<String>>,
}

impl Canvas {
    pub fn new(screen: Screen) -> Self {
        Self {
            screen,
            written: Mutex::default(),
        }
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.written
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        u16::try_from(self.screen.size().columns).unwrap_or(u16::MAX)
    }

    /// One row is left for the cursor below the live lines.
    fn height(&self) -> u16 {
        u16::try_from(self.screen.size().rows - 1).unwrap_or(u16::MAX)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.written().push(text.to_owned());
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.written().extend([text.to_owned(), String::new()]);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let frame = mem::take(&mut *self.written());
        self.screen.set_live(frame.into_iter().step_by(2).collect());
        Ok(())
    }

    // The screen knows where its lines are.

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }
}
