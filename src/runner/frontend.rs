//! [`Questions`]: how a step asks the user. The runner itself never reads from a terminal.

use std::sync::Arc;

/// Whether there is anybody to ask, and how.
#[derive(Clone)]
pub enum Questions {
    /// Nobody: no terminal, or `--non-interactive`.
    Nobody,
    /// Reads one line of the user's answer; `None` at the end of input. May block.
    Terminal(Arc<dyn Fn() -> Option<String> + Send + Sync>),
}
