//! What Terraform writes down about who holds the lock of a state (terraform 1.11.4,
//! `internal/states/statemgr/locker.go`).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// A held lock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateLock {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(default)]
    pub path: String,
    /// `OperationTypeApply` and the like.
    #[serde(default)]
    pub operation: String,
    /// `user@host` of the holder.
    #[serde(default)]
    pub who: String,
    /// When it was taken, as Terraform writes it: RFC 3339 in the file, Go's notation in messages.
    #[serde(default)]
    pub created: String,
}

impl StateLock {
    /// Reads the file or item in which a backend keeps the lock.
    pub fn decode(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text)
            .ok()
            .filter(|lock: &Self| !lock.id.is_empty())
    }

    /// Finds the "Lock Info" in the text of a diagnostic.
    pub fn in_message(text: &str) -> Option<Self> {
        let (_, info) = text.split_once("Lock Info:")?;
        let value = |name: &str| {
            info.lines()
                .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))
                .map(|value| value.trim().to_owned())
        };
        Some(Self {
            id: value("ID").filter(|id| !id.is_empty())?,
            path: value("Path").unwrap_or_default(),
            operation: value("Operation").unwrap_or_default(),
            who: value("Who").unwrap_or_default(),
            created: value("Created").unwrap_or_default(),
        })
    }

    /// The machine of the holder.
    pub fn host(&self) -> Option<&str> {
        self.who
            .rsplit_once('@')
            .map(|(_, host)| host)
            .filter(|host| !host.is_empty())
    }

    /// Since when it is held.
    pub fn since(&self) -> Option<Timestamp> {
        let created = self.created.trim_end_matches(" UTC");
        created
            .parse()
            .ok()
            .or_else(|| Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f %z", created).ok())
    }

    /// Who holds it, since when, and for what: `root@host since 2026-01-01 10:00 UTC (3 h), for apply`.
    pub fn phrase(&self, now: Timestamp) -> String {
        let who = match self.who.as_str() {
            "" => "somebody",
            who => who,
        };
        let since = self.since().map_or_else(String::new, |since| {
            format!(
                " since {} UTC ({})",
                since.strftime("%Y-%m-%d %H:%M"),
                age(now.duration_since(since))
            )
        });
        let operation = self.operation.trim_start_matches("OperationType");
        match operation.to_lowercase().as_str() {
            "" | "invalid" => format!("{who}{since}"),
            operation => format!("{who}{since}, for {operation}"),
        }
    }
}

fn age(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As terraform 1.11.4 prints it.
    const MESSAGE: &str = "ConditionalRequestFailed: At least one of the pre-conditions you specified did not hold\n\
        Lock Info:\n  ID:        c6d1b2a8-1f0e-4f57-a2c7-11d5e2f3a4b5\n  Path:      states/web/terraform.tfstate\n  \
        Operation: OperationTypeApply\n  Who:       ada@build-1\n  Version:   1.11.4\n  \
        Created:   2026-01-02 03:04:05.123456789 +0000 UTC\n  Info:      \n\n\nTerraform acquires a state lock";

    #[test]
    fn the_lock_is_found_in_a_message_and_in_a_file() {
        let lock = StateLock::in_message(MESSAGE).unwrap();
        assert_eq!(lock.id, "c6d1b2a8-1f0e-4f57-a2c7-11d5e2f3a4b5");
        assert_eq!(lock.host(), Some("build-1"));
        let now: Timestamp = "2026-01-02T06:10:00Z".parse().unwrap();
        assert_eq!(
            lock.phrase(now),
            "ada@build-1 since 2026-01-02 03:04 UTC (3 h), for apply"
        );

        let file = br#"{"ID":"1","Operation":"OperationTypePlan","Info":"","Who":"a@b","Version":"1.11.4","Created":"2026-01-02T03:04:05.5Z","Path":"p"}"#;
        let lock = StateLock::decode(file).unwrap();
        assert_eq!(
            lock.phrase(now),
            "a@b since 2026-01-02 03:04 UTC (3 h), for plan"
        );
        assert_eq!(StateLock::decode(b"{}"), None);
        assert_eq!(StateLock::in_message("Error: something else"), None);
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let lock = StateLock::in_message("Lock Info:\n  ID: 7\n  Who: \n").unwrap();
        assert_eq!(lock.phrase(Timestamp::UNIX_EPOCH), "somebody");
        assert_eq!(lock.host(), None);
    }
}
