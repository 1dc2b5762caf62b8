//! `stack.hcl` to a validated [`Stack`], with errors that show file, line, column and source line.
//!
//! - [`Project`] finds the checkout and its stacks;
//! - [`load()`] reads one stack for one environment and reports every mistake it can find;
//! - [`Expr`] and [`Scope`]: what is evaluated later, and with what;
//! - [`scaffold`]: the files of a new stack.
//!
//! Inside: `lexical` and `parse` turn text into hcl-edit's tree, `schema` says what may be in it, `load` reads
//! it, `inspect` finds out what expressions need, `eval` evaluates them with the functions of `functions`.

mod convert;
pub mod documentation;
mod duration;
pub mod error;
mod eval;
mod expr;
mod fault;
mod functions;
mod inspect;
mod lexical;
mod load;
mod names;
mod number;
mod parse;
mod paths;
mod project;
mod reference;
pub mod scaffold;
mod schema;
mod scope;
mod source;
pub mod stack;
pub(crate) mod suggest;

pub use error::{ConfigError, Place, Problem};
pub use expr::Expr;
pub use load::load;
pub use project::Project;
pub use reference::Reference;
pub use scope::{ImageFacts, RunFacts, Scope};
pub use stack::*;
