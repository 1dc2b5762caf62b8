//! What the benchmarks share. They time whole processes with the real tools, in temporary folders.
//!
//! - [`timing`]: taking turns, so that a busy machine slows everything that is compared alike;
//! - [`table`]: the results, printed and kept in `docs/benchmarks.md`;
//! - [`project`]: a project to deploy, with a sandbox that ends with it.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub mod project;
pub mod table;
pub mod timing;

/// Whether this is `cargo bench`. `cargo test --all-targets` starts benchmarks too, to see that they start.
pub fn is_asked_for() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// A number that the environment variable `name` may change.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a whole number: {text:?}")),
        Err(_) => default,
    }
}
