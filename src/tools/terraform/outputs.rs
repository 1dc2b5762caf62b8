//! `terraform output -json`: the deployment's outputs, without the sensitive values.

use serde::Deserialize;

use crate::events::{Output, OutputValue};

/// Reads the outputs in the order of their names; `None` when it is not such a document.
pub fn decode(stdout: &[u8]) -> Option<Vec<Output>> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(default)]
        sensitive: bool,
        value: serde_json::Value,
    }
    let raw: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(stdout).ok()?;
    raw.into_iter()
        .map(|(name, value)| {
            let raw: Raw = serde_json::from_value(value).ok()?;
            let value = if raw.sensitive {
                OutputValue::Sensitive
            } else {
                OutputValue::Plain(raw.value)
            };
            Some(Output { name, value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_values_are_dropped() {
        let text = br#"{"url":{"sensitive":false,"type":"string","value":"http://x/"},
                        "pw":{"sensitive":true,"type":"string","value":"hunter2"}}"#;
        let outputs = decode(text).unwrap();
        assert_eq!(outputs[0].value, OutputValue::Plain("http://x/".into()));
        assert_eq!(outputs[1].value, OutputValue::Sensitive);
        assert_eq!(decode(b"{}"), Some(vec![]));
        assert_eq!(decode(b"No outputs found"), None);
    }
}
