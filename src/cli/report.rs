//! `amiable report`: the runs there were, and the report of one.

use std::io::Write as _;

use camino::Utf8Path;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{ColorChoice, Global, columns::columns, stdout};
use crate::{
    errors::Error,
    report::{
        RunSummary, Settings,
        history::{self, ChooseError, Entry, LoadError},
        human, inert,
        json::to_value,
        markdown,
        terminal::Page,
        verdict,
    },
    run_id::RunId,
};

/// Reports of earlier runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// All runs, the newest first (what happens without a subcommand)
    List,
    /// What a run did
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Id of the run, the beginning of it, or `last`
    #[arg(default_value = "last")]
    pub run: String,
    /// Print Markdown
    #[arg(long)]
    pub md: bool,
}

impl Args {
    /// Prints what is asked for on standard output.
    ///
    /// # Errors
    ///
    /// When the runs cannot be read, or the one that is meant has no readable report.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let root = global.project()?.root;
        match &self.command {
            None | Some(ReportCommand::List) => list(global, &root),
            Some(ReportCommand::Show(show)) => show.run(global, &root),
        }
    }
}

fn list(global: &Global, root: &Utf8Path) -> Result<(), Error> {
    let ids = ids(root)?;
    let entries: Vec<_> = ids
        .into_iter()
        .map(|run| history::entry(root, run))
        .collect();
    if global.json {
        return stdout::print_json(&entries.iter().map(entry_value).collect::<Vec<_>>());
    }
    if entries.is_empty() {
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "there are no runs yet");
    }
    stdout::print(&table(&entries))
}

fn ids(root: &Utf8Path) -> Result<Vec<RunId>, Error> {
    history::ids(root).map_err(|source| Error::Io {
        context: format!("failed to list {}", history::runs_folder(root)),
        source,
    })
}

impl ShowArgs {
    fn run(&self, global: &Global, root: &Utf8Path) -> Result<(), Error> {
        let folder = history::runs_folder(root).join(self.choose(root)?.as_str());
        let failed = |error| no_report(&folder, error);
        if global.json {
            return stdout::print_json(&history::document(&folder).map_err(failed)?);
        }
        let summary = history::load(&folder).map_err(failed)?;
        if self.md {
            stdout::print(&markdown::render(&summary))
        } else {
            stdout::print(&page(&summary, global))
        }
    }

    fn choose(&self, root: &Utf8Path) -> Result<RunId, Error> {
        history::choose(&ids(root)?, &self.run).map_err(|error| {
            let hint = match error {
                ChooseError::None => "`amiable up` makes one",
                ChooseError::Unknown(_) => "`amiable report list` lists them",
                ChooseError::Ambiguous { .. } => "give more of its id",
            };
            Error::Failed {
                problem: error.to_string(),
                hints: vec![hint.to_owned()],
            }
        })
    }
}

fn no_report(folder: &Utf8Path, error: LoadError) -> Error {
    let mut hints = match &error {
        LoadError::Unreadable { source, .. } => source.hints(),
        LoadError::Missing | LoadError::Io { .. } => Vec::new(),
    };
    hints.push(format!("what it recorded is in {folder}"));
    Error::Failed {
        problem: error.to_string(),
        hints,
    }
}

fn page(summary: &RunSummary, global: &Global) -> String {
    let settings = Settings::for_results(match global.color {
        ColorChoice::Auto => None,
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
    });
    let size = console::Term::stdout().size_checked();
    let page = Page {
        look: settings.look,
        width: size.map_or(100, |(_, columns)| columns.into()),
        here: &settings.here,
    };
    let report = summary.folder.join(history::REPORT_MARKDOWN);
    let text = page.render(summary, Some(&report));
    // The empty line at its top parts it from what a run has shown before.
    text.trim_start_matches('\n').to_owned()
}

fn table(entries: &[Entry]) -> String {
    let mut rows =
        vec![["RUN", "STACK", "ENVIRONMENT", "COMMAND AND RESULT", "TOOK"].map(str::to_owned)];
    for entry in entries {
        let run = entry.run.to_string();
        rows.push(match &entry.report {
            Ok(summary) => [
                run,
                inert::line(&summary.stack).into_owned(),
                inert::line(&summary.environment).into_owned(),
                verdict::headline(summary.operation, summary.result),
                human(summary.took()),
            ],
            Err(error) => {
                let none = || "-".to_owned();
                [run, none(), none(), short(error), none()]
            }
        });
    }
    if entries.is_empty() {
        return String::new();
    }
    columns(&rows)
}

/// Without the path: the run's id is beside it.
fn short(error: &LoadError) -> String {
    let problem = match error {
        LoadError::Missing => error.to_string(),
        LoadError::Io { source, .. } => format!("no readable report: {source}"),
        LoadError::Unreadable { source, .. } => format!("no readable report: {source}"),
    };
    inert::line(&problem).into_owned()
}

fn entry_value(entry: &Entry) -> Value {
    match &entry.report {
        Ok(summary) => {
            let report = to_value(summary);
            let run = |field: &str| report["run"][field].clone();
            json!({
                "run": entry.run.as_str(),
                "stack": run("stack"),
                "environment": run("environment"),
                "operation": run("operation"),
                "result": report["result"],
                "started_at": run("started_at"),
                "seconds": run("seconds"),
                "problem": null,
            })
        }
        Err(error) => json!({
            "run": entry.run.as_str(),
            "stack": null,
            "environment": null,
            "operation": null,
            "result": null,
            "started_at": null,
            "seconds": null,
            "problem": error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, Happening, Operation, RunResult, RunStart};

    fn entry(id: &str, report: Result<RunSummary, LoadError>) -> Entry {
        Entry {
            run: RunId::parse(id).unwrap(),
            folder: "x".into(),
            report,
        }
    }

    fn entries() -> [Entry; 2] {
        let run = "20260301-120000-0a1b2c";
        let at: jiff::Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let start = RunStart {
            run: RunId::parse(run).unwrap(),
            operation: Operation::Destroy,
            stack: "dash\u{1b}[2J".into(),
            environment: "prod".into(),
            region: "eu-west-1".into(),
            steps: Vec::new(),
            folder: "x".into(),
            git_commit: None,
            git_branch: None,
            git_dirty: false,
        };
        let mut summary = RunSummary::started(at, &start);
        summary.fold(&Event {
            at: at + jiff::SignedDuration::from_secs(75),
            what: Happening::RunFinished {
                result: RunResult::Interrupted,
            },
        });
        [
            entry("20260302-120000-0a1b2c", Err(LoadError::Missing)),
            entry(run, Ok(summary)),
        ]
    }

    #[test]
    fn runs_without_a_report_are_listed_too() {
        assert_eq!(
            table(&entries()),
            "\
RUN                     STACK          ENVIRONMENT  COMMAND AND RESULT                                 TOOK
20260302-120000-0a1b2c  -              -            no report: the run was killed or is still running  -
20260301-120000-0a1b2c  dash\\u{1b}[2J  prod         destroy was interrupted                            1m15s
"
        );
    }

    #[test]
    fn programs_get_the_same_as_data() {
        let [missing, reported] = entries().map(|entry| entry_value(&entry));
        assert_eq!(missing["result"], Value::Null);
        assert_eq!(
            missing["problem"],
            "no report: the run was killed or is still running"
        );
        assert_eq!(reported["result"], "interrupted");
        assert_eq!(reported["operation"], "destroy");
        assert_eq!(reported["seconds"], 75.0);
    }
}
