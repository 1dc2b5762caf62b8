//! `amiable sandbox`: the local AWS emulator.

use camino::Utf8PathBuf;
use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::{Global, stdout};
use crate::{
    config::Environment,
    errors::Error,
    journal::run_folder::forget_outputs,
    sandbox::{
        Emulator, EmulatorSettings, Sandbox, Status,
        builder::{Builder, HostSettings, Leftover},
        overrides::DUMMY_KEY,
    },
    tools::locate::{self, Tool},
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
enum SandboxCommand {
    /// Starts the emulator, unless it runs already
    Start {
        /// Region whose public AMIs it offers
        #[arg(long, default_value = "us-east-1")]
        region: String,
    },
    /// Says whether the emulator runs, where, and which builder machines there are
    Status,
    /// Ends the emulator, and with it everything that was deployed to it
    Stop,
    /// Ends the emulator and the builder machines, and forgets generated secrets and Terraform states
    Reset,
}

impl Args {
    /// Runs the subcommand and prints its result to standard output.
    ///
    /// # Errors
    ///
    /// When the emulator cannot be started or ended, or its program is missing.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let root = global.project()?.root;
        let sandbox = Sandbox::of_project(&root);
        let view = match &self.command {
            SandboxCommand::Start { region } => start(&sandbox, region)?,
            SandboxCommand::Status => status(&sandbox)?,
            SandboxCommand::Stop => View::after_end(&sandbox, sandbox.stop()?.as_ref()),
            SandboxCommand::Reset => reset(&sandbox)?,
        };
        if matches!(self.command, SandboxCommand::Stop | SandboxCommand::Reset) {
            // What was deployed to the emulator ended with it.
            forget_outputs(&root, Environment::SANDBOX).map_err(|source| Error::Io {
                context: "failed to forget the sandbox's outputs".to_owned(),
                source,
            })?;
        }
        if global.json {
            stdout::print_json(&view)
        } else {
            stdout::print(&view.for_people())
        }
    }
}

fn start(sandbox: &Sandbox, region: &str) -> Result<View, Error> {
    let tool = Tool::MotoServer;
    let moto_server = locate::locate(tool).map_err(|error| Error::Tool {
        problem: error.to_string(),
        hints: vec![tool.mend().to_owned()],
    })?;
    let ensured = sandbox.ensure_running(&EmulatorSettings {
        moto_server,
        region: region.to_owned(),
    })?;
    Ok(View {
        new: Some(ensured.new),
        ..View::of(sandbox, State::Running, Some(&ensured.emulator))
    })
}

fn status(sandbox: &Sandbox) -> Result<View, Error> {
    let view = match sandbox.status()? {
        Status::Stopped => View::of(sandbox, State::Stopped, None),
        Status::Running(emulator) => View::of(sandbox, State::Running, Some(&emulator)),
        Status::Lost(emulator) => View::of(sandbox, State::Lost, Some(&emulator)),
    };
    // Without Docker, or without its engine, there are no machines to tell of.
    let machines = builder(sandbox)
        .and_then(|builder| builder.leftovers().ok())
        .unwrap_or_default();
    Ok(View {
        builder_machines: machines.iter().map(Machine::of).collect(),
        ..view
    })
}

fn reset(sandbox: &Sandbox) -> Result<View, Error> {
    // Before the folder goes: it is part of what tells this checkout's machines from others'.
    let swept = builder(sandbox)
        .and_then(|builder| builder.sweep(|_| false).ok())
        .unwrap_or_default();
    let ended = sandbox.reset()?;
    Ok(View {
        builder_machines: swept
            .iter()
            .map(|leftover| Machine {
                state: "removed".to_owned(),
                ..Machine::of(leftover)
            })
            .collect(),
        ..View::after_end(sandbox, ended.as_ref())
    })
}

fn builder(sandbox: &Sandbox) -> Option<Builder> {
    let docker = locate::locate(Tool::Docker).ok()?;
    Some(Builder::new(
        docker,
        sandbox,
        locate::home(),
        HostSettings::default(),
    ))
}

/// What a subcommand has to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct View {
    state: State,
    /// After `start`: whether the emulator has just been started, and so is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    /// The emulator that runs, is lost, or was ended.
    emulator: Option<EmulatorView>,
    builder_machines: Vec<Machine>,
    folder: Utf8PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Running,
    Stopped,
    Lost,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct EmulatorView {
    url: String,
    pid: u32,
    instance: String,
    started_at: String,
    log: Utf8PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Machine {
    container: String,
    run: String,
    image: String,
    state: String,
}

impl Machine {
    fn of(leftover: &Leftover) -> Self {
        Self {
            container: leftover.container.clone(),
            run: leftover.run.clone(),
            image: leftover.image.clone(),
            state: leftover.state.clone(),
        }
    }
}

impl View {
    fn of(sandbox: &Sandbox, state: State, emulator: Option<&Emulator>) -> Self {
        Self {
            state,
            new: None,
            emulator: emulator.map(|emulator| EmulatorView {
                url: emulator.url(),
                pid: emulator.process.pid,
                instance: emulator.instance.to_string(),
                started_at: emulator.started_at.to_string(),
                log: sandbox.log_file(),
            }),
            builder_machines: Vec::new(),
            folder: sandbox.folder().to_owned(),
        }
    }

    fn after_end(sandbox: &Sandbox, ended: Option<&Emulator>) -> Self {
        Self::of(sandbox, State::Stopped, ended)
    }

    fn for_people(&self) -> String {
        let mut lines = match (self.state, &self.emulator) {
            (State::Running, Some(emulator)) => {
                let age = match self.new {
                    Some(true) => "started, empty",
                    Some(false) => "was running already",
                    None => "running",
                };
                vec![
                    format!("sandbox: {age}"),
                    format!("  address:  {}", emulator.url),
                    format!(
                        "  process:  {}, since {}",
                        emulator.pid, emulator.started_at
                    ),
                    format!("  instance: {}", emulator.instance),
                    format!("  log:      {}", emulator.log),
                    format!(
                        "  try:      AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID={DUMMY_KEY} \
                         AWS_SECRET_ACCESS_KEY={DUMMY_KEY} aws --region us-east-1 ec2 describe-vpcs",
                        emulator.url
                    ),
                ]
            }
            (State::Lost, Some(emulator)) => vec![
                format!(
                    "sandbox: lost: the emulator of {} no longer runs at {}, and what was deployed to it is gone",
                    emulator.started_at, emulator.url
                ),
                format!("  log:      {}", emulator.log),
                "  mend:     `amiable up` or `amiable sandbox start` starts an empty one"
                    .to_owned(),
            ],
            (State::Stopped, Some(emulator)) => {
                vec![format!("sandbox: stopped, process {} ended", emulator.pid)]
            }
            (_, _) => vec!["sandbox: not running".to_owned()],
        };
        lines.extend(self.builder_machines.iter().map(|machine| {
            let id: String = machine.container.chars().take(12).collect();
            format!(
                "  builder:  {id} {} (image {}, run {})",
                machine.state, machine.image, machine.run
            )
        }));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_words_of_the_command_line() {
        let parse = |word: &str| Command::try_parse_from(["sandbox", word]).map(|c| c.args.command);
        assert!(matches!(parse("status"), Ok(SandboxCommand::Status)));
        assert!(matches!(parse("stop"), Ok(SandboxCommand::Stop)));
        assert!(matches!(parse("reset"), Ok(SandboxCommand::Reset)));
        assert!(
            matches!(parse("start"), Ok(SandboxCommand::Start { region }) if region == "us-east-1")
        );
        assert!(parse("begin").is_err());
    }

    fn view(state: State) -> View {
        View {
            state,
            new: None,
            emulator: Some(EmulatorView {
                url: "http://127.0.0.1:4566".to_owned(),
                pid: 7,
                instance: "0123456789abcdef".to_owned(),
                started_at: "2001-09-09T01:46:40Z".to_owned(),
                log: "log".into(),
            }),
            builder_machines: vec![Machine {
                container: "0123456789abcdef".to_owned(),
                run: "20010909-014640-ff0001".to_owned(),
                image: "dashboard".to_owned(),
                state: "running".to_owned(),
            }],
            folder: ".amiable/sandbox".into(),
        }
    }

    #[test]
    fn people_read_where_it_is_and_how_to_get_at_it() {
        let text = view(State::Running).for_people();
        assert!(text.contains("address:  http://127.0.0.1:4566\n"), "{text}");
        assert!(
            text.contains("AWS_ENDPOINT_URL=http://127.0.0.1:4566"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "builder:  0123456789ab running (image dashboard, run 20010909-014640-ff0001)\n"
            ),
            "{text}"
        );
        assert!(view(State::Lost).for_people().contains("sandbox start"));
    }

    #[test]
    fn programs_read_the_same_as_json() {
        let json = serde_json::to_value(view(State::Lost)).unwrap();
        assert_eq!(json["state"], "lost");
        assert_eq!(json["emulator"]["pid"], 7);
        assert_eq!(json["builder_machines"][0]["image"], "dashboard");
        assert!(json.get("new").is_none());
    }
}
