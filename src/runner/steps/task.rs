//! `task.<name>`: a command of the stack's own, supervised like every other child.

use super::super::{
    context::Context,
    failure::Failure,
    step_log::StepLog,
    step_output::{Done, StepEnd, Stopped},
};
use crate::{
    command::{EnvValue, ToolCommand},
    config::TaskSpec,
    events::Step,
    process::{Output, StopSignal},
    tools::locate,
};

/// With this exit code a task says that there was nothing for it to do, or that it cannot do it here, and
/// with its last line why (as tests do under automake and meson).
const SKIPPED: i32 = 77;

pub async fn run(context: &Context, task: &TaskSpec) -> StepEnd {
    let arguments = match &context.base.request.task {
        Some(manual) if manual.name == task.name => manual.arguments.as_slice(),
        _ => &[],
    };
    let step = Step::Task(task.name.clone());
    let command = command(context, task, arguments)?;
    let mut log = StepLog::open(context, &step, &context.access.redactor);
    let ended = context
        .stream(
            &step,
            &format!("task.{}", task.name),
            &command,
            StopSignal::Terminate,
            |output| match output {
                Output::Line { channel, line } => {
                    log.take(channel, Context::level_of(channel), line);
                    if let Some(line) = log.last() {
                        context.events.doing(&step, line);
                    }
                }
                Output::Started { .. } => {}
            },
        )
        .await;
    let last = log.finish();
    let ended = ended?;
    if ended.was_stopped() {
        return Err(Stopped::Interrupted {
            pending: vec![step.to_string()],
        });
    }
    if ended.code == Some(SKIPPED) {
        let reason = last.last().map_or("it gave no reason", String::as_str);
        return Ok(Done::skipped(reason));
    }
    if !ended.success() {
        let message = format!("task {} ended with {}", task.name, ended.describe());
        return Err(Failure::new(message).excerpt(last).into());
    }
    Ok(Done::succeeded("done"))
}

fn command(
    context: &Context,
    task: &TaskSpec,
    arguments: &[String],
) -> Result<ToolCommand, Failure> {
    let scope = context.scope();
    let mut words = Vec::new();
    for word in &task.command {
        words.push(word.evaluate_string(&scope)?);
    }
    let (program, rest) = words
        .split_first()
        .ok_or_else(|| Failure::new(format!("task {} has an empty command", task.name)))?;
    // A path with a slash is one in the project, as in the stack file's other paths.
    let program = if program.contains('/') {
        context.base.stack.root.join(program).into_string()
    } else {
        program.clone()
    };
    Ok(ToolCommand::new(program)
        .args(rest.iter().cloned())
        .args(arguments.iter().cloned())
        .cwd(context.base.stack.root.clone())
        .envs(locate::search_path().map(|path| ("PATH".to_owned(), EnvValue::Plain(path))))
        .env("AMIABLE_STACK", &context.base.stack.name)
        .env("AMIABLE_ENVIRONMENT", &context.base.stack.environment.name)
        .env("AMIABLE_RUN", context.base.run.as_str())
        .envs(context.access.aws_env.iter().cloned())
        .envs(context.access.credential_env(&task.credentials)))
}
