//! Phrases that the terminal, Markdown and approval share. Their parts are as the events had them:
//! each rendering makes the whole inert.

use crate::{
    events::{
        Action, BuildReason, ChangeCounts, ImageDecision, ImageOrigin, Operation, ResourceOutcome,
        ResourceResult,
    },
    report::aggregate::{DoneCounts, ImageRecord},
    run_id::RunId,
};

/// Reasons beyond these are only counted.
const SHOWN_REASONS: usize = 5;

/// What became of an image and why: `built: changed: scripts/install.sh`. After a `plan`, what would.
pub fn image(record: &ImageRecord, operation: Operation) -> String {
    if let Some(outcome) = &record.outcome {
        return match &outcome.origin {
            ImageOrigin::Built { reasons: why } => format!("built: {}", reasons(why)),
            ImageOrigin::Reused { built_by } => format!("reused: {}", since(built_by.as_ref())),
            ImageOrigin::NotProvisioned => "degraded: built, but not provisioned".to_owned(),
            ImageOrigin::Kept | ImageOrigin::RolledBack => {
                let decision = record.decision.as_ref();
                decision.map_or_else(|| "deployed before".to_owned(), chosen)
            }
        };
    }
    match (&record.decision, operation) {
        (Some(decision), Operation::Plan) => self::decision(decision),
        (Some(ImageDecision::Build { reasons: why }), _) => {
            format!("not built; needed: {}", reasons(why))
        }
        (
            Some(
                decision @ (ImageDecision::Reuse { .. }
                | ImageDecision::Keep { .. }
                | ImageDecision::RollBack { .. }),
            ),
            _,
        ) => {
            format!("not used; {}", self::decision(decision))
        }
        (None, _) => "not built".to_owned(),
    }
}

/// What is going to happen to an image and why: `to build: no image of it yet`.
pub fn decision(decision: &ImageDecision) -> String {
    match decision {
        ImageDecision::Build { reasons: why } => format!("to build: {}", reasons(why)),
        ImageDecision::Reuse { ami, built_by } => {
            format!("to reuse: {ami}, {}", since(built_by.as_ref()))
        }
        ImageDecision::Keep { ami, .. } => format!("to keep: {ami}, {}", chosen(decision)),
        ImageDecision::RollBack { ami, .. } => format!("to deploy: {ami}, {}", chosen(decision)),
    }
}

/// Why an image is the one that was deployed before: `rolled back from ami-2`.
fn chosen(decision: &ImageDecision) -> String {
    match decision {
        ImageDecision::Keep {
            instead_of,
            rolled_back_by,
            ..
        } => {
            let who = rolled_back_by.as_ref();
            let who = who.map_or_else(|| "a rollback".to_owned(), ToString::to_string);
            format!(
                "kept: {who} rolled back from {instead_of} (unchanged since); \
                 `up --undo-rollback` deploys it again"
            )
        }
        ImageDecision::RollBack {
            from: Some(from), ..
        } => format!("rolled back from {from}"),
        ImageDecision::RollBack { from: None, .. } => "as deployed".to_owned(),
        ImageDecision::Reuse { .. } | ImageDecision::Build { .. } => String::new(),
    }
}

fn since(run: Option<&RunId>) -> String {
    match run {
        Some(run) => format!("unchanged since {run}"),
        None => "unchanged".to_owned(),
    }
}

fn reasons(reasons: &[BuildReason]) -> String {
    let mut shown: Vec<String> = reasons
        .iter()
        .take(SHOWN_REASONS)
        .map(ToString::to_string)
        .collect();
    if let Some(more @ 1..) = reasons.len().checked_sub(SHOWN_REASONS) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// `31 to add, 0 to change, 0 to destroy`
pub fn planned_counts(counts: ChangeCounts) -> String {
    format!(
        "{} to add, {} to change, {} to destroy",
        counts.add, counts.change, counts.destroy
    )
}

/// `31 added, 0 changed, 0 destroyed`, and what failed or is unknown when there is any.
pub fn done_counts(counts: DoneCounts) -> String {
    let mut text = format!(
        "{} added, {} changed, {} destroyed",
        counts.added, counts.changed, counts.destroyed
    );
    if counts.failed > 0 {
        text.push_str(&format!(", {} failed", counts.failed));
    }
    if counts.unknown > 0 {
        text.push_str(&format!(", {} unknown", counts.unknown));
    }
    text
}

/// What a plan does with a resource.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "change",
        Action::Replace => "replace",
        Action::Destroy => "destroy",
        Action::Read => "read",
        Action::Forget => "forget",
    }
}

/// What became of a resource.
pub fn outcome(outcome: &ResourceOutcome) -> &'static str {
    match (outcome.result, outcome.action) {
        (ResourceResult::Done, Action::Create) => "created",
        (ResourceResult::Done, Action::Update) => "changed",
        (ResourceResult::Done, Action::Replace) => "replaced",
        (ResourceResult::Done, Action::Destroy) => "destroyed",
        (ResourceResult::Done, Action::Read) => "read",
        (ResourceResult::Done, Action::Forget) => "forgotten",
        (ResourceResult::Failed, _) => "failed",
        (ResourceResult::Unknown, _) => "unknown",
    }
}

/// `1 line`, `2 lines`
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_reasons_are_counted() {
        let reasons = (1..=7)
            .map(|number| BuildReason::Changed(format!("f{number}")))
            .collect();
        assert_eq!(
            decision(&ImageDecision::Build { reasons }),
            "to build: changed: f1, changed: f2, changed: f3, changed: f4, changed: f5, and 2 more"
        );
    }

    #[test]
    fn an_image_without_outcome_says_what_was_wanted() {
        let mut record = ImageRecord {
            image: "web".into(),
            decision: None,
            outcome: None,
        };
        assert_eq!(image(&record, Operation::Up), "not built");
        record.decision = Some(ImageDecision::Build {
            reasons: vec![BuildReason::Forced],
        });
        assert_eq!(image(&record, Operation::Up), "not built; needed: forced");
        assert_eq!(image(&record, Operation::Plan), "to build: forced");
    }
}
