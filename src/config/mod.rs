//! `stack.hcl` to a validated [`Stack`], with errors that show file, line, column and source line.

pub mod error;
pub mod stack;

pub use error::{ConfigError, Place, Problem};
pub use stack::*;
