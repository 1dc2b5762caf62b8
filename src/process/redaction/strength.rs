//! How well a secret can be told apart from ordinary output.

/// Fewest characters a secret needs so that all its forms can be searched for.
///
/// Shorter ones occur in ordinary output by chance: `test` is in every log, and three of the four
/// bytes of its base64 form are in many.
pub const SHORTEST: usize = 6;

/// Below this many characters a secret is not searched for at all.
pub(super) const SHORTEST_SEARCHED: usize = 4;

/// What the redactor can do for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Fewer than [`SHORTEST`] characters: taken out only where it stands as a word of its own,
    /// and not at all below four.
    Short,
    /// A word or number that ordinary output is full of: its plain form is taken out only where it
    /// stands as a word of its own, so that `aws_db_password` survives the secret `password`.
    Common,
    /// Every form of it is taken out wherever it stands.
    Distinct,
}

/// Judges a secret's text.
pub fn strength(text: &str) -> Strength {
    if text.chars().count() < SHORTEST {
        return Strength::Short;
    }
    let lower = text.to_lowercase();
    let mut characters = lower.chars();
    let one_character_repeated = characters
        .next()
        .is_some_and(|first| characters.all(|c| c == first));
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    if one_character_repeated
        || COMMON.contains(&lower.as_str())
        || COMMON.contains(&stem)
        || is_number(&lower)
    {
        Strength::Common
    } else {
        Strength::Distinct
    }
}

/// Numbers, dates and times: sizes, account ids, ports and timestamps look like them.
fn is_number(text: &str) -> bool {
    text.len() <= 12
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '-' | '/' | ','))
}

/// Words that the output of the tools and the names in stacks are full of, and the passwords that
/// everybody tries first. Digits after one do not help.
const COMMON: &[&str] = &[
    "access",
    "admin",
    "administrator",
    "amazon",
    "amiable",
    "apache",
    "backend",
    "bastion",
    "bucket",
    "change",
    "changeme",
    "cluster",
    "complete",
    "config",
    "container",
    "create",
    "created",
    "creating",
    "credential",
    "credentials",
    "dashboard",
    "database",
    "debian",
    "default",
    "demo",
    "deploy",
    "deployment",
    "destroy",
    "docker",
    "dummy",
    "enabled",
    "example",
    "failed",
    "fargate",
    "frontend",
    "hidden",
    "image",
    "instance",
    "latest",
    "letmein",
    "localhost",
    "master",
    "mysql",
    "network",
    "nginx",
    "output",
    "packer",
    "pass",
    "passwd",
    "password",
    "passwords",
    "postgres",
    "postgresql",
    "private",
    "production",
    "provider",
    "public",
    "qwerty",
    "redacted",
    "region",
    "release",
    "resource",
    "root",
    "running",
    "sandbox",
    "secret",
    "secrets",
    "security",
    "sensitive",
    "server",
    "service",
    "staging",
    "stopped",
    "string",
    "subnet",
    "success",
    "system",
    "terraform",
    "test",
    "testing",
    "ubuntu",
    "unknown",
    "update",
    "user",
    "username",
    "version",
    "webworker",
    "welcome",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_of_ordinary_output_are_common() {
        for text in [
            "password",
            "Password1",
            "admin123",
            "postgres",
            "changeme!",
            "123456",
            "2024-01-02",
            "10.0.1.12",
            "aaaaaaa",
            "123456789012",
            "dashboard",
            "------",
        ] {
            assert_eq!(strength(text), Strength::Common, "{text}");
        }
    }

    #[test]
    fn fewer_than_six_characters_are_short() {
        for text in ["", "a", "hello", "éééé", "12345"] {
            assert_eq!(strength(text), Strength::Short, "{text}");
        }
    }

    #[test]
    fn anything_else_is_distinct() {
        for text in [
            "q7Zp1x",
            "hunter2hunter2",
            "correct horse",
            "1234567890123",
            "ééàüß€",
        ] {
            assert_eq!(strength(text), Strength::Distinct, "{text}");
        }
    }
}
