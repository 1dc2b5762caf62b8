//! `stack`: the stacks of a project, and a start for another.

use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::{Global, stdout};
use crate::{
    config::{
        self, Project,
        scaffold::{self, ScaffoldFile},
    },
    errors::Error,
};

/// The stacks of this project.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The stacks here, with their environments
    List,
    /// Write the files of a new stack: an image with a web server, and an instance of it
    New(NewArgs),
}

#[derive(Debug, ClapArgs)]
struct NewArgs {
    /// Name of the stack: letters, digits, `-` and `_`
    name: String,
    /// AWS region of the stack
    #[arg(long, default_value = "us-east-1")]
    region: String,
}

impl Args {
    /// Lists stacks, or writes the files of a new one.
    ///
    /// # Errors
    ///
    /// When there is no project, when a file of the new stack is there already, and when files
    /// cannot be written.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        match &self.command {
            Command::List => list(global),
            Command::New(args) => new(global, args),
        }
    }
}

/// A stack as `stack list` shows it.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    file: Utf8PathBuf,
    default: bool,
    description: Option<String>,
    environments: Vec<String>,
    /// What is wrong with its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

fn list(global: &Global) -> Result<(), Error> {
    let project = global.project()?;
    let default = project.default_stack().ok();
    let stacks: Vec<Listed> = project
        .stacks
        .iter()
        .map(|(name, file)| listed(&project, name, file, default == Some(name.as_str())))
        .collect();
    if global.json {
        return stdout::print_json(&stacks);
    }
    stdout::print(&table(&stacks))
}

fn listed(project: &Project, name: &str, file: &Utf8Path, default: bool) -> Listed {
    // What a variable is set to makes no difference to a list.
    let loaded = config::load(project, Some(name), None, &|_| Some(String::new()));
    let (description, environments, problem) = match loaded {
        Ok(stack) => (stack.description, stack.environments, None),
        Err(error) => {
            let first = error.problems.first();
            let text = first.map(|problem| match &problem.place {
                Some(place) => format!("{place}: {}", problem.message),
                None => problem.message.clone(),
            });
            (None, Vec::new(), text)
        }
    };
    Listed {
        name: name.to_owned(),
        file: file.to_owned(),
        default,
        description,
        environments,
        problem,
    }
}

fn table(stacks: &[Listed]) -> String {
    let width = stacks
        .iter()
        .map(|stack| stack.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for stack in stacks {
        let what = match (&stack.problem, &stack.description) {
            (Some(problem), _) => format!("invalid: {problem}"),
            (None, Some(description)) => description.clone(),
            (None, None) => stack.file.to_string(),
        };
        let mark = if stack.default { '*' } else { ' ' };
        text.push_str(&format!("{mark} {:width$}  {}\n", stack.name, inert(&what)));
        if !stack.environments.is_empty() {
            let environments = stack.environments.join(", ");
            text.push_str(&format!("  {:width$}  environments: {environments}\n", ""));
        }
    }
    text
}

/// One line without characters that act on a terminal; a description is whatever its author typed.
fn inert(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || ('\u{200b}'..='\u{206f}').contains(&c) {
                '�'
            } else {
                c
            }
        })
        .collect()
}

fn new(global: &Global, args: &NewArgs) -> Result<(), Error> {
    let files = create(&root_for_new(global)?, &args.name, &args.region)?;
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    if global.json {
        return stdout::print_json(&paths);
    }
    stdout::print(&format!("{}\n", paths.join("\n")))?;
    if global.quiet == 0 {
        super::stderr::say(&format!("next: amiable up {}", args.name));
    }
    Ok(())
}

/// Writes the files of a new stack, all of them or none.
fn create(root: &Utf8Path, name: &str, region: &str) -> Result<Vec<ScaffoldFile>, Error> {
    let files = scaffold::files(name, region).map_err(|error| {
        Error::Usage(match error.hint {
            Some(hint) => format!("{}: {hint}", error.problem),
            None => error.problem,
        })
    })?;
    let project = Project::find(root).ok();
    if let Some(file) = project.and_then(|project| project.stacks.get(name).cloned()) {
        return Err(Error::Refused {
            problem: format!("there is a stack `{name}` already: {file}"),
            hints: vec!["choose another name".to_owned()],
        });
    }
    let occupied = scaffold::occupied(root, &files);
    if !occupied.is_empty() {
        return Err(Error::Refused {
            problem: format!("would overwrite {}", list_of(&occupied)),
            hints: vec![
                "choose another name, or move these files away; nothing was written".to_owned(),
            ],
        });
    }
    for file in &files {
        write(root, file)?;
    }
    Ok(files)
}

/// The project's root; the current folder where there is no project yet.
fn root_for_new(global: &Global) -> Result<Utf8PathBuf, Error> {
    if let Ok(project) = global.project() {
        return Ok(project.root);
    }
    let here = std::env::current_dir().map_err(|source| Error::Io {
        context: "failed to find the current folder".to_owned(),
        source,
    })?;
    Utf8PathBuf::from_path_buf(here).map_err(|path| {
        Error::Usage(format!(
            "the current folder has a name that is not UTF-8: {}",
            path.display()
        ))
    })
}

fn list_of(paths: &[Utf8PathBuf]) -> String {
    let paths: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
    paths.join(", ")
}

fn write(root: &Utf8Path, file: &ScaffoldFile) -> Result<(), Error> {
    let path = root.join(&file.path);
    let failed = |source| Error::Io {
        context: format!("failed to write {path}"),
        source,
    };
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder).map_err(failed)?;
    }
    let mode = if file.executable { 0o777 } else { 0o666 };
    // `create_new` never follows a link and never overwrites, whatever came between.
    let mut created = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)
        .map_err(failed)?;
    std::io::Write::write_all(&mut created, file.text.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        (folder, root)
    }

    #[test]
    fn a_new_stack_is_valid_and_listed() {
        let (_folder, root) = folder();
        create(&root, "web", "eu-west-1").unwrap();
        let project = Project::find(&root).unwrap();
        let stack = listed(&project, "web", &project.stacks["web"], true);
        assert_eq!(stack.problem, None);
        assert_eq!(stack.environments, ["sandbox", "prod"]);
        let loaded = config::load(&project, None, Some("prod"), &|_| None).unwrap();
        assert_eq!(loaded.region, "eu-west-1");
        assert_eq!(
            table(&[stack]),
            "* web  One web server on its own image\n       environments: sandbox, prod\n"
        );
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_written() {
        let (_folder, root) = folder();
        fs::create_dir_all(root.join("terraform/stacks/web")).unwrap();
        fs::write(root.join("terraform/stacks/web/main.tf"), "mine").unwrap();
        let error = create(&root, "web", "us-east-1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "would overwrite terraform/stacks/web/main.tf"
        );
        assert!(matches!(error, Error::Refused { .. }));
        assert!(!root.join("infra").exists());
        let kept = fs::read_to_string(root.join("terraform/stacks/web/main.tf")).unwrap();
        assert_eq!(kept, "mine");
    }

    #[test]
    fn names_are_given_once() {
        let (_folder, root) = folder();
        create(&root, "web", "us-east-1").unwrap();
        let text = fs::read_to_string(root.join("infra/web/stack.hcl")).unwrap();
        fs::write(
            root.join("infra/web/stack.hcl"),
            text.replace("stack \"web\"", "stack \"api\""),
        )
        .unwrap();
        let error = create(&root, "api", "us-east-1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is a stack `api` already: infra/web/stack.hcl"
        );
    }

    #[test]
    fn broken_stacks_are_listed_with_what_is_wrong() {
        let (_folder, root) = folder();
        fs::create_dir_all(root.join("infra/web")).unwrap();
        fs::write(root.join("infra/web/stack.hcl"), "stack \"web\" {\n").unwrap();
        let project = Project::find(&root).unwrap();
        let stack = listed(&project, "web", &project.stacks["web"], false);
        assert_eq!(
            table(&[stack]),
            "  web  invalid: infra/web/stack.hcl:1:13: this `{` is never closed\n"
        );
    }

    #[test]
    fn descriptions_cannot_act_on_the_terminal() {
        assert_eq!(inert("a\u{1b}[31m\u{202e}b\n"), "a�[31m�b�");
    }
}
