//! [`Look`]: colours and signs, where the terminal has them.

use anstyle::{AnsiColor, Effects, Style};

use crate::report::verdict::Verdict;

/// What the output may use to stand out. Nothing is told by it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
    /// Signs and spinners beyond ASCII.
    pub unicode: bool,
}

/// What a piece of text is, as far as its colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Caution,
    Bad,
    Busy,
    Quiet,
    Strong,
}

impl Look {
    /// No colours, ASCII only: what goes to a file.
    pub const PLAIN: Look = Look {
        color: false,
        unicode: false,
    };

    /// `text`, which has to be inert already, in the colour of `tone`.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
            Tone::Caution => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Bad => Style::new()
                .fg_color(Some(AnsiColor::Red.into()))
                .effects(Effects::BOLD),
            Tone::Busy => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
            Tone::Quiet => Style::new().effects(Effects::DIMMED),
            Tone::Strong => Style::new().effects(Effects::BOLD),
        };
        format!("{style}{text}{style:#}")
    }

    /// The sign of a verdict, one column wide.
    pub fn sign(self, verdict: Verdict) -> &'static str {
        let (sign, ascii) = match verdict {
            Verdict::Succeeded => ("✓", "+"),
            Verdict::Reused => ("≡", "="),
            Verdict::Skipped => ("↷", ">"),
            Verdict::Degraded => ("!", "!"),
            Verdict::Unverified => ("?", "?"),
            Verdict::Failed => ("✗", "x"),
            Verdict::Declined => ("⊘", "0"),
            Verdict::Interrupted => ("■", "#"),
            Verdict::NotRun => ("·", "."),
            Verdict::Unfinished => ("…", "~"),
        };
        if self.unicode { sign } else { ascii }
    }

    /// A frame of the spinner, one column wide; `millis` is time since any fixed moment.
    pub fn spinner(self, millis: u128) -> &'static str {
        const UNICODE: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
        const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
        let frames: &[&'static str] = if self.unicode { &UNICODE } else { &ASCII };
        // The remainder of a division by ten or four fits anywhere.
        frames[(millis / 100 % frames.len() as u128) as usize]
    }

    /// What stands for the part that was cut off.
    pub fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

impl Verdict {
    pub fn tone(self) -> Tone {
        match self {
            Verdict::Succeeded | Verdict::Reused => Tone::Good,
            Verdict::Skipped | Verdict::NotRun => Tone::Quiet,
            Verdict::Degraded | Verdict::Unverified | Verdict::Declined => Tone::Caution,
            Verdict::Failed | Verdict::Interrupted | Verdict::Unfinished => Tone::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERDICTS: [Verdict; 10] = [
        Verdict::Succeeded,
        Verdict::Reused,
        Verdict::Skipped,
        Verdict::Degraded,
        Verdict::Unverified,
        Verdict::Failed,
        Verdict::Declined,
        Verdict::Interrupted,
        Verdict::NotRun,
        Verdict::Unfinished,
    ];

    #[test]
    fn every_verdict_has_a_sign_and_a_word_of_its_own() {
        for unicode in [true, false] {
            let look = Look {
                color: false,
                unicode,
            };
            for (index, one) in VERDICTS.iter().enumerate() {
                assert_eq!(console::measure_text_width(look.sign(*one)), 1, "{one:?}");
                for other in &VERDICTS[index + 1..] {
                    assert_ne!(look.sign(*one), look.sign(*other));
                    assert_ne!(one.word(), other.word());
                }
            }
        }
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Look::PLAIN.paint(Tone::Bad, "x"), "x");
        let colourful = Look {
            color: true,
            unicode: true,
        };
        assert_eq!(colourful.paint(Tone::Strong, "x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
