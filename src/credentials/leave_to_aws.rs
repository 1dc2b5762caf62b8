//! AWS credentials that need not be found, because AWS's own tools find some by themselves.

use super::{
    aws_environment::{ACCESS_KEY, SECRET_KEY, SESSION_TOKEN},
    aws_ways::{self, AwsWay, UnknownProfile},
    context::Context,
    resolution::{Outcome, Resolved},
    source::{Answer, SourceName, TroubleKind},
};
use crate::{config::CredentialSpec, events::Warning};

/// Whether `spec` is a part of an AWS access key.
pub(super) fn is_aws(spec: &CredentialSpec) -> bool {
    matches!(
        spec.env.as_deref(),
        Some(ACCESS_KEY | SECRET_KEY | SESSION_TOKEN)
    )
}

/// Does not demand AWS credentials that AWS's own tools find by themselves.
pub(super) fn leave_to_aws(
    specs: &[CredentialSpec],
    credentials: &mut [Resolved],
    chosen: &Result<Option<AwsWay>, UnknownProfile>,
    context: &Context,
) {
    let mut aws: Vec<&mut Resolved> = specs
        .iter()
        .zip(credentials)
        .filter(|(spec, _)| is_aws(spec))
        .map(|(_, resolved)| resolved)
        .collect();
    if aws.is_empty() {
        return;
    }
    if context.sandbox {
        for resolved in aws {
            resolved.outcome = Outcome::LeftToAws {
                how: AwsWay::Emulator,
            };
        }
        return;
    }

    let source_of = |aws: &[&mut Resolved], env: &str| {
        let resolved = aws
            .iter()
            .find(|resolved| resolved.env.as_deref() == Some(env))?;
        match &resolved.outcome {
            Outcome::Found { source, .. } => Some((resolved.name.clone(), source.clone())),
            _ => None,
        }
    };
    let access = source_of(&aws, ACCESS_KEY);
    let secret = source_of(&aws, SECRET_KEY);
    if let (Some((_, key_source)), Some(_)) = (&access, &secret) {
        for resolved in aws
            .iter_mut()
            .filter(|resolved| resolved.env.as_deref() == Some(SESSION_TOKEN))
        {
            settle_token(resolved, key_source);
        }
        return;
    }

    // Half a pair is a mistake that another way to AWS must not cover up.
    let half = access.or(secret).map(|(name, source)| {
        format!("{name} was found ({source}), and an access key is of use only with its secret key")
    });
    let locked = aws
        .iter()
        .flat_map(|resolved| &resolved.attempts)
        .any(|attempt| matches!(&attempt.answer, Answer::Trouble(trouble) if trouble.kind == TroubleKind::Broken));
    let (way, note, hint) = match (half, chosen) {
        (Some(note), _) => (None, Some(note), None),
        (None, Ok(Some(way))) => (Some(way.clone()), None, None),
        (None, Err(unknown)) => (None, Some(unknown.note.clone()), Some(unknown.hint.clone())),
        (None, Ok(None)) => match aws_ways::found(context) {
            Some(way) if locked => {
                let note = format!(
                    "{way} would do, but may be another account than the one in the store that cannot be read"
                );
                let hint = "choose it if that is what you want: export AWS_PROFILE=default";
                (None, Some(note), Some(hint.to_owned()))
            }
            Some(way) => (Some(way), None, None),
            None => {
                let hint = "or use a profile: aws configure sso, then export AWS_PROFILE=NAME";
                (None, None, Some(hint.to_owned()))
            }
        },
    };
    for resolved in aws {
        if resolved.secret().is_some() {
            continue;
        }
        if let Some(way) = &way {
            resolved.outcome = Outcome::LeftToAws { how: way.clone() };
        } else if let Outcome::Missing(unresolved) = &mut resolved.outcome {
            unresolved.note.clone_from(&note);
            unresolved.hints.extend(hint.clone());
        }
    }
}

/// A key pair is complete without a session token unless the two belong together.
fn settle_token(token: &mut Resolved, key_source: &SourceName) {
    match &token.outcome {
        Outcome::Missing(_) if token.is_absent() => token.outcome = Outcome::AbsentOptional,
        Outcome::Found {
            source: SourceName::Env(variable),
            ..
        } if !matches!(key_source, SourceName::Env(_)) => {
            token.warnings.push(Warning {
                text: format!("{variable} is left out: the access key comes from {key_source}, and the token belongs to another"),
                hint: Some(format!("unset {variable}")),
            });
            token.outcome = Outcome::AbsentOptional;
        }
        _ => {}
    }
}
