//! Every credential of a stack, from the first of its sources that has it.

use std::{thread, time::Instant};

use super::{
    aws_ways, command,
    context::Context,
    error::Unresolved,
    keyring,
    leave_to_aws::{is_aws, leave_to_aws},
    pass,
    resolution::{Outcome, Resolution, Resolved},
    sandbox_store,
    source::{Answer, Attempt, SourceName, Trouble, TroubleKind},
    value::{self, Value, too_short},
};
use crate::{
    command::ToolCommand,
    config::{CredentialSpec, SourceSpec},
    events::Warning,
    process::redaction::Strength,
    secret::Secret,
};

/// Looks up all credentials of `specs` at the same time, each in its sources in order.
///
/// In the sandbox only environment variables are asked; a newcomer is not to be asked for a
/// passphrase. What they do not have is generated. When AWS credentials are left to a way that was
/// chosen for this process (`AWS_PROFILE`, a web identity, a container's), stores are not asked for
/// them either.
///
/// It is over by the context's deadline.
pub fn resolve(specs: &[CredentialSpec], context: &Context) -> Resolution {
    let deadline = Instant::now() + context.deadline;
    let chosen = aws_ways::chosen(context);
    let aws_is_chosen = !matches!(chosen, Ok(None));
    let lookups: Vec<LookUp> = thread::scope(|scope| {
        let running: Vec<_> = specs
            .iter()
            .map(|spec| scope.spawn(move || LookUp::run(spec, aws_is_chosen, deadline, context)))
            .collect();
        running
            .into_iter()
            .zip(specs)
            .map(|(thread, spec)| thread.join().unwrap_or_else(|_| LookUp::crashed(spec)))
            .collect()
    });
    let mut credentials: Vec<Resolved> = specs
        .iter()
        .zip(&lookups)
        .map(|(spec, look_up)| decide(spec, look_up, context))
        .collect();
    generate(specs, &mut credentials, context);
    leave_to_aws(specs, &mut credentials, &chosen, context);
    Resolution { credentials }
}

/// The secrets of `specs` that stand in environment variables, with the credentials' names: what can be known without asking
/// any store.
pub fn in_environment<'s>(
    specs: &'s [CredentialSpec],
    context: &Context,
) -> Vec<(&'s str, Secret)> {
    let mut found = Vec::new();
    for spec in specs {
        for source in &spec.sources {
            if let SourceSpec::Env(name) = source
                && let Ok(value) = variable(name, context)
                && let Ok(value) = acceptable(value, context)
            {
                found.push((spec.name.as_str(), value.secret));
            }
        }
    }
    found
}

/// What the sources of one credential said.
#[derive(Debug)]
struct LookUp {
    found: Option<(Value, SourceName)>,
    attempts: Vec<Attempt>,
}

impl LookUp {
    fn run(
        spec: &CredentialSpec,
        aws_is_chosen: bool,
        deadline: Instant,
        context: &Context,
    ) -> Self {
        let mut look_up = Self {
            found: None,
            attempts: Vec::new(),
        };
        for source in &spec.sources {
            let name = name_of(source, context);
            let answer = match passed_over(spec, source, aws_is_chosen, context) {
                Some(reason) => Answer::NotAsked(reason),
                None => match ask(source, deadline, context)
                    .and_then(|value| acceptable(value, context))
                {
                    Ok(value) => {
                        look_up.found = Some((value, name.clone()));
                        Answer::Found
                    }
                    Err(trouble) => Answer::Trouble(trouble),
                },
            };
            look_up.attempts.push(Attempt {
                source: name,
                answer,
            });
            if look_up.found.is_some() {
                break;
            }
        }
        look_up
    }

    /// Stands in for a look-up that panicked.
    fn crashed(spec: &CredentialSpec) -> Self {
        let trouble = Trouble::broken(format!("internal error while looking for {}", spec.name));
        Self {
            found: None,
            attempts: vec![Attempt {
                source: SourceName::Command("amiable".to_owned()),
                answer: Answer::Trouble(trouble),
            }],
        }
    }
}

pub(super) fn name_of(source: &SourceSpec, context: &Context) -> SourceName {
    match source {
        SourceSpec::Env(name) => SourceName::Env(name.clone()),
        SourceSpec::Pass(entry) => SourceName::Pass(entry.clone()),
        SourceSpec::Keyring(account) => SourceName::Keyring {
            service: context.keyring_service(),
            account: account.clone(),
        },
        SourceSpec::Command(words) => SourceName::Command(
            ToolCommand::new(words.first().map_or("", String::as_str))
                .args(words.iter().skip(1).cloned())
                .display(),
        ),
    }
}

/// Why `source` is not asked.
fn passed_over(
    spec: &CredentialSpec,
    source: &SourceSpec,
    aws_is_chosen: bool,
    context: &Context,
) -> Option<&'static str> {
    let is_env = matches!(source, SourceSpec::Env(_));
    if context.sandbox && is_aws(spec) {
        Some("the sandbox's emulator takes any key")
    } else if context.sandbox && !is_env {
        Some("the sandbox asks no store")
    } else if aws_is_chosen && is_aws(spec) && !is_env {
        Some("the environment chooses another way to AWS")
    } else {
        None
    }
}

fn ask(source: &SourceSpec, deadline: Instant, context: &Context) -> Result<Value, Trouble> {
    match source {
        SourceSpec::Env(name) => variable(name, context),
        SourceSpec::Pass(entry) => pass::look_up(entry, deadline, context),
        SourceSpec::Keyring(account) => {
            let service = context.keyring_service();
            keyring::look_up(&service, account, deadline, &context.unwanted)
        }
        SourceSpec::Command(words) => command::look_up(words, deadline, context),
    }
}

fn variable(name: &str, context: &Context) -> Result<Value, Trouble> {
    use std::os::unix::ffi::OsStrExt;

    if let Some(value) = context.variables.get(name) {
        return value::whole(value.as_bytes())
            .map_err(|unusable| Trouble::broken(unusable.problem("its value")));
    }
    Err(Trouble::absent(match context.variables.is_set(name) {
        true => "is set to nothing",
        false => "is not set",
    }))
}

/// Refuses a value that could not be kept out of logs, except in the sandbox.
fn acceptable(value: Value, context: &Context) -> Result<Value, Trouble> {
    match value.strength {
        Strength::Short if !context.sandbox => Err(too_short()),
        Strength::Short | Strength::Common | Strength::Distinct => Ok(value),
    }
}

fn decide(spec: &CredentialSpec, look_up: &LookUp, context: &Context) -> Resolved {
    let mut warnings = Vec::new();
    let troubles: Vec<(&SourceName, &Trouble)> = look_up
        .attempts
        .iter()
        .filter_map(|attempt| match &attempt.answer {
            Answer::Trouble(trouble) => Some((&attempt.source, trouble)),
            Answer::Found | Answer::NotAsked(_) => None,
        })
        .collect();
    let is_broken = troubles
        .iter()
        .any(|(_, trouble)| trouble.kind == TroubleKind::Broken);
    let outcome = match &look_up.found {
        Some((value, source)) => {
            for (source, trouble) in &troubles {
                if trouble.kind == TroubleKind::Broken {
                    warnings.push(Warning {
                        text: format!("credential {}: {source}: {}", spec.name, trouble.problem),
                        hint: trouble.mend.clone(),
                    });
                }
            }
            warnings.extend(weakness(&spec.name, value.strength));
            Outcome::Found {
                secret: value.secret.clone(),
                source: source.clone(),
            }
        }
        // A locked store may hold what would change the deployment.
        None if spec.optional && !is_broken => Outcome::AbsentOptional,
        None => Outcome::Missing(Unresolved {
            name: spec.name.clone(),
            attempts: look_up.attempts.clone(),
            note: None,
            hints: hints(spec, &troubles, context),
        }),
    };
    Resolved {
        name: spec.name.clone(),
        env: spec.env.clone(),
        terraform: spec.terraform.clone(),
        outcome,
        attempts: look_up.attempts.clone(),
        warnings,
    }
}

fn weakness(name: &str, strength: Strength) -> Option<Warning> {
    let text = match strength {
        Strength::Distinct => return None,
        Strength::Common => format!(
            "credential {name} is a word or number that ordinary output is full of: it is kept out of logs only where it stands alone"
        ),
        Strength::Short => {
            format!(
                "credential {name} is so short that it is kept out of logs only where it stands alone"
            )
        }
    };
    Some(Warning {
        text,
        hint: Some("choose a longer, random value".to_owned()),
    })
}

/// The mends of the sources, and what always helps.
fn hints(
    spec: &CredentialSpec,
    troubles: &[(&SourceName, &Trouble)],
    context: &Context,
) -> Vec<String> {
    let mut hints: Vec<String> = troubles
        .iter()
        .filter_map(|(_, trouble)| trouble.mend.clone())
        .collect();
    let is_writable = |trouble: &&(&SourceName, &Trouble)| {
        let (source, trouble) = trouble;
        matches!(source, SourceName::Pass(_) | SourceName::Keyring { .. })
            && trouble.kind == TroubleKind::Absent
    };
    if troubles.iter().any(|trouble| is_writable(&trouble)) {
        hints.push(format!(
            "store it: amiable creds set {} --stack {} --env {}",
            spec.name, context.stack, context.environment
        ));
    }
    for source in &spec.sources {
        if let SourceSpec::Env(name) = source {
            hints.push(format!("or set it for this run: export {name}=..."));
        }
    }
    hints
}

/// Gives the sandbox what its environment variables do not have.
fn generate(specs: &[CredentialSpec], credentials: &mut [Resolved], context: &Context) {
    if !context.sandbox {
        return;
    }
    let mut wanted: Vec<&mut Resolved> = specs
        .iter()
        .zip(credentials)
        .filter(|(spec, resolved)| !is_aws(spec) && resolved.is_absent())
        .map(|(_, resolved)| resolved)
        .collect();
    if wanted.is_empty() {
        return;
    }
    let names: Vec<String> = wanted
        .iter()
        .map(|resolved| resolved.name.clone())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = &context.sandbox_store;
    match sandbox_store::get_or_generate(path, &context.stack, &names) {
        Ok(kept) => {
            for (resolved, kept) in wanted.iter_mut().zip(kept) {
                resolved.outcome = Outcome::Generated {
                    secret: kept.secret,
                    is_new: kept.is_new,
                };
            }
        }
        Err(trouble) => {
            for resolved in wanted {
                resolved.attempts.push(Attempt {
                    source: SourceName::Sandbox(path.clone()),
                    answer: Answer::Trouble(trouble.clone()),
                });
                if let Outcome::Missing(unresolved) = &mut resolved.outcome {
                    unresolved.attempts.clone_from(&resolved.attempts);
                    unresolved.hints = trouble.mend.clone().into_iter().collect();
                }
            }
        }
    }
}
