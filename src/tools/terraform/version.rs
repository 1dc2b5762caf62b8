//! Which Terraform or OpenTofu is installed.

use camino::Utf8PathBuf;
use semver::Version;
use serde::Deserialize;

use crate::command::ToolCommand;

/// The oldest version whose JSON lines, plan document and `-json` flags we rely on.
pub const MINIMUM: Version = Version::new(1, 5, 0);

/// `terraform version -json`.
pub fn command(program: Utf8PathBuf) -> ToolCommand {
    ToolCommand::new(program)
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
}

/// Reads the answer; `None` when it is not one of Terraform or OpenTofu.
pub fn decode(stdout: &[u8]) -> Option<Version> {
    #[derive(Deserialize)]
    struct Answer {
        // OpenTofu keeps Terraform's key (opentofu 1.6).
        terraform_version: String,
    }
    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    Version::parse(&answer.terraform_version).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_and_anything_else_refused() {
        let answer = br#"{"terraform_version":"1.11.4","platform":"linux_amd64","provider_selections":{},"terraform_outdated":true}"#;
        assert_eq!(decode(answer), Some(Version::new(1, 11, 4)));
        assert_eq!(decode(b"Terraform v0.11.0"), None);
        assert_eq!(decode(br#"{"terraform_version":"x"}"#), None);
    }
}
