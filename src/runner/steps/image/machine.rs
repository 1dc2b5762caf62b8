//! In the sandbox, the machine that an image's provisioners run on.

use crate::{
    config::ImageSpec,
    errors::Exit,
    events::{Activity, Happening, Step},
    runner::{
        context::{Context, blocking},
        failure::Failure,
        installed,
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
    );
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
