//! [`model::Document`] back to [`RunSummary`].

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::{ReadError, model};
use crate::{
    events,
    report::aggregate::{
        CredentialUse, Git, ImageRecord, Interruption, RunSummary, StepRecord, UnknownLines,
        WarningRecord,
    },
    run_id::RunId,
};

/// The summary that `document` stands for; `folder` is where it was found.
pub fn summary(document: model::Document, folder: &Utf8Path) -> Result<RunSummary, ReadError> {
    let run = document.run;
    Ok(RunSummary {
        run: run_id(&run.id)?,
        operation: match run.operation {
            model::Operation::Up => events::Operation::Up,
            model::Operation::Plan => events::Operation::Plan,
            model::Operation::Destroy => events::Operation::Destroy,
            model::Operation::ImageBuild => events::Operation::ImageBuild,
            model::Operation::Task => events::Operation::Task,
            model::Operation::Unlock => events::Operation::Unlock,
            model::Operation::ImageRollback => events::Operation::ImageRollback,
            model::Operation::ImageReplace => events::Operation::ImageReplace,
            model::Operation::ImagePrune => events::Operation::ImagePrune,
            model::Operation::ImageSweep => events::Operation::ImageSweep,
        },
        stack: run.stack,
        environment: run.environment,
        region: run.region,
        folder: folder.to_owned(),
        git: Git {
            commit: run.git.commit,
            branch: run.git.branch,
            dirty: run.git.dirty,
        },
        started_at: run.started_at,
        ended_at: run.ended_at,
        result: result(document.result),
        steps: document
            .steps
            .into_iter()
            .map(|record| step(record, folder))
            .collect::<Result<_, _>>()?,
        credentials: document
            .credentials
            .into_iter()
            .map(|credential| CredentialUse {
                name: credential.name,
                source: credential.source,
            })
            .collect(),
        images: document
            .images
            .into_iter()
            .map(image)
            .collect::<Result<_, _>>()?,
        planned: document.changes.planned.map(planned),
        resources: document
            .changes
            .done
            .resources
            .into_iter()
            .map(resource)
            .collect(),
        outputs: document.outputs.map(outputs).transpose()?,
        summary: document.summary,
        warnings: document
            .warnings
            .into_iter()
            .map(warning)
            .collect::<Result<_, _>>()?,
        unknown_lines: document
            .unknown_lines
            .into_iter()
            .map(|lines| {
                Ok(UnknownLines {
                    step: step_id(&lines.step)?,
                    count: lines.count,
                })
            })
            .collect::<Result<_, ReadError>>()?,
        interruptions: document
            .interruptions
            .into_iter()
            .map(|interruption| Interruption {
                at: interruption.at,
                signal: match interruption.signal {
                    model::Signal::Interrupt => events::Signal::Interrupt,
                    model::Signal::Terminate => events::Signal::Terminate,
                    model::Signal::HangUp => events::Signal::HangUp,
                },
                request: interruption.request,
                waiting_for: interruption.waiting_for,
            })
            .collect(),
        removals: document
            .removals
            .into_iter()
            .map(super::removal::read)
            .collect::<Result<_, _>>()?,
    })
}

/// Outputs from the object that [`super::write::outputs`] makes.
pub fn outputs(outputs: Map<String, Value>) -> Result<Vec<events::Output>, ReadError> {
    let output = |(name, entry): (String, Value)| {
        let entry: model::Output = serde_json::from_value(entry).map_err(ReadError::malformed)?;
        let value = if entry.sensitive {
            events::OutputValue::Sensitive
        } else {
            events::OutputValue::Plain(entry.value)
        };
        Ok(events::Output { name, value })
    };
    outputs.into_iter().map(output).collect()
}

/// Reads a run's id.
pub fn run_id(text: &str) -> Result<RunId, ReadError> {
    RunId::parse(text).ok_or_else(|| ReadError::Malformed(format!("{text:?} is not a run's id")))
}

fn step_id(id: &str) -> Result<events::Step, ReadError> {
    let step = match id.split_once('.') {
        Some(("image", name)) => Some(events::Step::Image(name.to_owned())),
        Some(("check", name)) => Some(events::Step::Check(name.to_owned())),
        Some(("task", name)) => Some(events::Step::Task(name.to_owned())),
        _ => match id {
            "preflight" => Some(events::Step::Preflight),
            "credentials" => Some(events::Step::Credentials),
            "terraform.init" => Some(events::Step::TerraformInit),
            "terraform.plan" => Some(events::Step::TerraformPlan),
            "approve" => Some(events::Step::Approve),
            "terraform.apply" => Some(events::Step::TerraformApply),
            "rollout" => Some(events::Step::Rollout),
            "prune" => Some(events::Step::Prune),
            "unlock" => Some(events::Step::Unlock),
            "recover" => Some(events::Step::Recover),
            "deployed" => Some(events::Step::Deployed),
            "sweep" => Some(events::Step::Sweep),
            _ => None,
        },
    };
    step.ok_or_else(|| ReadError::Malformed(format!("{id:?} is not a step")))
}

fn result(result: model::RunResult) -> Option<events::RunResult> {
    Some(match result {
        model::RunResult::Succeeded => events::RunResult::Succeeded,
        model::RunResult::Degraded => events::RunResult::Degraded,
        model::RunResult::Unverified => events::RunResult::Unverified,
        model::RunResult::Failed => events::RunResult::Failed,
        model::RunResult::CheckFailed => events::RunResult::CheckFailed,
        model::RunResult::Declined => events::RunResult::Declined,
        model::RunResult::Refused => events::RunResult::Refused,
        model::RunResult::Interrupted => events::RunResult::Interrupted,
        model::RunResult::Terminated => events::RunResult::Terminated,
        model::RunResult::Incomplete => return None,
    })
}

fn step(step: model::Step, folder: &Utf8Path) -> Result<StepRecord, ReadError> {
    use events::StepResult as Out;
    use model::StepResult as In;

    let detail = step.detail.unwrap_or_default();
    let result = match step.result {
        In::Succeeded => Some(Out::Succeeded { summary: detail }),
        In::Degraded => Some(Out::Degraded { summary: detail }),
        In::Unverified => Some(Out::Unverified { summary: detail }),
        In::Skipped => Some(Out::Skipped { reason: detail }),
        In::Failed => {
            let failure = step.failure.ok_or_else(|| {
                ReadError::Malformed(format!("step {:?} failed without a failure", step.id))
            })?;
            Some(Out::Failed(events::StepFailure {
                message: failure.message,
                excerpt: failure.excerpt,
                hints: failure.hints,
                log: failure.log.map(|log| folder.join(log)),
            }))
        }
        In::Interrupted => Some(Out::Interrupted {
            pending: step.pending,
        }),
        In::NotRun => Some(Out::NotRun),
        In::Unfinished => None,
    };
    Ok(StepRecord {
        step: step_id(&step.id)?,
        started_at: step.started_at,
        ended_at: step.ended_at,
        result,
    })
}

fn image(image: model::Image) -> Result<ImageRecord, ReadError> {
    let decision = image
        .decision
        .map(|decision| {
            Ok(match decision {
                model::Decision::Reuse { ami, built_by } => events::ImageDecision::Reuse {
                    ami,
                    built_by: built_by.as_deref().map(run_id).transpose()?,
                },
                model::Decision::Build { reasons } => events::ImageDecision::Build {
                    reasons: reasons.into_iter().map(reason).collect(),
                },
                model::Decision::Keep {
                    ami,
                    instead_of,
                    rolled_back_by,
                } => events::ImageDecision::Keep {
                    ami,
                    instead_of,
                    rolled_back_by: rolled_back_by.as_deref().map(run_id).transpose()?,
                },
                model::Decision::RollBack { ami, from } => {
                    events::ImageDecision::RollBack { ami, from }
                }
            })
        })
        .transpose()?;
    let outcome = image
        .outcome
        .map(|outcome| {
            Ok(events::ImageOutcome {
                image: image.name.clone(),
                ami: outcome.ami,
                ami_name: outcome.ami_name,
                region: outcome.region,
                fingerprint: outcome.fingerprint,
                origin: match outcome.origin {
                    model::Origin::Built => events::ImageOrigin::Built {
                        reasons: outcome.reasons.into_iter().map(reason).collect(),
                    },
                    model::Origin::Reused => events::ImageOrigin::Reused {
                        built_by: outcome.built_by.as_deref().map(run_id).transpose()?,
                    },
                    model::Origin::NotProvisioned => events::ImageOrigin::NotProvisioned,
                    model::Origin::Kept => events::ImageOrigin::Kept,
                    model::Origin::RolledBack => events::ImageOrigin::RolledBack,
                },
            })
        })
        .transpose()?;
    Ok(ImageRecord {
        image: image.name,
        decision,
        outcome,
    })
}

fn reason(reason: model::Reason) -> events::BuildReason {
    use events::BuildReason as Out;
    use model::Reason as In;

    match reason {
        In::FirstBuild => Out::FirstBuild,
        In::Changed { path } => Out::Changed(path),
        In::Added { path } => Out::Added(path),
        In::Removed { path } => Out::Removed(path),
        In::FilesRemoved { count } => Out::FilesRemoved(count),
        In::VariablesChanged => Out::VariablesChanged,
        In::SourceAmiChanged { from, to } => Out::SourceAmiChanged { from, to },
        In::PackerChanged { from, to } => Out::PackerChanged { from, to },
        In::Forced => Out::Forced,
        In::DetailsUnknown => Out::DetailsUnknown,
        In::NotProvisioned => Out::NotProvisioned,
    }
}

fn planned(planned: model::Planned) -> events::PlannedChanges {
    events::PlannedChanges {
        changes: planned
            .resources
            .into_iter()
            .map(|resource| events::PlannedChange {
                address: resource.address,
                resource_type: resource.resource_type,
                action: action(resource.action),
                replace_because: resource.replace_because,
            })
            .collect(),
        outputs: planned.outputs,
    }
}

fn resource(resource: model::DoneResource) -> events::ResourceOutcome {
    events::ResourceOutcome {
        address: resource.address,
        action: action(resource.action),
        result: match resource.result {
            model::ResourceResult::Done => events::ResourceResult::Done,
            model::ResourceResult::Failed => events::ResourceResult::Failed,
            model::ResourceResult::Unknown => events::ResourceResult::Unknown,
        },
        seconds: resource.seconds,
    }
}

fn warning(warning: model::Warning) -> Result<WarningRecord, ReadError> {
    Ok(WarningRecord {
        step: warning.step.as_deref().map(step_id).transpose()?,
        warning: events::Warning {
            text: warning.text,
            hint: warning.hint,
        },
    })
}

fn action(action: model::Action) -> events::Action {
    match action {
        model::Action::Create => events::Action::Create,
        model::Action::Update => events::Action::Update,
        model::Action::Replace => events::Action::Replace,
        model::Action::Destroy => events::Action::Destroy,
        model::Action::Read => events::Action::Read,
        model::Action::Forget => events::Action::Forget,
    }
}
