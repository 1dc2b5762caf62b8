//! The outputs of a deployment that stays as it is, read while `terraform plan` finds that out.
//!
//! Reading them takes about as long as starting Terraform and checking its providers. They may be read
//! before the plan is there, as long as the state they come from is the one that was planned on.

use serde_json::Value;
use tokio::task::JoinHandle;

use super::super::{
    context::{Context, SHORT},
    failure::Failure,
};
use crate::{
    events::{Output, OutputValue},
    process::{self, Captured, ProcessError, Unwanted},
    tools::{
        file_mark::FileMark,
        terraform::{Terraform, decode::Line, outputs},
    },
};

/// Outputs that are being read beside a plan.
pub struct StandingOutputs {
    /// The local state's file as it was before reading; `None` when the state is elsewhere.
    state: Option<FileMark>,
    reading: Option<JoinHandle<Result<Captured, ProcessError>>>,
    unwanted: Unwanted,
}

impl StandingOutputs {
    /// Begins to read where the state is a file here, of which can be told later whether it has changed.
    pub fn before_plan(context: &Context, terraform: &Terraform) -> Self {
        let (state, unwanted) = (mark(context), context.base.stop.at_last());
        let reading = state.is_some().then(|| read(terraform, unwanted.clone()));
        Self {
            state,
            reading,
            unwanted,
        }
    }

    /// Begins to read at the first sign that the plan holds the state's lock: from then on nobody changes
    /// it, wherever it is. What Terraform says before (its version) comes ahead of the lock.
    pub fn on_line(&mut self, line: &Line, terraform: &Terraform) {
        if self.reading.is_none() && matches!(line, Line::RefreshStart { .. }) {
            self.reading = Some(read(terraform, self.unwanted.clone()));
        }
    }

    /// The outputs, of the state that the plan has found nothing to change in.
    ///
    /// # Errors
    ///
    /// When Terraform does not give them.
    pub async fn finish(
        self,
        context: &Context,
        terraform: &Terraform,
    ) -> Result<Vec<Output>, Failure> {
        let read_early = match self.reading {
            Some(reading) => Some(
                reading
                    .await
                    .map_err(|error| Failure::new(format!("internal error: {error}")))??,
            ),
            None => None,
        };
        match read_early {
            Some(answer) if mark(context) == self.state => decode(context, &answer),
            _ => now(context, terraform).await,
        }
    }
}

fn mark(context: &Context) -> Option<FileMark> {
    FileMark::of(context.access.local_state.as_ref()?).ok()
}

fn read(terraform: &Terraform, unwanted: Unwanted) -> JoinHandle<Result<Captured, ProcessError>> {
    let command = terraform.output();
    tokio::task::spawn_blocking(move || process::capture_unless(&command, SHORT, || unwanted.now()))
}

/// The outputs of the state as it is now.
///
/// # Errors
///
/// When Terraform does not give them.
pub async fn now(context: &Context, terraform: &Terraform) -> Result<Vec<Output>, Failure> {
    let answer = context.ask(terraform.output()).await?;
    decode(context, &answer)
}

fn decode(context: &Context, answer: &Captured) -> Result<Vec<Output>, Failure> {
    if !answer.success() {
        return Err(
            Failure::new("failed to read the outputs from Terraform").excerpt(
                answer
                    .stderr_text()
                    .lines()
                    .map(|line| context.events.redact(line)),
            ),
        );
    }
    let outputs = outputs::decode(&answer.stdout).ok_or_else(|| {
        Failure::new("terraform output gave something that is not a list of outputs")
    })?;
    let redact = |text: &str| context.events.redact(text);
    Ok(outputs
        .into_iter()
        .map(|output| without_secrets(output, &redact))
        .collect())
}

/// The output without the secrets that a root module shows although it was given them as such.
fn without_secrets(output: Output, redact: &impl Fn(&str) -> String) -> Output {
    let value = match output.value {
        OutputValue::Plain(value) => OutputValue::Plain(redacted(value, redact)),
        OutputValue::Sensitive => OutputValue::Sensitive,
    };
    Output { value, ..output }
}

fn redacted(value: Value, redact: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text)),
        Value::Array(values) => values
            .into_iter()
            .map(|value| redacted(value, redact))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (redact(&name), redacted(value, redact)))
            .collect(),
        // A password of digits alone, which somebody made a number.
        Value::Number(number) => match redact(&number.to_string()) {
            same if same == number.to_string() => Value::Number(number),
            other => Value::String(other),
        },
        other @ (Value::Null | Value::Bool(_)) => other,
    }
}
