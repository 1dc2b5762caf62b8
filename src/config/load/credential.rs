//! `credential` blocks.

use camino::Utf8Path;

use super::{reader::Reader, section::Section};
use crate::config::{CredentialSpec, Scope, SourceSpec, fault::Fault, names, paths};

pub(super) fn all(reader: &Reader, file: &Section, scope: &Scope) -> Vec<CredentialSpec> {
    let credentials: Vec<CredentialSpec> = file
        .blocks("credential")
        .map(|section| read(reader, section, scope))
        .collect();
    check_shared(reader, file, &credentials);
    check_declared(reader, file, &credentials);
    credentials
}

fn read(reader: &Reader, section: &Section, scope: &Scope) -> CredentialSpec {
    let mut sources = Vec::new();
    let mut env = None;
    let mut written = false;
    // The order of the file is the order of the search.
    for field in section.fields() {
        let source = match field.name {
            "env" => {
                env = reader.parsed(Some(*field), scope, |name| {
                    names::secret_variable(name).map(|()| name.to_owned())
                });
                env.clone().map(SourceSpec::Env)
            }
            "pass" => reader
                .parsed(Some(*field), scope, pass_entry)
                .map(SourceSpec::Pass),
            "keyring" => reader
                .parsed(Some(*field), scope, account)
                .map(SourceSpec::Keyring),
            "command" => reader
                .strings(Some(*field), scope)
                .and_then(|words| {
                    let checked =
                        program(reader.root, words.first().map(|(word, _)| word.as_str()));
                    match checked {
                        Ok(()) => Some(words.into_iter().map(|(word, _)| word).collect()),
                        Err(fault) => {
                            let first = words.first().map(|(_, span)| span.clone());
                            reader.report(fault.at(first).at(field.span()));
                            None
                        }
                    }
                })
                .map(SourceSpec::Command),
            _ => continue,
        };
        written = true;
        sources.extend(source);
    }
    if !written {
        section.report_missing(
            reader,
            Fault::new(format!("the credential `{}` has no source", section.name()))
                .hint("add at least one of `env`, `pass`, `keyring` and `command`"),
        );
    }
    CredentialSpec {
        name: section.name().to_owned(),
        sources,
        env,
        terraform: reader.parsed(section.field("terraform"), scope, |name| {
            names::variable(name).map(|()| name.to_owned())
        }),
        optional: reader
            .boolean(section.field("optional"), scope)
            .unwrap_or(false),
        place: reader.place(section.label_span()),
    }
}

fn pass_entry(entry: &str) -> Result<String, Fault> {
    let hint = "it is the path that `pass show` takes, for example `aws/db_password`";
    let wrong = entry.is_empty()
        || entry.starts_with(['/', '-', '~'])
        || entry.ends_with('/')
        || entry.split('/').any(|part| part == "..")
        || entry.chars().any(char::is_control);
    if wrong {
        return Err(
            Fault::new(format!("`{entry}` is not an entry of the password store")).hint(hint),
        );
    }
    if entry.ends_with(".gpg") {
        return Err(Fault::new(format!("`{entry}` ends with `.gpg`")).hint(hint));
    }
    Ok(entry.to_owned())
}

fn account(account: &str) -> Result<String, Fault> {
    if account.is_empty() || account.chars().any(char::is_control) {
        return Err(Fault::new(format!(
            "`{account}` is not an account of a keyring"
        )));
    }
    Ok(account.to_owned())
}

/// Checks the first word of a command: a file in the project, or a name that `PATH` knows.
pub(super) fn program(root: &Utf8Path, word: Option<&str>) -> Result<(), Fault> {
    let Some(word) = word.filter(|word| !word.is_empty()) else {
        return Err(Fault::new("the command has no program")
            .hint("write it as a list: command = [\"PROGRAM\", \"ARGUMENT\"]"));
    };
    if !word.contains('/') {
        if word.contains(char::is_whitespace) {
            return Err(Fault::new(format!("`{word}` is not the name of a program"))
                .hint("each word is a string of its own: command = [\"PROGRAM\", \"ARGUMENT\"]"));
        }
        return Ok(());
    }
    let path = paths::inside(root, word).map_err(|mut fault| {
        fault.hint = Some("name a file of the project, or a program on `PATH`".to_owned());
        fault
    })?;
    let whole = root.join(&path);
    if !whole.is_file() {
        return Err(Fault::new(format!("there is no file `{path}`"))
            .hint("paths are relative to the project's root"));
    }
    if !is_executable(&whole) {
        return Err(
            Fault::new(format!("`{path}` is not executable")).hint(format!("chmod +x {path}"))
        );
    }
    Ok(())
}

fn is_executable(path: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Two credentials cannot be handed over under one name.
fn check_shared(reader: &Reader, file: &Section, credentials: &[CredentialSpec]) {
    type Name = fn(&CredentialSpec) -> Option<&String>;
    let names: [(&'static str, &str, Name); 2] = [
        ("env", "environment variable", |credential| {
            credential.env.as_ref()
        }),
        ("terraform", "Terraform variable", |credential| {
            credential.terraform.as_ref()
        }),
    ];
    for (attribute, what, name) in names {
        for (index, credential) in credentials.iter().enumerate() {
            let Some(shared) = name(credential) else {
                continue;
            };
            let before = credentials[..index]
                .iter()
                .find(|other| name(other) == Some(shared));
            let Some(before) = before else { continue };
            let section = file.blocks("credential").nth(index);
            let span = section
                .and_then(|section| section.field(attribute))
                .map(|field| field.span());
            reader.report(
                Fault::new(format!(
                    "the {what} `{shared}` belongs to the credential `{}` already",
                    before.name
                ))
                .at(span)
                .hint("give each credential one of its own"),
            );
        }
    }
}

/// What a credential is read from is a secret, and so is nothing for `env` blocks.
fn check_declared(reader: &Reader, file: &Section, credentials: &[CredentialSpec]) {
    for section in file.blocks("env") {
        let name = section.name();
        let owner = credentials
            .iter()
            .find(|credential| credential.env.as_deref() == Some(name));
        let fault = Fault::new(format!(
            "`{name}` is a secret, and values of `env` are not kept secret"
        ));
        if let Some(owner) = owner {
            let hint = format!("remove this block and write `credential.{}`", owner.name);
            reader.report(fault.at(section.label_span()).hint(hint));
        } else if matches!(name, "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN") {
            let hint = "Packer and Terraform find AWS credentials by themselves";
            reader.report(fault.at(section.label_span()).hint(hint));
        }
    }
}
