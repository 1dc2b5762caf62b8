//! What tests look credentials up in: specs, contexts, stacks.

use std::{process::Command, time::Duration};

use amiable::{
    config::{Approve, CredentialSpec, Environment, Place, SourceSpec, Stack, Variables},
    credentials::{Context, DriverEnvironment, Outcome, Resolved},
    process::Unwanted,
    secret::Secret,
};
use camino::{Utf8Path, Utf8PathBuf};

/// A folder that goes away with the test. Its path is short, because sockets in it have to fit 108
/// bytes.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("am").tempdir();
        Self(folder.expect("a temporary folder can be made"))
    }

    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("temporary folders have UTF-8 names")
    }

    /// Writes a shell script and returns its path.
    pub fn script(&self, name: &str, body: &str) -> Utf8PathBuf {
        use std::os::unix::fs::PermissionsExt;

        let path = self.path().join(name);
        let text = path.with_extension("txt");
        std::fs::write(&text, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o700)).unwrap();
        // Another process writes what is executed: a file that is open for writing here may be handed on to a
        // child that another thread starts, and until that has executed its program it would be "busy".
        let copied = Command::new("cp").args([&text, &path]).status();
        assert!(copied.is_ok_and(|status| status.success()), "cp");
        path
    }
}

/// A context outside the sandbox in which only `variables` and PATH are set.
pub fn context(folder: &Folder, variables: &[(&str, &str)]) -> Context {
    let path = std::env::var("PATH").expect("PATH is set");
    let home = folder.path().as_str();
    let all = [("PATH", path.as_str()), ("HOME", home)];
    Context {
        stack: "dashboard".to_owned(),
        environment: "prod".to_owned(),
        sandbox: false,
        sandbox_store: folder.path().join(".amiable/sandbox/credentials.json"),
        root: folder.path().to_owned(),
        variables: DriverEnvironment::from_iter(all.iter().chain(variables).copied()),
        pass: "pass".into(),
        interactive: false,
        deadline: Duration::from_secs(60),
        unwanted: Unwanted::never(),
        machine: folder.path().join("no-machine"),
    }
}

pub fn sandbox(folder: &Folder, variables: &[(&str, &str)]) -> Context {
    Context {
        environment: "sandbox".to_owned(),
        sandbox: true,
        ..context(folder, variables)
    }
}

pub fn spec(name: &str, sources: impl IntoIterator<Item = SourceSpec>) -> CredentialSpec {
    CredentialSpec {
        name: name.to_owned(),
        sources: sources.into_iter().collect(),
        env: Some(name.to_uppercase()),
        terraform: None,
        optional: false,
        place: Place {
            file: "infra/dashboard/stack.hcl".into(),
            line: 1,
            column: 1,
            width: 1,
            source_line: String::new(),
        },
    }
}

pub fn env(name: &str) -> SourceSpec {
    SourceSpec::Env(name.to_owned())
}

pub fn pass(entry: &str) -> SourceSpec {
    SourceSpec::Pass(entry.to_owned())
}

pub fn keyring(account: &str) -> SourceSpec {
    SourceSpec::Keyring(account.to_owned())
}

pub fn command(words: &[&str]) -> SourceSpec {
    SourceSpec::Command(words.iter().map(|word| (*word).to_owned()).collect())
}

/// A stack that is nothing but its credentials.
pub fn stack(environment: &str, credentials: Vec<CredentialSpec>) -> Stack {
    Stack {
        name: "dashboard".to_owned(),
        description: None,
        region: "us-east-1".to_owned(),
        root: "/nonexistent".into(),
        file: "infra/dashboard/stack.hcl".into(),
        terraform: None,
        environment: Environment {
            name: environment.to_owned(),
            approve: Approve::Auto,
            backend: None,
        },
        environments: vec!["sandbox".to_owned(), "prod".to_owned()],
        env: std::collections::BTreeMap::new(),
        credentials,
        images: Vec::new(),
        prune: amiable::config::Prune::AfterApply,
        variables: Variables::default(),
        checks: Vec::new(),
        tasks: Vec::new(),
        summary: Vec::new(),
    }
}

/// Resolves one credential.
pub fn resolve_one(spec: CredentialSpec, context: &Context) -> Resolved {
    let mut resolution = amiable::credentials::resolve(&[spec], context);
    resolution.credentials.remove(0)
}

/// The error text of a credential that has to be missing.
pub fn missing(resolved: &Resolved) -> String {
    match &resolved.outcome {
        Outcome::Missing(unresolved) => unresolved.to_string(),
        other => panic!("{} is not missing: {other:?}", resolved.name),
    }
}

/// What the user is told to do about a credential that has to be missing.
pub fn hints(resolved: &Resolved) -> String {
    match &resolved.outcome {
        Outcome::Missing(unresolved) => unresolved.hints.join("\n"),
        other => panic!("{} is not missing: {other:?}", resolved.name),
    }
}

#[track_caller]
pub fn assert_found(resolved: &Resolved, value: &str) {
    let expected = Secret::new(value);
    assert!(
        resolved.secret() == Some(&expected),
        "{:?}",
        resolved.outcome
    );
}
