//! Where secrets come from and how they are stored.
//!
//! - [`resolve()`]: every credential of a stack from the first of its sources that has it;
//! - [`aws_environment()`]: the `AWS_*` variables of children that talk to AWS;
//! - [`set()`], [`remove()`]: writing to the stores;
//! - one module per source: [`pass`], [`keyring`], [`command`], [`sandbox_store`]; environment
//!   variables are read in [`resolve()`] itself.
//!
//! A look-up is over within the deadline of its [`Context`]. Each source that was asked is
//! recorded with what it said, so that an error can list them all.

pub mod aws_environment;
pub mod aws_ways;
pub mod command;
pub mod context;
pub mod error;
pub mod keyring;
mod leave_to_aws;
pub mod pass;
mod pass_diagnosis;
mod pinentry;
pub mod resolution;
pub mod resolve;
pub mod sandbox_store;
pub mod source;
pub mod value;
pub mod write;

pub use aws_environment::{AwsVariable, aws_environment, is_aws_key};
pub use aws_ways::AwsWay;
pub use context::{Context, DriverEnvironment};
pub use error::{CredentialError, StoreError, Unresolved};
pub use resolution::{Outcome, Resolution, Resolved};
pub use resolve::{in_environment, resolve};
pub use source::{Answer, Attempt, SourceName, Trouble, TroubleKind};
pub use write::{Stored, WritableStore, remove, set};
