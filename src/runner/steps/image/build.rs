//! `packer build` of one image, from a copy of its template.

use camino::Utf8Path;

use super::{inputs::Inputs, machine, unfinished};
use crate::{
    command::EnvValue,
    config::ImageSpec,
    events::{Happening, Level, Step},
    journal::{Record, record::TemporaryKind},
    process::{self, StopSignal},
    render::packer::{self as render, BuilderMachine, Edits, Emulator, Rendering},
    runner::{
        context::{Context, blocking},
        failure::Failure,
        step_log::StepLog,
        step_output::Stopped,
    },
    sandbox::{builder, overrides},
    tools::{
        known_error,
        packer::{
            activity,
            command::{Packer, Target},
            decode::{self, PackerEvent, UiLevel},
            manifest::Manifest,
            outcome::{self, Evidence, Outcome},
            temporary::{self, Temporary},
            version::Plugins,
        },
    },
    workspace::Workspace,
};

/// Where the plugin with the `amazon-ebs` builder comes from.
const AMAZON_PLUGIN: &str = "github.com/hashicorp/amazon";

/// A build that left an AMI.
pub struct Built {
    pub ami: String,
    /// What went wrong on the side.
    pub complaint: Option<String>,
}

/// How a `packer build` ended.
enum Packed {
    Built(Built),
    /// Without an AMI that Packer tells of. AWS may know one all the same when Packer was `creating` it.
    NotBuilt {
        stopped: Stopped,
        creating: bool,
    },
}

/// Builds the image; in the sandbox with a machine for its provisioners, thrown away afterwards.
pub async fn run(context: &Context, image: &ImageSpec, inputs: &Inputs) -> Result<Built, Stopped> {
    let step = Step::Image(image.name.clone());
    let provision = !context.base.request.no_provision;
    let machine = if provision && inputs.provisions {
        machine::start(context, image, inputs.ssh_user.clone()).await?
    } else {
        None
    };
    let ami_name = format!("{}-{}", image.ami_name, context.base.run);
    let packed = match context.go_on() {
        Ok(()) => pack(context, image, inputs, machine.as_ref(), &ami_name).await,
        Err(stopped) => Err(stopped),
    };
    if let Some(machine) = machine {
        machine::stop(context, &step, machine).await;
    }
    match packed? {
        Packed::Built(built) => Ok(built),
        Packed::NotBuilt { stopped, creating } => {
            let (ami, complaint) =
                unfinished::after(context, image, inputs, &ami_name, creating, stopped).await?;
            Ok(Built {
                ami,
                complaint: Some(complaint),
            })
        }
    }
}

async fn pack(
    context: &Context,
    image: &ImageSpec,
    inputs: &Inputs,
    machine: Option<&builder::BuilderMachine>,
    ami_name: &str,
) -> Result<Packed, Stopped> {
    let step = Step::Image(image.name.clone());
    let installed = context.prepared.packer()?;
    let manifest = context
        .base
        .folder
        .path()
        .join(format!("packer-manifest-{}.json", image.name));
    let edits = edits(context, image, inputs, machine, ami_name, &manifest);
    let selected = inputs.reading.selected()?;
    let rendering = render::render(&selected, &edits)?;
    let mut workspace = mirror(context, image, &rendering.folder).await?;
    let variables = write(&mut workspace, inputs, &rendering)?;

    for path in &rendering.writes {
        workspace.remove(path)?;
    }
    let target = Target {
        folder: workspace.root().join(&rendering.folder),
        argument: rendering.argument.clone(),
        variable_files: vec![variables],
        only: rendering.only.clone(),
        env: environment(context, image),
    };
    let packer = Packer::new(installed.program.clone());
    install_plugins(context, &step, &packer, &target, inputs).await?;
    context.base.record(Record::ImageBuildStarting {
        image: image.name.clone(),
        ami_name: ami_name.to_owned(),
        region: context.base.stack.region.clone(),
        fingerprint: Some(inputs.fingerprint().to_owned()),
        provisioned: inputs.provisioned(&context.base),
    })?;

    let mut heard = Heard::default();
    let mut log = StepLog::open(context, &step, &context.access.redactor);
    let ended = context
        .stream(
            &step,
            &step.to_string(),
            &packer.build(&target),
            StopSignal::Terminate,
            |output| match output {
                process::Output::Line { channel, line } => {
                    heard.take(context, &step, &mut log, channel, line);
                }
                process::Output::Started { .. } => {}
            },
        )
        .await;
    let recent = log.finish();
    let ended = ended?;
    let interrupted = || Stopped::Interrupted {
        pending: vec![Step::Image(image.name.clone()).to_string()],
    };
    if ended.was_stopped() && !ended.success() {
        // Packer may have been in the middle of CreateImage, and then says nothing of the AMI.
        return Ok(Packed::NotBuilt {
            creating: heard.creating,
            stopped: interrupted(),
        });
    }
    if heard.unknown > 0 {
        context.events.send(Happening::UnknownLines {
            step,
            count: heard.unknown,
        });
    }
    let manifest = fs_err::read_to_string(&manifest)
        .ok()
        .and_then(|text| Manifest::parse(&text).ok());
    let evidence = Evidence {
        code: ended.code,
        events: &heard.events,
        manifest: manifest.as_ref(),
    };
    let (images, complaint) = match outcome::outcome(&inputs.builder, evidence) {
        Outcome::Built { images } => (images, None),
        Outcome::Degraded { images, complaints } => {
            context.base.record(Record::BuildComplained {
                image: image.name.clone(),
            })?;
            (images, Some(complaints.join("; ")))
        }
        Outcome::Failed { errors, .. } => {
            return Ok(Packed::NotBuilt {
                creating: heard.creating,
                // Asked to end at its very beginning or end, Packer 1.6 may say that all is well.
                stopped: match ended.was_stopped() {
                    true => interrupted(),
                    false => failed(context, &errors, recent).into(),
                },
            });
        }
    };
    let region = &context.base.stack.region;
    let here = images.into_iter().find(|image| image.region == *region);
    match here {
        Some(image) => Ok(Packed::Built(Built {
            ami: image.ami,
            complaint,
        })),
        None => Ok(Packed::NotBuilt {
            creating: heard.creating,
            stopped: Failure::new(format!("packer built no AMI in {region}"))
                .hint("the region of the stack and of the template's source have to be the same")
                .into(),
        }),
    }
}

/// What Packer said, as far as it is needed at the end.
#[derive(Default)]
struct Heard {
    events: Vec<PackerEvent>,
    /// How many of the events are a provisioner's output.
    messages: usize,
    unknown: usize,
    /// Packer has said that it asks for the AMI.
    creating: bool,
}

/// A provisioner may print without end; so much of its output is kept for the judgement.
const MESSAGES_KEPT: usize = 5_000;
/// How Packer announces CreateImage: `Creating AMI NAME from instance ID` (amazon-ebs of 1.6 and later), with
/// `unencrypted` in it where it encrypts the AMI itself.
fn announces_image(line: &str) -> bool {
    line.contains("Creating AMI ") || line.contains("Creating unencrypted AMI ")
}

impl Heard {
    /// Takes a line of Packer in: log, activity, evidence.
    fn take(
        &mut self,
        context: &Context,
        step: &Step,
        log: &mut StepLog<'_>,
        channel: process::Channel,
        line: &str,
    ) {
        let event = match channel {
            process::Channel::Stdout => decode::decode(line),
            process::Channel::Stderr => PackerEvent::Text(line.to_owned()),
        };
        match &event {
            PackerEvent::Ui { level, lines } => {
                let level = match level {
                    UiLevel::Say | UiLevel::Message => Level::Info,
                    UiLevel::Error => Level::Warn,
                };
                for line in lines {
                    self.creating |= announces_image(&line.text);
                    log.take(channel, level, &line.text);
                }
            }
            PackerEvent::BuildError { message, .. } => log.take(channel, Level::Error, message),
            PackerEvent::Text(text) => {
                log.take(channel, Level::Info, text);
            }
            PackerEvent::Unknown { raw, .. } => {
                self.unknown += 1;
                log.take(channel, Level::Trace, raw);
            }
            PackerEvent::ArtifactCount { .. }
            | PackerEvent::Artifact { .. }
            | PackerEvent::ErrorCount(_)
            | PackerEvent::Version(_)
            | PackerEvent::Other => {}
        }
        if let Some(temporary) = temporary::temporary(&event) {
            // Before Packer's call that makes it is answered, most likely: what is not known is not swept.
            let recorded = context.base.record(temporary_resource(context, temporary));
            if let Err(failure) = recorded {
                context.events.warn(step, failure.failure.message, None);
            }
        }
        if let Some(phrase) = activity::activity(&event) {
            context.events.doing(step, phrase);
        }
        let is_message = matches!(
            &event,
            PackerEvent::Ui {
                level: UiLevel::Message,
                ..
            }
        );
        self.messages += usize::from(is_message);
        if !is_message || self.messages <= MESSAGES_KEPT {
            self.events.push(event);
        }
    }
}

fn temporary_resource(context: &Context, temporary: Temporary) -> Record {
    let (kind, name) = match temporary {
        Temporary::KeyPair(name) => (TemporaryKind::KeyPair, name),
        Temporary::SecurityGroup(name) => (TemporaryKind::SecurityGroup, name),
    };
    Record::TemporaryResource {
        kind,
        name,
        region: context.base.stack.region.clone(),
    }
}

fn failed(context: &Context, errors: &[String], recent: Vec<String>) -> Failure {
    let first = errors
        .first()
        .map_or("it failed and gave no reason", String::as_str);
    // Before its lines are taken apart: a secret may be folded over them.
    let first = &*context.events.redact(first);
    let line = first
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or(first);
    // Packer runs two sentences together here.
    let line = line.replace(".Allowed exit codes are: [0]", "");
    if first.contains("Timeout waiting for SSH") {
        return Failure::new(format!("packer build: {line}"))
            .excerpt(recent)
            .hint("Packer could not log in to the instance: check ssh_username, the subnet and its security groups");
    }
    let failure = match known_error::of_text(first) {
        Some(known) => Failure::new(format!("packer build: {}", known.what))
            .hint(known.mend)
            .excerpt([line]),
        None => Failure::new(format!("packer build: {line}")),
    };
    failure.excerpt(recent)
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
        tags: unfinished::tags(context, image, &base.run, inputs, inputs.provisioned(base)),
        manifest: manifest.to_owned(),
        emulator,
        provision,
        plugins: inputs.packer.plugins(),
        secret_variables: inputs.reading.secret_variables.clone(),
    }
}

/// The mirror of the source tree that the image is built in. It is made now and not before: most runs build
/// nothing.
async fn mirror(
    context: &Context,
    image: &ImageSpec,
    folder: &Utf8Path,
) -> Result<Workspace, Failure> {
    let base = &context.base;
    let place = base.state.image_workspace(&image.name);
    let mend = format!("the workspace can be removed at any time: rm -r {place}");
    let (project, folder) = (base.stack.root.clone(), folder.to_owned());
    blocking(move || Workspace::prepare(&project, &place, &[folder.as_path()]))
        .await?
        .map_err(|error| Failure::from(error).hint(mend))
}

/// Writes the rendered files into the workspace and returns the path of the variable file.
fn write(
    workspace: &mut Workspace,
    inputs: &Inputs,
    rendering: &Rendering,
) -> Result<String, Failure> {
    let variables = render::variables::file(&inputs.reading.template, &inputs.reading.variables)?;
    for file in rendering.files.iter().chain([&variables]) {
        workspace.write(&file.path, &file.text)?;
    }
    // Beside the template, where Packer runs.
    Ok(render::variables::FILE_NAME.to_owned())
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
    target: &Target,
    inputs: &Inputs,
) -> Result<(), Failure> {
    let command = match (inputs.packer.plugins(), inputs.reading.template.is_legacy()) {
        (Plugins::BuiltInOnly, _) | (Plugins::BuiltIn, true) => return Ok(()),
        (Plugins::BuiltIn | Plugins::Installed, false) => packer.init(target),
        (Plugins::Installed, true) => packer.install_plugin(AMAZON_PLUGIN, &target.folder),
    };
    context.events.doing(step, "fetching Packer's plugins");
    let answer = context.ask(command).await?;
    if answer.success() {
        return Ok(());
    }
    let complaint = format!("{}\n{}", answer.stdout_text(), answer.stderr_text());
    Err(Failure::new("packer cannot fetch its plugins")
        .excerpt(
            complaint
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned),
        )
        .hint(format!(
            "check the network, or install it yourself: `packer plugins install {AMAZON_PLUGIN}`"
        )))
}
