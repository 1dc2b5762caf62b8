//! clap structs, one file per subcommand.

pub mod creds;

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
