//! Who uses images, what is kept of them, and what builds leave: through the binary, with the real Packer,
//! Terraform and AWS command, and an emulator in the place of AWS.

mod leftovers;
mod project;
mod pruning;
#[path = "../real_tools/mod.rs"]
mod real_tools;
mod usage;
