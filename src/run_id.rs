//! [`RunId`]: the name of one execution.

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Name of a run, `YYYYMMDD-HHMMSS-xxxxxx` in UTC. Of the six hexadecimal digits three are the fraction of
/// the second, the others random.
///
/// Ids sort by time as text, those of one second as well, and fit an AMI name (letters, digits and `-`; EC2 `CreateImage`, parameter `Name`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The id of a run that starts at `now`.
    pub fn new(now: Timestamp, random: [u8; 2]) -> Self {
        let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S");
        // Of 4096 parts, which is what three digits can tell.
        let fraction = i64::from(now.subsec_nanosecond()) * 4096 / 1_000_000_000;
        let random = u16::from_be_bytes(random) & 0xfff;
        Self(format!("{time}-{fraction:03x}{random:03x}"))
    }

    /// The id of a run that starts at `now` and after `newest`: it sorts after that one even when the clock was
    /// set back in between.
    pub fn following(newest: Option<&Self>, now: Timestamp, random: [u8; 2]) -> Self {
        let own = Self::new(now, random);
        match newest {
            Some(newest) if *newest >= own => newest.next(random).unwrap_or(own),
            _ => own,
        }
    }

    /// The id of the part of a second after this one's; `None` when the digits are no date.
    fn next(&self, random: [u8; 2]) -> Option<Self> {
        let second = self.started_at()?;
        let (time, digits) = self.0.rsplit_once('-')?;
        let fraction = u16::from_str_radix(digits.get(..3)?, 16).ok()? + 1;
        if fraction > 0xfff {
            return Some(Self::new(second + SignedDuration::from_secs(1), random));
        }
        let random = u16::from_be_bytes(random) & 0xfff;
        Some(Self(format!("{time}-{fraction:03x}{random:03x}")))
    }

    /// Reads an id back, `None` when `text` has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |s: &str, n| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        let hex =
            |s: &str| s.len() == 6 && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match parts.as_slice() {
            [date, time, random] if digits(date, 8) && digits(time, 6) && hex(random) => {
                Some(Self(text.to_owned()))
            }
            _ => None,
        }
    }

    /// When the run started, to the second; `None` when the digits are no date.
    pub fn started_at(&self) -> Option<Timestamp> {
        let (time, _) = self.0.rsplit_once('-')?;
        let time = DateTime::strptime("%Y%m%d-%H%M%S", time).ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_read_back() {
        let at = |second, nanosecond| Timestamp::new(second, nanosecond).unwrap();
        let earlier = RunId::new(at(1_000_000_000, 0), [0xff, 1]);
        assert_eq!(earlier.as_str(), "20010909-014640-000f01");
        assert_eq!(earlier.started_at(), Some(at(1_000_000_000, 0)));
        let no_date = RunId::parse("20019909-014640-ff0001").unwrap();
        assert_eq!(no_date.started_at(), None);
        let same_second = RunId::new(at(1_000_000_000, 999_000_000), [0, 0]);
        assert_eq!(same_second.as_str(), "20010909-014640-ffb000");
        assert!(earlier < same_second);
        let later = RunId::new(at(1_000_000_001, 0), [0, 0]);
        assert!(earlier < later);
        assert_eq!(RunId::parse(earlier.as_str()), Some(earlier));
        assert_eq!(RunId::parse("../../etc"), None);
        assert_eq!(RunId::parse("20010909-014640-FFB000"), None);
    }

    #[test]
    fn an_id_follows_the_newest_one_whatever_the_clock_says() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let follow = |newest: &str| {
            let newest = RunId::parse(newest).unwrap();
            let id = RunId::following(Some(&newest), now, [0, 7]);
            (id > newest, id.to_string())
        };
        let own = "20010909-014640-000007".to_owned();
        assert_eq!(follow("20010909-014639-ffffff"), (true, own.clone()));
        assert_eq!(RunId::following(None, now, [0, 7]).to_string(), own);
        let later = |id: &str| (true, id.to_owned());
        assert_eq!(
            follow("20010909-014640-0aafff"),
            later("20010909-014640-0ab007")
        );
        assert_eq!(
            follow("20991231-235959-fffabc"),
            later("21000101-000000-000007")
        );
        assert_eq!(follow("99999999-000000-000000"), (false, own));
    }
}
