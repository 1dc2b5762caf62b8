//! `amiable doctor`.

use std::io::{self, IsTerminal, Write};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::Global;
use crate::{
    config::Stack,
    credentials::{self, Context, CredentialError, Outcome, Resolved},
    errors::{Error, Exit},
    images::leftovers::counts,
    process::Unwanted,
    runner::{failure::Failure, installed, leftovers, past::Known, query::Query},
    tools::locate::Tool,
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Stack to look at; without it the default one
    stack: Option<String>,
}

/// One thing a deployment needs.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    status: Status,
    /// Version and place, or what is wrong.
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mends: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    /// Nice to have, or needed for something else than this stack and environment.
    Optional,
    /// Works, and should be looked at.
    Warning,
    Missing,
}

impl Args {
    /// Looks at everything and prints what it found; changes nothing.
    ///
    /// # Errors
    ///
    /// With the exit code of the first thing that is missing.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let mut findings = Vec::new();
        let mut exit = Exit::Done;
        let project = global.project();
        let loaded = match &project {
            Ok(project) => Some(global.load(project, self.stack.as_deref())),
            Err(_) => None,
        };
        let sandbox = match &loaded {
            Some(Ok(stack)) => stack.environment.is_sandbox(),
            _ => true,
        };
        for tool in [
            Tool::Terraform,
            Tool::Packer,
            Tool::Aws,
            Tool::Docker,
            Tool::MotoServer,
            Tool::Curl,
            Tool::Pass,
        ] {
            let optional = match tool {
                Tool::Terraform | Tool::Packer | Tool::Aws => false,
                Tool::Docker | Tool::MotoServer => !sandbox,
                Tool::Curl | Tool::Pass => true,
            };
            let finding = self::tool(tool, optional);
            if finding.status == Status::Missing && exit == Exit::Done {
                exit = Exit::MissingTool;
            }
            findings.push(finding);
        }
        match (&project, &loaded) {
            (Ok(project), Some(Ok(stack))) => {
                findings.push(ok("project", project.root.to_string()));
                findings.push(ok(
                    "stack",
                    format!(
                        "{} in {} ({})",
                        stack.name, stack.environment.name, stack.region
                    ),
                ));
                findings.push(ok("backend", backend(stack)));
                for finding in credentials(global, stack) {
                    if finding.status == Status::Missing && exit == Exit::Done {
                        exit = Exit::MissingCredential;
                    }
                    findings.push(finding);
                }
                if exit == Exit::Done {
                    findings.extend(leftovers(global, stack));
                }
            }
            (Err(error), _) | (_, Some(Err(error))) => {
                findings.push(Finding {
                    what: "stack".to_owned(),
                    status: Status::Missing,
                    detail: error.to_string(),
                    mends: error.hints(),
                });
                if exit == Exit::Done {
                    exit = error.exit();
                }
            }
            (Ok(_), None) => {}
        }
        if global.json {
            super::stdout::print_json(&findings)?;
        } else {
            print(&findings)?;
        }
        match exit {
            Exit::Done => Ok(()),
            other => Err(Error::RunEnded(other)),
        }
    }
}

fn tool(tool: Tool, optional: bool) -> Finding {
    match installed::find(tool) {
        Ok(found) => {
            let version = match found.version.to_string().as_str() {
                "0.0.0" => String::new(),
                version => format!("{version}  "),
            };
            ok(tool.name(), format!("{version}{}", found.program))
        }
        Err(Failure { failure, .. }) => Finding {
            what: tool.name().to_owned(),
            status: if optional {
                Status::Optional
            } else {
                Status::Missing
            },
            detail: failure.message,
            mends: failure.hints,
        },
    }
}

fn credentials(global: &Global, stack: &Stack) -> Vec<Finding> {
    let interactive = !global.non_interactive && io::stdin().is_terminal();
    let context = Context::of_process(stack, &stack.root, interactive);
    let resolution = credentials::resolve(&stack.credentials, &context);
    let finding = |resolved: &Resolved| {
        let (status, mends) = match &resolved.outcome {
            Outcome::Missing(unresolved) => {
                let error = CredentialError::Unresolved(vec![unresolved.clone()]);
                (Status::Missing, error.hints())
            }
            Outcome::AbsentOptional => (Status::Optional, Vec::new()),
            Outcome::Found { .. } | Outcome::Generated { .. } | Outcome::LeftToAws { .. } => {
                (Status::Ok, Vec::new())
            }
        };
        Finding {
            what: format!("credential {}", resolved.name),
            status,
            detail: resolved.origin(),
            mends,
        }
    };
    resolution.credentials.iter().map(finding).collect()
}

/// What builds have left in the account; nothing when it cannot be asked, which is no failure here.
fn leftovers(global: &Global, stack: &Stack) -> Option<Finding> {
    let interactive = !global.non_interactive && io::stdin().is_terminal();
    let query = Query::open(stack, interactive).ok()??;
    let known = Known::read(stack, None).ok()?;
    let regions = leftovers::regions(stack, &known);
    let found = leftovers::look(&query, stack, &regions, &known).ok()?;
    let mut things = leftovers::containers(stack, &known, Unwanted::never());
    things.extend(found.of_dead_runs);
    let mut details = Vec::new();
    let mut mends = Vec::new();
    if !things.is_empty() {
        details.push(counts(&things));
        mends.push("`amiable image sweep` shows and removes them".to_owned());
    }
    for (run, things) in &found.of_unknown_runs {
        details.push(format!(
            "{} of run {run}, which this checkout does not know",
            counts(things)
        ));
        mends.push(format!(
            "once that run is over: `amiable image sweep --run {run}`"
        ));
    }
    if details.is_empty() {
        return Some(ok("leftovers", "none".to_owned()));
    }
    Some(Finding {
        what: "leftovers".to_owned(),
        status: Status::Warning,
        detail: details.join("\n"),
        mends,
    })
}

fn backend(stack: &Stack) -> String {
    match &stack.environment.backend {
        Some(backend) => backend.kind.clone(),
        None if stack.environment.is_sandbox() => "local, as long as the emulator lives".to_owned(),
        None => "the Terraform root's own, or a local file under .amiable/state/".to_owned(),
    }
}

fn ok(what: &str, detail: String) -> Finding {
    Finding {
        what: what.to_owned(),
        status: Status::Ok,
        detail,
        mends: Vec::new(),
    }
}

fn print(findings: &[Finding]) -> Result<(), Error> {
    let width = findings
        .iter()
        .map(|finding| finding.what.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (mark, style) = match finding.status {
            Status::Ok => ("ok      ", anstyle::AnsiColor::Green.on_default()),
            Status::Optional => ("optional", anstyle::AnsiColor::Yellow.on_default()),
            Status::Warning => ("warning ", anstyle::AnsiColor::Yellow.on_default()),
            Status::Missing => ("missing ", anstyle::AnsiColor::Red.on_default()),
        };
        let detail = finding
            .detail
            .replace('\n', &format!("\n{}", " ".repeat(width + 12)));
        text.push_str(&format!(
            "{style}{mark}{style:#}  {:width$}  {detail}\n",
            finding.what
        ));
        for mend in &finding.mends {
            text.push_str(&format!("{}-> {mend}\n", " ".repeat(width + 12)));
        }
    }
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::Io {
            context: "failed to write to standard output".to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
