//! `report.json`: what programs read, and what `report show` and later versions render from.
//!
//! The types on disk ([`model`]) are not those in memory ([`RunSummary`]): the first change only with
//! `schemas/report/v1.json`, the second whenever the driver does.

pub mod model;
pub mod read;
mod removal;
mod text;
pub mod write;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::report::aggregate::RunSummary;

pub use text::to_text;

/// What the `format` field of a report says.
pub const FORMAT: &str = "amiable/report";

/// Version of the schema that is written. A reader of 1.x reads any other 1.x.
pub const SCHEMA_VERSION: &str = "1.0";

/// A document that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    #[error("not JSON: {0}")]
    NotJson(String),
    #[error("not a document of format {expected}")]
    OtherFormat { expected: &'static str },
    #[error("its schema version is {found}, and this amiable reads {supported}")]
    UnsupportedVersion {
        found: String,
        supported: &'static str,
    },
    #[error("malformed: {0}")]
    Malformed(String),
}

impl ReadError {
    pub(super) fn malformed(error: serde_json::Error) -> Self {
        ReadError::Malformed(error.to_string())
    }

    /// What the user can do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            ReadError::UnsupportedVersion { .. } => {
                vec!["it was written by another version of amiable: read it with that one".into()]
            }
            ReadError::NotJson(_) | ReadError::OtherFormat { .. } | ReadError::Malformed(_) => {
                Vec::new()
            }
        }
    }
}

/// The report of a run as a JSON value: what `--json` prints and `report.json` holds.
pub fn to_value(summary: &RunSummary) -> Value {
    // Maps with string keys and finite numbers only: nothing here can fail to become JSON.
    serde_json::to_value(write::document(summary)).expect("a report is representable in JSON")
}

/// Reads a report back; `folder` is the run folder it lies in.
///
/// # Errors
///
/// [`ReadError`] when `text` is not a report, or one of another major version.
pub fn from_text(text: &str, folder: &Utf8Path) -> Result<RunSummary, ReadError> {
    let value = versioned(text, FORMAT)?;
    let document = serde_json::from_value(value).map_err(ReadError::malformed)?;
    read::summary(document, folder)
}

/// Reads a document of `format`, version 1.x.
pub(super) fn versioned(text: &str, format: &'static str) -> Result<Value, ReadError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        schema_version: String,
    }

    let value: Value =
        serde_json::from_str(text).map_err(|error| ReadError::NotJson(error.to_string()))?;
    let head = Head::deserialize(&value)
        .ok()
        .filter(|head| head.format == format)
        .ok_or(ReadError::OtherFormat { expected: format })?;
    match head.schema_version.split_once('.') {
        Some(("1", _)) => Ok(value),
        _ => Err(ReadError::UnsupportedVersion {
            found: head.schema_version,
            supported: "1.x",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_documents_and_versions_are_refused() {
        let read = |text: &str| versioned(text, FORMAT);
        assert!(matches!(read("{"), Err(ReadError::NotJson(_))));
        assert!(matches!(read("[]"), Err(ReadError::OtherFormat { .. })));
        assert!(matches!(
            read(r#"{"format": "terraform", "schema_version": "1.0"}"#),
            Err(ReadError::OtherFormat { .. })
        ));
        for version in ["2.0", "10.0", "1", ""] {
            let text = format!(r#"{{"format": "{FORMAT}", "schema_version": "{version}"}}"#);
            let error = read(&text).unwrap_err();
            assert_eq!(
                error,
                ReadError::UnsupportedVersion {
                    found: version.into(),
                    supported: "1.x"
                }
            );
            assert!(!error.hints().is_empty());
        }
        assert!(read(r#"{"format": "amiable/report", "schema_version": "1.7", "new": 1}"#).is_ok());
    }
}
