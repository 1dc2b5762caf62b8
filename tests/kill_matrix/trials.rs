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
pub const SAMPLED: usize = 61;

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

/// Every `one_in`th trial, from a place that differs between commands so that their ways differ too.
pub fn sample(trials: Vec<Trial>, one_in: usize) -> Vec<Trial> {
    let first = trials.first().map_or(0, |trial| match trial.phase {
        Phase::Up => 0,
        Phase::Replacement => one_in / 3,
        Phase::Destroy => 2 * one_in / 3,
    });
    trials.into_iter().skip(first).step_by(one_in).collect()
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
        .flat_map(|(phase, records)| sample(all(phase, records), SAMPLED))
        .collect();
    for signal in [Signal::Int, Signal::Term, Signal::Hup, Signal::Kill] {
        assert!(sampled.iter().any(|trial| trial.signal == signal));
    }
    assert!(sampled.len() <= 12, "{sampled:?}");
    assert_eq!(sample(all(Phase::Up, 30), 1).len(), 180);
}
