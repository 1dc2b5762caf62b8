//! The `amiable` program: hands the command line to the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    amiable::cli::main()
}
