//! The two first steps, `preflight` and `credentials`: they only look, and run before there is a context and before the
//! secrets are known.

use super::{
    context::Base,
    emitter::Emitter,
    execute::{self, result_of, word},
    step_output::{Done, StepEnd, Stopped},
};
use crate::{
    config::Stack,
    credentials,
    events::{Happening, Step},
    journal::Record,
    process::redaction::Redactor,
};

/// The end of one of the two first steps, with what it found out.
pub struct First<T> {
    pub end: StepEnd,
    pub value: Option<T>,
}

/// Runs `work` as `step`, from its first event to its last.
pub async fn first<T>(
    base: &Base,
    events: &Emitter,
    step: &Step,
    work: impl Future<Output = Result<(Done, T), Stopped>>,
) -> First<T> {
    events.send(Happening::StepStarted { step: step.clone() });
    base.at_work.begin(step);
    let worked = match base.record(Record::StepStarted {
        step: step.to_string(),
    }) {
        Ok(()) => work
            .await
            .map_err(|stopped| unless_asked_to_stop(base, stopped)),
        Err(failure) => Err(failure.into()),
    };
    let (end, value) = match worked {
        Ok((done, value)) => (Ok(done), Some(value)),
        Err(Stopped::Failed(failure)) => {
            let redactor = known_at_once(&base.stack);
            let failure = failure.map_text(|text| redactor.redact(text).into_owned());
            (Err(failure.into()), None)
        }
        Err(stopped) => (Err(stopped), None),
    };
    base.at_work.end(step);
    let result = result_of(&end);
    // The journal of a failed start is for people; the events below tell them as well.
    let _ = base.record(Record::StepEnded {
        step: step.to_string(),
        result: word(&result).to_owned(),
    });
    execute::finish(events, step, result);
    First { end, value }
}

/// What is taken out of failures before the credentials are looked up: preflight may show a line of a file that a secret
/// stands in.
fn known_at_once(stack: &Stack) -> Redactor {
    let context = credentials::Context::of_process(stack, &stack.root, false);
    let secrets = credentials::in_environment(&stack.credentials, &context);
    Redactor::new(secrets.iter().map(|(name, secret)| (*name, secret)))
}

/// These steps only look: what fails once the user has asked to stop was ended because of that.
fn unless_asked_to_stop(base: &Base, stopped: Stopped) -> Stopped {
    match stopped {
        Stopped::Failed(_) if base.stop.signal().is_some() => Stopped::Interrupted {
            pending: Vec::new(),
        },
        stopped => stopped,
    }
}
