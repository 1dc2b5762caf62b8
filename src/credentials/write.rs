//! Storing and removing credentials.

use std::time::Instant;

use super::{
    context::Context,
    error::StoreError,
    keyring, pass,
    resolve::name_of,
    sandbox_store,
    source::{SourceName, Trouble},
    value::{self, Value, too_short},
};
use crate::{
    config::{CredentialSpec, SourceSpec},
    events::Warning,
    process::redaction::{SHORTEST, Strength},
};

/// A store that credentials can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WritableStore {
    Keyring,
    Pass,
}

impl WritableStore {
    fn word(self) -> &'static str {
        match self {
            WritableStore::Keyring => "keyring",
            WritableStore::Pass => "pass",
        }
    }
}

/// Where a credential was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub source: SourceName,
    /// What the user should know although it was stored.
    pub warnings: Vec<Warning>,
}

/// Where a credential of this context is written.
enum Target<'s> {
    Keyring(&'s str),
    Pass(&'s str),
    Sandbox,
}

/// Stores `input`, without one line end at its end, as the credential `spec`: in `store`, or else in
/// the first of its sources that can be written; in the sandbox, whose stores nobody asks, in the
/// sandbox's own file. It is read back.
///
/// # Errors
///
/// When the input is no usable secret, the credential has no such source, or the store refuses.
pub fn set(
    spec: &CredentialSpec,
    store: Option<WritableStore>,
    input: &[u8],
    context: &Context,
) -> Result<Stored, StoreError> {
    let value = value::whole(input).map_err(|unusable| {
        StoreError::new(format!(
            "nothing was stored: {}",
            unusable.problem("the value")
        ))
    })?;
    let mut warnings = weakness(&value, context)?;
    let target = target(spec, store, context)?;
    let source = target.name(context);
    let service = context.keyring_service();
    let deadline = || Instant::now() + context.deadline;
    let read_back = match target {
        Target::Sandbox => {
            sandbox_store::set(
                &context.sandbox_store,
                &context.stack,
                &spec.name,
                &value.secret,
            )
            .map_err(|trouble| failed("write", &source, &trouble))?;
            Ok(value.clone())
        }
        Target::Keyring(account) => {
            keyring::set(&service, account, &value.secret, deadline())
                .map_err(|trouble| failed("write", &source, &trouble))?;
            keyring::look_up(&service, account, deadline(), &context.unwanted)
        }
        Target::Pass(entry) => {
            warnings.extend(pass::set(entry, &value.secret, context)?);
            pass::look_up(entry, deadline(), context)
        }
    };
    match read_back {
        Ok(stored) if stored.secret == value.secret => {}
        Ok(_) => {
            return Err(StoreError::new(format!(
                "{source} gives back another value than was stored"
            ))
            .hint("look at it with the store's own program"));
        }
        Err(trouble) => warnings.push(Warning {
            text: format!("stored, but it could not be read back: {}", trouble.problem),
            hint: trouble.mend,
        }),
    }
    warnings.extend(shadowed(spec, &source, context));
    Ok(Stored { source, warnings })
}

/// Removes the credential `spec` from where [`set`] would write it.
///
/// # Errors
///
/// When it is not there or the store refuses.
pub fn remove(
    spec: &CredentialSpec,
    store: Option<WritableStore>,
    context: &Context,
) -> Result<SourceName, StoreError> {
    let target = target(spec, store, context)?;
    let source = target.name(context);
    match target {
        Target::Sandbox => {
            let removed = sandbox_store::remove(&context.sandbox_store, &context.stack, &spec.name)
                .map_err(|trouble| failed("remove", &source, &trouble))?;
            if !removed {
                let problem = format!("the sandbox keeps no credential {}", spec.name);
                return Err(StoreError::new(problem));
            }
        }
        Target::Keyring(account) => {
            let deadline = Instant::now() + context.deadline;
            keyring::remove(&context.keyring_service(), account, deadline)
                .map_err(|trouble| failed("remove", &source, &trouble))?;
        }
        Target::Pass(entry) => pass::remove(entry, context)?,
    }
    Ok(source)
}

impl Target<'_> {
    fn name(&self, context: &Context) -> SourceName {
        match self {
            Target::Keyring(account) => {
                name_of(&SourceSpec::Keyring((*account).to_owned()), context)
            }
            Target::Pass(entry) => SourceName::Pass((*entry).to_owned()),
            Target::Sandbox => SourceName::Sandbox(context.sandbox_store.clone()),
        }
    }
}

fn target<'s>(
    spec: &'s CredentialSpec,
    store: Option<WritableStore>,
    context: &Context,
) -> Result<Target<'s>, StoreError> {
    if context.sandbox && store == Some(WritableStore::Keyring) {
        return Err(
            StoreError::new("the sandbox reads nothing from the keyring")
                .hint("name the environment it is for: --env NAME")
                .hint("or leave --store out to give the sandbox a value of its own"),
        );
    }
    if context.sandbox && store.is_none() {
        return Ok(Target::Sandbox);
    }
    let targets = spec.sources.iter().filter_map(|source| match source {
        SourceSpec::Keyring(account) => Some((WritableStore::Keyring, Target::Keyring(account))),
        SourceSpec::Pass(entry) => Some((WritableStore::Pass, Target::Pass(entry))),
        SourceSpec::Env(_) | SourceSpec::Command(_) => None,
    });
    let mut targets = targets.filter(|(kind, _)| store.is_none_or(|wanted| wanted == *kind));
    targets.next().map(|(_, target)| target).ok_or_else(|| {
        let what = store.map_or("source that can be written", WritableStore::word);
        StoreError::new(format!(
            "credential {} has no {what} in {}",
            spec.name, spec.place.file
        ))
        .hint(r#"add pass = "folder/entry" or keyring = "account" to its block"#)
    })
}

fn weakness(value: &Value, context: &Context) -> Result<Vec<Warning>, StoreError> {
    let text = match value.strength {
        Strength::Distinct => return Ok(Vec::new()),
        Strength::Short if !context.sandbox => {
            let trouble = too_short();
            return Err(failed_with(
                format!("nothing was stored: {}", trouble.problem),
                &trouble,
            ));
        }
        Strength::Short => format!("the value has fewer than {SHORTEST} characters"),
        Strength::Common => {
            "the value is a word or number that ordinary output is full of".to_owned()
        }
    };
    Ok(vec![Warning {
        text: format!("{text}: it is kept out of logs only where it stands alone"),
        hint: Some("choose a longer, random value".to_owned()),
    }])
}

/// A source before `source` that wins over it.
fn shadowed(spec: &CredentialSpec, source: &SourceName, context: &Context) -> Option<Warning> {
    spec.sources
        .iter()
        .take_while(|earlier| name_of(earlier, context) != *source)
        .find_map(|earlier| match earlier {
            SourceSpec::Env(name) if context.variables.get(name).is_some() => Some(Warning {
                text: format!("environment variable {name} is set and comes first"),
                hint: Some(format!("unset {name}")),
            }),
            _ => None,
        })
}

fn failed(verb: &str, source: &SourceName, trouble: &Trouble) -> StoreError {
    failed_with(
        format!("failed to {verb} {source}: {}", trouble.problem),
        trouble,
    )
}

fn failed_with(problem: String, trouble: &Trouble) -> StoreError {
    let error = StoreError::new(problem);
    match &trouble.mend {
        Some(mend) => error.hint(mend),
        None => error,
    }
}
