//! What the driver's own process is set to before it does anything.

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, setrlimit, umask},
};

/// Keeps what we and our children write to ourselves, and secrets out of core dumps.
///
/// Terraform writes plans and states with the process's umask, 0644 by default, with every secret
/// in plain text (terraform 1.11.4).
pub fn protect_own() {
    umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, none);
}
