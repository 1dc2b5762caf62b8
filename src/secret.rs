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

    /// Compiles only if [`Secret`] does not have the trait: with it, which implementation is meant
    /// would be ambiguous.
    macro_rules! assert_has_not {
        ($($bounds:tt)*) => {
            const _: fn() = || {
                trait AmbiguousWith<Which> {
                    fn item() {}
                }
                impl<T: ?Sized> AmbiguousWith<()> for T {}
                struct HasIt;
                impl<T: ?Sized + $($bounds)*> AmbiguousWith<HasIt> for T {}
                let _ = <Secret as AmbiguousWith<_>>::item;
            };
        };
    }

    assert_has_not!(fmt::Display);
    assert_has_not!(fmt::LowerHex);
    assert_has_not!(serde::Serialize);
    assert_has_not!(AsRef<str>);
    assert_has_not!(AsRef<[u8]>);
    assert_has_not!(std::ops::Deref);
    assert_has_not!(Into<String>);
    assert_has_not!(Into<std::ffi::OsString>);

    /// What the memory of this process holds, read past the allocator.
    #[cfg(target_os = "linux")]
    fn memory(at: usize, length: usize) -> Vec<u8> {
        use std::os::unix::fs::FileExt;

        let mut bytes = vec![0; length];
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        memory.read_exact_at(&mut bytes, at as u64).unwrap();
        bytes
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn nothing_of_the_value_is_left_in_memory() {
        // Small enough to stay mapped when it is freed, large enough for what is not overwritten by the
        // allocator's own notes.
        let text = "hunter2!".repeat(512);
        let secret = Secret::new(text.clone());
        let (at, length) = (secret.expose().as_ptr() as usize, secret.expose().len());
        assert_eq!(memory(at, length), text.as_bytes());
        drop(secret);
        let left = memory(at, length);
        assert!(!left.windows(8).any(|part| part == b"hunter2!"));
    }

    #[test]
    fn debug_output_hides_the_value() {
        let secret = Secret::new("hunter2hunter2");
        assert_eq!(format!("{secret:?}"), "[REDACTED]");
        assert_eq!(format!("{:?}", Some(&secret)), "Some([REDACTED])");
    }
}
