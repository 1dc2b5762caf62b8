//! `outputs.json`: the outputs of the last deployment of a stack to an environment, so that
//! `amiable output` answers without Terraform.
//!
//! The runner stores them after an apply and removes them after a destroy. Sensitive values are not
//! in the file; their names are.

use std::io;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    events::{Output, OutputValue},
    report::{
        json::{self, ReadError},
        store::{self, WriteError},
    },
    run_id::RunId,
};

const FORMAT: &str = "amiable/outputs";

/// What a deployment offers, and the run that found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub run: RunId,
    pub outputs: Vec<Output>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    schema_version: String,
    run: String,
    outputs: Map<String, Value>,
}

/// Outputs that could not be read.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Read(ReadError),
}

/// Replaces the outputs stored at `path` by those that `run` found. The folder has to be there.
///
/// # Errors
///
/// When the file cannot be written; the outputs stored before are untouched then.
pub fn store(path: &Utf8Path, run: &RunId, outputs: &[Output]) -> Result<(), WriteError> {
    let document = Document {
        format: FORMAT.to_owned(),
        schema_version: json::SCHEMA_VERSION.to_owned(),
        run: run.to_string(),
        outputs: json::write::outputs(outputs),
    };
    let value = serde_json::to_value(document).expect("strings and JSON values become JSON");
    store::replace(path, &json::to_text(&value))
}

/// The outputs stored at `path`, `None` when there are none: nothing is deployed.
///
/// # Errors
///
/// When the file is there and cannot be read, or is not of a version that is known.
pub fn load(path: &Utf8Path) -> Result<Option<Stored>, LoadError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LoadError::Io(error)),
    };
    parse(&text).map(Some).map_err(LoadError::Read)
}

/// Forgets the outputs stored at `path`: the deployment is gone.
///
/// # Errors
///
/// When the file is there and cannot be removed.
pub fn remove(path: &Utf8Path) -> Result<(), WriteError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Result<Stored, ReadError> {
    let value = json::versioned(text, FORMAT)?;
    let document: Document = serde_json::from_value(value).map_err(ReadError::malformed)?;
    Ok(Stored {
        run: json::read::run_id(&document.run)?,
        outputs: json::read::outputs(document.outputs)?,
    })
}

/// A value as a shell wants it: a string without quotes, anything else as compact JSON.
pub fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// All that may be shown, as one object from names to values.
pub fn plain_object(outputs: &[Output]) -> Map<String, Value> {
    outputs
        .iter()
        .filter_map(|output| match &output.value {
            OutputValue::Plain(value) => Some((output.name.clone(), value.clone())),
            OutputValue::Sensitive => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run() -> RunId {
        RunId::parse("20260102-030405-abcdef").unwrap()
    }

    fn plain(name: &str, value: Value) -> Output {
        Output {
            name: name.into(),
            value: OutputValue::Plain(value),
        }
    }

    #[test]
    fn outputs_come_back_in_order_and_without_sensitive_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path())
            .unwrap()
            .join("outputs.json");
        let outputs = vec![
            plain("url", json!("http://x/\u{202e}<b>")),
            Output {
                name: "password".into(),
                value: OutputValue::Sensitive,
            },
            plain("nothing", Value::Null),
            plain("zones", json!(["a", {"b": 9_007_199_254_740_993_u64}])),
        ];
        assert_eq!(load(&path).unwrap(), None);
        store(&path, &run(), &outputs).unwrap();
        assert_eq!(
            load(&path).unwrap(),
            Some(Stored {
                run: run(),
                outputs
            })
        );
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(load(&path).unwrap(), None);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_nothing() {
        for text in [
            "",
            "{}",
            r#"{"format":"amiable/outputs","schema_version":"2.0"}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let other_run = json!({
            "format": FORMAT, "schema_version": "1.0", "run": "../x", "outputs": {}
        });
        assert!(parse(&other_run.to_string()).is_err());
    }

    #[test]
    fn bare_values_suit_a_shell() {
        assert_eq!(bare(&json!("a \"b\"")), "a \"b\"");
        assert_eq!(bare(&json!(3.5)), "3.5");
        assert_eq!(bare(&json!(true)), "true");
        assert_eq!(bare(&json!(["a", 1])), r#"["a",1]"#);
    }
}
