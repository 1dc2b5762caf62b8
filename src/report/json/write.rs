//! [`RunSummary`] to [`model::Document`].

use camino::Utf8Path;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::model;
use crate::{
    events,
    report::{
        aggregate::{ImageRecord, RunSummary, StepRecord},
        verdict,
    },
};

/// The document that stands for `summary`.
pub fn document(summary: &RunSummary) -> model::Document {
    model::Document {
        format: super::FORMAT.to_owned(),
        schema_version: super::SCHEMA_VERSION.to_owned(),
        generator: concat!("amiable ", env!("CARGO_PKG_VERSION")).to_owned(),
        run: run(summary),
        result: result(summary.result),
        steps: summary
            .steps
            .iter()
            .map(|record| step(record, &summary.folder))
            .collect(),
        credentials: summary
            .credentials
            .iter()
            .map(|credential| model::Credential {
                name: credential.name.clone(),
                source: credential.source.clone(),
            })
            .collect(),
        images: summary.images.iter().map(image).collect(),
        changes: model::Changes {
            planned: summary.planned.as_ref().map(planned),
            done: done(summary),
        },
        outputs: summary.outputs.as_deref().map(outputs),
        summary: summary.summary.clone(),
        warnings: summary
            .warnings
            .iter()
            .map(|record| model::Warning {
                step: record.step.as_ref().map(ToString::to_string),
                text: record.warning.text.clone(),
                hint: record.warning.hint.clone(),
            })
            .collect(),
        unknown_lines: summary
            .unknown_lines
            .iter()
            .map(|lines| model::UnknownLines {
                step: lines.step.to_string(),
                count: lines.count,
            })
            .collect(),
        interruptions: summary
            .interruptions
            .iter()
            .map(|interruption| model::Interruption {
                at: interruption.at,
                signal: match interruption.signal {
                    events::Signal::Interrupt => model::Signal::Interrupt,
                    events::Signal::Terminate => model::Signal::Terminate,
                    events::Signal::HangUp => model::Signal::HangUp,
                },
                request: interruption.request,
                waiting_for: interruption.waiting_for.clone(),
            })
            .collect(),
        removals: summary.removals.iter().map(super::removal::write).collect(),
    }
}

/// Outputs by name, in their order.
pub fn outputs(outputs: &[events::Output]) -> Map<String, Value> {
    let entry = |output: &events::Output| {
        let (sensitive, value) = match &output.value {
            events::OutputValue::Plain(value) => (false, value.clone()),
            events::OutputValue::Sensitive => (true, Value::Null),
        };
        let mut fields = Map::new();
        fields.insert("sensitive".to_owned(), Value::Bool(sensitive));
        fields.insert("value".to_owned(), value);
        (output.name.clone(), Value::Object(fields))
    };
    outputs.iter().map(entry).collect()
}

fn run(summary: &RunSummary) -> model::Run {
    model::Run {
        id: summary.run.to_string(),
        operation: match summary.operation {
            events::Operation::Up => model::Operation::Up,
            events::Operation::Plan => model::Operation::Plan,
            events::Operation::Destroy => model::Operation::Destroy,
            events::Operation::ImageBuild => model::Operation::ImageBuild,
            events::Operation::Task => model::Operation::Task,
            events::Operation::Unlock => model::Operation::Unlock,
            events::Operation::ImageRollback => model::Operation::ImageRollback,
            events::Operation::ImageReplace => model::Operation::ImageReplace,
            events::Operation::ImagePrune => model::Operation::ImagePrune,
            events::Operation::ImageSweep => model::Operation::ImageSweep,
        },
        stack: summary.stack.clone(),
        environment: summary.environment.clone(),
        region: summary.region.clone(),
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        seconds: seconds(summary.took()),
        git: model::Git {
            commit: summary.git.commit.clone(),
            branch: summary.git.branch.clone(),
            dirty: summary.git.dirty,
        },
    }
}

fn result(result: Option<events::RunResult>) -> model::RunResult {
    match result {
        Some(events::RunResult::Succeeded) => model::RunResult::Succeeded,
        Some(events::RunResult::Degraded) => model::RunResult::Degraded,
        Some(events::RunResult::Unverified) => model::RunResult::Unverified,
        Some(events::RunResult::Failed) => model::RunResult::Failed,
        Some(events::RunResult::CheckFailed) => model::RunResult::CheckFailed,
        Some(events::RunResult::Declined) => model::RunResult::Declined,
        Some(events::RunResult::Refused) => model::RunResult::Refused,
        Some(events::RunResult::Interrupted) => model::RunResult::Interrupted,
        Some(events::RunResult::Terminated) => model::RunResult::Terminated,
        None => model::RunResult::Incomplete,
    }
}

fn step(record: &StepRecord, folder: &Utf8Path) -> model::Step {
    use events::StepResult as In;
    use model::StepResult as Out;

    let (result, detail) = match &record.result {
        None => (Out::Unfinished, None),
        Some(In::Succeeded { summary }) => (Out::Succeeded, Some(summary.clone())),
        Some(In::Degraded { summary }) => (Out::Degraded, Some(summary.clone())),
        Some(In::Unverified { summary }) => (Out::Unverified, Some(summary.clone())),
        Some(In::Skipped { reason }) => (Out::Skipped, Some(reason.clone())),
        Some(In::Failed(_)) => (Out::Failed, Some(verdict::detail(record))),
        Some(In::Interrupted { .. }) => (Out::Interrupted, None),
        Some(In::NotRun) => (Out::NotRun, None),
    };
    let (pending, failure) = match &record.result {
        Some(In::Interrupted { pending }) => (pending.clone(), None),
        Some(In::Failed(failure)) => (Vec::new(), Some(self::failure(failure, folder))),
        _ => (Vec::new(), None),
    };
    model::Step {
        id: record.step.to_string(),
        result,
        started_at: record.started_at,
        ended_at: record.ended_at,
        seconds: record.took().map(seconds),
        detail,
        pending,
        failure,
    }
}

fn failure(failure: &events::StepFailure, folder: &Utf8Path) -> model::Failure {
    // Relative to the report, so that a copied run folder stays whole.
    let relative = |log: &camino::Utf8PathBuf| log.strip_prefix(folder).unwrap_or(log).to_string();
    model::Failure {
        message: failure.message.clone(),
        excerpt: failure.excerpt.clone(),
        hints: failure.hints.clone(),
        log: failure.log.as_ref().map(relative),
    }
}

fn image(record: &ImageRecord) -> model::Image {
    let decision = record.decision.as_ref().map(|decision| match decision {
        events::ImageDecision::Reuse { ami, built_by } => model::Decision::Reuse {
            ami: ami.clone(),
            built_by: built_by.as_ref().map(ToString::to_string),
        },
        events::ImageDecision::Build { reasons } => model::Decision::Build {
            reasons: reasons.iter().map(reason).collect(),
        },
        events::ImageDecision::Keep {
            ami,
            instead_of,
            rolled_back_by,
        } => model::Decision::Keep {
            ami: ami.clone(),
            instead_of: instead_of.clone(),
            rolled_back_by: rolled_back_by.as_ref().map(ToString::to_string),
        },
        events::ImageDecision::RollBack { ami, from } => model::Decision::RollBack {
            ami: ami.clone(),
            from: from.clone(),
        },
    });
    let outcome = record.outcome.as_ref().map(|outcome| {
        let (origin, reasons, built_by) = match &outcome.origin {
            events::ImageOrigin::Built { reasons } => (
                model::Origin::Built,
                reasons.iter().map(reason).collect(),
                None,
            ),
            events::ImageOrigin::Reused { built_by } => (
                model::Origin::Reused,
                Vec::new(),
                built_by.as_ref().map(ToString::to_string),
            ),
            events::ImageOrigin::NotProvisioned => {
                (model::Origin::NotProvisioned, Vec::new(), None)
            }
            events::ImageOrigin::Kept => (model::Origin::Kept, Vec::new(), None),
            events::ImageOrigin::RolledBack => (model::Origin::RolledBack, Vec::new(), None),
        };
        model::Outcome {
            origin,
            ami: outcome.ami.clone(),
            ami_name: outcome.ami_name.clone(),
            region: outcome.region.clone(),
            fingerprint: outcome.fingerprint.clone(),
            reasons,
            built_by,
        }
    });
    model::Image {
        name: record.image.clone(),
        decision,
        outcome,
    }
}

fn reason(reason: &events::BuildReason) -> model::Reason {
    use events::BuildReason as In;
    use model::Reason as Out;

    match reason {
        In::FirstBuild => Out::FirstBuild,
        In::Changed(path) => Out::Changed { path: path.clone() },
        In::Added(path) => Out::Added { path: path.clone() },
        In::Removed(path) => Out::Removed { path: path.clone() },
        In::FilesRemoved(count) => Out::FilesRemoved { count: *count },
        In::VariablesChanged => Out::VariablesChanged,
        In::SourceAmiChanged { from, to } => Out::SourceAmiChanged {
            from: from.clone(),
            to: to.clone(),
        },
        In::PackerChanged { from, to } => Out::PackerChanged {
            from: from.clone(),
            to: to.clone(),
        },
        In::Forced => Out::Forced,
        In::DetailsUnknown => Out::DetailsUnknown,
        In::NotProvisioned => Out::NotProvisioned,
    }
}

fn planned(changes: &events::PlannedChanges) -> model::Planned {
    let counts = changes.counts();
    model::Planned {
        add: counts.add,
        change: counts.change,
        destroy: counts.destroy,
        resources: changes
            .changes
            .iter()
            .map(|change| model::PlannedResource {
                address: change.address.clone(),
                resource_type: change.resource_type.clone(),
                action: action(change.action),
                replace_because: change.replace_because.clone(),
            })
            .collect(),
        outputs: changes.outputs.clone(),
    }
}

fn done(summary: &RunSummary) -> model::Done {
    let counts = summary.done();
    model::Done {
        added: counts.added,
        changed: counts.changed,
        destroyed: counts.destroyed,
        failed: counts.failed,
        unknown: counts.unknown,
        resources: summary
            .resources
            .iter()
            .map(|outcome| model::DoneResource {
                address: outcome.address.clone(),
                action: action(outcome.action),
                result: match outcome.result {
                    events::ResourceResult::Done => model::ResourceResult::Done,
                    events::ResourceResult::Failed => model::ResourceResult::Failed,
                    events::ResourceResult::Unknown => model::ResourceResult::Unknown,
                },
                seconds: outcome.seconds,
            })
            .collect(),
    }
}

fn action(action: events::Action) -> model::Action {
    match action {
        events::Action::Create => model::Action::Create,
        events::Action::Update => model::Action::Update,
        events::Action::Replace => model::Action::Replace,
        events::Action::Destroy => model::Action::Destroy,
        events::Action::Read => model::Action::Read,
        events::Action::Forget => model::Action::Forget,
    }
}

/// Seconds with milliseconds: what a reader of the document computes with.
fn seconds(duration: SignedDuration) -> f64 {
    // Milliseconds of any run fit the 53 bits of a double.
    duration.as_millis() as f64 / 1000.0
}
