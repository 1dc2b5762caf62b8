//! [`PackerVersion`]: which Packer is installed and what that means for us.

use std::fmt;

use semver::Version;

/// A version of Packer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackerVersion(Version);

/// Where the plugin with the `amazon-ebs` builder comes from.
///
/// Source: Packer's changelog, 1.7.0 (`packer init`), 1.10.0 ("all plugins have been removed from
/// Packer's binary") and 1.11.0 (only installed plugins with a SHA256SUM file are loaded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugins {
    /// Below 1.7: part of Packer. `required_plugins` is an error.
    BuiltInOnly,
    /// 1.7 to 1.9: part of Packer, or what `required_plugins` and `packer init` say.
    BuiltIn,
    /// From 1.10: has to be installed, by `packer init` for an HCL2 template that names it in
    /// `required_plugins`, by `packer plugins install` for a legacy one.
    Installed,
}

impl PackerVersion {
    /// The oldest version that builds HCL2 templates as rendered here.
    pub const OLDEST: PackerVersion = PackerVersion(Version::new(1, 6, 0));

    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(Version::new(major, minor, patch))
    }

    /// Reads what `packer version` prints: `Packer v1.6.6`, maybe with a build after it and a note
    /// that a newer version exists on the lines below.
    pub fn parse(output: &str) -> Option<Self> {
        let line = output
            .lines()
            .find_map(|line| line.strip_prefix("Packer v"))?;
        let number = line.split_whitespace().next()?;
        Version::parse(number).ok().map(Self)
    }

    pub fn is_supported(&self) -> bool {
        // A pre-release of 1.6.0 sorts below it and is none that anybody has.
        *self >= Self::OLDEST && self.0.major == 1
    }

    pub fn plugins(&self) -> Plugins {
        match (self.0.major, self.0.minor) {
            (0, _) | (1, 0..=6) => Plugins::BuiltInOnly,
            (1, 7..=9) => Plugins::BuiltIn,
            _ => Plugins::Installed,
        }
    }

    /// `1.6`: what a fingerprint holds, since patch releases do not change an image.
    pub fn series(&self) -> String {
        format!("{}.{}", self.0.major, self.0.minor)
    }
}

impl From<PackerVersion> for Version {
    fn from(version: PackerVersion) -> Self {
        version.0
    }
}

impl From<Version> for PackerVersion {
    fn from(version: Version) -> Self {
        Self(version)
    }
}

impl fmt::Display for PackerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_packer_prints() {
        for (output, version) in [
            ("Packer v1.6.6\n", "1.6.6"),
            ("Packer v1.11.0-dev (0123abc+CHANGES)\n", "1.11.0-dev"),
            (
                "Packer v1.9.5\n\nYour version of Packer is out of date! The latest version\nis 1.11.2.\n",
                "1.9.5",
            ),
        ] {
            assert_eq!(PackerVersion::parse(output).unwrap().to_string(), version);
        }
        assert_eq!(PackerVersion::parse("Terraform v1.11.4"), None);
        assert_eq!(PackerVersion::parse("Packer v"), None);
    }

    #[test]
    fn each_series_has_its_plugins() {
        for (minor, plugins) in [
            (5, Plugins::BuiltInOnly),
            (6, Plugins::BuiltInOnly),
            (7, Plugins::BuiltIn),
            (9, Plugins::BuiltIn),
            (10, Plugins::Installed),
            (15, Plugins::Installed),
        ] {
            assert_eq!(PackerVersion::new(1, minor, 3).plugins(), plugins);
        }
        assert_eq!(PackerVersion::new(1, 10, 3).series(), "1.10");
    }

    #[test]
    fn older_and_future_major_versions_are_not_supported() {
        assert!(!PackerVersion::new(1, 5, 9).is_supported());
        assert!(PackerVersion::OLDEST.is_supported());
        assert!(!PackerVersion::new(2, 0, 0).is_supported());
    }
}
