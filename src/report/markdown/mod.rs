//! `report.md`: a run for people, in a terminal as well as on a web page.

mod escape;

use std::fmt::Write as _;

use crate::{
    events::{
        Action, Output, OutputValue, Removal, RemovalResult, ResourceResult, Step, StepFailure,
    },
    report::{
        aggregate::RunSummary,
        duration::{self, human},
        outputs, phrase,
        verdict::{self, Verdict},
    },
};

use escape::{at_start, block, code, is_web_address, text, value};

/// The run as Markdown (CommonMark with tables).
pub fn render(summary: &RunSummary) -> String {
    let mut page = String::new();
    head(&mut page, summary);
    failures(&mut page, summary);
    stack_summary(&mut page, summary);
    outputs_table(&mut page, summary);
    images(&mut page, summary);
    changes(&mut page, summary);
    removals(&mut page, summary);
    steps(&mut page, summary);
    warnings(&mut page, summary);
    credentials(&mut page, summary);
    page
}

// Writing to a String cannot fail; `write!` gives a Result all the same.
macro_rules! put {
    ($page:expr, $($argument:tt)*) => {{
        let _ = writeln!($page, $($argument)*);
    }};
}

fn head(page: &mut String, summary: &RunSummary) {
    let headline = verdict::headline(summary.operation, summary.result);
    put!(page, "# {}: {headline}\n", text(&summary.target()));
    let git = &summary.git;
    let mut facts = vec![
        format!("run {}", code(summary.run.as_str())),
        format!(
            "{} UTC, took {}",
            summary.started_at.strftime("%Y-%m-%d %H:%M:%S"),
            human(summary.took())
        ),
        format!("region {}", code(&summary.region)),
    ];
    if let Some(commit) = &git.commit {
        let branch = git.branch.as_deref().map(code);
        let branch = branch.map_or(String::new(), |branch| format!(" on {branch}"));
        let dirty = if git.dirty {
            ", with uncommitted changes"
        } else {
            ""
        };
        facts.push(format!("commit {}{branch}{dirty}", code(commit)));
    }
    put!(page, "{}", sentence(&facts.join(" · ")));
    for interruption in &summary.interruptions {
        let seconds = duration::between(summary.started_at, interruption.at);
        let waiting = match interruption.waiting_for.as_slice() {
            [] => String::new(),
            waiting => {
                let names: Vec<_> = waiting.iter().map(|name| code(name)).collect();
                format!("; waiting for {}", names.join(", "))
            }
        };
        put!(
            page,
            "\nAsked to stop after {} (request {}){waiting}.",
            human(seconds),
            interruption.request
        );
    }
}

/// With a capital letter: the facts start a line.
fn sentence(facts: &str) -> String {
    let mut letters = facts.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

fn failures(page: &mut String, summary: &RunSummary) {
    for (step, failure) in summary.failures() {
        let title = match step {
            Step::Approve => "Declined",
            _ => "Failed",
        };
        put!(page, "\n## {title}: {}\n", code(&step.to_string()));
        failure_text(page, failure, summary);
    }
}

fn failure_text(page: &mut String, failure: &StepFailure, summary: &RunSummary) {
    // Never at a line's start, where a dash or a number would open a list.
    put!(page, "Because: {}", lines(&failure.message));
    if !failure.excerpt.is_empty() {
        put!(page, "");
        page.push_str(&block(failure.excerpt.iter().map(String::as_str)));
    }
    match failure.hints.as_slice() {
        [] => {}
        [hint] => put!(page, "\nHint: {}", lines(hint)),
        hints => {
            put!(page, "\nHints:\n");
            for (index, hint) in hints.iter().enumerate() {
                put!(page, "{}. {}", index + 1, at_start_lines(hint));
            }
        }
    }
    if let Some(log) = &failure.log {
        let log = log.strip_prefix(&summary.folder).unwrap_or(log);
        put!(page, "\nFull log: {}", code(log.as_str()));
    }
}

/// Text that may have several lines of its own, such as an error with its place.
fn lines(message: &str) -> String {
    let lines: Vec<_> = message.lines().map(text).collect();
    lines.join("<br>")
}

/// The same for the start of a line.
fn at_start_lines(message: &str) -> String {
    let mut parts = message.lines();
    let first = at_start(parts.next().unwrap_or_default());
    std::iter::once(first)
        .chain(parts.map(text))
        .collect::<Vec<_>>()
        .join("<br>")
}

fn stack_summary(page: &mut String, summary: &RunSummary) {
    if summary.summary.is_empty() {
        return;
    }
    put!(page, "");
    for line in &summary.summary {
        // The address in `dashboard: http://...` is what the line is for.
        match line.rsplit_once(' ') {
            Some((label, address)) if is_web_address(address) => {
                put!(page, "- {} {}", at_start(label), value(address));
            }
            _ => put!(page, "- {}", at_start(line)),
        }
    }
}

fn outputs_table(page: &mut String, summary: &RunSummary) {
    let Some(outputs @ [_, ..]) = summary.outputs.as_deref() else {
        return;
    };
    put!(page, "\n## Outputs\n\n| output | value |\n|---|---|");
    for output in outputs {
        put!(
            page,
            "| {} | {} |",
            code(&output.name),
            output_value(output)
        );
    }
}

fn output_value(output: &Output) -> String {
    match &output.value {
        OutputValue::Plain(plain) => value(&outputs::bare(plain)),
        OutputValue::Sensitive => "sensitive, not shown".to_owned(),
    }
}

fn images(page: &mut String, summary: &RunSummary) {
    if summary.images.is_empty() {
        return;
    }
    put!(
        page,
        "\n## Images\n\n| image | AMI | built or reused |\n|---|---|---|"
    );
    for record in &summary.images {
        let ami = record
            .outcome
            .as_ref()
            .map_or("none".to_owned(), |outcome| {
                format!("{} ({})", code(&outcome.ami), code(&outcome.ami_name))
            });
        put!(
            page,
            "| {} | {ami} | {} |",
            code(&record.image),
            text(&phrase::image(record, summary.operation))
        );
    }
}

fn changes(page: &mut String, summary: &RunSummary) {
    let done = summary.done();
    let planned = summary.planned.as_ref();
    if planned.is_none() && summary.resources.is_empty() {
        return;
    }
    put!(page, "\n## Changes\n");
    if let Some(planned) = planned {
        if planned.is_empty() {
            put!(page, "Planned: no changes.");
        } else {
            put!(
                page,
                "Planned: {}.",
                phrase::planned_counts(planned.counts())
            );
        }
    }
    if !summary.resources.is_empty() {
        put!(page, "Done: {}.", phrase::done_counts(done));
    }
    let rows = change_rows(summary);
    if !rows.is_empty() {
        put!(
            page,
            "\n| resource | planned | result | time |\n|---|---|---|---|"
        );
        for row in rows {
            put!(page, "{row}");
        }
    }
    if let Some(planned) = planned.filter(|planned| !planned.outputs.is_empty()) {
        let names: Vec<_> = planned.outputs.iter().map(|name| code(name)).collect();
        put!(page, "\nOutputs that change: {}.", names.join(", "));
    }
}

/// What was touched, in the order Terraform finished, then what was planned and not touched.
fn change_rows(summary: &RunSummary) -> Vec<String> {
    let planned = summary.planned.as_ref();
    let changes = planned.map_or(&[][..], |planned| planned.changes.as_slice());
    let plan_of = |address: &str| {
        let change = changes.iter().find(|change| change.address == address)?;
        let because: Vec<_> = change
            .replace_because
            .iter()
            .map(|path| code(path))
            .collect();
        let action = phrase::action(change.action);
        Some(match because.as_slice() {
            [] => action.to_owned(),
            because => format!("{action}, because of {}", because.join(", ")),
        })
    };
    let mut rows = Vec::new();
    for outcome in &summary.resources {
        let result = match outcome.result {
            ResourceResult::Done => phrase::outcome(outcome).to_owned(),
            ResourceResult::Failed | ResourceResult::Unknown => format!(
                "**{}** ({})",
                phrase::outcome(outcome),
                phrase::action(outcome.action)
            ),
        };
        rows.push(format!(
            "| {} | {} | {result} | {} |",
            code(&outcome.address),
            plan_of(&outcome.address).unwrap_or_default(),
            outcome
                .seconds
                .map_or(String::new(), |seconds| format!("{seconds}s"))
        ));
    }
    let touched = |address: &str| summary.resources.iter().any(|done| done.address == address);
    for change in changes {
        if change.action != Action::Read && !touched(&change.address) {
            rows.push(format!(
                "| {} | {} | not applied | |",
                code(&change.address),
                plan_of(&change.address).unwrap_or_default()
            ));
        }
    }
    rows
}

fn steps(page: &mut String, summary: &RunSummary) {
    if summary.steps.is_empty() {
        return;
    }
    put!(
        page,
        "\n## Steps\n\n| step | result | time | |\n|---|---|---|---|"
    );
    for record in &summary.steps {
        let verdict = Verdict::of(record, summary);
        let word = match verdict {
            Verdict::Succeeded | Verdict::Reused | Verdict::NotRun => verdict.word().to_owned(),
            _ => format!("**{}**", verdict.word()),
        };
        put!(
            page,
            "| {} | {word} | {} | {} |",
            code(&record.step.to_string()),
            record.took().map(human).unwrap_or_default(),
            text(&verdict::detail(record))
        );
    }
}

fn removals(page: &mut String, summary: &RunSummary) {
    if summary.removals.is_empty() {
        return;
    }
    put!(
        page,
        "\n## Removals\n\n| what | name | region | became of it |\n|---|---|---|---|"
    );
    for Removal { thing, result } in &summary.removals {
        let result = match result {
            RemovalResult::Proposed => "to be removed".to_owned(),
            RemovalResult::Removed => "removed".to_owned(),
            RemovalResult::Gone => "was gone".to_owned(),
            RemovalResult::Stays { because } => format!("**stays**: {}", text(because)),
            RemovalResult::Failed { because } => format!("**failed**: {}", text(because)),
        };
        put!(
            page,
            "| {} {} | {} | {} | {result} |",
            thing.kind,
            code(&thing.id),
            thing.name.as_deref().map(code).unwrap_or_default(),
            text(&thing.region)
        );
    }
}

fn warnings(page: &mut String, summary: &RunSummary) {
    if summary.warnings.is_empty() && summary.unknown_lines.is_empty() {
        return;
    }
    put!(page, "\n## Warnings\n");
    for record in &summary.warnings {
        let step = record.step.as_ref().map(Step::to_string);
        let place = step.map_or(String::new(), |step| format!("{}: ", code(&step)));
        let hint = record.warning.hint.as_deref();
        let hint = hint.map_or(String::new(), |hint| format!("<br>Hint: {}", lines(hint)));
        let warning = match place.as_str() {
            "" => at_start_lines(&record.warning.text),
            _ => lines(&record.warning.text),
        };
        put!(page, "- {place}{warning}{hint}");
    }
    for lines in &summary.unknown_lines {
        put!(
            page,
            "- {}: {} of the tool's output not understood",
            code(&lines.step.to_string()),
            phrase::count(lines.count, "line")
        );
    }
}

fn credentials(page: &mut String, summary: &RunSummary) {
    if summary.credentials.is_empty() {
        return;
    }
    put!(
        page,
        "\n## Credentials\n\n| credential | found in |\n|---|---|"
    );
    for credential in &summary.credentials {
        put!(
            page,
            "| {} | {} |",
            code(&credential.name),
            text(&credential.source)
        );
    }
}
