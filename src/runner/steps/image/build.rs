//! `packer build` of one image, from a copy of its template.

use camino::{Utf8Path, Utf8PathBuf};

use super::{inputs::Inputs, machine};
use crate::{
    command::EnvValue,
    config::ImageSpec,
    events::{Level, Step},
    images::decide::tag,
    journal::Record,
    process::{self, StopSignal},
    render::packer::{self as render, BuilderMachine, Edits, Emulator, Rendering},
    runner::{context::Context, failure::Failure, step_log::StepLog, step_output::Stopped},
    sandbox::{builder, overrides},
    tools::packer::{
        Packer, activity,
        command::BuildOptions,
        decode::{self, Channel, Line},
        manifest,
        outcome::{Outcome, Tally},
        version::Plugins,
    },
};

/// A build that left an AMI.
pub struct Built {
    pub ami: String,
    /// What went wrong on the side.
    pub complaint: Option<String>,
}

/// Builds the image; in the sandbox with a machine for its provisioners, thrown away afterwards.
pub async fn run(context: &Context, image: &ImageSpec, inputs: &Inputs) -> Result<Built, Stopped> {
    let step = Step::Image(image.name.clone());
    let provision = !context.base.request.no_provision;
    let machine = if provision {
        machine::start(context, image, inputs.ssh_user.clone()).await?
    } else {
        None
    };
    let built = match context.go_on() {
        Ok(()) => pack(context, image, inputs, machine.as_ref()).await,
        Err(stopped) => Err(stopped),
    };
    if let Some(machine) = machine {
        machine::stop(context, &step, machine).await;
    }
    built
}

async fn pack(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    machine: Option<&builder::BuilderMachine>,
) -> Result<Built, Stopped> {
    let step = Step::Image(image.name.clone());
    let installed = context.prepared.packer()?;
    let plugins = inputs.packer.plugins();
    let ami_name = format!("{}-{}", image.ami_name, context.base.run);
    let manifest = context
        .base
        .folder
        .path()
        .join(format!("packer-manifest-{}.json", image.name));
    let edits = edits(context, image, inputs, machine, &ami_name, &manifest);
    let selected = inputs.template.select(image.source.as_deref())?;
    let rendering = render::render(&selected, &edits)?;
    let variables = write(context, inputs, &rendering)?;

    let folder = context.prepared.workspace_root.join(&rendering.folder);
    let packer = Packer::new(
        installed.program.clone(),
        folder,
        environment(context, image),
    );
    install_plugins(context, &step, &packer, &rendering, inputs, plugins).await?;
    context.base.record(Record::ImageBuildStarting {
        image: image.name.clone(),
        ami_name,
        region: context.base.stack.region.clone(),
    })?;
    let command = packer.build(BuildOptions {
        template: &rendering.argument,
        variables: Some(&variables),
        only: rendering.only.as_deref(),
    });

    let mut tally = Tally::default();
    let mut log = StepLog::open(context, &step, &context.access.redactor);
    let ended = context
        .stream(
            &step,
            &step.to_string(),
            &command,
            StopSignal::Terminate,
            |output| {
                if let process::Output::Line { channel, line } = output {
                    take(context, &step, &mut tally, &mut log, channel, line);
                }
            },
        )
        .await;
    log.finish();
    let ended = ended?;
    if ended.was_stopped() && !ended.success() {
        // Packer may have been in the middle of CreateImage, and then says nothing of the AMI.
        return Err(Stopped::Interrupted {
            pending: vec![step.to_string()],
        });
    }
    if tally.unknown_lines > 0 {
        let text = format!(
            "{} lines of Packer were not understood",
            tally.unknown_lines
        );
        context.events.warn(&step, text, None);
    }
    let builds = fs_err::read(&manifest)
        .ok()
        .and_then(|text| manifest::last_run(&text));
    match tally.outcome(ended.code, builds.as_deref()) {
        Outcome::Built { amis, complaint } => {
            let region = &context.base.stack.region;
            let here = amis
                .iter()
                .find(|ami| ami.region == *region)
                .or(amis.first());
            let ami = here
                .map(|ami| ami.ami.clone())
                .ok_or_else(|| Failure::new(format!("packer built no AMI in {region}")))?;
            Ok(Built { ami, complaint })
        }
        Outcome::Failed { message, excerpt } => {
            Err(Failure::new(format!("packer build: {message}"))
                .excerpt(excerpt)
                .hints(hint(&message))
                .into())
        }
    }
}

fn edits(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    machine: Option<&builder::BuilderMachine>,
    ami_name: &str,
    manifest: &Utf8Path,
) -> Edits {
    let base = &context.base;
    let provision = !base.request.no_provision;
    let mut tags = vec![
        (tag::STACK, base.stack.name.clone()),
        (tag::ENVIRONMENT, base.stack.environment.name.clone()),
        (tag::IMAGE, image.name.clone()),
        (tag::RUN, base.run.to_string()),
        (tag::FINGERPRINT, inputs.fingerprint().to_owned()),
    ];
    if !provision {
        tags.push((tag::PROVISIONED, "no".to_owned()));
    }
    let emulator = context.access.endpoint.clone().map(|endpoint| Emulator {
        endpoint,
        access_key: overrides::DUMMY_KEY.to_owned(),
        secret_key: overrides::DUMMY_KEY.to_owned(),
        machine: machine.map(|machine| BuilderMachine {
            host: machine.host.to_owned(),
            port: machine.port,
            user: Some(machine.user.clone()),
            private_key: machine.private_key.clone(),
            key_pair: machine.keypair_name.clone(),
        }),
    });
    Edits {
        ami_name: ami_name.to_owned(),
        tags: tags
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        manifest: manifest.to_owned(),
        emulator,
        provision,
        plugins: inputs.packer.plugins(),
        secret_variables: inputs.secret_variables.clone(),
    }
}

/// Writes the rendered files into the workspace and returns the path of the variable file.
fn write(
    context: &Context,
    inputs: &Inputs,
    rendering: &Rendering,
) -> Result<Utf8PathBuf, Failure> {
    let variables = render::variables::file(&inputs.template, &inputs.variables)?;
    for file in rendering.files.iter().chain([&variables]) {
        context.prepared.write(&file.path, &file.text)?;
    }
    Ok(context.prepared.workspace_root.join(&variables.path))
}

/// What Packer, its plugins and the template get to know.
fn environment(context: &Context, image: &ImageSpec) -> Vec<(String, EnvValue)> {
    let access = &context.access;
    let mut env = access.aws_env.clone();
    env.extend(access.credential_env(&image.credentials));
    for (variable, name) in image.variables.credentials() {
        if let Some(secret) = access.secret(name) {
            env.push((
                format!("PKR_VAR_{variable}"),
                EnvValue::Secret(secret.clone()),
            ));
        }
    }
    env
}

async fn install_plugins(
    context: &Context,
    step: &Step,
    packer: &Packer,
    rendering: &Rendering,
    inputs: &Inputs,
    plugins: Plugins,
) -> Result<(), Failure> {
    let command = match (plugins, inputs.template.is_legacy()) {
        (Plugins::BuiltInOnly, _) | (Plugins::BuiltIn, true) => return Ok(()),
        (Plugins::BuiltIn | Plugins::Installed, false) => packer.init(&rendering.argument),
        (Plugins::Installed, true) => packer.install_amazon_plugin(),
    };
    context.events.doing(step, "fetching Packer's plugins");
    let answer = context.capture(command).await?;
    if answer.success() {
        return Ok(());
    }
    let complaint = format!("{}\n{}", answer.stdout_text(), answer.stderr_text());
    Err(Failure::new("packer cannot fetch its plugins")
        .excerpt(complaint.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned))
        .hint("check the network, or install the plugin yourself: `packer plugins install github.com/hashicorp/amazon`"))
}

/// Takes a line of Packer in: log, tally, activity.
fn take(
    context: &Context,
    step: &Step,
    tally: &mut Tally,
    log: &mut StepLog<'_>,
    channel: process::Channel,
    line: &str,
) {
    let decoded = match channel {
        process::Channel::Stdout => decode::line(line),
        process::Channel::Stderr => Line::Plain(line.to_owned()),
    };
    match &decoded {
        Line::Ui { channel, text } => {
            let level = match channel {
                Channel::Say | Channel::Message => Level::Info,
                Channel::Error => Level::Warn,
            };
            log.take(level, text);
            if let Some(phrase) = activity::phrase(text) {
                context.events.doing(step, phrase);
            }
        }
        Line::Error { text, .. } => log.take(Level::Error, text),
        Line::Plain(text) => log.take(Level::Info, text),
        Line::Unknown { raw, .. } => log.take(Level::Trace, raw),
        Line::Artifact { .. }
        | Line::ArtifactCount { .. }
        | Line::ErrorCount(_)
        | Line::Version(_) => {}
    }
    tally.take(decoded);
}

/// What to do about the failures that people meet most.
fn hint(message: &str) -> Option<String> {
    if message.contains("Timeout waiting for SSH") {
        return Some("Packer could not log in to the instance: check ssh_username, the subnet and its security groups".to_owned());
    }
    crate::tools::terraform::diagnosis::mend_of_text(message).map(str::to_owned)
}
