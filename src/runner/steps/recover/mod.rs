//! `recover`: takes in what killed runs of this stack and environment left, before anything else is done.
//!
//! Children live in sessions of their own and outlive a killed driver, on purpose: a Terraform that is cut
//! off loses its state. So the first thing is to wait for them; then what they printed says what they did.
//!
//! - [`account`]: what a child did, from its output.

mod account;

use std::time::Duration;

use camino::Utf8Path;

use self::account::Account;
use super::super::{
    context::{Context, blocking},
    failure::Failure,
    past,
    step_log::StepLog,
    step_output::{Done, StepEnd, StepOutput, Stopped},
};
use crate::{
    events::{Happening, Operation, ResourceOutcome, Step, StepResult},
    journal::{
        Journal, PastRun, Record, RunFolder,
        past::{PastChild, PastTemporary},
        record::TemporaryKind,
        unfinished,
    },
    process::temporary::PrivateFolder,
    tools::packer::temporary::Temporary,
};

/// Pause between two looks at a process that is not our child.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub async fn run(context: &Context) -> StepEnd {
    let mut told = Vec::new();
    let mut doubts = Vec::new();
    for past in &context.base.unfinished {
        wait(context, past).await?;
        end_left_behind(context, past).await?;
        let found = take_in(context, past);
        told.push(found.text);
        doubts.extend(found.doubts);
        close(context, past, &found.temporary)?;
    }
    let summary = told.join("; ");
    if doubts.is_empty() {
        return Ok(Done::succeeded(summary));
    }
    for doubt in doubts {
        let hint = "compare with the console before you approve; what is there twice has to be removed by hand";
        context
            .events
            .warn(&Step::Recover, doubt, Some(hint.to_owned()));
    }
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

/// Ends what a child left behind that was gone before its driver could see to it.
async fn end_left_behind(context: &Context, past: &PastRun) -> Result<(), Failure> {
    for child in unwatched(past) {
        let mark = past::mark(&past.run, &child.step);
        for (pid, program) in blocking(move || mark.end_left_behind()).await? {
            let step = &child.step;
            context.events.warn(
                &Step::Recover,
                format!(
                    "{program} (process {pid}), which {step} of run {} left behind, was ended",
                    past.run
                ),
                None,
            );
        }
    }
    Ok(())
}

/// The children whose ends the driver did not see.
fn unwatched(past: &PastRun) -> impl Iterator<Item = &PastChild> {
    past.children.iter().filter(|child| !child.ended)
}

/// What a killed run turned out to have done.
struct Found {
    text: String,
    doubts: Vec<String>,
    /// Named by Packer, and not in the journal yet.
    temporary: Vec<PastTemporary>,
}

fn take_in(context: &Context, past: &PastRun) -> Found {
    let mut found = Found {
        text: format!("run {} ({}) was killed", past.run, past.operation),
        doubts: Vec::new(),
        temporary: Vec::new(),
    };
    let mut log = StepLog::open(context, &Step::Recover, &context.access.redactor);
    for child in unwatched(past) {
        let account = account::of(child, &mut log);
        if account.applied && past.operation == Operation::Destroy.word() {
            forget_outputs(context);
        }
        take_account(context, past, child, account, &mut found);
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
    found
}

fn take_account(
    context: &Context,
    past: &PastRun,
    child: &PastChild,
    account: Account,
    found: &mut Found,
) {
    if let Some(text) = account.text {
        found.text = format!("{}; {}", found.text, context.events.redact(&text));
    }
    let (created, known): (Vec<_>, Vec<_>) = account
        .unknown
        .into_iter()
        .partition(|outcome| outcome.action.creates());
    if !created.is_empty() {
        found.doubts.push(format!(
            "may exist without being in the state: {}",
            addresses(&created)
        ));
    }
    // The state has these, so the next plan asks AWS what they are like now.
    if !known.is_empty() {
        found.text = format!("{}, at work on {}", found.text, addresses(&known));
    }
    found.doubts.extend(account.doubts);
    for outcome in created {
        context.events.send(Happening::ResourceDone(outcome));
    }
    let image = child.step.strip_prefix("image.");
    let mut builds = past.builds.iter().rev();
    let region = builds
        .find(|build| Some(build.image.as_str()) == image)
        .map_or(&context.base.stack.region, |build| &build.region);
    let named = account
        .temporary
        .into_iter()
        .map(|temporary| named(temporary, region));
    found
        .temporary
        .extend(named.filter(|named| !past.temporary.contains(named)));
}

fn addresses(outcomes: &[ResourceOutcome]) -> String {
    let addresses = outcomes.iter().map(|outcome| outcome.address.as_str());
    addresses.collect::<Vec<_>>().join(", ")
}

fn named(temporary: Temporary, region: &str) -> PastTemporary {
    let (kind, name) = match temporary {
        Temporary::KeyPair(name) => (TemporaryKind::KeyPair, name),
        Temporary::SecurityGroup(name) => (TemporaryKind::SecurityGroup, name),
    };
    PastTemporary {
        kind,
        name,
        region: region.to_owned(),
    }
}

/// What they speak of is gone. A file that stays is put right by the next run.
fn forget_outputs(context: &Context) {
    let _ = fs_err::remove_file(context.base.state.outputs());
}

/// Removes what must not stay (a saved plan, unredacted output, a tool's temporary files) and closes the
/// run's records.
fn close(context: &Context, past: &PastRun, named: &[PastTemporary]) -> Result<(), Failure> {
    let base = &context.base;
    let folder = RunFolder::locate(&base.stack.root, &past.run);
    let closed = || -> std::io::Result<()> {
        let journal = Journal::reopen(&folder.journal())?;
        // Before the output goes that tells of them.
        for PastTemporary { kind, name, region } in named.iter().cloned() {
            let record = Record::TemporaryResource { kind, name, region };
            journal.append(jiff::Timestamp::now(), record)?;
        }
        empty(&folder.spool())?;
        unwatched(past).for_each(remove_temporary);
        let by = base.run.clone();
        journal.append(jiff::Timestamp::now(), Record::RunRecovered { by })?;
        unfinished::clear(&base.state, &past.run)
    };
    closed().map_err(|error| {
        Failure::new(format!(
            "failed to close the records of run {}: {error}",
            past.run
        ))
        .hint(format!("look at {}", folder.path()))
    })
}

/// Only a folder such as we make: a journal is a file that others may have written to.
fn remove_temporary(child: &PastChild) {
    let Some(folder) = &child.temporary else {
        return;
    };
    let ours = folder
        .file_name()
        .is_some_and(|name| name.starts_with(PrivateFolder::PREFIX));
    let in_temporary = folder.parent().map(Utf8Path::as_std_path) == Some(&*std::env::temp_dir());
    if ours && in_temporary {
        // Gone already when the child's driver came to it.
        let _ = fs_err::remove_dir_all(folder);
    }
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
