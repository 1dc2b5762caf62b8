//! `recover`: takes in what killed runs of this stack and environment left, before anything else is done.
//!
//! Children live in sessions of their own and outlive a killed driver, on purpose: a Terraform that is cut
//! off loses its state. So the first thing is to wait for them; then what they printed says what they did.

use std::{io::BufRead, time::Duration};

use camino::Utf8Path;

use super::{
    super::{
        context::Context,
        failure::Failure,
        past,
        step_log::StepLog,
        step_output::{Done, StepEnd, StepOutput, Stopped},
    },
    terraform_failure,
};
use crate::{
    events::{Level, Step, StepResult},
    journal::{Journal, PastRun, Record, RunFolder, past::PastChild, unfinished},
    tools::terraform::{decode, outcome::Tally},
};

/// Pause between two looks at a process that is not our child.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub async fn run(context: &Context) -> StepEnd {
    let mut told = Vec::new();
    let mut unknown = Vec::new();
    for past in &context.base.unfinished {
        wait(context, past).await?;
        let found = take_in(context, past)?;
        told.push(found.text);
        unknown.extend(found.unknown);
        close(context, past)?;
    }
    let summary = told.join("; ");
    if unknown.is_empty() {
        return Ok(Done::succeeded(summary));
    }
    context.events.warn(
        &Step::Recover,
        format!("may exist without being in the state: {}", unknown.join(", ")),
        Some("compare with the console before you approve; what is there twice has to be removed by hand".to_owned()),
    );
    Ok(Done {
        result: StepResult::Degraded { summary },
        output: StepOutput::Nothing,
    })
}

/// Waits for the children that go on without their driver.
async fn wait(context: &Context, past: &PastRun) -> Result<(), Stopped> {
    while let Some(child) = past::orphans(past).first() {
        let step = child.step.as_deref().unwrap_or_default();
        let what = format!("{step} of run {} (process {})", past.run, child.pid);
        context.events.doing(
            &Step::Recover,
            format!("waiting for {what}, which goes on without its driver"),
        );
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = context.base.stop.requested() => {
                return Err(Stopped::Interrupted { pending: vec![what] });
            }
        }
    }
    Ok(())
}

/// What a killed run turned out to have done.
struct Found {
    text: String,
    /// Resources that Terraform started on and never said how they ended.
    unknown: Vec<String>,
}

fn take_in(context: &Context, past: &PastRun) -> Result<Found, Failure> {
    let mut log = StepLog::open(context, &Step::Recover, &context.access.redactor);
    let mut apply = None;
    for child in past.children.iter().filter(|child| !child.ended) {
        let tally = read(child, &mut log);
        if child.step == Step::TerraformApply.to_string() {
            apply = Some(tally);
        }
    }
    log.finish();
    if past.damaged_lines > 0 {
        context.events.warn(
            &Step::Recover,
            format!(
                "{} line(s) of the journal of run {} cannot be read and count for nothing",
                past.damaged_lines, past.run
            ),
            None,
        );
    }
    let run = format!("run {} ({}) was killed", past.run, past.operation);
    let Some(tally) = apply else {
        return Ok(Found {
            text: run,
            unknown: Vec::new(),
        });
    };
    let how = how_it_ended(&tally);
    let unknown = tally.unknown().into_iter().map(|outcome| outcome.address);
    Ok(Found {
        text: format!("{run}; its terraform apply {how}"),
        unknown: unknown.collect(),
    })
}

fn how_it_ended(tally: &Tally) -> String {
    let (added, changed, destroyed) = tally.done();
    let done = format!("{added} added, {changed} changed, {destroyed} destroyed");
    match (&tally.summary, tally.errors.first()) {
        (_, Some(error)) => format!("failed ({}), with {done}", error.summary),
        (Some(_), None) => format!("went on to its end: {done}"),
        (None, None) => format!("stopped midway, with {done}"),
    }
}

/// Reads what a child printed, into the log and into a tally of Terraform's lines.
fn read(child: &PastChild, log: &mut StepLog<'_>) -> Tally {
    let mut tally = Tally::default();
    let is_terraform = child.step.starts_with("terraform.");
    for (path, level) in [(&child.stdout, Level::Info), (&child.stderr, Level::Warn)] {
        // Gone when the child had been started and its output taken in, or never started at all.
        let Ok(file) = fs_err::File::open(path) else {
            continue;
        };
        for line in std::io::BufReader::new(file)
            .split(b'\n')
            .map_while(Result::ok)
        {
            let line = String::from_utf8_lossy(&line);
            if !is_terraform || level == Level::Warn {
                log.take(level, &line);
                continue;
            }
            let decoded = decode::line(&line);
            if let Some((level, text)) = terraform_failure::log_line(&decoded) {
                log.take_from(terraform_failure::speaker(&decoded), level, &text);
            }
            tally.take(decoded);
        }
    }
    tally
}

/// Removes what must not stay (a saved plan, unredacted output) and closes the run's records.
fn close(context: &Context, past: &PastRun) -> Result<(), Failure> {
    let base = &context.base;
    let folder = RunFolder::locate(&base.stack.root, &past.run);
    empty(&folder.spool()).map_err(|error| {
        Failure::new(format!(
            "failed to remove what run {} left in {}: {error}",
            past.run,
            folder.spool()
        ))
    })?;
    let by = base.run.clone();
    let recovered = Journal::reopen(&folder.journal())
        .and_then(|journal| journal.append(jiff::Timestamp::now(), Record::RunRecovered { by }))
        .and_then(|()| unfinished::clear(&base.state, &past.run));
    recovered.map_err(|error| {
        Failure::new(format!(
            "failed to close the records of run {}: {error}",
            past.run
        ))
    })
}

fn empty(folder: &Utf8Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str =
        r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const DONE: &str =
        r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const SUMMARY: &str = r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}"#;
    const ERROR: &str =
        r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"denied","detail":""}}"#;

    #[test]
    fn what_an_apply_printed_says_how_it_ended() {
        let how = |lines: &[&str]| {
            let mut tally = Tally::default();
            for line in lines {
                tally.take(decode::line(line));
            }
            how_it_ended(&tally)
        };
        assert_eq!(
            how(&[START, DONE, SUMMARY]),
            "went on to its end: 1 added, 0 changed, 0 destroyed"
        );
        assert_eq!(
            how(&[START, ERROR]),
            "failed (denied), with 0 added, 0 changed, 0 destroyed"
        );
        assert_eq!(
            how(&[START]),
            "stopped midway, with 0 added, 0 changed, 0 destroyed"
        );
    }
}
