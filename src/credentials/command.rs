//! Credentials that a command prints: `op read ...`, `vault kv get ...`.

use std::time::Instant;

use camino::Utf8Path;

use super::{
    context::Context,
    source::Trouble,
    value::{self, Value},
};
use crate::{
    command::{EnvValue, ToolCommand},
    process::{self, ProcessError},
    secret::Secret,
};

/// The first line that `words` prints, run in the project's root.
///
/// # Errors
///
/// When it cannot be started, fails, prints nothing usable, or is not done by `deadline`. What it
/// wrote to standard error is not repeated: it may hold the secret, and nothing could tell.
pub fn look_up(words: &[String], deadline: Instant, context: &Context) -> Result<Value, Trouble> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Trouble::broken("it is empty").mend("name a program in the stack file"));
    };
    let command = command(program, arguments, context);
    let left = deadline.saturating_duration_since(Instant::now());
    let captured = process::capture_unless(&command, left, || context.unwanted.now());
    let captured = captured.map_err(|error| match error {
        ProcessError::Start { source, .. } => {
            Trouble::unavailable(format!("cannot be started: {source}")).mend(format!(
                "install {program}, or correct the path in the stack file"
            ))
        }
        error @ (ProcessError::Deadline { .. }
        | ProcessError::Ended { .. }
        | ProcessError::Wait { .. }) => {
            Trouble::broken(error.to_string()).mend("run it by hand: it may be waiting for a login")
        }
    })?;
    if !captured.success() {
        let how = match captured.code {
            Some(code) => format!("ended with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        return Err(
            Trouble::broken(how).mend(format!("run it by hand to see why: {}", command.display()))
        );
    }
    value::first_line(&captured.stdout)
        .map_err(|unusable| Trouble::broken(unusable.problem("the first line it printed")))
}

/// The command with all of the driver's variables: sessions, addresses and profiles of password
/// managers are in variables that nobody can list.
fn command(program: &str, arguments: &[String], context: &Context) -> ToolCommand {
    let is_project_path = program.contains('/') && !Utf8Path::new(program).is_absolute();
    let program = match is_project_path {
        true => context.root.join(program),
        false => program.into(),
    };
    let variables = context.variables.texts();
    ToolCommand::new(program)
        .args(arguments)
        .cwd(context.root.clone())
        .envs(
            variables.map(|(name, value)| (name.to_owned(), EnvValue::Secret(Secret::new(value)))),
        )
}
