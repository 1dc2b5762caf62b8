//! What is fuzzed: one function per kind of input that comes from outside.
//!
//! A function takes any bytes and must neither panic nor break the promises it checks. The fuzzers
//! (`fuzz_targets/`) and the test that replays the stored inputs (`tests/fuzz_seeds.rs`) call the
//! same functions.

mod journal;
mod packer_lines;
mod packer_template;
mod plan;
mod redaction;
mod report;
mod stack_file;
mod terraform_lines;

use amiable::report::inert;

/// Reads one input.
pub type Target = fn(&[u8]);

/// All targets, each with the name of its fuzzer and of its folder of stored inputs.
pub const ALL: &[(&str, Target)] = &[
    ("journal", journal::run),
    ("packer_lines", packer_lines::run),
    ("packer_template", packer_template::run),
    ("plan", plan::run),
    ("redaction", redaction::run),
    ("report", report::run),
    ("stack_file", stack_file::run),
    ("terraform_lines", terraform_lines::run),
];

/// Runs the target called `name`.
///
/// # Panics
///
/// When there is none of this name, or it finds a fault.
#[allow(dead_code, reason = "the test goes through the whole list instead")]
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = ALL
        .iter()
        .find(|(known, _)| *known == name)
        .expect("the fuzzer has the name of a target");
    target(data);
}

/// Text as the files of tools are read: what is not UTF-8 is replaced.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

#[track_caller]
fn assert_inert(shown: &str) {
    let active = shown.chars().find(|c| *c != '\n' && inert::is_active(*c));
    assert_eq!(active, None, "an active character in {shown:?}");
}
