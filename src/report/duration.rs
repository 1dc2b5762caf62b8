//! Durations as people read them.

use jiff::{SignedDuration, Timestamp};

/// From `start` to `end`; zero when the clock was set back in between.
pub fn between(start: Timestamp, end: Timestamp) -> SignedDuration {
    end.duration_since(start).max(SignedDuration::ZERO)
}

/// `0.4s`, `12s`, `3m12s`, `1h02m`: two significant parts at most, without spaces.
pub fn human(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    // Below ten seconds tenths tell something; rounding must not show "10.0s".
    let tenths = (duration.as_millis() + 50) / 100;
    if seconds < 10 && tenths < 100 {
        format!("{}.{}s", tenths / 10, tenths % 10)
    } else if seconds < 60 {
        format!("{}s", seconds.max(10))
    } else if seconds < 3600 {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60)
    }
}

/// As [`human`], in whole seconds: for a figure that changes while one looks at it.
pub fn ticking(duration: SignedDuration) -> String {
    match duration.as_secs() {
        seconds @ ..10 => format!("{seconds}s"),
        _ => human(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_parts_at_most() {
        let shown = |milliseconds| human(SignedDuration::from_millis(milliseconds));
        assert_eq!(shown(0), "0.0s");
        assert_eq!(shown(449), "0.4s");
        assert_eq!(shown(9_949), "9.9s");
        assert_eq!(shown(9_950), "10s");
        assert_eq!(shown(59_999), "59s");
        assert_eq!(shown(60_000), "1m00s");
        assert_eq!(shown(192_000), "3m12s");
        assert_eq!(shown(3_725_000), "1h02m");
        assert_eq!(ticking(SignedDuration::from_millis(9_999)), "9s");
    }

    #[test]
    fn a_clock_that_was_set_back_gives_zero() {
        let later = Timestamp::from_second(100).unwrap();
        let earlier = Timestamp::from_second(50).unwrap();
        assert_eq!(between(later, earlier), SignedDuration::ZERO);
        assert_eq!(between(earlier, later), SignedDuration::from_secs(50));
    }
}
