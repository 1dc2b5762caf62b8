//! The only place that starts children, and the only one that exposes a [`crate::secret::Secret`]
//! to them.
//!
//! - [`capture`]: short commands whose output is wanted whole (versions, `pass show`, `aws ...`);
//! - [`unwanted`]: whether their answer is still wanted;
//! - [`stream`]: long children with their output in files (`packer build`, `terraform apply`);
//! - [`session`]: a session of its own for each of them;
//! - [`mark`]: finding them and their descendants again;
//! - [`detach`]: a child that goes on when the driver ends;
//! - [`identity`]: whether a pid still stands for the process that was started;
//! - [`named()`]: whether a program runs on this machine at all;
//! - [`environment`]: the environment every child gets;
//! - [`redaction`]: takes secrets out of everything children print;
//! - [`replace()`]: becoming the command of `creds exec`.

pub mod capture;
pub mod detach;
pub mod environment;
pub mod identity;
pub mod mark;
pub mod named;
mod own;
pub mod redaction;
pub mod replace;
mod session;
pub mod stream;
pub mod temporary;
pub mod unwanted;

use std::{io, time::Duration};

use camino::Utf8PathBuf;
use thiserror::Error;

pub use capture::{Captured, capture, capture_unless};
pub use detach::{Detached, spawn_detached};
pub use identity::{Ending, ProcessIdentity};
pub use mark::Mark;
pub use named::named;
pub use own::protect_own;
pub use replace::replace;
pub use stream::{Channel, Ended, Output, Spool, StopSignal, stream};
pub use unwanted::Unwanted;

/// A child that did not run to its end.
///
/// A child that ran and said no is not an error here: see [`Captured::success`].
#[derive(Debug, Error)]
pub enum ProcessError {
    #[error("failed to start {program}: {source}")]
    Start {
        program: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{program} gave no answer within {} s and was ended", .after.as_secs())]
    Deadline {
        program: Utf8PathBuf,
        after: Duration,
    },
    #[error("{program} was ended before it had answered")]
    Ended { program: Utf8PathBuf },
    #[error("failed to wait for {program}: {source}")]
    Wait {
        program: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
}
