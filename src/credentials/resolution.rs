//! What became of the credentials that were asked for.

use super::{
    aws_ways::AwsWay,
    error::{CredentialError, Unresolved},
    source::{Answer, Attempt, SourceName, TroubleKind},
};
use crate::{command::EnvValue, events::Warning, secret::Secret};

/// What became of all credentials that were asked for.
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    pub credentials: Vec<Resolved>,
}

/// What became of one credential.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub name: String,
    /// Name of the variable in which children get it.
    pub env: Option<String>,
    /// Terraform variable it is handed over as.
    pub terraform: Option<String>,
    pub outcome: Outcome,
    /// Every source that was asked, in order, with what it said.
    pub attempts: Vec<Attempt>,
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Found {
        secret: Secret,
        source: SourceName,
    },
    /// Made for the sandbox, now or by an earlier run.
    Generated {
        secret: Secret,
        is_new: bool,
    },
    /// It is optional and no source has it.
    AbsentOptional,
    /// AWS's own tools find credentials without it.
    LeftToAws {
        how: AwsWay,
    },
    Missing(Unresolved),
}

impl Resolved {
    /// The value, when there is one.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.outcome {
            Outcome::Found { secret, .. } | Outcome::Generated { secret, .. } => Some(secret),
            Outcome::AbsentOptional | Outcome::LeftToAws { .. } | Outcome::Missing(_) => None,
        }
    }

    /// Missing because no source has it; one with an unusable value is to be corrected instead.
    pub(super) fn is_absent(&self) -> bool {
        let is_broken = |attempt: &Attempt| matches!(&attempt.answer, Answer::Trouble(trouble) if trouble.kind == TroubleKind::Broken);
        matches!(self.outcome, Outcome::Missing(_)) && !self.attempts.iter().any(is_broken)
    }

    /// Where it comes from, for people: `pass entry aws/vpc/aws_db_pass`.
    pub fn origin(&self) -> String {
        match &self.outcome {
            Outcome::Found { source, .. } => source.to_string(),
            Outcome::Generated { is_new: true, .. } => "generated for the sandbox".to_owned(),
            Outcome::Generated { is_new: false, .. } => {
                "generated for the sandbox earlier".to_owned()
            }
            Outcome::AbsentOptional => "not there, and optional".to_owned(),
            Outcome::LeftToAws { how } => format!("left to AWS: {how}"),
            Outcome::Missing(_) => "missing".to_owned(),
        }
    }
}

impl Resolution {
    pub fn get(&self, name: &str) -> Option<&Resolved> {
        self.credentials
            .iter()
            .find(|resolved| resolved.name == name)
    }

    /// The credential that children get in the variable `env`.
    pub fn by_env(&self, env: &str) -> Option<&Resolved> {
        self.credentials
            .iter()
            .find(|resolved| resolved.env.as_deref() == Some(env))
    }

    /// All values with the names of their credentials, for a redactor.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.credentials
            .iter()
            .filter_map(|resolved| Some((resolved.name.as_str(), resolved.secret()?)))
    }

    /// The environment variables of a child that is to get the credentials `names`.
    pub fn child_environment<'r>(
        &'r self,
        names: &'r [String],
    ) -> impl Iterator<Item = (String, EnvValue)> + 'r {
        self.credentials
            .iter()
            .filter(|resolved| names.contains(&resolved.name))
            .filter_map(|resolved| {
                let secret = resolved.secret()?.clone();
                Some((resolved.env.clone()?, EnvValue::Secret(secret)))
            })
    }

    /// What the user should know although it stops nothing.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        self.credentials
            .iter()
            .flat_map(|resolved| &resolved.warnings)
    }

    /// Fails when a credential is missing.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Unresolved`], with every missing credential.
    pub fn check(&self) -> Result<(), CredentialError> {
        let missing: Vec<Unresolved> = self
            .credentials
            .iter()
            .filter_map(|resolved| match &resolved.outcome {
                Outcome::Missing(unresolved) => Some(unresolved.clone()),
                _ => None,
            })
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(CredentialError::Unresolved(missing)),
        }
    }
}
