//! Requests that are kept unanswered until a test says what becomes of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::rules::{RuleId, Side};

/// What becomes of a held request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// The connection closes; a request that AWS has not seen never reaches it.
    Drop,
    /// AWS carries it out if it has not yet, and the connection closes.
    Forward,
    /// AWS carries it out if it has not yet, and the client gets the answer.
    Answer,
}

/// The held requests, by their numbers in the trace.
#[derive(Debug, Default)]
pub struct Holds {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: BTreeMap<u64, (RuleId, Side)>,
    released: BTreeMap<u64, Release>,
    withdrawn: BTreeSet<RuleId>,
}

impl Holds {
    /// Holds request `number`, which `rule` hit, and returns what was decided about it.
    pub fn hold(&self, number: u64, rule: RuleId, side: Side) -> Release {
        let mut state = self.lock();
        state.held.insert(number, (rule, side));
        self.changed.notify_all();
        loop {
            if let Some(release) = state.released.remove(&number) {
                state.held.remove(&number);
                return release;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until a request that `rule` hit is held and returns its number; `None` once the rule is withdrawn.
    pub fn wait_for(&self, rule: RuleId) -> Option<u64> {
        let mut state = self.lock();
        loop {
            let held = state.held.iter().find(|(_, (by, _))| *by == rule);
            if let Some((number, _)) = held {
                return Some(*number);
            }
            if state.withdrawn.contains(&rule) {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Decides about request `number`; false when it is not held.
    pub fn release(&self, number: u64, release: Release) -> bool {
        let mut state = self.lock();
        if !state.held.contains_key(&number) {
            return false;
        }
        state.released.insert(number, release);
        self.changed.notify_all();
        true
    }

    /// Ends the wait for requests that these rules will no longer hit. What is held stays held.
    pub fn withdraw(&self, rules: &[RuleId]) {
        self.lock().withdrawn.extend(rules);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
