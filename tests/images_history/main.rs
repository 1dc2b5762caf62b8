//! What was deployed when, rolling back, and what later runs make of it: through the binary, with the
//! real Packer, Terraform and AWS CLI, in the sandbox.

mod crash;
mod one_image;
mod project;
#[path = "../real_aws/mod.rs"]
mod real_aws;
mod two_images;
