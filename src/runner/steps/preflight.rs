//! `preflight`: everything a run needs is there, before anything is changed.

use std::sync::{Arc, Mutex};

use camino::Utf8Path;

use super::{
    super::{
        context::{Base, blocking},
        emitter::Emitter,
        failure::Failure,
        installed::{self, Found, Installed},
        known_tools::{self, KnownTools},
        prepared::{Prepared, RunningSandbox},
        step_output::{Done, Stopped},
        stop::Stop,
    },
    variables,
};
use crate::{
    config::Stack,
    errors::Exit,
    events::{Operation, Step},
    journal::run_folder::forget_outputs,
    plan::{Only, Request},
    process::Unwanted,
    render::terraform::{RootModule, root::providers_in_modules},
    sandbox::{EmulatorSettings, Sandbox, SandboxError},
    tools::locate::Tool,
    workspace::Workspace,
};

pub async fn run(base: &Base, events: &Emitter) -> Result<(Done, Prepared), Stopped> {
    let step = Step::Preflight;
    let needs = Needs::of(&base.stack, &base.request);
    events.doing(&step, "looking for tools");
    let known_file = known_tools::file(&base.stack.root);
    let known = Arc::new(KnownTools::load(&known_file));
    let stop = &base.stop;
    let terraform = spawn_find(stop, needs.terraform, Tool::Terraform, &known);
    let packer = spawn_find(stop, needs.packer, Tool::Packer, &known);
    let aws = spawn_find(stop, true, Tool::Aws, &known);
    let sandbox = blocking({
        let sandbox = Sandbox::of_project(&base.stack.root);
        let unwanted = stop.at_first();
        let region = base.stack.region.clone();
        let wanted = base.stack.environment.is_sandbox();
        move || wanted.then(|| start(sandbox, region, unwanted)).transpose()
    });
    let (terraform, packer, aws, sandbox) = tokio::join!(terraform, packer, aws, sandbox);
    let (terraform, packer, aws) = (terraform?, packer?, aws?);
    let found = [
        (Tool::Terraform, &terraform),
        (Tool::Packer, &packer),
        (Tool::Aws, &aws),
    ];
    remember(&known, &known_file, found);
    let [terraform, packer, aws] = [terraform, packer, aws].map(|found| Some(found?.installed));
    let aws = aws.ok_or_else(|| Failure::of(Exit::MissingTool, "the aws command is needed"))?;
    let sandbox = sandbox??;
    if sandbox.as_ref().is_some_and(|running| running.new) {
        // They are those of an emulator that is gone.
        forget_outputs(&base.stack.root, &base.stack.environment.name)
            .map_err(|error| Failure::new(format!("failed to forget old outputs: {error}")))?;
    }

    guard_foreign_state(base)?;
    let workspace = mirror(base)?;
    let root_module = match (&base.stack.terraform, needs.terraform) {
        (Some(root), true) => {
            let module = RootModule::read(&base.stack.root, root)?;
            // Terraform would ignore a misspelt variable and ask for one that nobody sets.
            variables::check(
                module.folder.as_str(),
                &module.variables,
                &base.stack.variables,
                &base.stack.credentials,
                &module.set_by_files,
            )?;
            if base.stack.environment.is_sandbox() {
                warn_of_hidden_providers(base, events, &module)?;
            }
            Some(module)
        }
        _ => None,
    };
    let summary = summary(terraform.as_ref(), packer.as_ref(), sandbox.as_ref());
    let prepared = Prepared {
        terraform,
        packer,
        aws,
        sandbox,
        workspace_root: workspace.root().to_owned(),
        workspace: Mutex::new(workspace),
        root_module,
    };
    Ok((Done::succeeded(summary), prepared))
}

/// Which tools the request needs.
#[derive(Debug, PartialEq, Eq)]
struct Needs {
    terraform: bool,
    packer: bool,
}

impl Needs {
    fn of(stack: &Stack, request: &Request) -> Self {
        let builds = match request.operation {
            Operation::Up | Operation::Plan | Operation::ImageBuild | Operation::ImageReplace => {
                !stack.images.is_empty()
                    && request.only != Only::Terraform
                    && request.rollback.is_none()
            }
            Operation::Destroy
            | Operation::Task
            | Operation::Unlock
            | Operation::ImageRollback
            | Operation::ImagePrune
            | Operation::ImageSweep => false,
        };
        let deploys = match request.operation {
            Operation::Up
            | Operation::Plan
            | Operation::ImageRollback
            | Operation::ImageReplace => request.only != Only::Images,
            Operation::Destroy | Operation::Unlock => true,
            Operation::ImageBuild
            | Operation::Task
            | Operation::ImagePrune
            | Operation::ImageSweep => false,
        };
        Self {
            terraform: deploys && stack.terraform.is_some(),
            packer: builds,
        }
    }
}

async fn spawn_find(
    stop: &Stop,
    wanted: bool,
    tool: Tool,
    known: &Arc<KnownTools>,
) -> Result<Option<Found>, Failure> {
    if !wanted {
        return Ok(None);
    }
    let (known, unwanted) = (known.clone(), stop.at_first());
    let found = blocking(move || installed::find_unless_known(tool, &known, &unwanted)).await??;
    Ok(Some(found))
}

/// Keeps what tools that had to be asked have said.
fn remember(known: &KnownTools, file: &Utf8Path, found: [(Tool, &Option<Found>); 3]) {
    let mut now = known.clone();
    for (tool, found) in found {
        if let Some(Found {
            installed,
            new_evidence: Some(evidence),
        }) = found
        {
            now.remember(tool, installed.clone(), evidence.clone());
        }
    }
    if now != *known {
        // Without the file the tools are asked again, which takes a moment and harms nobody.
        let _ = now.store(file);
    }
}

fn start(sandbox: Sandbox, region: String, unwanted: Unwanted) -> Result<RunningSandbox, Failure> {
    let moto_server = installed::path(Tool::MotoServer)?;
    let ensured = sandbox
        .unless(unwanted)
        .ensure_running(&EmulatorSettings {
            moto_server,
            region,
        })
        .map_err(|error: SandboxError| Failure::new(error.to_string()).hints(error.hints()))?;
    Ok(RunningSandbox {
        sandbox,
        emulator: ensured.emulator,
        new: ensured.new,
    })
}

/// A project that comes from a `run.sh` has its state beside its Terraform files. Starting with an
/// empty one would plan everything a second time.
fn guard_foreign_state(base: &Base) -> Result<(), Failure> {
    let Some(root) = &base.stack.terraform else {
        return Ok(());
    };
    if base.stack.environment.is_sandbox() || base.stack.environment.backend.is_some() {
        return Ok(());
    }
    let beside = base.stack.root.join(root).join("terraform.tfstate");
    let holds_something = fs_err::metadata(&beside).is_ok_and(|metadata| metadata.len() > 0);
    let ours = base.state.local_terraform_state();
    if holds_something && !ours.exists() {
        return Err(Failure::of(
            Exit::Refused,
            format!("there is a Terraform state beside the root module, {beside}, that this run would not use"),
        )
        .hint(format!(
            "to go on using it: environment \"{}\" {{ backend \"local\" {{ path = \"{beside}\" }} }}",
            base.stack.environment.name
        ))
        .hint(format!("to move it: mv {beside} {ours}"))
        .hint("if it is no longer wanted, move it away"));
    }
    Ok(())
}

/// A provider that a module configures for itself cannot be pointed at the emulator.
fn warn_of_hidden_providers(
    base: &Base,
    events: &Emitter,
    module: &RootModule,
) -> Result<(), Failure> {
    let name = module.local_name("hashicorp/aws");
    for provider in providers_in_modules(&base.stack.root, module, &name)? {
        let place = provider.place.map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file, place.line)
        });
        events.warn(
            &Step::Preflight,
            format!("a module configures the provider {name} for itself{place}: that part leaves the sandbox"),
            Some("configure the provider in the root module and hand it to the module".to_owned()),
        );
    }
    Ok(())
}

fn mirror(base: &Base) -> Result<Workspace, Failure> {
    let folders: Vec<&Utf8Path> = base.stack.terraform.as_deref().into_iter().collect();
    let workspace = Workspace::prepare(&base.stack.root, &base.state.workspace(), &folders);
    workspace.map_err(|error| {
        Failure::from(error).hint(format!(
            "the workspace can be removed at any time: rm -r {}",
            base.state.workspace()
        ))
    })
}

fn summary(
    terraform: Option<&Installed>,
    packer: Option<&Installed>,
    sandbox: Option<&RunningSandbox>,
) -> String {
    let mut parts = Vec::new();
    parts.extend(terraform.map(|found| format!("Terraform {}", found.version)));
    parts.extend(packer.map(|found| format!("Packer {}", found.version)));
    parts.extend(sandbox.map(|running| format!("emulator on port {}", running.emulator.port)));
    parts.join(", ")
}
