//! The fuzzer of the target `terraform_lines`.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::run("terraform_lines", data));
