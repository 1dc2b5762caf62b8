//! Who uses images, what is kept of them, and what builds leave: through the binary, with the real Packer,
//! Terraform and AWS command, and an emulator in the place of AWS.

mod leftovers;
mod project;
mod pruning;
#[path = "../real_aws/mod.rs"]
mod real_aws;
#[path = "../real_tools/mod.rs"]
mod real_tools;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
mod usage;
