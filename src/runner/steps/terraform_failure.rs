//! What Terraform's errors and lines look like to people.

use jiff::Timestamp;

use super::super::failure::Failure;
use crate::{
    events::Level,
    process::Ended,
    tools::terraform::{
        decode::{Diagnostic, Line, Severity},
        diagnosis,
        outcome::Tally,
        state_lock::StateLock,
    },
};

/// How many lines of an error's detail are shown.
const DETAIL_LINES: usize = 12;

/// The failure of a `terraform` call, from its diagnostics or, without any, its last words.
///
/// `redact` takes secrets out before anything is cut off: what is left of one would not be known as it.
pub fn of(call: &str, ended: &Ended, tally: &Tally, redact: impl Fn(&str) -> String) -> Failure {
    if tally.unsupported_format {
        return Failure::new(format!(
            "{call} speaks a newer format of JSON lines than this version understands"
        ))
        .hint("update amiable, or use an older Terraform");
    }
    let errors: Vec<Diagnostic> = tally
        .errors
        .iter()
        .map(|error| error.clone().map_text(&redact))
        .collect();
    let Some(first) = errors.first() else {
        let plain = redact(&tally.plain_lines.join("\n"));
        let failure = Failure::new(format!("{call} ended with {}", ended.describe()));
        return failure
            .because(&plain)
            .excerpt(plain.lines().take(DETAIL_LINES).map(str::to_owned));
    };
    let mut hints: Vec<String> = Vec::new();
    for error in &errors {
        let mend = diagnosis::of(error).map(|known| known.mend.to_owned());
        hints.extend(mend.filter(|mend| !hints.contains(mend)));
    }
    let locked = errors
        .iter()
        .find_map(|error| StateLock::in_message(&error.detail));
    let message = match locked {
        Some(lock) => format!("the state is locked by {}", lock.phrase(Timestamp::now())),
        None => match diagnosis::of(first) {
            Some(known) => format!("{call}: {}", known.what),
            None => format!(
                "{call}: {}",
                first.summary.lines().next().unwrap_or_default()
            ),
        },
    };
    Failure::new(message)
        .excerpt(errors.iter().flat_map(explain))
        .hints(hints)
}

/// The lines that explain a diagnostic.
fn explain(diagnostic: &Diagnostic) -> Vec<String> {
    let mut head = diagnostic.summary.clone();
    if let Some(address) = &diagnostic.address {
        head = format!("{address}: {head}");
    }
    if let Some(place) = &diagnostic.place {
        head = format!("{head} ({place})");
    }
    std::iter::once(head)
        .chain(
            diagnostic
                .detail
                .lines()
                .take(DETAIL_LINES)
                .map(|line| format!("  {line}")),
        )
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// The resource whose provisioner speaks in a line.
pub fn speaker(line: &Line) -> Option<&str> {
    match line {
        Line::Provisioner { address, .. } => Some(address),
        _ => None,
    }
}

/// What of a line belongs into the log, with its level. `None` for noise.
pub fn log_line(line: &Line) -> Option<(Level, String)> {
    let named = |what: &str, address: &str| format!("{what} {address}");
    match line {
        Line::Version { terraform, .. } => Some((Level::Trace, format!("Terraform {terraform}"))),
        Line::PlannedChange { address, action } => {
            let action = action.map_or_else(|| "change".to_owned(), |action| format!("{action:?}"));
            Some((
                Level::Trace,
                named(&format!("planned: {}", action.to_lowercase()), address),
            ))
        }
        Line::Drift { address } => {
            Some((Level::Info, named("changed outside Terraform:", address)))
        }
        Line::ChangeSummary(summary) => Some((
            Level::Info,
            format!(
                "{}: {} added, {} changed, {} destroyed",
                summary.operation, summary.add, summary.change, summary.remove
            ),
        )),
        Line::RefreshStart { .. } | Line::ApplyProgress { .. } | Line::Outputs(_) => None,
        Line::RefreshDone { address } => Some((Level::Trace, named("read", address))),
        Line::ApplyStart { address, .. } => Some((Level::Info, named("started", address))),
        Line::ApplyDone {
            address, seconds, ..
        } => Some((Level::Info, format!("done {address}{}", after(*seconds)))),
        Line::ApplyFailed {
            address, seconds, ..
        } => Some((Level::Error, format!("failed {address}{}", after(*seconds)))),
        Line::Provisioner { output, .. } => Some((Level::Info, output.clone())),
        Line::Diagnostic(diagnostic) => {
            let level = match diagnostic.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warn,
            };
            Some((level, explain(diagnostic).join("\n")))
        }
        Line::Message(text) | Line::Plain(text) => Some((Level::Info, text.clone())),
        Line::Unknown { raw, .. } => Some((Level::Trace, raw.clone())),
    }
}

fn after(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(" after {seconds} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::terraform::decode;

    #[test]
    fn a_known_error_comes_with_its_mend() {
        let mut tally = Tally::default();
        tally.take(decode::line(
            r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"error creating EC2 VPC: ExpiredToken: expired","detail":"","address":"aws_vpc.this","range":{"filename":"main.tf","start":{"line":1}}}}"#,
        ));
        let ended = Ended {
            code: Some(1),
            signal: None,
            requests: 0,
            stragglers: vec![],
        };
        let failure = of("terraform plan", &ended, &tally, str::to_owned).failure;
        assert_eq!(
            failure.message,
            "terraform plan: the AWS session has expired"
        );
        assert!(
            failure.excerpt[0].ends_with("(main.tf:1)"),
            "{:?}",
            failure.excerpt
        );
        assert!(failure.hints[0].contains("log in again"));
    }

    #[test]
    fn without_a_diagnostic_the_exit_and_the_last_words_are_shown() {
        let mut tally = Tally::default();
        tally.take(decode::line("panic: runtime error: index out of range"));
        let ended = Ended {
            code: None,
            signal: Some(11),
            requests: 0,
            stragglers: vec![],
        };
        let failure = of("terraform apply", &ended, &tally, str::to_owned).failure;
        assert_eq!(failure.message, "terraform apply ended with signal 11");
        assert_eq!(
            failure.excerpt,
            ["panic: runtime error: index out of range"]
        );
    }
}
