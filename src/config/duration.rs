//! Durations as people write them: `30s`, `5m`, `1h30m`.

use std::time::Duration;

use super::fault::Fault;

/// Longest duration that is taken; nothing here waits longer than a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a duration.
pub(super) fn parse(text: &str) -> Result<Duration, Fault> {
    let wrong = || {
        Fault::new(format!("`{text}` is not a duration"))
            .hint("durations are written like `30s`, `5m` or `1h30m`")
    };
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let milliseconds = match &rest[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            _ => return Err(wrong()),
        };
        rest = &rest[letters..];
        let part = number.checked_mul(milliseconds).ok_or_else(wrong)?;
        total = total
            .checked_add(Duration::from_millis(part))
            .ok_or_else(wrong)?;
    }
    if text.is_empty() {
        return Err(wrong());
    }
    if total.is_zero() || total > LONGEST {
        return Err(Fault::new(format!("`{text}` is not between 1ms and 24h")));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("30s", 30),
            ("5m", 300),
            ("1h", 3600),
            ("1h30m5s", 5405),
            ("24h", 86400),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "30",
            "s",
            "5 m",
            "-5m",
            "1.5h",
            "5min",
            "0s",
            "25h",
            "99999999999999999999s",
            "9999999999999999h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
