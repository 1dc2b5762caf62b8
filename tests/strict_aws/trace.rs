//! Every AWS request that came, in order, and what became of it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{call::Call, http::Response, xml};

/// Longer values, user data above all, are cut.
const LONGEST_VALUE: usize = 200;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1.
    pub number: u64,
    pub service: String,
    pub region: String,
    pub action: String,
    pub parameters: BTreeMap<String, String>,
    /// The status of the answer, whether or not it was delivered; `None` while there is none, and for a request
    /// that was dropped.
    pub status: Option<u16>,
    /// The error code in the answer.
    pub code: Option<String>,
    /// Whether the client got the answer.
    pub delivered: bool,
}

#[derive(Debug, Default)]
pub struct Trace {
    entries: Mutex<Vec<Entry>>,
}

impl Trace {
    /// Notes that `call` came and gives it its number.
    pub fn begin(&self, call: &Call) -> u64 {
        let mut entries = self.lock();
        let number = entries.len() as u64 + 1;
        let cut = |value: &String| value.chars().take(LONGEST_VALUE).collect();
        entries.push(Entry {
            number,
            service: call.service.clone(),
            region: call.region.clone(),
            action: call.action.clone(),
            parameters: call
                .parameters
                .iter()
                .map(|(key, value)| (key.clone(), cut(value)))
                .collect(),
            status: None,
            code: None,
            delivered: false,
        });
        number
    }

    /// Notes the answer to request `number`, and whether the client is going to get it.
    pub fn end(&self, number: u64, response: Option<&Response>, delivered: bool) {
        let mut entries = self.lock();
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        if let Some(entry) = entries.get_mut(index) {
            entry.status = response.map(|response| response.status);
            entry.code = response
                .filter(|response| !response.is_success())
                .and_then(|response| code(&response.text()));
            entry.delivered = delivered;
        }
    }

    /// The entries after the first `skip`.
    pub fn entries(&self, skip: u64) -> Vec<Entry> {
        let entries = self.lock();
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        entries.iter().skip(skip).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn code(body: &str) -> Option<String> {
    xml::text(body, "Code").or_else(|| {
        let value: serde_json::Value = serde_json::from_str(body).ok()?;
        Some(value["__type"].as_str()?.to_owned())
    })
}
