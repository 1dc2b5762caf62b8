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

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use rustix::process::getrlimit;

    use super::*;

    /// Limits are the whole process's, so the test runs itself in one of its own.
    const INSIDE: &str = "AMIABLE_TEST_PROTECTED";

    #[test]
    fn neither_we_nor_our_children_leave_core_dumps_or_files_for_others() {
        if env::var_os(INSIDE).is_some() {
            protect_own();
            let limit = getrlimit(Resource::Core);
            assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
            let child = Command::new("sh").args(["-c", "ulimit -c; umask"]).output();
            assert_eq!(child.unwrap().stdout, b"0\n0077\n");
            return;
        }
        let name =
            "process::own::tests::neither_we_nor_our_children_leave_core_dumps_or_files_for_others";
        let run = Command::new(env::current_exe().unwrap())
            .args(["--exact", name])
            .env(INSIDE, "")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
    }
}
