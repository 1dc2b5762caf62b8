//! `credentials`: every secret is looked up once, and given to the commands that need it.

use std::{io::IsTerminal, sync::Arc};

use camino::Utf8PathBuf;

use super::super::{
    context::{Base, blocking, capture},
    emitter::Emitter,
    failure::Failure,
    frontend::Questions,
    prepared::{Access, HeldCredential, Prepared},
    step_output::{Done, Stopped},
};
use crate::{
    command::EnvValue,
    config::{Backend, CredentialSpec},
    credentials::{self, Found},
    errors::Exit,
    events::{Happening, Step, Warning},
    process::redaction::Redactor,
    render,
    sandbox::overrides,
    secret::Secret,
    tools::{
        aws::{Aws, identity},
        locate,
        terraform::Terraform,
    },
};

pub async fn run(
    base: &Base,
    events: &Emitter,
    prepared: &Prepared,
) -> Result<(Done, Access), Stopped> {
    todo!()
}
