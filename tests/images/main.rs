//! Replacing an image on an AWS that is strict and fails: the real driver, Packer and Terraform against moto
//! behind the proxy of `tests/strict_aws`.

#[path = "../strict_aws/mod.rs"]
mod strict_aws;
mod strictness;
