//! `docker`: which engine answers.

use camino::Utf8PathBuf;
use semver::Version;

use crate::command::ToolCommand;

/// Debian 12's.
pub const MINIMUM: Version = Version::new(20, 10, 0);

/// Asks the engine for its version, so that a client without one is noticed.
pub fn version_command(program: Utf8PathBuf) -> ToolCommand {
    ToolCommand::new(program).args(["version", "--format", "{{.Server.Version}}"])
}

/// Reads `20.10.24+dfsg1`; distributions also print versions that are not semantic ones.
pub fn decode_version(stdout: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(stdout).ok()?.trim();
    let numbers: Vec<u64> = text
        .split(['+', '-', '~'])
        .next()?
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [major, minor, rest @ ..] => Some(Version::new(
            *major,
            *minor,
            rest.first().copied().unwrap_or(0),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_distributions_are_read() {
        assert_eq!(
            decode_version(b"20.10.24+dfsg1\n"),
            Some(Version::new(20, 10, 24))
        );
        assert_eq!(decode_version(b"28.2"), Some(Version::new(28, 2, 0)));
        assert_eq!(decode_version(b"Cannot connect"), None);
    }
}
