//! Accidents of Terraform's state: what a Terraform that was killed, or a backend that died, left. Planning on top
//! of it would create everything a second time.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use camino::Utf8Path;

use super::super::{context::Context, failure::Failure};
use crate::{
    errors::Exit,
    events::{Action, PlannedChanges},
    tools::{
        aws::objects,
        terraform::backend::{InitialisedBackend, S3Object},
    },
};

/// Where Terraform puts a state that its backend does not take, in the folder it runs in (terraform 1.11.4).
const ERRORED: &str = "errored.tfstate";

/// Fails when there is an accident that the files here tell of.
///
/// # Errors
///
/// A refusal with the way out.
pub fn before_plan(context: &Context, folder: &Utf8Path) -> Result<(), Failure> {
    let errored = folder.join(ERRORED);
    if errored.exists() {
        make_private(&errored);
        return Err(Failure::of(
            Exit::Refused,
            format!("an earlier apply could not store its state and left it in {errored}"),
        )
        .hint(push_command(context, folder)));
    }
    if let Some(state) = &context.access.local_state {
        let empty = fs_err::metadata(state).is_ok_and(|metadata| metadata.len() == 0);
        if empty {
            return Err(is_empty(state.as_str()).hint(format!(
                "restore it from {state}.backup or from a copy; if there never was one, remove the file; then rerun"
            )));
        }
    }
    Ok(())
}

/// Fails when a plan that creates everything was made on an object of S3 that is there and empty. Terraform takes
/// it for a deployment that never was (terraform 1.11.4).
///
/// # Errors
///
/// A refusal with the way out.
pub async fn after_plan(
    context: &Context,
    folder: &Utf8Path,
    changes: &PlannedChanges,
) -> Result<(), Failure> {
    let anew = |action| matches!(action, Action::Create | Action::Read);
    if !changes.changes.iter().all(|change| anew(change.action)) {
        return Ok(());
    }
    let Some(object) = object_of(folder) else {
        return Ok(());
    };
    let answer = context
        .ask(objects::look(&context.access.aws, &object))
        .await?;
    // Where the object is missing, or nobody but Terraform may look at it, there is nothing to be said.
    if objects::decode_size(&answer.stdout) == Some(0) {
        let name = format!("s3://{}/{}", object.bucket, object.key);
        return Err(is_empty(&name).hint(
            "restore an earlier version of the object (`aws s3api list-object-versions`); if there never was one, delete it; then rerun",
        ));
    }
    Ok(())
}

/// Says where the state is that could not be stored: in a file with every secret in it, which anybody could read.
pub fn after_apply(failure: Failure, context: &Context, folder: &Utf8Path) -> Failure {
    let path = folder.join(ERRORED);
    if !path.exists() {
        return failure;
    }
    make_private(&path);
    failure.hint(format!(
        "the state could not be stored and is in {path}: {}",
        push_command(context, folder)
    ))
}

fn is_empty(state: &str) -> Failure {
    Failure::of(
        Exit::Refused,
        format!("the Terraform state {state} is empty: a Terraform that was killed left it so"),
    )
    .hint("planning on an empty state would create everything a second time")
}

/// The object in which the initialised root module keeps its state, if it does so in S3.
fn object_of(folder: &Utf8Path) -> Option<S3Object> {
    let file = fs_err::read(folder.join(InitialisedBackend::FILE)).ok()?;
    let backend = InitialisedBackend::decode(&file)?;
    (backend.kind == "s3").then(|| S3Object::of_backend(&backend.config))?
}

fn make_private(state: &Utf8Path) {
    // If this fails, what is said of the file still leads to it.
    let _ = fs_err::set_permissions(state, Permissions::from_mode(0o600));
}

/// What brings the state to where it belongs.
fn push_command(context: &Context, folder: &Utf8Path) -> String {
    format!(
        "`cd {folder} && {} state push {ERRORED}`, then remove the file and rerun; until then nothing is applied",
        context.prepared.terraform_program()
    )
}
