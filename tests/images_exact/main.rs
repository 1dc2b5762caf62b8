//! Exact names, `before-build`, `image replace` and interrupted builds, through the binary, with the real tools
//! against an emulator that is as strict as AWS. Images have no provisioners, so that nothing but Packer's own calls
//! takes time.

mod before_build;
mod exact_name;
mod faults;
mod interrupted;
mod project;
#[path = "../real_aws/mod.rs"]
mod real_aws;
mod replace;
#[path = "../strict_aws/mod.rs"]
mod strict_aws;
