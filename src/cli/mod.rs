//! The command line: clap structs, one file per subcommand, and which part of the library answers.

mod columns;
pub mod creds;
pub mod deploy;
pub mod destroy;
pub mod doctor;
pub mod generate;
pub mod image;
pub mod output;
pub mod plan;
pub mod report;
mod resume;
pub mod sandbox;
pub mod stack;
pub mod stderr;
pub mod stdout;
pub mod task;
mod task_output;
pub mod unlock;
pub mod up;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};

use crate::{
    config::{self, Project, Stack},
    errors::{Error, Exit},
    process, report as report_view,
};

/// One command for image-based AWS deployments: credentials, AMIs, Terraform, report.
#[derive(Debug, Parser)]
#[command(name = "amiable", version, after_help = exit_codes(), propagate_version = true)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Parser)]
pub struct Global {
    /// Stack to work on; without it the default one
    #[arg(long, global = true, value_name = "STACK", env = "AMIABLE_STACK")]
    pub stack: Option<String>,
    /// Environment to deploy to; without it the sandbox
    #[arg(long, global = true, value_name = "ENV", env = "AMIABLE_ENV")]
    pub env: Option<String>,
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<Utf8PathBuf>,
    /// Print one JSON document on standard output, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Approve the plan, and whatever else would be asked
    #[arg(short, long, global = true)]
    pub yes: bool,
    /// Never ask anything: what would need an answer fails instead
    #[arg(long, global = true)]
    pub non_interactive: bool,
    /// Show less: only failures and the result
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,
    /// Show more: the tools' output; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// When to use colours. `NO_COLOR` counts under `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Deploy: images, plan, approval, apply, checks, report
    Up(up::Args),
    /// Say what `up` would do, and change nothing
    Plan(plan::Args),
    /// Destroy what the stack has deployed
    Destroy(destroy::Args),
    /// Print outputs of the last deployment
    Output(output::Args),
    /// The stack's AMIs: build, list, replace, roll back, remove
    Image(image::Args),
    /// Free the lock of Terraform's state that a Terraform which is gone left behind
    Unlock(unlock::Args),
    /// Run one of the stack's own tasks
    Task(task::Args),
    /// Where credentials come from; store them; use them
    Creds(creds::CredsArgs),
    /// The local AWS emulator
    Sandbox(sandbox::Args),
    /// Reports of earlier runs
    Report(report::Args),
    /// Look for everything a deployment needs, with the mend for what is missing
    Doctor(doctor::Args),
    /// The stacks of this project
    Stack(stack::Args),
    /// Print a completion script for a shell
    Completions(generate::CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    process::protect_own();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard output or error leaves nobody to tell.
            let _ = error.print();
            let asked_for = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            return exit(if asked_for { Exit::Done } else { Exit::Usage });
        }
    };
    cli.global.color.apply();
    match cli.run() {
        Ok(()) => exit(Exit::Done),
        Err(error) => {
            print(&error);
            exit(error.exit())
        }
    }
}

impl Cli {
    fn run(&self) -> Result<(), Error> {
        if let Some(directory) = &self.global.directory {
            std::env::set_current_dir(directory).map_err(|source| Error::Io {
                context: format!("failed to enter {directory}"),
                source,
            })?;
        }
        let global = &self.global;
        match &self.command {
            Command::Up(args) => args.run(global),
            Command::Plan(args) => args.run(global),
            Command::Destroy(args) => args.run(global),
            Command::Output(args) => args.run(global),
            Command::Image(args) => args.run(global),
            Command::Task(args) => args.run(global),
            Command::Unlock(args) => args.run(global),
            Command::Creds(args) => args.run(global),
            Command::Sandbox(args) => args.run(global),
            Command::Report(args) => args.run(global),
            Command::Doctor(args) => args.run(global),
            Command::Stack(args) => args.run(global),
            Command::Completions(args) => args.run(Cli::command()),
            Command::Man => generate::man(Cli::command()),
        }
    }
}

impl Global {
    /// The project around the current folder.
    ///
    /// # Errors
    ///
    /// When there is none, or the current folder has no UTF-8 name.
    pub fn project(&self) -> Result<Project, Error> {
        let here = std::env::current_dir().map_err(|source| Error::Io {
            context: "failed to find the current folder".to_owned(),
            source,
        })?;
        let here = Utf8PathBuf::from_path_buf(here).map_err(|path| {
            Error::Usage(format!(
                "the current folder has a name that is not UTF-8: {}",
                path.display()
            ))
        })?;
        Ok(Project::find(&here)?)
    }

    /// The stack that is meant: `stack` of the command, `--stack`, or the default one.
    ///
    /// # Errors
    ///
    /// When there is no such stack or its file is invalid.
    pub fn load(&self, project: &Project, stack: Option<&str>) -> Result<Stack, Error> {
        let stack = stack.or(self.stack.as_deref());
        let environment = |name: &str| std::env::var(name).ok();
        Ok(config::load(
            project,
            stack,
            self.env.as_deref(),
            &environment,
        )?)
    }
}

impl Global {
    /// How runs are shown.
    pub fn report_settings(&self) -> report_view::Settings {
        report_view::Settings::detect(self.color.forced(), self.quiet, self.verbose)
    }
}

impl ColorChoice {
    /// `None` when the terminal decides.
    pub fn forced(self) -> Option<bool> {
        match self {
            ColorChoice::Auto => None,
            ColorChoice::Always => Some(true),
            ColorChoice::Never => Some(false),
        }
    }

    fn apply(self) {
        let (choice, console) = match self {
            ColorChoice::Auto => return,
            ColorChoice::Always => (anstream::ColorChoice::Always, true),
            ColorChoice::Never => (anstream::ColorChoice::Never, false),
        };
        choice.write_global();
        console::set_colors_enabled(console);
        console::set_colors_enabled_stderr(console);
    }
}

/// Prints `error` with its hints on standard error.
fn print(error: &Error) {
    use std::io::Write;

    if matches!(error, Error::RunEnded(_)) {
        return;
    }
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let mut stderr = anstream::stderr().lock();
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(stderr, "{red}error:{red:#} {error}");
    for hint in error.hints() {
        let _ = writeln!(stderr, "  {hint}");
    }
}

fn exit(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

/// The table of exit codes at the end of `--help`.
fn exit_codes() -> String {
    let rows = Exit::ALL.map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
    format!("Exit codes:\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_exit_code_is_in_the_help() {
        let help = Cli::command().render_help().to_string();
        for exit in Exit::ALL {
            assert!(help.contains(exit.meaning()), "{exit:?}");
        }
    }
}
