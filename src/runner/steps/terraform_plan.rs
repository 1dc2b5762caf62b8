//! `terraform.plan`: a complete, saved plan, and the guards that look at it.

use std::{collections::BTreeSet, io::ErrorKind};

use camino::Utf8Path;

use super::{
    super::{
        context::Context,
        failure::Failure,
        known_tools::{self, KnownTools},
        retry::Retry,
        step_log::StepLog,
        step_output::{Done, SavedPlan, StepEnd, StepOutput, Stopped},
    },
    standing_outputs::StandingOutputs,
    state_accident, terraform_failure,
};
use crate::{
    errors::Exit,
    events::{Action, Happening, Operation, PlannedChange, PlannedChanges, Step},
    process::{Channel, Ended, Output, StopSignal},
    render,
    tools::{
        known_error,
        locate::Tool,
        terraform::{
            Terraform,
            command::PlanOptions,
            decode, diagnosis,
            outcome::Tally,
            plan_document::{self, PlanDocument},
            stateful,
        },
    },
};

pub async fn run(context: &Context) -> StepEnd {
    let step = Step::TerraformPlan;
    let terraform = context.access.terraform()?;
    state_accident::before_plan(context, terraform.folder())?;
    write_variables(context)?;

    let destroy = context.base.request.operation == Operation::Destroy;
    let mut standing = (context.base.request.operation == Operation::Up)
        .then(|| StandingOutputs::before_plan(context, terraform));
    let mut retry = Retry::new(&context.events, &context.base.stop, Some(&step));
    let (mut ended, mut tally) = loop {
        let (ended, tally) = plan(context, terraform, destroy, true, standing.as_mut()).await?;
        let errors: Vec<String> = tally.errors.iter().map(diagnosis::text).collect();
        let error = known_error::passing_one(errors.iter().map(String::as_str));
        if ended.success() || !retry.after("terraform plan", error).await {
            break (ended, tally);
        }
        // What was read beside the plan that failed may not be what the next one sees.
        standing = standing.map(|_| StandingOutputs::before_plan(context, terraform));
    };
    if destroy && !ended.was_stopped() && looked_something_up_in_vain(&tally) {
        context.events.warn(
            &step,
            "a data source finds nothing any more; planning the destroy from the state alone",
            None,
        );
        (ended, tally) = plan(context, terraform, destroy, false, None).await?;
    }
    if ended.was_stopped() {
        discard(context);
        return Err(Stopped::Interrupted {
            pending: Vec::new(),
        });
    }
    report_unknown_lines(context, &step, &tally);
    doubt_the_version(context, &tally);
    // Exit code 2 means "changes" and is also what a Go fatal error gives, so it proves nothing.
    if !matches!(ended.code, Some(0 | 2)) || !tally.errors.is_empty() {
        discard(context);
        let failure = terraform_failure::of("terraform plan", &ended, &tally, |text| {
            context.events.redact(text)
        });
        return Err(initialise_next_time(context, failure, &tally).into());
    }
    let Some(summary) = &tally.summary else {
        discard(context);
        return Err(Failure::new(format!(
            "terraform plan ended with {} and without its final summary, so its plan is not trusted",
            ended.describe()
        ))
        .hint("check that the disk is not full, then rerun")
        .into());
    };

    let nothing_to_do = ended.code == Some(0) && summary.add + summary.change + summary.remove == 0;
    let (changes, seal) = if nothing_to_do {
        (PlannedChanges::default(), None)
    } else {
        // Before it is looked at: what is shown is what is applied.
        let seal = seal(&context.base.folder.plan())?;
        let document = show(context, terraform).await?;
        complete(context, &document)?;
        if let Err(accident) =
            state_accident::after_plan(context, terraform.folder(), &document.changes).await
        {
            discard(context);
            return Err(accident.into());
        }
        (document.changes, Some(seal))
    };
    if !destroy {
        guard_deletes(&changes, &context.base.request.allow_destroy)?;
    }
    context.events.send(Happening::Planned(changes.clone()));
    let summary = phrase(&changes);
    if nothing_to_do {
        discard(context);
        if let Some(standing) = standing {
            let outputs = standing.finish(context, terraform).await?;
            return Ok(Done::with(summary, StepOutput::Unchanged(outputs)));
        }
    }
    Ok(Done::with(
        summary,
        StepOutput::Planned(SavedPlan { changes, seal }),
    ))
}

/// What an earlier init brought may be gone although nothing that init depends on has changed: somebody
/// emptied a plugin cache. Then it must not be skipped for ever.
fn initialise_next_time(context: &Context, failure: Failure, tally: &Tally) -> Failure {
    if !tally.errors.iter().any(diagnosis::wants_init) {
        return failure;
    }
    let stamp = context.base.state.init_stamp();
    match fs_err::remove_file(&stamp) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            failure.hint(format!("remove {stamp}"))
        }
        _ => failure.hint("rerun: Terraform will be initialised anew"),
    }
}

async fn plan(
    context: &Context,
    terraform: &Terraform,
    destroy: bool,
    refresh: bool,
    mut standing: Option<&mut StandingOutputs>,
) -> Result<(Ended, Tally), Stopped> {
    let step = Step::TerraformPlan;
    let command = terraform.plan(PlanOptions {
        save_to: &context.base.folder.plan(),
        destroy,
        refresh,
        lock_timeout_seconds: context.base.request.lock_timeout,
    });
    let mut tally = Tally::default();
    let mut log = StepLog::open(context, &step, &context.access.redactor);
    let ended = context
        .stream(
            &step,
            "terraform.plan",
            &command,
            StopSignal::Interrupt,
            |output| match output {
                Output::Line { channel, line } => {
                    let line = decoded(channel, line);
                    if let Some(standing) = &mut standing {
                        standing.on_line(&line, terraform);
                    }
                    take(context, &step, &mut tally, &mut log, channel, line);
                }
                Output::Started { .. } => {}
            },
        )
        .await;
    log.finish();
    Ok((ended?, tally))
}

/// What Terraform said: only its standard output is JSON.
pub(super) fn decoded(channel: Channel, line: &str) -> decode::Line {
    match channel {
        Channel::Stdout => decode::line(line),
        Channel::Stderr => decode::Line::Plain(line.to_owned()),
    }
}

/// Takes a line of Terraform in: log, tally, activity.
pub(super) fn take(
    context: &Context,
    step: &Step,
    tally: &mut Tally,
    log: &mut StepLog<'_>,
    channel: Channel,
    decoded: decode::Line,
) {
    if let Some((level, text)) = terraform_failure::log_line(&decoded) {
        log.take_from(channel, terraform_failure::speaker(&decoded), level, &text);
    }
    if let Some(outcome) = tally.take(decoded) {
        context.events.send(Happening::ResourceDone(outcome));
    }
    context.events.activity(step, tally.activity());
}

pub(super) fn report_unknown_lines(context: &Context, step: &Step, tally: &Tally) {
    if tally.unknown_lines > 0 {
        context.events.send(Happening::UnknownLines {
            step: step.clone(),
            count: tally.unknown_lines,
        });
    }
}

/// Terraform says with each plan which version it is. When that is not the one preflight found, something
/// chooses a version as it starts without our noticing: then it is asked again in the next run.
fn doubt_the_version(context: &Context, tally: &Tally) {
    let found = context.prepared.terraform_version().to_string();
    let Some(said) = tally.version.as_ref().filter(|said| **said != found) else {
        return;
    };
    let file = known_tools::file(&context.base.stack.root);
    let mut known = KnownTools::load(&file);
    known.forget(Tool::Terraform);
    let forgotten = known.store(&file);
    context.events.warn(
        &Step::TerraformPlan,
        format!("Terraform made this plan as version {said}, and preflight found {found}"),
        forgotten.err().map(|_| format!("remove {file}")),
    );
}

fn write_variables(context: &Context) -> Result<(), Failure> {
    let scope = context.scope();
    let mut values = serde_json::Map::new();
    for (name, value) in context.base.stack.variables.expressions() {
        values.insert(name.to_owned(), value.evaluate(&scope)?);
    }
    let Some(root) = &context.base.stack.terraform else {
        return Ok(());
    };
    let text = render::terraform::variables_file(&values);
    context
        .prepared
        .write(&root.join(render::terraform::VARIABLES_FILE), &text)
}

/// What tells the plan in `file` from every other one.
///
/// # Errors
///
/// When the file cannot be read.
pub(super) fn seal(file: &Utf8Path) -> Result<String, Failure> {
    let bytes = fs_err::read(file)
        .map_err(|error| Failure::new(format!("failed to read the saved plan: {error}")))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

async fn show(context: &Context, terraform: &Terraform) -> Result<PlanDocument, Failure> {
    let shown = context
        .capture(terraform.show_plan(&context.base.folder.plan()))
        .await?;
    if !shown.success() {
        return Err(
            Failure::new("terraform cannot read the plan it has just saved")
                .excerpt(shown.stderr_text().lines().map(str::to_owned)),
        );
    }
    plan_document::decode(&shown.stdout).map_err(|error| Failure::new(error.to_string()))
}

fn complete(context: &Context, document: &PlanDocument) -> Result<(), Failure> {
    if document.errored || !document.applyable {
        discard(context);
        return Err(
            Failure::new("terraform's plan is not complete, so it is not applied")
                .hint("rerun: a new plan will be made"),
        );
    }
    Ok(())
}

/// Resources that hold data are not destroyed or replaced by accident.
fn guard_deletes(changes: &PlannedChanges, allowed: &BTreeSet<String>) -> Result<(), Failure> {
    let loses_data = |change: &&PlannedChange| {
        matches!(change.action, Action::Destroy | Action::Replace)
            && stateful::holds_data(&change.resource_type)
            && !allowed.contains(&change.address)
    };
    let lost: Vec<&PlannedChange> = changes.changes.iter().filter(loses_data).collect();
    let Some(first) = lost.first() else {
        return Ok(());
    };
    let lines = lost.iter().map(|change| {
        let what = match change.action {
            Action::Replace => "would be replaced",
            _ => "would be destroyed",
        };
        let because = match change.replace_because.as_slice() {
            [] => String::new(),
            attributes => format!(", because of {}", attributes.join(", ")),
        };
        format!("{} {what}{because}", change.address)
    });
    Err(Failure::of(
        Exit::Refused,
        format!(
            "the plan would lose data: {} resource(s) that hold some",
            lost.len()
        ),
    )
    .excerpt(lines)
    .hint(format!(
        "if that is meant: --allow-destroy '{}'",
        first.address
    )))
}

fn looked_something_up_in_vain(tally: &Tally) -> bool {
    tally.errors.iter().any(|error| {
        error.summary.contains("query returned no results")
            || error.detail.contains("query returned no results")
    })
}

/// Removes the saved plan, which holds secrets.
pub fn discard(context: &Context) {
    // Not there is as good.
    let _ = fs_err::remove_file(context.base.folder.plan());
}

fn phrase(changes: &PlannedChanges) -> String {
    if changes.is_empty() {
        return "no changes".to_owned();
    }
    let counts = changes.counts();
    format!(
        "{} to add, {} to change, {} to destroy",
        counts.add, counts.change, counts.destroy
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(action: Action) -> PlannedChanges {
        PlannedChanges {
            changes: vec![PlannedChange {
                address: "aws_db_instance.main".into(),
                resource_type: "aws_db_instance".into(),
                action,
                replace_because: vec!["storage_encrypted".into()],
            }],
            outputs: vec![],
        }
    }

    #[test]
    fn a_database_is_not_replaced_unless_its_address_is_allowed() {
        let none = BTreeSet::new();
        let failure = guard_deletes(&database(Action::Replace), &none).unwrap_err();
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(
            failure.failure.excerpt,
            ["aws_db_instance.main would be replaced, because of storage_encrypted"]
        );
        let allowed = BTreeSet::from(["aws_db_instance.main".to_owned()]);
        assert!(guard_deletes(&database(Action::Replace), &allowed).is_ok());
        assert!(guard_deletes(&database(Action::Update), &none).is_ok());
    }

    #[test]
    fn the_phrase_counts_a_replacement_twice() {
        assert_eq!(
            phrase(&database(Action::Replace)),
            "1 to add, 0 to change, 1 to destroy"
        );
        assert_eq!(phrase(&PlannedChanges::default()), "no changes");
    }
}
