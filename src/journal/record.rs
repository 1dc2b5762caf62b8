//! [`Record`]: the typed lines of a run's journal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run_id::RunId;

/// A line of `journal.jsonl`: when, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    #[serde(flatten)]
    pub record: Record,
}

/// What is recorded, each before the call it announces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    RunStarted {
        run: RunId,
        /// Version of amiable, which fixes the meaning of the records.
        amiable: String,
        operation: String,
        stack: String,
        environment: String,
        driver_pid: u32,
        /// When the driver started, in the system's own notation: with the pid it names one process.
        #[serde(default)]
        driver_started: Option<String>,
        /// What it was asked for, so that it can be resumed.
        #[serde(default)]
        request: Option<serde_json::Value>,
    },
    StepStarted {
        step: String,
    },
    /// A child is about to be started, with its output in these files.
    ChildStarting {
        step: String,
        command: String,
        stdout: String,
        stderr: String,
        /// Its private temporary folder, which somebody has to remove.
        #[serde(default)]
        temporary: Option<String>,
    },
    ChildStarted {
        step: String,
        pid: u32,
        /// As the driver's.
        #[serde(default)]
        started: Option<String>,
    },
    ChildEnded {
        step: String,
        code: Option<i32>,
        signal: Option<i32>,
    },
    /// A build under this AMI name begins: whatever carries the run's tag belongs to it.
    ImageBuildStarting {
        image: String,
        ami_name: String,
        region: String,
        #[serde(default)]
        fingerprint: Option<String>,
        /// Its provisioners run.
        #[serde(default)]
        provisioned: bool,
    },
    ImageVerified {
        image: String,
        ami: String,
        region: String,
    },
    /// An apply that deploys these AMIs begins: image to AMI.
    DeploymentStarting {
        images: BTreeMap<String, String>,
    },
    /// Packer made this with a name of its own and, in some versions, without tags.
    TemporaryResource {
        /// `key-pair` or `security-group`.
        kind: TemporaryKind,
        name: String,
        region: String,
    },
    /// Packer built the image and said that something went wrong on the side: it may have left things.
    BuildComplained {
        image: String,
    },
    /// An AMI and those of its snapshots that nothing else uses are about to be removed.
    RemovalStarting {
        ami: String,
        region: String,
        snapshots: Vec<String>,
    },
    /// It is gone, with its snapshots.
    RemovalEnded {
        ami: String,
        region: String,
    },
    StepEnded {
        step: String,
        result: String,
    },
    RunEnded {
        result: String,
    },
    /// A later run took in what this one left when it was killed.
    RunRecovered {
        by: RunId,
    },
    /// The exact name of the image will be given to a copy of `build`.
    ImageNaming {
        image: String,
        name: String,
        build: String,
    },
    /// The AMI will be deregistered, and then those of its snapshots be deleted that no other AMI uses.
    ImageReleasing {
        image: String,
        ami: String,
        snapshots: Vec<String>,
        /// The AMI that has the same content.
        twin: Option<String>,
    },
    /// Everything that was begun with the image's earlier AMIs is done, in this run and in those before it.
    ImageSettled {
        image: String,
    },
}

/// What Packer makes for the time of a build and names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemporaryKind {
    KeyPair,
    SecurityGroup,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_flat_json_object() {
        let entry = Entry {
            at: Timestamp::UNIX_EPOCH,
            record: Record::ChildStarted {
                step: "terraform.apply".into(),
                pid: 42,
                started: Some("7".into()),
            },
        };
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            text,
            r#"{"at":"1970-01-01T00:00:00Z","record":"child-started","step":"terraform.apply","pid":42,"started":"7"}"#
        );
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
}
