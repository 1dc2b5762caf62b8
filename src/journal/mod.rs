//! The records of runs: a folder per run, its journal, and the lock that keeps runs apart.
//!
//! - [`run_folder`]: what lies where under `.amiable/`;
//! - [`record`]: the typed lines of `journal.jsonl`;
//! - [`writer`]: appends them durably;
//! - [`past`]: reads those of earlier runs;
//! - [`unfinished`]: which runs have not recorded their end;
//! - [`watermark`]: up to which run they have been dealt with;
//! - [`step_log`]: what a step printed, redacted;
//! - [`lock`]: one run per stack and environment.

pub mod lock;
pub mod past;
pub mod record;
pub mod run_folder;
pub mod step_log;
pub mod unfinished;
pub mod watermark;
pub mod writer;

pub use lock::Lock;
pub use past::{PastBuild, PastRelease, PastRun};
pub use record::Record;
pub use run_folder::{RunFolder, StateFolder};
pub use step_log::StepLog;
pub use watermark::Watermark;
pub use writer::Journal;
