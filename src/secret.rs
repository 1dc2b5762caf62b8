//! The [`Secret`] type: a value that cannot be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A secret string whose memory is zeroed when the last copy is dropped.
///
/// It has no `Display`, and its `Debug` says `[REDACTED]`. [`Secret::expose`] may be called in
/// `process/` (to hand it to a child, to redact it) and in the credential stores that write it;
/// `tests/architecture.rs` holds every other module to that.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The plain text.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value() {
        let secret = Secret::new("hunter2hunter2");
        assert_eq!(format!("{secret:?}"), "[REDACTED]");
        assert_eq!(format!("{:?}", Some(&secret)), "Some([REDACTED])");
    }
}
