//! Who uses images, what is kept of them, and what builds leave: through the binary, with the real Packer,
//! Terraform and AWS command, and the sandbox in the place of AWS.

mod leftovers;
mod listing;
mod project;
mod pruning;
mod usage;
