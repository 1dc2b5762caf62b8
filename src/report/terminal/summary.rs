//! The end of a run on a terminal: what it made, what went wrong, where the report is. The most
//! important comes last, where the eyes are.

use camino::Utf8Path;
use console::measure_text_width;

use super::{Look, Tone, feed};
use crate::{
    events::{
        ChangeCounts, Operation, Output, OutputValue, PlannedChanges, ResourceResult, RunResult,
        Step, StepFailure, StepResult,
    },
    report::{
        aggregate::RunSummary,
        approval::approval_text,
        duration::human,
        inert, outputs, phrase, removals,
        verdict::{self, Verdict},
    },
};

/// Longer values are cut; `amiable output NAME` prints them whole.
const LONGEST_VALUE: usize = 300;

/// How to show a summary.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub look: Look,
    /// Columns to fill.
    pub width: usize,
    /// Paths below this folder are shown relative to it.
    pub here: &'a Utf8Path,
}

impl Page<'_> {
    /// The whole summary; `report` is where the report was written.
    pub fn render(&self, summary: &RunSummary, report: Option<&Utf8Path>) -> String {
        let mut sections = vec![
            self.steps(summary),
            self.images(summary),
            self.changes(summary),
            self.removals(summary),
            self.warnings(summary),
            self.outputs(summary),
            self.stack_summary(summary),
        ];
        sections.extend(self.failures(summary));
        sections.push(self.result(summary, report));
        let mut text = String::new();
        for section in sections.into_iter().filter(|section| !section.is_empty()) {
            text.push('\n');
            for line in section {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    /// Only what failed, and the result: nothing of a run that succeeded.
    pub fn render_failures(&self, summary: &RunSummary, report: Option<&Utf8Path>) -> String {
        if summary.result == Some(RunResult::Succeeded) {
            return String::new();
        }
        let mut text = String::new();
        for section in self.failures(summary) {
            text.push_str(&section.join("\n"));
            text.push_str("\n\n");
        }
        text.push_str(&self.result(summary, report).join("\n"));
        text.push('\n');
        text
    }

    fn heading(&self, title: &str) -> String {
        self.look.paint(Tone::Strong, title)
    }

    /// One paragraph: the lines of the steps were there before.
    fn steps(&self, summary: &RunSummary) -> Vec<String> {
        let entries: Vec<_> = summary
            .steps
            .iter()
            .map(|record| {
                let verdict = Verdict::of(record, summary);
                let name = inert::line(&record.step.to_string()).into_owned();
                let took = record.took().map(|took| format!(" {}", human(took)));
                match verdict {
                    Verdict::Succeeded => format!("{name}{}", took.unwrap_or_default()),
                    _ => {
                        let word = self.look.paint(verdict.tone(), verdict.word());
                        format!("{name} {word}{}", took.unwrap_or_default())
                    }
                }
            })
            .collect();
        if entries.is_empty() {
            return Vec::new();
        }
        let title = format!("Steps ({} in all)", human(summary.took()));
        let mut lines = vec![self.heading(&title)];
        lines.extend(self.fill(&entries, ", "));
        lines
    }

    fn images(&self, summary: &RunSummary) -> Vec<String> {
        let rows: Vec<_> = summary
            .images
            .iter()
            .map(|record| {
                let ami = record.outcome.as_ref().map_or("-", |outcome| &outcome.ami);
                [
                    inert::line(&record.image).into_owned(),
                    inert::line(ami).into_owned(),
                    inert::line(&phrase::image(record, summary.operation)).into_owned(),
                ]
            })
            .collect();
        if rows.is_empty() {
            return Vec::new();
        }
        let column = |index: usize| widest(rows.iter().map(|row| row[index].as_str()));
        let (name, ami) = (column(0), column(1));
        let mut lines = vec![self.heading("Images")];
        lines.extend(rows.iter().map(|row| {
            format!(
                "  {}  {}  {}",
                pad(&row[0], name),
                pad(&row[1], ami),
                row[2]
            )
        }));
        lines
    }

    fn changes(&self, summary: &RunSummary) -> Vec<String> {
        let done = summary.done();
        let mut lines = vec![self.heading("Changes")];
        match &summary.planned {
            None if summary.resources.is_empty() => return Vec::new(),
            Some(planned) if planned.is_empty() => lines.push("  no changes".to_owned()),
            Some(planned) if summary.operation == Operation::Plan => {
                let text = approval_text(planned);
                lines.extend(
                    text.lines()
                        .map(|line| format!("  {line}").trim_end().to_owned()),
                );
            }
            Some(planned) if done.total() == 0 => {
                let counts = phrase::planned_counts(planned.counts());
                lines.push(format!("  planned, not applied: {counts}"));
            }
            planned => {
                lines.push(format!("  {}", phrase::done_counts(done)));
                let counts = planned.as_ref().map(PlannedChanges::counts);
                let as_planned = |counts: &ChangeCounts| {
                    (counts.add, counts.change, counts.destroy)
                        == (done.added, done.changed, done.destroyed)
                };
                if let Some(counts) = counts.filter(|counts| !as_planned(counts)) {
                    lines.push(format!("  planned: {}", phrase::planned_counts(counts)));
                }
            }
        }
        // What needs a look has to be named.
        for outcome in &summary.resources {
            let action = phrase::action(outcome.action);
            let address = inert::line(&outcome.address);
            match outcome.result {
                ResourceResult::Done => {}
                ResourceResult::Failed => {
                    let failed = self.look.paint(Tone::Bad, &format!("failed to {action}"));
                    lines.push(format!("  {failed}: {address}"));
                }
                ResourceResult::Unknown => {
                    let unknown = self.look.paint(Tone::Bad, "unknown");
                    lines.push(format!("  {unknown}: {address} ({action} was under way)"));
                }
            }
        }
        lines
    }

    fn removals(&self, summary: &RunSummary) -> Vec<String> {
        if summary.removals.is_empty() {
            return Vec::new();
        }
        let lines = removals::lines(&summary.removals);
        let lines = lines.iter().map(|line| format!("  {line}"));
        let mut section = vec![self.heading("Removals")];
        section.extend(lines);
        section
    }

    fn warnings(&self, summary: &RunSummary) -> Vec<String> {
        let mut lines = Vec::new();
        for record in &summary.steps {
            let verdict = Verdict::of(record, summary);
            if matches!(verdict, Verdict::Degraded | Verdict::Unverified) {
                let words = feed::words(verdict, &verdict::detail(record));
                lines.extend(self.bullet(&format!("{}: {words}", record.step)));
            }
        }
        for record in &summary.warnings {
            let step = record.step.as_ref().map(|step| format!("{step}: "));
            let text = &record.warning.text;
            lines.extend(self.bullet(&format!("{}{text}", step.unwrap_or_default())));
            if let Some(hint) = &record.warning.hint {
                lines.extend(self.indented("hint: ", hint));
            }
        }
        for unknown in &summary.unknown_lines {
            let count = phrase::count(unknown.count, "line");
            let text = format!(
                "{}: {count} of the tool's output not understood",
                unknown.step
            );
            lines.extend(self.bullet(&text));
        }
        if !lines.is_empty() {
            lines.insert(0, self.heading("Warnings"));
        }
        lines
    }

    fn outputs(&self, summary: &RunSummary) -> Vec<String> {
        let Some(outputs @ [_, ..]) = summary.outputs.as_deref() else {
            return Vec::new();
        };
        let names: Vec<_> = outputs
            .iter()
            .map(|output| inert::line(&output.name))
            .collect();
        let width = widest(names.iter().map(AsRef::as_ref));
        let mut lines = vec![self.heading("Outputs")];
        lines.extend(
            names
                .iter()
                .zip(outputs)
                .map(|(name, output)| format!("  {}  {}", pad(name, width), self.value(output))),
        );
        lines
    }

    fn value(&self, output: &Output) -> String {
        let value = match &output.value {
            OutputValue::Sensitive => return self.look.paint(Tone::Quiet, "(sensitive)"),
            OutputValue::Plain(value) => outputs::bare(value),
        };
        let shown = inert::line(&value);
        match shown.char_indices().nth(LONGEST_VALUE) {
            None => shown.into_owned(),
            Some((end, _)) => format!("{}{}", &shown[..end], self.look.ellipsis()),
        }
    }

    fn stack_summary(&self, summary: &RunSummary) -> Vec<String> {
        let lines = summary.summary.iter();
        lines.map(|line| inert::line(line).into_owned()).collect()
    }

    fn failures(&self, summary: &RunSummary) -> Vec<Vec<String>> {
        let records = summary.steps.iter();
        records
            .filter_map(|record| match &record.result {
                Some(StepResult::Failed(failure)) => {
                    Some(self.failure(&record.step, Verdict::of(record, summary), failure))
                }
                _ => None,
            })
            .collect()
    }

    fn failure(&self, step: &Step, verdict: Verdict, failure: &StepFailure) -> Vec<String> {
        let title = format!("{} {}", inert::line(&step.to_string()), verdict.word());
        let mut message = inert::lines(&failure.message);
        let first = message.next().unwrap_or_default();
        let mut lines = vec![format!(
            "{}: {first}",
            self.look.paint(verdict.tone(), &title)
        )];
        lines.extend(message.map(|line| format!("  {line}")));
        if !failure.excerpt.is_empty() {
            lines.push(String::new());
            let bar = self.look.paint(Tone::Quiet, "|");
            let excerpt = failure.excerpt.iter().flat_map(|line| inert::lines(line));
            lines.extend(excerpt.map(|line| format!("  {bar} {line}")));
            lines.push(String::new());
        }
        match failure.hints.as_slice() {
            [] => {}
            [hint] => lines.extend(self.indented("hint: ", hint)),
            hints => {
                lines.push("  what can be done:".to_owned());
                for (index, hint) in hints.iter().enumerate() {
                    lines.extend(self.indented(&format!("{}. ", index + 1), hint));
                }
            }
        }
        if let Some(log) = &failure.log {
            lines.push(format!("  full log: {}", self.path(log)));
        }
        if lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    fn result(&self, summary: &RunSummary, report: Option<&Utf8Path>) -> Vec<String> {
        let tone = match summary.result {
            Some(RunResult::Succeeded) => Tone::Good,
            Some(RunResult::Degraded | RunResult::Unverified | RunResult::Declined) => {
                Tone::Caution
            }
            _ => Tone::Bad,
        };
        let headline = verdict::headline(summary.operation, summary.result);
        let mut lines = vec![format!(
            "{} {} ({}, run {})",
            self.look.paint(
                Tone::Strong,
                &format!("{}:", inert::line(&summary.target()))
            ),
            self.look.paint(tone, &headline),
            human(summary.took()),
            summary.run
        )];
        if let Some(report) = report {
            lines.push(format!("report: {}", self.path(report)));
        }
        lines
    }

    fn path(&self, path: &Utf8Path) -> String {
        let path = match path.strip_prefix(self.here) {
            Ok(shorter) if !self.here.as_str().is_empty() => shorter,
            _ => path,
        };
        inert::line(path.as_str()).into_owned()
    }

    fn bullet(&self, text: &str) -> Vec<String> {
        let mut parts = inert::lines(text);
        let first = parts.next().unwrap_or_default();
        let mut lines = vec![format!("  {} {first}", self.look.paint(Tone::Caution, "!"))];
        lines.extend(parts.map(|line| format!("    {line}")));
        lines
    }

    fn indented(&self, label: &str, text: &str) -> Vec<String> {
        let margin = " ".repeat(label.len());
        inert::lines(text)
            .enumerate()
            .map(|(index, line)| format!("    {}{line}", if index == 0 { label } else { &margin }))
            .collect()
    }

    /// Puts as many entries on an indented line as fit.
    fn fill(&self, entries: &[String], separator: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let last = index + 1 == entries.len();
            let piece = format!("{entry}{}", if last { "" } else { separator.trim_end() });
            match lines.last_mut() {
                Some(line)
                    if measure_text_width(line) + 1 + measure_text_width(&piece) <= self.width =>
                {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(format!("  {piece}")),
            }
        }
        lines
    }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(measure_text_width).max().unwrap_or(0)
}

fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}
