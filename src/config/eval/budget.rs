//! [`Budget`]: a bound for what an evaluation produces.

use std::cell::Cell;

use serde_json::Value;

use super::Result;
use crate::config::fault::Fault;

/// What one evaluation may produce in all, in bytes of text and elements of lists. A few nested
/// `replace` calls would otherwise fill the memory.
const BUDGET: usize = 32 * 1024 * 1024;

/// What a step of an evaluation costs; a budget is for about a million of them.
pub(super) const STEP: usize = 32;

/// Counts down what an evaluation produces.
#[derive(Debug)]
pub(in crate::config) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(BUDGET))
    }
}

impl Budget {
    /// Pays for `amount` bytes or elements, before they are made.
    pub(in crate::config) fn spend(&self, amount: usize) -> Result<()> {
        match self.0.get().checked_sub(amount) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Fault::new("the result is too large")
                .hint(format!("an expression may produce {} MiB", BUDGET >> 20))),
        }
    }
}

/// Bytes of text and number of elements in a value, roughly what it takes in memory.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => text.len() + 1,
        Value::Array(elements) => 1 + elements.iter().map(size).sum::<usize>(),
        Value::Object(object) => {
            1 + object
                .iter()
                .map(|(key, value)| key.len() + size(value))
                .sum::<usize>()
        }
    }
}
