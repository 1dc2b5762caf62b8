//! The `aws` command that the driver would find, for scripts that stand in front of it and for a test's own questions.

use std::{path::PathBuf, time::Duration};

use amiable::{
    process::capture,
    tools::{
        locate::{Tool, locate},
        pyenv,
    },
};

/// pyenv answers in a tenth of a second; a machine under load may take its time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Its program. Of a shim of pyenv the one behind it, as the driver does: the shim starts a dozen processes first.
pub fn aws() -> PathBuf {
    let found = locate(Tool::Aws).expect("scripts/bootstrap installs the aws command");
    let Some(question) = pyenv::which(&found) else {
        return found.into();
    };
    let answer = capture(&question, PATIENCE).expect("pyenv answers");
    assert!(answer.success(), "{}", answer.stderr_text());
    answer.stdout_text().into()
}
