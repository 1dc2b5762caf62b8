//! Measuring how long commands take.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Something that is timed, by name. It returns how long it took.
pub type Contender<'a> = (&'static str, Box<dyn FnMut() -> Duration + 'a>);

/// The durations of one contender.
#[derive(Debug, Clone)]
pub struct Samples {
    pub name: &'static str,
    sorted: Vec<Duration>,
}

impl Samples {
    pub fn median(&self) -> Duration {
        let middle = self.sorted.len() / 2;
        match self.sorted.len() % 2 {
            0 => (self.sorted[middle - 1] + self.sorted[middle]) / 2,
            _ => self.sorted[middle],
        }
    }

    pub fn fastest(&self) -> Duration {
        self.sorted[0]
    }

    pub fn slowest(&self) -> Duration {
        self.sorted[self.sorted.len() - 1]
    }
}

/// Lets the contenders take turns for `rounds` rounds, after one that does not count.
pub fn take_turns(rounds: u64, contenders: &mut [Contender<'_>]) -> Vec<Samples> {
    let mut durations = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for ((_, run), durations) in contenders.iter_mut().zip(&mut durations) {
            let took = run();
            if round > 0 {
                durations.push(took);
            }
        }
        eprint!("\rround {round} of {rounds}");
    }
    eprintln!();
    contenders
        .iter()
        .zip(durations)
        .map(|((name, _), mut sorted)| {
            sorted.sort();
            Samples { name, sorted }
        })
        .collect()
}

/// Runs `command` to its end, silently, and tells how long it took.
///
/// One that fails ends the benchmark and shows what it printed: a failure is quick and proves nothing.
pub fn time(command: &mut Command) -> Duration {
    command.stdin(Stdio::null());
    let began = Instant::now();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
    let took = began.elapsed();
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    took
}
