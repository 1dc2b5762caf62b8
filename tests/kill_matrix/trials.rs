//! Which signals, at which records of which command.

use std::fmt;

/// What the driver is doing when the signal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `up` where nothing is deployed.
    Up,
    /// `up` with an image that replaces the deployed one.
    Replacement,
    Destroy,
}

pub const PHASES: [Phase; 3] = [Phase::Up, Phase::Replacement, Phase::Destroy];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Int,
    Term,
    Hup,
    Kill,
}

impl Signal {
    pub fn number(self) -> i32 {
        match self {
            Self::Hup => 1,
            Self::Int => 2,
            Self::Kill => 9,
            Self::Term => 15,
        }
    }

    /// The exit code of a driver that stopped because of it; `None` when it cannot choose one.
    pub fn exit_code(self) -> Option<i32> {
        match self {
            Self::Int => Some(130),
            Self::Term | Self::Hup => Some(143),
            Self::Kill => None,
        }
    }
}

/// Where the record is when the signal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Not written: what the record before it announced has happened.
    Before,
    Torn,
    /// Written, and what it announces has not happened.
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    pub phase: Phase,
    /// The how manieth record, from 1.
    pub record: usize,
    pub signal: Signal,
    pub when: When,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            phase,
            record,
            signal,
            when,
        } = self;
        write!(f, "{signal:?} {when:?} record {record} of {phase:?}")
    }
}

/// Of so many trials one is in the sample: about ten in all, every signal among them, in a minute or two.
const SAMPLED: usize = 61;

/// Every trial of a command whose journal has `records` records.
pub fn all(phase: Phase, records: usize) -> Vec<Trial> {
    let ways = [
        (Signal::Kill, When::Before),
        (Signal::Int, When::After),
        (Signal::Kill, When::Torn),
        (Signal::Term, When::After),
        (Signal::Kill, When::After),
        (Signal::Hup, When::After),
    ];
    let at = |record| {
        ways.map(|(signal, when)| Trial {
            phase,
            record,
            signal,
            when,
        })
    };
    (1..=records).flat_map(at).collect()
}

/// A share of the trials: one in `one_in`, the `part`th of so many shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub one_in: usize,
    pub part: usize,
}

impl Share {
    pub const SAMPLE: Self = Self {
        one_in: SAMPLED,
        part: 0,
    };

    /// What the environment asks for; all trials if nothing.
    pub fn asked_for() -> Self {
        let number = |name: &str, default| {
            let text = std::env::var(name).ok();
            text.map_or(default, |text| {
                text.parse()
                    .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}"))
            })
        };
        let one_in = number("AMIABLE_KILL_MATRIX_ONE_IN", 1).max(1);
        let part = number("AMIABLE_KILL_MATRIX_PART", 0);
        Self {
            one_in,
            part: part % one_in,
        }
    }

    /// The trials of one command that belong to it. The first one's place differs between commands, so that their
    /// ways differ too.
    pub fn of(self, trials: Vec<Trial>) -> Vec<Trial> {
        let Self { one_in, part } = self;
        let first = trials.first().map_or(0, |trial| match trial.phase {
            Phase::Up => 0,
            Phase::Replacement => one_in / 3,
            Phase::Destroy => 2 * one_in / 3,
        });
        let first = (first + part) % one_in;
        trials.into_iter().skip(first).step_by(one_in).collect()
    }
}

#[test]
fn a_sample_has_every_signal() {
    let records = [
        (Phase::Up, 37),
        (Phase::Replacement, 34),
        (Phase::Destroy, 20),
    ];
    let sampled: Vec<Trial> = records
        .into_iter()
        .flat_map(|(phase, records)| Share::SAMPLE.of(all(phase, records)))
        .collect();
    for signal in [Signal::Int, Signal::Term, Signal::Hup, Signal::Kill] {
        assert!(sampled.iter().any(|trial| trial.signal == signal));
    }
    assert!(sampled.len() <= 12, "{sampled:?}");
}

#[test]
fn the_shares_together_are_all_trials() {
    for phase in PHASES {
        let trials = all(phase, 30);
        let shares = (0..7).map(|part| Share { one_in: 7, part }.of(trials.clone()));
        let mut together: Vec<String> = shares.flatten().map(|trial| trial.to_string()).collect();
        together.sort();
        let mut expected: Vec<String> = trials.iter().map(Trial::to_string).collect();
        expected.sort();
        assert_eq!(together, expected);
    }
    let whole = Share { one_in: 1, part: 0 };
    assert_eq!(whole.of(all(Phase::Up, 30)).len(), 180);
}
