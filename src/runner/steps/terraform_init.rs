//! `terraform.init`: only when what it depends on has changed.

use camino::Utf8Path;

use super::super::{
    context::Context,
    failure::Failure,
    retry::Retry,
    step_log::StepLog,
    step_output::{Done, StepEnd, Stopped},
};
use crate::{
    events::{Level, Step},
    process::{Channel, Ended, Output, StopSignal},
    tools::{
        known_error,
        terraform::{Terraform, init_inputs},
    },
};

/// How many lines of init's complaint are shown.
const EXCERPT: usize = 20;

pub async fn run(context: &Context) -> StepEnd {
    let step = Step::TerraformInit;
    let terraform = context.access.terraform()?;
    let folder = terraform.folder().to_owned();
    let stamp_file = context.base.state.init_stamp();

    write_overrides(context)?;
    let stamp = stamp(context, &folder)?;
    let initialised = folder.join(".terraform").is_dir();
    if initialised && fs_err::read_to_string(&stamp_file).is_ok_and(|known| known == stamp) {
        return Ok(Done::skipped("nothing it depends on has changed"));
    }

    context
        .events
        .doing(&step, "fetching providers and modules");
    let mut retry = Retry::new(&context.events, &context.base.stop, Some(&step));
    loop {
        let (ended, lines) = init(context, terraform, &step).await?;
        if ended.was_stopped() {
            return Err(Stopped::Interrupted {
                pending: Vec::new(),
            });
        }
        if ended.success() {
            break;
        }
        let complaint = lines.join("\n");
        let error = known_error::passing_one([complaint.as_str()]);
        if !retry.after("terraform init", error).await {
            context.go_on()?;
            return Err(failed(context, &lines, &ended.describe()).into());
        }
    }
    // Now the provider's version is known.
    write_overrides(context)?;
    // Init may have written the lock file and the module manifest, which are part of the stamp.
    let stamp = self::stamp(context, &folder)?;
    if let Err(error) = fs_err::write(&stamp_file, stamp) {
        context.events.log(
            &step,
            Level::Warn,
            &format!("init will run again next time: {error}"),
        );
    }
    Ok(Done::succeeded("initialised"))
}

/// One `terraform init`, and what it complained of.
async fn init(
    context: &Context,
    terraform: &Terraform,
    step: &Step,
) -> Result<(Ended, Vec<String>), Failure> {
    let mut lines = Vec::new();
    let mut log = StepLog::open(context, step, &context.access.redactor);
    let ended = context
        .stream(
            step,
            "terraform.init",
            &terraform.init(),
            StopSignal::Interrupt,
            |output| match output {
                Output::Line { channel, line } => {
                    if let Some(what) = line.strip_prefix("- ") {
                        context.events.doing(step, what);
                    }
                    log.take(channel, Context::level_of(channel), line);
                    if channel == Channel::Stderr {
                        lines.push(line.to_owned());
                    }
                }
                Output::Started { .. } => {}
            },
        )
        .await;
    log.finish();
    Ok((ended?, lines))
}

fn write_overrides(context: &Context) -> Result<(), Failure> {
    match &context.base.stack.terraform {
        Some(root) => context.access.write_overrides(&context.prepared, root),
        None => Ok(()),
    }
}

fn stamp(context: &Context, folder: &Utf8Path) -> Result<String, Failure> {
    let version = context.prepared.terraform_version();
    let backend = format!("{:?}", context.access.backend);
    init_inputs::stamp(folder, &version, &backend)
        .map_err(|error| Failure::new(format!("failed to read the Terraform root: {error}")))
}

fn failed(context: &Context, stderr: &[String], how: &str) -> Failure {
    let text = context.events.redact(&stderr.join("\n"));
    let summary = text.lines().find_map(|line| line.split_once("Error: "));
    let message = match summary {
        Some((_, summary)) => format!("terraform init: {summary}"),
        None => format!("terraform init ended with {how}"),
    };
    let excerpt = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(EXCERPT)
        .map(str::to_owned);
    Failure::new(message).because(&text).excerpt(excerpt)
}
