//! Calls with a ClientToken: the same one again is answered as before (EC2 developer guide, "Ensuring
//! idempotency in EC2 API requests").

use std::collections::BTreeMap;

use super::super::{call::Call, http::Response};

/// The calls that were carried out.
#[derive(Debug, Default)]
pub struct Tokens {
    done: BTreeMap<(String, String, String), (Call, Response)>,
}

impl Tokens {
    /// The answer to a call whose token was used already.
    pub fn known(&self, call: &Call) -> Option<Response> {
        let (first, answer) = self.done.get(&key(call)?)?;
        Some(match first == call {
            true => answer.clone(),
            false => call.error(
                400,
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            ),
        })
    }

    /// Remembers a call that succeeded.
    pub fn remember(&mut self, call: &Call, answer: &Response) {
        if let Some(key) = key(call).filter(|_| answer.is_success()) {
            self.done.insert(key, (call.clone(), answer.clone()));
        }
    }
}

fn key(call: &Call) -> Option<(String, String, String)> {
    let token = call
        .parameter("ClientToken")
        .filter(|token| !token.is_empty())?;
    Some((call.region.clone(), call.action.clone(), token.to_owned()))
}
