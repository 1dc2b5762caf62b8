//! `credentials`: every secret is looked up once, and given to the commands that need it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::{
    context::{Base, ask, blocking},
    emitter::Emitter,
    failure::Failure,
    frontend::Questions,
    prepared::{Access, Prepared},
    query::is_for_aws,
    step_output::{Done, Stopped},
};
use crate::{
    command::EnvValue,
    config::{Backend, CredentialSpec},
    credentials::{self, Outcome, Resolution, aws_environment},
    errors::Exit,
    events::{Happening, Operation, Step},
    process::redaction::Redactor,
    sandbox::overrides,
    tools::{
        aws::{Aws, identity},
        known_error, locate,
        terraform::Terraform,
    },
};

pub async fn run(
    base: &Base,
    events: &Emitter,
    prepared: &Prepared,
) -> Result<(Done, Access), Stopped> {
    let step = Step::Credentials;
    events.doing(&step, "looking credentials up");
    let interactive = matches!(base.questions, Questions::Terminal(_));
    let context = credentials::Context {
        unwanted: base.stop.at_first(),
        ..credentials::Context::of_process(&base.stack, &base.stack.root, interactive)
    };
    let resolution = blocking({
        let (specs, context) = (wanted(base), context.clone());
        move || credentials::resolve(&specs, &context)
    })
    .await?;
    for warning in resolution.warnings() {
        let step = Some(step.clone());
        events.send(Happening::Warning {
            step,
            warning: warning.clone(),
        });
    }
    resolution.check().map_err(|error| {
        Failure::of(Exit::MissingCredential, error.to_string()).hints(error.hints())
    })?;
    for credential in &resolution.credentials {
        events.send(Happening::CredentialFound {
            name: credential.name.clone(),
            source: credential.origin(),
        });
    }

    let mut aws_env: Vec<(String, EnvValue)> = Vec::new();
    let mut secrets: Vec<_> = resolution.secrets().collect();
    let variables = aws_environment(&resolution, &context, &base.stack.region);
    secrets.extend(
        variables
            .iter()
            .filter_map(credentials::AwsVariable::secret),
    );
    let redactor = Arc::new(Redactor::new(secrets));
    let endpoint = prepared
        .sandbox
        .as_ref()
        .map(|running| running.emulator.url());
    match &endpoint {
        Some(url) => {
            let no_proxy = context.variables.text("NO_PROXY");
            aws_env.extend(overrides::child_environment(
                Some(url),
                &base.stack.region,
                no_proxy,
            ));
        }
        None => aws_env.extend(variables.into_iter().map(Into::into)),
    }

    let aws = Aws::new(
        prepared.aws.program.clone(),
        base.stack.region.clone(),
        aws_env.clone(),
    );
    let identity = match &endpoint {
        Some(_) => None,
        None => Some(who_we_are(base, events, &aws, &redactor).await?),
    };
    let local_state = local_state(base, prepared);
    let terraform = terraform(base, prepared, &resolution, &aws_env)?;
    let backend = match &local_state {
        Some(path) => Some(local_backend(path)),
        None => base.stack.environment.backend.clone(),
    };
    let summary = summary(&resolution, identity.as_ref());
    let access = Access {
        redactor,
        aws_env,
        resolution,
        aws,
        terraform,
        local_state,
        backend,
        endpoint,
    };
    Ok((Done::succeeded(summary), access))
}

/// The credentials that the run may need: removing images takes none but those for AWS.
fn wanted(base: &Base) -> Vec<CredentialSpec> {
    let mut specs = base.stack.credentials.clone();
    if matches!(
        base.request.operation,
        Operation::ImagePrune | Operation::ImageSweep
    ) {
        specs.retain(is_for_aws);
    }
    specs
}

/// Asks AWS who we are: bad credentials are found before anything is built with them.
async fn who_we_are(
    base: &Base,
    events: &Emitter,
    aws: &Aws,
    redactor: &Redactor,
) -> Result<identity::Identity, Failure> {
    let answer = ask(events, &base.stop, identity::command(aws)).await?;
    let complaint = redactor.redact(&answer.stderr_text()).into_owned();
    identity::decode(&answer.stdout)
        .filter(|_| answer.success())
        .ok_or_else(|| {
            let failure = match known_error::of_text(&complaint) {
                Some(known) if known.passes => Failure::new(known.what).hint(known.mend),
                Some(known) => Failure::of(Exit::MissingCredential, known.what).hint(known.mend),
                None => Failure::of(
                    Exit::MissingCredential,
                    "AWS does not accept the credentials",
                )
                .hint("check `amiable creds check`, or log in with `aws sso login`, or set AWS_PROFILE"),
            };
            let lines = complaint.lines().filter(|line| !line.trim().is_empty());
            failure.excerpt(lines.map(str::to_owned))
        })
}

/// The state's file, where no backend keeps it elsewhere. The sandbox's belongs to one emulator:
/// with the next one it is gone, like everything it speaks of.
fn local_state(base: &Base, prepared: &Prepared) -> Option<Utf8PathBuf> {
    if let Some(running) = &prepared.sandbox {
        let folder = running.sandbox.instance_folder(&running.emulator.instance);
        return Some(folder.join(format!("{}.tfstate", base.stack.name)));
    }
    let module = prepared.root_module.as_ref()?;
    let has_backend = base.stack.environment.backend.is_some() || module.has_backend;
    (!has_backend).then(|| base.state.local_terraform_state())
}

fn local_backend(path: &Utf8Path) -> Backend {
    Backend {
        kind: "local".to_owned(),
        attributes: [("path".to_owned(), path.as_str().into())]
            .into_iter()
            .collect(),
    }
}

fn terraform(
    base: &Base,
    prepared: &Prepared,
    resolution: &Resolution,
    aws_env: &[(String, EnvValue)],
) -> Result<Option<Terraform>, Failure> {
    let (Some(installed), Some(root)) = (&prepared.terraform, &base.stack.terraform) else {
        return Ok(None);
    };
    let mut env = aws_env.to_vec();
    for credential in &resolution.credentials {
        if let (Some(variable), Some(secret)) = (&credential.terraform, credential.secret()) {
            env.push((
                format!("TF_VAR_{variable}"),
                EnvValue::Secret(secret.clone()),
            ));
        }
    }
    for (variable, name) in base.stack.variables.credentials() {
        if let Some(secret) = resolution.get(name).and_then(credentials::Resolved::secret) {
            env.push((
                format!("TF_VAR_{variable}"),
                EnvValue::Secret(secret.clone()),
            ));
        }
    }
    let folder = prepared.workspace_root.join(root);
    let failed = |error: std::io::Error| {
        Failure::new(format!(
            "failed to write Terraform's settings into the workspace: {error}"
        ))
    };
    env.extend(mirror_setting(base).map_err(failed)?);
    Ok(Some(Terraform::new(installed.program.clone(), folder, env)))
}

/// Points Terraform at the providers that `scripts/bootstrap` fetched where Terraform's registry is
/// out of reach. A configuration of the user's own comes first.
fn mirror_setting(base: &Base) -> std::io::Result<Option<(String, EnvValue)>> {
    let mirror = locate::home().join("providers");
    let own = std::env::var_os("TF_CLI_CONFIG_FILE").map(std::path::PathBuf::from);
    let own =
        own.or_else(|| Some(std::path::Path::new(&std::env::var_os("HOME")?).join(".terraformrc")));
    if !mirror.is_dir() || own.is_some_and(|path| path.exists()) {
        return Ok(None);
    }
    let file = base.state.workspace().join("amiable.tfrc");
    fs_err::write(&file, mirror_configuration(&mirror))?;
    Ok(Some((
        "TF_CLI_CONFIG_FILE".to_owned(),
        EnvValue::Plain(file.into_string()),
    )))
}

/// Terraform's configuration for taking the AWS provider from the folder `mirror`. A pattern cannot
/// leave the registry open, so both tools' default registries are named.
fn mirror_configuration(mirror: &Utf8Path) -> String {
    // Quoted like JSON, which is enough: the file knows no templates.
    let path = serde_json::Value::from(mirror.as_str());
    let providers =
        r#"["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]"#;
    format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path    = {path}\n    include = {providers}\n  }}\n  \
         direct {{\n    exclude = {providers}\n  }}\n}}\n"
    )
}

fn summary(resolution: &Resolution, identity: Option<&identity::Identity>) -> String {
    let generated = resolution
        .credentials
        .iter()
        .filter(|credential| matches!(credential.outcome, Outcome::Generated { .. }))
        .count();
    let found = resolution.secrets().count() - generated;
    let mut parts = Vec::new();
    if found > 0 {
        parts.push(format!("{found} found"));
    }
    if generated > 0 {
        parts.push(format!("{generated} generated for the sandbox"));
    }
    parts.extend(identity.map(|identity| format!("account {}", identity.account)));
    if parts.is_empty() {
        parts.push("none needed".to_owned());
    }
    parts.join(", ")
}
