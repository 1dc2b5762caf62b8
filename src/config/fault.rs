//! [`Fault`]: what is wrong with a piece of a stack file, before its place is looked up.

use std::ops::Range;

/// A problem whose place is still a span of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) span: Option<Range<usize>>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint when there is one.
    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Says where, unless something closer to the cause already did.
    pub(super) fn at(mut self, span: impl Into<Option<Range<usize>>>) -> Self {
        self.span = self.span.or(span.into());
        self
    }
}
