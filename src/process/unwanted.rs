//! [`Unwanted`]: whether what is waited for is still wanted.

use std::{fmt, sync::Arc};

/// Asked again and again while something is waited for: `true` ends the wait, and what is waited for.
#[derive(Clone)]
pub struct Unwanted(Arc<dyn Fn() -> bool + Send + Sync>);

impl Unwanted {
    /// What is waited for is wanted whatever happens.
    pub fn never() -> Self {
        Self::when(|| false)
    }

    pub fn when(is_unwanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_unwanted))
    }

    /// Whether it is unwanted by now.
    pub fn now(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Unwanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unwanted").field(&self.now()).finish()
    }
}
