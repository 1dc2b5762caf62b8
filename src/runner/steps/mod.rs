//! The steps of a run, a file each. A step does its work and says how it ended; starting it, timing
//! it and telling others about it is [`super::execute`]'s.

pub mod approve;
pub mod check;
pub mod credentials;
pub mod deployed;
pub mod image;
pub mod preflight;
pub mod prune;
pub mod recover;
mod removal;
mod standing_outputs;
mod state_accident;
pub mod sweep;
pub mod task;
pub mod terraform_apply;
mod terraform_failure;
pub mod terraform_init;
pub mod terraform_plan;
pub mod unlock;
mod variables;
