//! `check.<name>`: does the deployment answer?

use std::time::{Duration, Instant};

use super::super::{
    context::Context,
    failure::Failure,
    step_output::{Done, StepEnd, Stopped},
};
use crate::{
    config::CheckSpec,
    errors::Exit,
    events::Step,
    tools::curl::{self, Answer},
};

/// Pause between two attempts: a load balancer takes minutes, an answer should be noticed soon.
const PAUSE: Duration = Duration::from_secs(3);

pub async fn run(context: &Context, check: &CheckSpec) -> StepEnd {
    let step = Step::Check(check.name.clone());
    let url = check.url.evaluate_string(&context.scope())?;
    if context.base.stack.environment.is_sandbox() && !curl::is_loopback(&url) {
        return Ok(Done::skipped(
            "nothing answers behind the emulator's addresses",
        ));
    }
    let program = context.prepared.curl()?;
    let deadline = Instant::now() + check.timeout;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let answer = context.capture(curl::get(program.clone(), &url)).await?;
        let verdict = judge(
            check,
            curl::decode(answer.success(), &answer.stdout, &answer.stderr),
        );
        match verdict {
            Ok(()) => return Ok(Done::succeeded(format!("{url} answers"))),
            Err(problem) => {
                context
                    .events
                    .doing(&step, format!("attempt {attempt}: {problem}"));
                if Instant::now() + PAUSE > deadline {
                    return Err(failed(check, &url, &problem).into());
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = context.base.stop.requested() => {
                return Err(Stopped::Interrupted { pending: Vec::new() });
            }
        }
    }
}

fn judge(check: &CheckSpec, answer: Result<Answer, String>) -> Result<(), String> {
    let answer = answer?;
    let expected = match check.status {
        Some(status) => answer.status == status,
        None => (200..300).contains(&answer.status),
    };
    if !expected {
        return Err(format!("it answers with status {}", answer.status));
    }
    match &check.contains {
        Some(text) if !answer.body.contains(text.as_str()) => {
            Err(format!("its answer does not contain {text:?}"))
        }
        _ => Ok(()),
    }
}

fn failed(check: &CheckSpec, url: &str, problem: &str) -> Failure {
    Failure::of(
        Exit::CheckFailed,
        format!("{url}: {problem}, {} s after the deployment", check.timeout.as_secs()),
    )
    .hint("the deployment itself is done: look at the instances' logs, and at `amiable report show last`")
    .hint(format!("a longer `timeout` in check \"{}\" helps when it only starts slowly", check.name))
}
