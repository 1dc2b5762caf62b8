//! The JSON lines of `plan -json` and `apply -json` (Terraform's "machine-readable UI", version 1).

use serde::Deserialize;
use serde_json::Value;

use crate::events::Action;

/// One line, decoded. Texts are the tool's own and have not been redacted.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    Version {
        terraform: String,
        ui: String,
    },
    PlannedChange {
        address: String,
        action: Option<Action>,
    },
    /// Something changed behind Terraform's back.
    Drift {
        address: String,
    },
    ChangeSummary(ChangeSummary),
    RefreshStart {
        address: String,
    },
    RefreshDone {
        address: String,
    },
    ApplyStart {
        address: String,
        action: Option<Action>,
    },
    ApplyProgress {
        address: String,
    },
    ApplyDone {
        address: String,
        action: Option<Action>,
        seconds: Option<u64>,
    },
    ApplyFailed {
        address: String,
        action: Option<Action>,
        seconds: Option<u64>,
    },
    /// A line that a provisioner printed.
    Provisioner {
        address: String,
        output: String,
    },
    Diagnostic(Diagnostic),
    /// Names of the outputs with the action a plan or apply has for each.
    Outputs(Vec<OutputChange>),
    /// `log` messages and the ones that say nothing we use.
    Message(String),
    /// A message type this version does not know.
    Unknown {
        kind: String,
        raw: String,
    },
    /// Not JSON: a panic, or a tool that wraps Terraform.
    Plain(String),
}

/// The counts of a `change_summary`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangeSummary {
    pub add: usize,
    pub change: usize,
    pub remove: usize,
    #[serde(default)]
    pub import: usize,
    /// `plan`, `apply` or `destroy`.
    pub operation: String,
}

/// An error or warning of Terraform or a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub summary: String,
    pub detail: String,
    /// The resource it is about.
    pub address: Option<String>,
    /// `main.tf:12`. The source snippet is left out: it may hold a secret.
    pub place: Option<String>,
}

impl Diagnostic {
    /// Passes what Terraform and its providers wrote through `change`; for redaction.
    pub fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        self.summary = change(&self.summary);
        self.detail = change(&self.detail);
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One entry of an `outputs` message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChange {
    pub name: String,
    /// False for `noop`; after an apply there is no action and this is false.
    pub changes: bool,
}

/// The major version of the JSON lines this decoder understands.
const UI_MAJOR: &str = "1";

impl Line {
    /// True for a `version` line of a format that must not be interpreted.
    pub fn is_unsupported_version(&self) -> bool {
        match self {
            Line::Version { ui, .. } => ui.split('.').next() != Some(UI_MAJOR),
            _ => false,
        }
    }
}

/// Decodes one line of standard output.
pub fn line(text: &str) -> Line {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Line::Plain(text.to_owned());
    };
    let kind = value["type"].as_str().unwrap_or_default().to_owned();
    let unknown = || Line::Unknown {
        kind: kind.clone(),
        raw: text.to_owned(),
    };
    let hook = &value["hook"];
    let hook_address = || hook["resource"]["addr"].as_str().map(str::to_owned);
    let hook_action = || hook["action"].as_str().and_then(action);
    let seconds = || hook["elapsed_seconds"].as_f64().map(|s| s as u64);
    let change_address = || {
        value["change"]["resource"]["addr"]
            .as_str()
            .map(str::to_owned)
    };

    let decoded = match kind.as_str() {
        "version" => decode_version(&value),
        "planned_change" => change_address().map(|address| Line::PlannedChange {
            address,
            action: value["change"]["action"].as_str().and_then(action),
        }),
        "resource_drift" => change_address().map(|address| Line::Drift { address }),
        "change_summary" => serde_json::from_value(value["changes"].clone())
            .ok()
            .map(Line::ChangeSummary),
        "refresh_start" => hook_address().map(|address| Line::RefreshStart { address }),
        "refresh_complete" => hook_address().map(|address| Line::RefreshDone { address }),
        "apply_start" => hook_address().map(|address| Line::ApplyStart {
            address,
            action: hook_action(),
        }),
        "apply_progress" => hook_address().map(|address| Line::ApplyProgress { address }),
        "apply_complete" => hook_address().map(|address| Line::ApplyDone {
            address,
            action: hook_action(),
            seconds: seconds(),
        }),
        "apply_errored" => hook_address().map(|address| Line::ApplyFailed {
            address,
            action: hook_action(),
            seconds: seconds(),
        }),
        "provision_progress" => hook_address().map(|address| Line::Provisioner {
            address,
            output: hook["output"].as_str().unwrap_or_default().to_owned(),
        }),
        "diagnostic" => decode_diagnostic(&value["diagnostic"]).map(Line::Diagnostic),
        "outputs" => decode_outputs(&value["outputs"]).map(Line::Outputs),
        "log"
        | "provision_start"
        | "provision_complete"
        | "provision_errored"
        | "ephemeral_op_start"
        | "ephemeral_op_progress"
        | "ephemeral_op_complete"
        | "ephemeral_op_errored"
        | "initializing_modules_message"
        | "init_output" => Some(Line::Message(
            value["@message"].as_str().unwrap_or_default().to_owned(),
        )),
        _ => None,
    };
    decoded.unwrap_or_else(unknown)
}

fn decode_version(value: &Value) -> Option<Line> {
    Some(Line::Version {
        // OpenTofu says `tofu` instead of `terraform`.
        terraform: value["terraform"]
            .as_str()
            .or(value["tofu"].as_str())
            .unwrap_or_default()
            .to_owned(),
        ui: value["ui"].as_str()?.to_owned(),
    })
}

fn decode_diagnostic(value: &Value) -> Option<Diagnostic> {
    let place =
        value["range"]["filename"].as_str().map(|file| {
            match value["range"]["start"]["line"].as_u64() {
                Some(line) => format!("{file}:{line}"),
                None => file.to_owned(),
            }
        });
    Some(Diagnostic {
        severity: match value["severity"].as_str()? {
            "warning" => Severity::Warning,
            _ => Severity::Error,
        },
        summary: value["summary"].as_str()?.to_owned(),
        detail: value["detail"].as_str().unwrap_or_default().to_owned(),
        address: value["address"].as_str().map(str::to_owned),
        place,
    })
}

fn decode_outputs(value: &Value) -> Option<Vec<OutputChange>> {
    let outputs = value.as_object()?;
    let changes = |output: &Value| !matches!(output["action"].as_str(), None | Some("noop"));
    Some(
        outputs
            .iter()
            .map(|(name, output)| OutputChange {
                name: name.clone(),
                changes: changes(output),
            })
            .collect(),
    )
}

fn action(word: &str) -> Option<Action> {
    match word {
        "create" => Some(Action::Create),
        "update" => Some(Action::Update),
        "replace" => Some(Action::Replace),
        "delete" => Some(Action::Destroy),
        "read" => Some(Action::Read),
        "remove" | "forget" => Some(Action::Forget),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_terraform_1_11_prints_them() {
        assert_eq!(
            line(
                r#"{"@level":"info","@message":"Terraform 1.11.4","type":"version","terraform":"1.11.4","ui":"1.2"}"#
            ),
            Line::Version {
                terraform: "1.11.4".into(),
                ui: "1.2".into()
            }
        );
        assert_eq!(
            line(
                r#"{"type":"planned_change","change":{"resource":{"addr":"aws_vpc.this","resource_type":"aws_vpc"},"action":"create"}}"#
            ),
            Line::PlannedChange {
                address: "aws_vpc.this".into(),
                action: Some(Action::Create)
            }
        );
        assert_eq!(
            line(
                r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.this"},"action":"create","id_key":"id","id_value":"vpc-1","elapsed_seconds":3}}"#
            ),
            Line::ApplyDone {
                address: "aws_vpc.this".into(),
                action: Some(Action::Create),
                seconds: Some(3)
            }
        );
        assert_eq!(
            line(
                r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":2,"operation":"apply"}}"#
            ),
            Line::ChangeSummary(ChangeSummary {
                add: 1,
                change: 0,
                remove: 2,
                import: 0,
                operation: "apply".into()
            })
        );
    }

    #[test]
    fn a_diagnostic_keeps_its_place_and_drops_the_snippet() {
        let text = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Invalid","detail":"because","address":"aws_vpc.this","range":{"filename":"main.tf","start":{"line":3,"column":1,"byte":2}},"snippet":{"code":"password = \"hunter2\""}}}"#;
        let decoded = line(text);
        assert_eq!(
            decoded,
            Line::Diagnostic(Diagnostic {
                severity: Severity::Error,
                summary: "Invalid".into(),
                detail: "because".into(),
                address: Some("aws_vpc.this".into()),
                place: Some("main.tf:3".into()),
            })
        );
    }

    #[test]
    fn outputs_of_a_plan_say_which_change() {
        let text = r#"{"type":"outputs","outputs":{"a":{"sensitive":false,"action":"noop"},"b":{"sensitive":true,"action":"create"}}}"#;
        let Line::Outputs(outputs) = line(text) else {
            panic!("not outputs")
        };
        let changed: Vec<&str> = outputs
            .iter()
            .filter(|o| o.changes)
            .map(|o| o.name.as_str())
            .collect();
        assert_eq!(changed, ["b"]);
    }

    #[test]
    fn what_is_not_known_is_kept() {
        assert!(matches!(line("panic: runtime error"), Line::Plain(_)));
        assert!(matches!(line("[1,2]"), Line::Unknown { .. }));
        let new = r#"{"type":"teleport_start","hook":{}}"#;
        assert_eq!(
            line(new),
            Line::Unknown {
                kind: "teleport_start".into(),
                raw: new.into()
            }
        );
        let broken = r#"{"type":"apply_start","hook":{}}"#;
        assert!(matches!(line(broken), Line::Unknown { .. }));
    }

    #[test]
    fn another_major_version_of_the_format_is_noticed() {
        let two = line(r#"{"type":"version","terraform":"3.0.0","ui":"2.0"}"#);
        assert!(two.is_unsupported_version());
        let one = line(r#"{"type":"version","tofu":"1.8.0","ui":"1.2"}"#);
        assert!(!one.is_unsupported_version());
    }
}
