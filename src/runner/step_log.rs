//! What a tool prints in a step: redacted over line ends, told to the reports, kept in the step's log.

use std::{collections::VecDeque, sync::Arc};

use super::{context::Context, emitter::Emitter};
use crate::{
    events::{Happening, Level, Step},
    journal,
    process::{
        Channel,
        redaction::{RedactingLines, Redactor},
    },
};

/// How many of its last lines are kept for when the tool fails.
const RECENT: usize = 25;

/// Takes the lines of one child. Lines that may hold the beginning of a secret wait for the next one of the
/// same [`Voice`]; [`StepLog::finish`] releases them.
pub struct StepLog<'a> {
    redactor: &'a Redactor,
    voices: Vec<(Voice, RedactingLines<'a, Level>)>,
    told: Told<'a>,
}

/// Who prints. The lines of several arrive in any order: each is redacted by itself, because a secret that is folded
/// over lines of one would not be found with lines of another in between.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Voice {
    channel: Channel,
    /// The part of the tool that speaks, when it says so.
    speaker: Option<String>,
}

/// Where redacted lines go.
struct Told<'a> {
    step: &'a Step,
    events: &'a Emitter,
    file: Option<journal::StepLog>,
    speaker: Option<String>,
    recent: VecDeque<String>,
}

impl<'a> StepLog<'a> {
    /// The log of `step`. Without a file (a full disk) the reports still get the lines.
    pub fn open(context: &'a Context, step: &'a Step, redactor: &'a Arc<Redactor>) -> Self {
        let path = context.base.folder.log(&step.to_string());
        let file = journal::StepLog::open(&path).ok();
        Self::new(step, &context.events, file, redactor)
    }

    fn new(
        step: &'a Step,
        events: &'a Emitter,
        file: Option<journal::StepLog>,
        redactor: &'a Redactor,
    ) -> Self {
        Self {
            redactor,
            voices: Vec::new(),
            told: Told {
                step,
                events,
                file,
                speaker: None,
                recent: VecDeque::new(),
            },
        }
    }

    /// Takes what the tool said on `channel`; it may have several lines.
    pub fn take(&mut self, channel: Channel, level: Level, text: &str) {
        self.take_from(channel, None, level, text);
    }

    /// Takes what `speaker`, a part of the tool, said. Its name stands above its lines and not before each, for
    /// whoever copies them.
    pub fn take_from(&mut self, channel: Channel, speaker: Option<&str>, level: Level, text: &str) {
        let at = self.voice(channel, speaker);
        let (voice, lines) = &mut self.voices[at];
        for line in text.split('\n') {
            lines.push(level, line, |level, line| {
                self.told.tell(voice, level, line.into_owned());
            });
        }
    }

    /// Where the voice is, a new one when it has not been heard before.
    fn voice(&mut self, channel: Channel, speaker: Option<&str>) -> usize {
        let known = self
            .voices
            .iter()
            .position(|(voice, _)| voice.channel == channel && voice.speaker.as_deref() == speaker);
        known.unwrap_or_else(|| {
            let voice = Voice {
                channel,
                speaker: speaker.map(str::to_owned),
            };
            self.voices
                .push((voice, RedactingLines::new(self.redactor)));
            self.voices.len() - 1
        })
    }

    /// `text` without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// The last line that has been told: what the tool is at.
    pub fn last(&self) -> Option<&str> {
        self.told.recent.back().map(String::as_str)
    }

    /// Releases what waited, and gives the last lines that are not blank, without secrets: cut off before that, they
    /// could begin in the middle of one.
    pub fn finish(self) -> Vec<String> {
        let Self {
            voices, mut told, ..
        } = self;
        for (voice, lines) in voices {
            lines.finish(|level, line| told.tell(&voice, level, line.into_owned()));
        }
        told.recent.into()
    }
}

impl Told<'_> {
    fn tell(&mut self, voice: &Voice, level: Level, line: String) {
        if self.speaker != voice.speaker {
            self.speaker.clone_from(&voice.speaker);
            if let Some(speaker) = &self.speaker {
                let name = self.events.redact(speaker);
                self.line(level, format!("{name}:"));
            }
        }
        self.line(level, line);
    }

    fn line(&mut self, level: Level, line: String) {
        if self
            .file
            .as_mut()
            .is_some_and(|file| file.line(&line).is_err())
        {
            // A log with a hole would mislead; the lines before are still there.
            self.file = None;
        }
        if !line.trim().is_empty() {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(line.clone());
        }
        self.events.send(Happening::Log {
            step: self.step.clone(),
            level,
            line,
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::{events::Event, secret::Secret};

    /// What becomes of lines: in the reports, and as the last ones.
    fn told(lines: &[(Channel, Option<&str>, &str)]) -> (Vec<String>, Vec<String>) {
        let redactor = Redactor::new([("db", &Secret::new("correct-horse-battery"))]);
        let (sender, mut events) = mpsc::unbounded_channel();
        let emitter = Emitter::new(sender);
        let step = Step::Task("it".to_owned());
        let mut log = StepLog::new(&step, &emitter, None, &redactor);
        for (channel, speaker, line) in lines {
            log.take_from(*channel, *speaker, Level::Info, line);
        }
        let last = log.finish();
        let mut told = Vec::new();
        while let Ok(Event { what, .. }) = events.try_recv() {
            if let Happening::Log { line, .. } = what {
                told.push(line);
            }
        }
        (told, last)
    }

    #[test]
    fn a_secret_that_is_folded_over_lines_of_one_is_found_between_those_of_others() {
        use Channel::{Stderr, Stdout};
        let (told, _) = told(&[
            (Stderr, None, "correct-h"),
            (Stdout, None, "one"),
            (Stderr, None, "orse-batt"),
            (Stdout, Some("a.b"), "correct-horse"),
            (Stdout, Some("a.c"), "two"),
            (Stdout, Some("a.b"), "-battery"),
            (Stderr, None, "ery"),
        ]);
        let all = told.join("\n");
        for piece in ["correct", "orse", "batt", "ery"] {
            assert!(!all.contains(piece), "{all}");
        }
        assert!(all.contains("one") && all.contains("a.c:\ntwo"), "{all}");
    }

    #[test]
    fn the_last_lines_do_not_begin_in_the_middle_of_a_secret() {
        let mut lines = vec![
            (Channel::Stdout, None, "correct-h"),
            (Channel::Stdout, None, "orse-battery"),
        ];
        lines.extend(std::iter::repeat_n(
            (Channel::Stdout, None, "more"),
            RECENT - 1,
        ));
        let (_, last) = told(&lines);
        assert_eq!(last.len(), RECENT);
        assert!(!last[0].contains("orse") && last[0].contains("REDACTED"));
    }
}
