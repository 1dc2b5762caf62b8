//! Who launches an AMI besides this stack's own deployment, which the next apply points elsewhere.

use std::time::{Duration, Instant};

use super::lookup::LOOK_AGAIN;
use crate::{
    errors::Exit,
    events::Step,
    runner::{
        context::Context,
        failure::Failure,
        step_output::{StepOutput, Stopped},
    },
    tools::aws::in_use::{self, Answers, User},
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
        .filter(|user| !is_own(&user.id) && !user.group.as_deref().is_some_and(is_own));
    Ok(outside.map(|user| user.what).collect())
}

async fn users(context: &Context, ami: &str) -> Result<Vec<User>, Failure> {
    let aws = &context.access.aws;
    let (instances, template_versions, configurations, groups) = tokio::try_join!(
        ask(context, in_use::instances(aws, ami)),
        ask(context, in_use::template_versions(aws)),
        ask(context, in_use::configurations(aws)),
        ask(context, in_use::groups(aws)),
    )?;
    let answers = Answers {
        instances: &instances,
        template_versions: &template_versions,
        configurations: &configurations,
        groups: &groups,
    };
    let unreadable =
        || Failure::new("the aws command does not say who uses an AMI in a form that can be read");
    let mut further = Vec::new();
    for (template, versions) in in_use::versions_by_number(answers).ok_or_else(unreadable)? {
        further.push(ask(context, in_use::versions_of(aws, &template, &versions)).await?);
    }
    in_use::users(ami, answers, &further).ok_or_else(unreadable)
}

async fn ask(context: &Context, command: crate::command::ToolCommand) -> Result<Vec<u8>, Failure> {
    let answer = context.ask(command).await?;
    if answer.success() {
        return Ok(answer.stdout);
    }
    let complaint = answer.stderr_text();
    Err(Failure::new("AWS does not say who uses an AMI")
        .because(&complaint)
        .hint("to go on without knowing: --allow-in-use AMI")
        .excerpt(complaint.lines().map(str::to_owned)))
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
