//! The document of `terraform show -json PLAN`: what a saved plan would do.

use serde::Deserialize;
use thiserror::Error;

use crate::events::{Action, PlannedChange, PlannedChanges};

/// What decides whether a saved plan may be applied, and what applying it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDocument {
    /// Planning stopped on an error; the file is there all the same (an interrupted plan writes one).
    pub errored: bool,
    /// Terraform itself says that there is something to apply and that it may be.
    /// Older than 1.8: not said, derived from the changes.
    pub applyable: bool,
    /// False when parts were deferred or targeted away. Older than 1.8: taken as complete.
    pub complete: bool,
    pub changes: PlannedChanges,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlanDocumentError {
    #[error("terraform's plan document cannot be read: {0}")]
    Malformed(String),
    #[error("terraform's plan document has format {0}, and only 1.x is understood")]
    UnsupportedFormat(String),
}

#[derive(Deserialize)]
struct Raw {
    format_version: String,
    #[serde(default)]
    errored: bool,
    applyable: Option<bool>,
    complete: Option<bool>,
    #[serde(default)]
    resource_changes: Vec<RawResourceChange>,
    #[serde(default)]
    output_changes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct RawResourceChange {
    address: String,
    #[serde(rename = "type")]
    resource_type: String,
    #[serde(default)]
    mode: String,
    change: RawChange,
}

#[derive(Deserialize)]
struct RawChange {
    actions: Vec<String>,
    #[serde(default)]
    replace_paths: Vec<Vec<serde_json::Value>>,
}

/// Reads the document. Attribute values in it, sensitive ones included, are dropped.
///
/// # Errors
///
/// When it is not such a document, or of another major format.
pub fn decode(stdout: &[u8]) -> Result<PlanDocument, PlanDocumentError> {
    let raw: Raw = serde_json::from_slice(stdout)
        .map_err(|error| PlanDocumentError::Malformed(error.to_string()))?;
    if raw.format_version.split('.').next() != Some("1") {
        return Err(PlanDocumentError::UnsupportedFormat(raw.format_version));
    }
    let changes = PlannedChanges {
        changes: raw
            .resource_changes
            .into_iter()
            .filter_map(planned)
            .collect(),
        outputs: raw
            .output_changes
            .into_iter()
            .filter(|(_, change)| change["actions"] != serde_json::json!(["no-op"]))
            .map(|(name, _)| name)
            .collect(),
    };
    Ok(PlanDocument {
        errored: raw.errored,
        applyable: raw.applyable.unwrap_or(!changes.is_empty()),
        complete: raw.complete.unwrap_or(true),
        changes,
    })
}

fn planned(raw: RawResourceChange) -> Option<PlannedChange> {
    let actions: Vec<&str> = raw.change.actions.iter().map(String::as_str).collect();
    let action = match actions.as_slice() {
        ["create"] => Action::Create,
        ["update"] => Action::Update,
        ["delete"] => Action::Destroy,
        ["delete", "create"] | ["create", "delete"] => Action::Replace,
        ["forget"] => Action::Forget,
        // Reading a data source during apply changes nothing.
        _ => return None,
    };
    if raw.mode == "data" {
        return None;
    }
    Some(PlannedChange {
        address: raw.address,
        resource_type: raw.resource_type,
        action,
        replace_because: raw
            .change
            .replace_paths
            .iter()
            .map(|path| attribute(path))
            .collect(),
    })
}

/// `["network_interface", 0, "subnet_id"]` as `network_interface[0].subnet_id`.
fn attribute(path: &[serde_json::Value]) -> String {
    let mut text = String::new();
    for part in path {
        match part {
            serde_json::Value::String(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            other => text.push_str(&format!("[{other}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_and_their_reasons_are_read_and_values_dropped() {
        let text = br#"{"format_version":"1.2","applyable":true,"complete":true,"errored":false,
            "resource_changes":[
              {"address":"aws_vpc.this","mode":"managed","type":"aws_vpc","change":{"actions":["no-op"]}},
              {"address":"data.aws_ami.x","mode":"data","type":"aws_ami","change":{"actions":["read"]}},
              {"address":"aws_db_instance.main","mode":"managed","type":"aws_db_instance",
               "change":{"actions":["delete","create"],"after":{"password":"hunter2"},
                         "replace_paths":[["network_interface",0,"subnet_id"],["name"]]}}],
            "output_changes":{"url":{"actions":["create"]},"same":{"actions":["no-op"]}}}"#;
        let document = decode(text).unwrap();
        assert!(document.applyable && document.complete && !document.errored);
        assert_eq!(document.changes.outputs, ["url"]);
        assert_eq!(
            document.changes.changes,
            [PlannedChange {
                address: "aws_db_instance.main".into(),
                resource_type: "aws_db_instance".into(),
                action: Action::Replace,
                replace_because: vec!["network_interface[0].subnet_id".into(), "name".into()],
            }]
        );
        assert!(!format!("{document:?}").contains("hunter2"));
    }

    #[test]
    fn terraform_before_1_8_does_not_say_applyable() {
        let empty = decode(br#"{"format_version":"1.2"}"#).unwrap();
        assert!(!empty.applyable && empty.complete);
        let with_change = decode(
            br#"{"format_version":"1.2","resource_changes":[{"address":"a.b","mode":"managed","type":"a","change":{"actions":["create"]}}]}"#,
        );
        assert!(with_change.unwrap().applyable);
    }

    #[test]
    fn an_errored_plan_and_other_formats_are_told_apart() {
        let errored =
            decode(br#"{"format_version":"1.2","errored":true,"applyable":false}"#).unwrap();
        assert!(errored.errored && !errored.applyable);
        assert_eq!(
            decode(br#"{"format_version":"2.0"}"#),
            Err(PlanDocumentError::UnsupportedFormat("2.0".into()))
        );
        assert!(matches!(
            decode(b"oops"),
            Err(PlanDocumentError::Malformed(_))
        ));
    }
}
