//! Which AMIs the Terraform states of a project refer to: those of every stack in every environment that
//! can be read from here.
//!
//! - files on this machine: of environments without a backend, with a `local` one, and of the sandbox;
//! - objects of `s3` backends that a stack file declares, with the credentials of the run.
//!
//! Real accounts know nothing of the emulator's AMIs, so a sandbox does not ask S3.

use std::{collections::BTreeSet, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{query::Query, side_by_side::side_by_side};
use crate::{
    config::{self, Project, Stack},
    images::usage::{Usage, User},
    journal::StateFolder,
    render::terraform::RootModule,
    sandbox::Sandbox,
    tools::{
        aws::objects,
        terraform::{backend::S3Object, state_file::references},
    },
};

/// Where one deployment's state is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    File(Utf8PathBuf),
    Object(S3Object),
    /// Not within reach, and why.
    Elsewhere(String),
}

/// Who of the project's deployments refers to one of `amis`.
pub fn usage(query: &Query, stack: &Stack, amis: &BTreeSet<String>) -> Usage {
    let mut usage = Usage::default();
    let mut places = of_sandbox(&stack.root);
    match Project::find(&stack.root) {
        Ok(project) => places.extend(declared(&project, stack, &mut usage)),
        Err(error) => {
            let text = format!("the other stacks' Terraform states are not looked at: {error}");
            usage.unknown.insert(text);
        }
    }
    let answers = side_by_side(places, |(deployment, place)| {
        let state = read(query, place);
        (deployment, state)
    });
    for (deployment, state) in answers {
        let found = match state {
            Ok(None) => continue,
            Ok(Some(state)) => {
                references(&state, amis).ok_or_else(|| "it is not a state of Terraform".to_owned())
            }
            Err(why) => Err(why),
        };
        match found {
            Ok(found) => {
                for reference in found {
                    let user = User::TerraformState {
                        deployment: deployment.clone(),
                        address: reference.address,
                    };
                    usage.add(reference.value, user);
                }
            }
            Err(why) => {
                let text = format!("the Terraform state of {deployment} cannot be read: {why}");
                usage.unknown.insert(text);
            }
        }
    }
    usage
}

/// The states of the running emulator, and of those before it whose files are still there.
fn of_sandbox(root: &Utf8Path) -> Vec<(String, Place)> {
    let instances = Sandbox::of_project(root).folder().join("instances");
    let mut found = Vec::new();
    for folder in entries(&instances) {
        for file in entries(&folder) {
            if file.extension() == Some("tfstate") {
                let stack = file.file_stem().unwrap_or_default();
                found.push((format!("{stack}/sandbox"), Place::File(file)));
            }
        }
    }
    found
}

fn entries(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    entries.map(|entry| entry.into_path()).collect()
}

/// The states that the stack files of the project declare.
fn declared(project: &Project, asking: &Stack, usage: &mut Usage) -> Vec<(String, Place)> {
    let variable = |name: &str| std::env::var(name).ok();
    let mut found = Vec::new();
    for name in project.stacks.keys() {
        let environments = match config::load(project, Some(name), None, &variable) {
            Ok(stack) => stack.environments,
            Err(_) if *name == asking.name => asking.environments.clone(),
            Err(error) => {
                let error = error.to_string();
                let first = error.lines().next().unwrap_or_default();
                usage.unknown.insert(format!(
                    "the Terraform states of {name} are not looked at: {first}"
                ));
                continue;
            }
        };
        for environment in environments {
            let deployment = format!("{name}/{environment}");
            match config::load(project, Some(name), Some(&environment), &variable) {
                Ok(stack) if stack.environment.is_sandbox() => {}
                Ok(stack) => found.extend(
                    place(&stack, asking.environment.is_sandbox()).map(|place| (deployment, place)),
                ),
                Err(error) => {
                    let error = error.to_string();
                    let first = error.lines().next().unwrap_or_default();
                    found.push((deployment, Place::Elsewhere(first.to_owned())));
                }
            }
        }
    }
    found
}

/// Where the state of `stack` is; `None` where it has none that could matter.
fn place(stack: &Stack, for_sandbox: bool) -> Option<Place> {
    let root = stack.terraform.as_ref()?;
    let state = StateFolder::locate(&stack.root, &stack.name, &stack.environment.name);
    let Some(backend) = &stack.environment.backend else {
        let own = state.local_terraform_state();
        if own.is_file() || for_sandbox {
            return Some(Place::File(own));
        }
        // Of what was never deployed from here nothing is known, whoever keeps it.
        let module = RootModule::read(&stack.root, root).ok()?;
        return module.has_backend.then(|| {
            Place::Elsewhere("it is in the backend that its root module configures".to_owned())
        });
    };
    match backend.kind.as_str() {
        "local" => {
            let path = backend
                .attributes
                .get("path")
                .and_then(|path| path.as_str());
            // Terraform runs in the workspace, which relative paths are relative to.
            let folder = state.workspace().join(root);
            Some(Place::File(
                folder.join(path.unwrap_or("terraform.tfstate")),
            ))
        }
        _ if for_sandbox => None,
        "s3" => Some(match S3Object::of_backend(&backend.attributes) {
            Some(object) => Place::Object(object),
            None => Place::Elsewhere("its backend names no bucket and key".to_owned()),
        }),
        kind => Some(Place::Elsewhere(format!(
            "it is in a backend of type {kind}"
        ))),
    }
}

/// The state's bytes; `None` when there is no state.
fn read(query: &Query, place: Place) -> Result<Option<Vec<u8>>, String> {
    match place {
        Place::File(path) => match fs_err::read(&path) {
            Ok(state) => Ok(Some(state)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        },
        Place::Object(object) => {
            // It holds secrets, so it never becomes a file.
            match query.ask(&objects::read(&query.aws, &object)) {
                Ok(answer) => Ok(Some(answer.stdout)),
                Err(failure) => {
                    let complaint = failure.failure.excerpt.join(" ");
                    if objects::is_missing(&complaint) {
                        Ok(None)
                    } else {
                        Err(complaint)
                    }
                }
            }
        }
        Place::Elsewhere(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = r#"
        stack "web" {
          region    = "us-east-1"
          terraform = "infra"
        }
        environment "local" {
          backend "local" { path = "/states/web" }
        }
        environment "remote" {
          backend "s3" {
            bucket = "b"
            key    = "k"
          }
        }
        environment "cloud" {
          backend "gcs" {}
        }
        environment "plain" {}
    "#;

    fn place_in(environment: &str, for_sandbox: bool) -> Option<Place> {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(root.join("stack.hcl"), STACK).unwrap();
        fs_err::create_dir(root.join("infra")).unwrap();
        fs_err::write(root.join("infra/main.tf"), "").unwrap();
        let project = Project::find(root).unwrap();
        let stack = config::load(&project, None, Some(environment), &|_| None).unwrap();
        place(&stack, for_sandbox)
    }

    #[test]
    fn a_state_is_where_its_backend_keeps_it() {
        assert_eq!(
            place_in("local", false),
            Some(Place::File("/states/web".into()))
        );
        assert!(matches!(place_in("remote", false), Some(Place::Object(_))));
        assert!(matches!(
            place_in("cloud", false),
            Some(Place::Elsewhere(_))
        ));
    }

    #[test]
    fn a_sandbox_asks_no_real_account() {
        assert_eq!(place_in("remote", true), None);
        assert_eq!(place_in("cloud", true), None);
        assert!(matches!(place_in("plain", true), Some(Place::File(_))));
    }

    #[test]
    fn what_was_never_deployed_from_here_has_no_state() {
        assert_eq!(place_in("plain", false), None);
    }
}
