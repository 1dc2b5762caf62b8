//! The lines that stay: what both ways of showing a run print as it goes on.

use console::measure_text_width;

use super::{Look, Tone};
use crate::{
    events::{
        Activity, Event, Happening, ImageDecision, Level, Operation, PlannedChanges, Removal,
        Signal, Step, StepResult,
    },
    report::{
        aggregate::RunSummary,
        approval::approval_text,
        duration::human,
        inert, phrase, removals,
        verdict::{self, Verdict},
    },
};

/// The first line of a run.
pub fn start(summary: &RunSummary, look: Look) -> String {
    let target = inert::line(&summary.target()).into_owned();
    format!(
        "{} {} in {} (run {})",
        look.paint(Tone::Strong, &format!("{target}:")),
        summary.operation.word(),
        inert::line(&summary.region),
        summary.run
    )
}

/// The line of a finished step: sign, name, words, duration. `None` for a step nobody knows.
pub fn finished(step: &Step, summary: &RunSummary, look: Look, names: usize) -> Option<String> {
    let record = summary.step(step)?;
    let verdict = Verdict::of(record, summary);
    let name = inert::line(&step.to_string()).into_owned();
    let gap = " ".repeat(names.saturating_sub(measure_text_width(&name)));
    let mut line = format!(
        "{} {}{gap}",
        look.paint(verdict.tone(), look.sign(verdict)),
        look.paint(Tone::Strong, &name)
    );
    let words = words(verdict, &inert::line(&verdict::detail(record)));
    line.push_str("  ");
    line.push_str(&match verdict {
        Verdict::Succeeded | Verdict::Reused => words,
        _ => look.paint(verdict.tone(), &words),
    });
    if let Some(took) = record.took().filter(|_| verdict != Verdict::Skipped) {
        line.push_str("  ");
        line.push_str(&look.paint(Tone::Quiet, &human(took)));
    }
    Some(line)
}

/// The verdict's word and what the step says; not twice the same when the step says it already.
pub fn words(verdict: Verdict, detail: &str) -> String {
    let word = verdict.word();
    match (verdict, detail) {
        (_, "") => word.to_owned(),
        (Verdict::Succeeded, detail) => detail.to_owned(),
        (_, detail) if detail.to_ascii_lowercase().starts_with(word) => detail.to_owned(),
        (_, detail) => format!("{word}: {detail}"),
    }
}

/// A step that never ran needs no line: the one that failed says why.
pub fn is_worth_a_line(result: &StepResult) -> bool {
    !matches!(result, StepResult::NotRun)
}

/// What a step is doing: `7/31  aws_lb.main, aws_db_instance.main`.
pub fn activity(activity: &Activity) -> String {
    match activity {
        Activity::Doing(what) => inert::line(what).into_owned(),
        Activity::Count {
            done,
            total,
            current,
        } if current.is_empty() => format!("{done}/{total}"),
        Activity::Count {
            done,
            total,
            current,
        } => format!("{done}/{total}  {}", inert::line(&current.join(", "))),
    }
}

/// What is worth a line of its own at once: decisions, warnings, a request to stop.
pub fn notice(event: &Event, look: Look, names: usize) -> Option<String> {
    match &event.what {
        // A reuse is told by the end of its step, which comes at once.
        Happening::ImageDecided {
            image,
            decision: decision @ ImageDecision::Build { .. },
        } => {
            let step = Step::Image(image.clone());
            let words = inert::line(&phrase::decision(decision)).into_owned();
            Some(quiet(look, &step, names, &words))
        }
        Happening::Warning { step, warning } => {
            let step = step
                .as_ref()
                .map(|step| format!("{}: ", inert::line(&step.to_string())));
            Some(format!(
                "{} {}{}",
                look.paint(Tone::Caution, "! warning:"),
                step.unwrap_or_default(),
                inert::line(&warning.text)
            ))
        }
        Happening::Interrupting {
            signal,
            request,
            waiting_for,
            asked,
        } => {
            let lines = interrupting(*signal, *request, waiting_for, *asked);
            let lines: Vec<_> = lines
                .iter()
                .map(|line| look.paint(Tone::Bad, line))
                .collect();
            Some(lines.join("\n"))
        }
        _ => None,
    }
}

fn quiet(look: Look, step: &Step, names: usize, words: &str) -> String {
    let name = inert::line(&step.to_string()).into_owned();
    let gap = " ".repeat(names.saturating_sub(measure_text_width(&name)) + 2);
    look.paint(Tone::Quiet, &format!("  {name}{gap}{words}"))
}

/// The plan, and whether it may be applied.
pub fn question(changes: &PlannedChanges, summary: &RunSummary, look: Look) -> String {
    let verb = match summary.operation {
        Operation::Destroy => "Destroy this of",
        Operation::Up
        | Operation::Plan
        | Operation::ImageBuild
        | Operation::Task
        | Operation::Unlock
        | Operation::ImageRollback
        | Operation::ImageReplace
        | Operation::ImagePrune
        | Operation::ImageSweep => "Apply this to",
    };
    let target = summary.target();
    let question = format!("{verb} {}? Only \"yes\" does it:", inert::line(&target));
    format!(
        "\n{}\n{} ",
        approval_text(changes),
        look.paint(Tone::Strong, &question)
    )
}

/// What is to be removed, and whether it may go.
pub fn removal_question(proposed: &[Removal], summary: &RunSummary, look: Look) -> String {
    let lines = removals::lines(proposed);
    let lines: Vec<_> = lines.iter().map(|line| format!("  {line}")).collect();
    let target = summary.target();
    let question = format!(
        "Remove this of {}? Only \"yes\" does it:",
        inert::line(&target)
    );
    let question = look.paint(Tone::Strong, &question);
    format!("\n{}\n\n{question} ", lines.join("\n"))
}

/// What a request to stop does, and what another one would. When the user is `asked`, the question tells that.
pub fn interrupting(
    signal: Signal,
    request: u8,
    waiting_for: &[String],
    asked: bool,
) -> Vec<String> {
    let what = match signal {
        Signal::Interrupt => "interrupted",
        Signal::Terminate => "asked to terminate",
        Signal::HangUp => "the terminal is gone",
    };
    let pending = inert::line(&waiting_for.join("; ")).into_owned();
    match (request, waiting_for) {
        (_, []) => vec![format!("{what}: stopping")],
        (..=1, _) => vec![
            format!("{what}: waiting for {pending}"),
            "  to stop at once ask again: what that may lose is told first".to_owned(),
        ],
        (2, _) if asked => vec![format!("{what} again: still waiting for {pending}")],
        (2, _) => vec![
            format!("{what} again: still waiting for {pending}"),
            "  a third request stops at once: what is being made then may be left behind without a record"
                .to_owned(),
        ],
        (3.., _) => vec![
            format!("{what} again: stopping at once"),
            format!("  may be left behind without a record: {pending}"),
        ],
    }
}

/// Whether to stop at once.
pub fn stop_question(look: Look) -> String {
    let question = "Stop at once? What is being made then may be left behind without a record. Only \"yes\" does it:";
    format!("{} ", look.paint(Tone::Strong, question))
}

/// A line of a tool, for those who asked for them.
pub fn log(step: &Step, level: Level, line: &str, look: Look) -> String {
    let name = inert::line(&step.to_string()).into_owned();
    let text = inert::line(line);
    let text = match level {
        Level::Trace => look.paint(Tone::Quiet, &text),
        Level::Info => text.into_owned(),
        Level::Warn => look.paint(Tone::Caution, &text),
        Level::Error => look.paint(Tone::Bad, &text),
    };
    format!("{} {text}", look.paint(Tone::Quiet, &format!("{name} |")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_does_not_say_its_verdict_twice() {
        assert_eq!(words(Verdict::Succeeded, "31 added"), "31 added");
        assert_eq!(words(Verdict::Succeeded, ""), "done");
        assert_eq!(words(Verdict::Reused, "reused ami-1"), "reused ami-1");
        assert_eq!(words(Verdict::Reused, "ami-1"), "reused: ami-1");
        assert_eq!(words(Verdict::Failed, "exit code 1"), "failed: exit code 1");
    }

    #[test]
    fn a_second_request_says_what_may_be_lost_and_a_third_stops() {
        let pending = ["terraform.apply: aws_vpc.a".to_owned()];
        let lines =
            |request, asked| interrupting(Signal::Interrupt, request, &pending, asked).join("\n");
        let first = lines(1, false);
        assert!(first.starts_with("interrupted: waiting for terraform.apply: aws_vpc.a\n"));
        let second = lines(2, false);
        assert!(second.contains("still waiting for") && second.contains("a third request stops"));
        assert!(!lines(2, true).contains("third"), "the question tells it");
        let third = lines(3, false);
        assert!(third.ends_with("without a record: terraform.apply: aws_vpc.a"));
        assert_eq!(
            interrupting(Signal::Terminate, 1, &[], false),
            ["asked to terminate: stopping"]
        );
    }
}
