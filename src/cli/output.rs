//! `amiable output`: what the last deployment offers, without Terraform.

use std::io::{self, IsTerminal as _, Write as _};

use camino::Utf8Path;
use console::measure_text_width;
use serde_json::Value;

use super::{Global, stdout};
use crate::{
    config::{Environment, suggest},
    errors::Error,
    events::{Output, OutputValue},
    journal::StateFolder,
    report::{
        inert,
        outputs::{self, LoadError, Stored},
    },
};

/// Print outputs of the last deployment: all of them, or the bare value of one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output whose value alone is printed, for `$(...)`
    pub name: Option<String>,
}

impl Args {
    /// Prints the outputs of the stack in the environment that `global` names.
    ///
    /// # Errors
    ///
    /// When nothing is deployed there, and when there is no output of the name or it is sensitive.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        // The stack file itself is not needed: the answer is to be there at once.
        let project = global.project()?;
        let (stack, _) = project.stack(global.stack.as_deref())?;
        let place = Place {
            root: &project.root,
            stack,
            environment: global.env.as_deref().unwrap_or(Environment::SANDBOX),
        };
        let stored = place.load()?;
        match (&self.name, global.json) {
            (Some(name), json) => {
                let value = place.value(&stored, name)?;
                if json {
                    stdout::print_json(value)
                } else {
                    stdout::print(&shown(value, io::stdout().is_terminal()))
                }
            }
            (None, true) => {
                for name in sensitive(&stored) {
                    let name = inert::line(name);
                    // A closed standard error leaves nobody to tell.
                    let _ = writeln!(io::stderr(), "{name} is sensitive and left out");
                }
                stdout::print_json(&outputs::plain_object(&stored.outputs))
            }
            (None, false) => stdout::print(&table(&stored.outputs)),
        }
    }
}

/// Whose outputs are wanted.
struct Place<'a> {
    root: &'a Utf8Path,
    stack: &'a str,
    environment: &'a str,
}

impl Place<'_> {
    fn state(&self) -> StateFolder {
        StateFolder::locate(self.root, self.stack, self.environment)
    }

    fn load(&self) -> Result<Stored, Error> {
        // The environment becomes part of a path.
        let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if self.environment.is_empty() || !self.environment.chars().all(word) {
            return Err(Error::Usage(format!(
                "{:?} is not a name of an environment",
                self.environment
            )));
        }
        let path = self.state().outputs();
        match outputs::load(&path) {
            Ok(Some(stored)) => Ok(stored),
            Ok(None) => Err(self.nothing_deployed()),
            Err(LoadError::Io(source)) => Err(Error::Io {
                context: format!("failed to read {path}"),
                source,
            }),
            Err(LoadError::Read(error)) => Err(Error::Failed {
                problem: format!("failed to read {path}: {error}"),
                hints: vec![format!(
                    "`amiable up {} --env {}` writes it anew",
                    self.stack, self.environment
                )],
            }),
        }
    }

    fn nothing_deployed(&self) -> Error {
        let elsewhere = self.environments_with_outputs();
        let mut hints = vec![format!(
            "`amiable up {} --env {}` deploys it",
            self.stack, self.environment
        )];
        if !elsewhere.is_empty() {
            hints.push(format!(
                "it is deployed to {}: name one with --env",
                elsewhere.join(", ")
            ));
        }
        Error::Failed {
            problem: format!(
                "no outputs are known: {} has not been deployed to {} from here",
                self.stack, self.environment
            ),
            hints,
        }
    }

    /// Other environments the stack has been deployed to from here.
    fn environments_with_outputs(&self) -> Vec<String> {
        let outputs = self.state().outputs();
        let folder = outputs.parent().and_then(Utf8Path::parent);
        let entries = folder.and_then(|folder| folder.read_dir_utf8().ok());
        let mut names: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_owned())
            .filter(|name| {
                let state = StateFolder::locate(self.root, self.stack, name);
                state.outputs().is_file()
            })
            .collect();
        names.sort();
        names
    }

    fn value<'s>(&self, stored: &'s Stored, name: &str) -> Result<&'s Value, Error> {
        let output = stored.outputs.iter().find(|output| output.name == name);
        match output.map(|output| &output.value) {
            Some(OutputValue::Plain(value)) => Ok(value),
            Some(OutputValue::Sensitive) => Err(Error::Refused {
                problem: format!(
                    "output `{name}` is sensitive and is kept in Terraform's state only"
                ),
                hints: vec![self.how_to_get(name)],
            }),
            None => {
                let known: Vec<_> = stored
                    .outputs
                    .iter()
                    .map(|output| inert::line(&output.name))
                    .collect();
                let known = known.iter().map(AsRef::as_ref);
                let hint = suggest::hint(name, "the outputs are", known);
                Err(Error::Failed {
                    problem: format!(
                        "{} in {} has no output `{}`",
                        self.stack,
                        self.environment,
                        inert::line(name)
                    ),
                    hints: hint.into_iter().collect(),
                })
            }
        }
    }

    /// The command that prints a sensitive output, with the folder Terraform was last run in.
    fn how_to_get(&self, name: &str) -> String {
        let workspace = self.state().workspace();
        let initialized = walkdir::WalkDir::new(&workspace)
            .max_depth(8)
            .sort_by_file_name()
            .into_iter()
            .flatten()
            .find(|entry| entry.file_name() == ".terraform")
            .and_then(|entry| Some(Utf8Path::from_path(entry.path())?.parent()?.to_owned()));
        let folder = initialized.unwrap_or(workspace);
        let folder = folder.strip_prefix(self.root).unwrap_or(&folder);
        format!("`terraform -chdir={folder} output -raw {name}` prints it")
    }
}

fn sensitive(stored: &Stored) -> impl Iterator<Item = &str> {
    stored
        .outputs
        .iter()
        .filter(|output| output.value == OutputValue::Sensitive)
        .map(|output| output.name.as_str())
}

/// A value alone on its line: exactly as it is for a program, inert for a terminal.
fn shown(value: &Value, on_terminal: bool) -> String {
    let bare = outputs::bare(value);
    if on_terminal {
        let lines: Vec<_> = bare.split('\n').map(inert::line).collect();
        lines.join("\n") + "\n"
    } else {
        bare + "\n"
    }
}

/// All outputs for reading.
fn table(outputs: &[Output]) -> String {
    let names: Vec<_> = outputs
        .iter()
        .map(|output| inert::line(&output.name))
        .collect();
    let width = names
        .iter()
        .map(|name| measure_text_width(name))
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (name, output) in names.iter().zip(outputs) {
        let gap = " ".repeat(width - measure_text_width(name));
        let value = match &output.value {
            OutputValue::Plain(value) => outputs::bare(value),
            OutputValue::Sensitive => "(sensitive)".to_owned(),
        };
        text.push_str(&format!("{name}{gap} = {}\n", inert::line(&value)));
    }
    text
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use serde_json::json;

    use super::*;
    use crate::run_id::RunId;

    struct Project {
        _folder: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    impl Project {
        fn deployed_to(environment: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
            let state = StateFolder::create(&root, "dashboard", environment).unwrap();
            let run = RunId::parse("20260102-030405-abcdef").unwrap();
            let outputs = [
                Output {
                    name: "dashboard_url".into(),
                    value: OutputValue::Plain(json!("http://x\u{1b}[2J")),
                },
                Output {
                    name: "zones".into(),
                    value: OutputValue::Plain(json!(["a"])),
                },
                Output {
                    name: "db_password".into(),
                    value: OutputValue::Sensitive,
                },
            ];
            outputs::store(&state.outputs(), &run, &outputs).unwrap();
            Self {
                _folder: folder,
                root,
            }
        }

        fn place<'a>(&'a self, environment: &'a str) -> Place<'a> {
            Place {
                root: &self.root,
                stack: "dashboard",
                environment,
            }
        }
    }

    #[test]
    fn a_value_is_bare_for_programs_and_inert_for_terminals() {
        let project = Project::deployed_to("sandbox");
        let place = project.place("sandbox");
        let stored = place.load().unwrap();
        let value = place.value(&stored, "dashboard_url").unwrap();
        assert_eq!(shown(value, false), "http://x\u{1b}[2J\n");
        assert_eq!(shown(value, true), "http://x\\u{1b}[2J\n");
        assert_eq!(shown(&json!("a\nb"), true), "a\nb\n");
        assert_eq!(
            shown(place.value(&stored, "zones").unwrap(), false),
            "[\"a\"]\n"
        );
    }

    #[test]
    fn an_unknown_name_finds_the_one_that_was_meant() {
        let project = Project::deployed_to("sandbox");
        let place = project.place("sandbox");
        let error = place
            .value(&place.load().unwrap(), "dashbord_url")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "dashboard in sandbox has no output `dashbord_url`"
        );
        assert_eq!(error.hints(), ["did you mean `dashboard_url`?"]);
    }

    #[test]
    fn a_sensitive_output_is_refused_with_the_way_to_get_it() {
        let project = Project::deployed_to("sandbox");
        let place = project.place("sandbox");
        let terraform = place.state().workspace().join("terraform/stacks/dashboard");
        std::fs::create_dir_all(terraform.join(".terraform")).unwrap();
        let error = place
            .value(&place.load().unwrap(), "db_password")
            .unwrap_err();
        assert!(matches!(error, Error::Refused { .. }));
        assert_eq!(
            error.hints(),
            [
                "`terraform -chdir=.amiable/work/dashboard/sandbox/terraform/stacks/dashboard \
              output -raw db_password` prints it"
            ]
        );
    }

    #[test]
    fn nothing_deployed_names_the_environments_that_are() {
        let project = Project::deployed_to("staging");
        let error = project.place("sandbox").load().unwrap_err();
        assert_eq!(
            error.hints(),
            [
                "`amiable up dashboard --env sandbox` deploys it",
                "it is deployed to staging: name one with --env"
            ]
        );
    }

    #[test]
    fn an_environment_cannot_lead_elsewhere() {
        let project = Project::deployed_to("sandbox");
        for name in ["", "..", "../sandbox", "a/b"] {
            let error = project.place(name).load().unwrap_err();
            assert!(matches!(error, Error::Usage(_)), "{name}");
        }
    }

    #[test]
    fn the_list_is_aligned_and_inert() {
        let project = Project::deployed_to("sandbox");
        let stored = project.place("sandbox").load().unwrap();
        assert_eq!(
            table(&stored.outputs),
            "dashboard_url = http://x\\u{1b}[2J\nzones         = [\"a\"]\ndb_password   = (sensitive)\n"
        );
        assert_eq!(sensitive(&stored).collect::<Vec<_>>(), ["db_password"]);
    }
}
