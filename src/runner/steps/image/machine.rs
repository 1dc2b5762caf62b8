//! In the sandbox, the machine that an image's provisioners run on.

use camino::Utf8Path;

use crate::{
    config::ImageSpec,
    errors::Exit,
    events::{Activity, Happening, Level, Step},
    journal::PastRun,
    run_id::RunId,
    runner::{
        context::{Context, blocking},
        failure::Failure,
        installed, past,
    },
    sandbox::builder::{Builder, BuilderError, BuilderMachine, HostSettings},
    tools::locate::{self, Tool},
};

/// Starts a machine for `image` that `user` can log in to; `None` outside the sandbox.
///
/// # Errors
///
/// When there is no Docker to run it, or it does not start.
pub async fn start(
    context: &Context,
    image: &ImageSpec,
    user: String,
) -> Result<Option<BuilderMachine>, Failure> {
    let Some(running) = context.prepared.sandbox.clone() else {
        return Ok(None);
    };
    let docker = installed::path(Tool::Docker)?;
    let builder = Builder::new(
        docker,
        &running.sandbox,
        locate::home(),
        HostSettings::detect(),
    )
    .unless(context.base.stop.at_last());
    sweep(context, &Step::Image(image.name.clone()), builder.clone()).await?;
    let (run, name) = (context.base.run.clone(), image.name.clone());
    let region = context.base.stack.region.clone();
    let step = Step::Image(image.name.clone());
    let events = context.events.clone();
    let started = blocking(move || {
        let mut progress = |what: &str| {
            let activity = Activity::Doing(what.to_owned());
            events.send(Happening::Activity {
                step: step.clone(),
                activity,
            });
        };
        let machine = builder.start(&run, &name, &[user], &mut progress)?;
        let imported =
            running
                .emulator
                .import_key_pair(&region, &machine.keypair_name, &machine.public_key);
        Ok::<_, BuilderError>((machine, imported))
    })
    .await?;
    match started {
        Ok((machine, Ok(()))) => Ok(Some(machine)),
        Ok((machine, Err(error))) => {
            stop(context, &Step::Image(image.name.clone()), machine).await;
            Err(Failure::new(format!(
                "the emulator does not take the builder machine's key: {error}"
            )))
        }
        Err(error) => Err(Failure::of(Exit::MissingTool, error.to_string()).hints(error.hints())),
    }
}

/// Removes the machines of runs that are over: their drivers were killed and could not.
async fn sweep(context: &Context, step: &Step, builder: Builder) -> Result<(), Failure> {
    let root = context.base.stack.root.clone();
    let swept = blocking(move || builder.sweep(|run| may_be_alive(&root, run))).await?;
    match swept {
        Ok(swept) => {
            for left in swept {
                let text = format!("removed the builder machine that {} left", left.run);
                context.events.log(step, Level::Info, &text);
            }
        }
        // Whether Docker can be used at all, starting the machine tells, with what to do about it.
        Err(error) => context.events.log(step, Level::Warn, &error.to_string()),
    }
    Ok(())
}

/// Whether the run, of whatever stack, may still need its machine. Without a journal it is nobody's.
fn may_be_alive(root: &Utf8Path, run: &str) -> bool {
    let Some(run) = RunId::parse(run) else {
        return false;
    };
    match PastRun::read(root, &run) {
        Ok(past) => past.is_some_and(|past| past::is_alive(&past)),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Throws the machine away.
pub async fn stop(context: &Context, step: &Step, machine: BuilderMachine) {
    let container = machine.container.clone();
    let stopped = blocking(move || machine.stop()).await;
    if let Ok(Err(error)) = stopped {
        let hint = format!("docker rm --force --volumes {container}");
        context.events.warn(
            step,
            format!("the builder machine stays behind: {error}"),
            Some(hint),
        );
    }
}
