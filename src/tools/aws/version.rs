//! Which AWS command line interface is installed.

use camino::Utf8PathBuf;
use semver::Version;

use crate::command::ToolCommand;

/// The oldest version that reads `AWS_ENDPOINT_URL` from the environment (aws-cli 1.29, 2.13).
pub const MINIMUM: Version = Version::new(1, 29, 0);

/// `aws --version`.
pub fn command(program: Utf8PathBuf) -> ToolCommand {
    ToolCommand::new(program).arg("--version")
}

/// Reads `aws-cli/1.45.11 Python/3.11.7 ...`.
pub fn decode(stdout: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(stdout).ok()?;
    Version::parse(text.strip_prefix("aws-cli/")?.split_whitespace().next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_first() {
        let text = b"aws-cli/1.45.11 Python/3.11.7 Linux/6.1.0 botocore/1.43.11\n";
        assert_eq!(decode(text), Some(Version::new(1, 45, 11)));
        assert_eq!(decode(b"usage: aws"), None);
    }
}
