//! Who launches an AMI besides this stack's own deployment, which the next apply points elsewhere.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::lookup::LOOK_AGAIN;
use crate::{
    errors::Exit,
    events::Step,
    images::usage::User,
    runner::{
        context::{Context, blocking},
        failure::Failure,
        query::Query,
        step_output::{StepOutput, Stopped},
        usage,
    },
};

/// How long `terraform init`, which runs beside the images, may take before its state is asked for all the same.
const INITIALISED_WITHIN: Duration = Duration::from_secs(120);

/// Refuses to take `ami` away while others use it, unless the user has allowed that.
///
/// # Errors
///
/// [`Exit::Refused`] with the users, or what keeps AWS or Terraform from telling.
pub async fn refuse_if_used(context: &Context, step: &Step, ami: &str) -> Result<(), Stopped> {
    if context.base.request.allow_in_use.contains(ami) {
        return Ok(());
    }
    context
        .events
        .doing(step, format!("looking who uses {ami}"));
    let users = users_outside(context, ami).await?;
    if users.is_empty() {
        return Ok(());
    }
    let failure = Failure::of(
        Exit::Refused,
        format!("{ami} is used outside of this deployment, so it is not removed"),
    );
    let failure = failure.excerpt(users).hint(format!(
        "running instances would go on, new ones could not start; if that is meant: --allow-in-use {ami}"
    ));
    Err(failure.into())
}

/// What uses `ami`, without what stands in this stack's own Terraform state.
///
/// # Errors
///
/// When AWS or Terraform does not say.
pub async fn users_outside(context: &Context, ami: &str) -> Result<Vec<String>, Stopped> {
    let users = users(context, ami).await?;
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let state = own_state(context).await?;
    let is_own = |name: &str| state.contains(&serde_json::Value::from(name).to_string());
    let outside = users
        .into_iter()
        .filter(|user| !user.names().into_iter().any(is_own));
    Ok(outside.map(|user| user.to_string()).collect())
}

async fn users(context: &Context, ami: &str) -> Result<Vec<User>, Stopped> {
    let query = Query::of_run(context);
    let ids = BTreeSet::from([ami.to_owned()]);
    let usage = blocking(move || usage::told_by_aws(&query, &ids)).await?;
    let usage =
        usage.map_err(|failure| failure.hint("to go on without knowing: --allow-in-use AMI"))?;
    Ok(usage.of(ami))
}

/// The text of the stack's Terraform state; empty when there is none.
async fn own_state(context: &Context) -> Result<String, Stopped> {
    let base = &context.base;
    if base.stack.terraform.is_none() {
        return Ok(String::new());
    }
    let ours = base.state.local_terraform_state();
    let local = context.access.local_state.clone();
    if let Some(path) = local.or_else(|| ours.is_file().then_some(ours)) {
        return match fs_err::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => {
                Err(Failure::new(format!("failed to read the Terraform state: {error}")).into())
            }
        };
    }
    let Some(terraform) = &context.access.terraform else {
        return Err(Failure::new(
            "the AMI is in use, and whether by this stack's own deployment only its Terraform state tells",
        )
        .hint("use `amiable up` or `amiable image replace`, which read it")
        .into());
    };
    initialised(context).await?;
    let pulled = context.ask(terraform.state_pull()).await?;
    if pulled.success() {
        return Ok(pulled.stdout_text());
    }
    let complaint = context.events.redact(&pulled.stderr_text());
    Err(Failure::new(
        "terraform does not give its state, which tells whether the AMI is this stack's own",
    )
    .excerpt(complaint.lines().map(str::to_owned))
    .into())
}

/// Waits for `terraform.init`, which runs beside the images.
async fn initialised(context: &Context) -> Result<(), Stopped> {
    let deadline = Instant::now() + INITIALISED_WITHIN;
    let done = || {
        matches!(
            context.output_of(&Step::TerraformInit),
            Some(StepOutput::Nothing)
        )
    };
    while !done() && Instant::now() < deadline {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = context.base.stop.requested() => {
                return Err(Stopped::Interrupted { pending: Vec::new() });
            }
        }
    }
    Ok(())
}
