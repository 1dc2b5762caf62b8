//! Calls that change nothing are made again when what they failed of passes by itself: [`Tries`], and [`Retry`] in the
//! steps of a run.
//!
//! Which errors pass is written down in [`crate::tools::known_error`]; docs/reliability.md lists them and the calls.
//! A call that changes something is never made again by itself: after a lost answer it may have worked.

use std::time::Duration;

use super::{emitter::Emitter, stop::Stop};
use crate::{
    events::{Happening, Step, Warning},
    tools::known_error::KnownError,
};

/// How often a call is made at most.
pub const TRIES: u32 = 3;
/// The longest pause after the first failure; each further one may be four times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The tries of one call.
#[derive(Debug, Default)]
pub struct Tries {
    failed: u32,
}

impl Tries {
    /// How long to wait before `call`, which failed of `error`, is made again, and what to tell of it; `None` when the
    /// error does not pass or the tries are used up.
    pub fn again(&mut self, call: &str, error: Option<&KnownError>) -> Option<(Duration, Warning)> {
        let error = error?;
        self.failed += 1;
        if self.failed >= TRIES {
            return None;
        }
        let pause = pause(self.failed, random());
        let next = self.failed + 1;
        let text = format!(
            "{}: `{call}` again in {:.1} s (try {next} of {TRIES})",
            error.what,
            pause.as_secs_f64()
        );
        Some((pause, Warning { text, hint: None }))
    }
}

/// The tries of one call of a run, which the user may stop.
pub struct Retry<'r> {
    events: &'r Emitter,
    stop: &'r Stop,
    step: Option<&'r Step>,
    tries: Tries,
}

impl<'r> Retry<'r> {
    pub fn new(events: &'r Emitter, stop: &'r Stop, step: Option<&'r Step>) -> Self {
        Self {
            events,
            stop,
            step,
            tries: Tries::default(),
        }
    }

    /// Whether `call`, which failed of `error`, is to be made again: says so and waits. `false` when the error does
    /// not pass, the tries are used up, or the user asks to stop.
    pub async fn after(&mut self, call: &str, error: Option<&KnownError>) -> bool {
        let error = error.filter(|_| self.stop.signal().is_none());
        let Some((pause, warning)) = self.tries.again(call, error) else {
            return false;
        };
        self.events.send(Happening::Warning {
            step: self.step.cloned(),
            warning,
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => true,
            () = self.stop.requested() => false,
        }
    }
}

/// The pause after failure number `failed`: between the half and the whole of its longest, by `random`, so that
/// several that were turned away together do not come back together.
fn pause(failed: u32, random: u8) -> Duration {
    let longest = FIRST_PAUSE * 4_u32.saturating_pow(failed.saturating_sub(1));
    let half = longest / 2;
    half + half * u32::from(random) / u32::from(u8::MAX)
}

fn random() -> u8 {
    let mut byte = [0];
    // Without randomness the pause is its shortest, which is no reason to fail.
    let _ = getrandom::fill(&mut byte);
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_never_under_the_half() {
        assert_eq!(pause(1, 0), Duration::from_millis(500));
        assert_eq!(pause(1, 255), Duration::from_secs(1));
        assert_eq!(pause(2, 0), Duration::from_secs(2));
        assert_eq!(pause(2, 255), Duration::from_secs(4));
        assert!(pause(1, 7) < pause(1, 8));
    }
}
