//! Errors of look-ups and of writing.

use std::fmt;

use thiserror::Error;

use super::source::{Answer, Attempt};

/// Why credentials cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CredentialError {
    #[error("{}", lines(.0))]
    Unresolved(Vec<Unresolved>),
}

/// One credential that is missing, with every source that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub name: String,
    pub attempts: Vec<Attempt>,
    /// What was found out beyond the sources.
    pub note: Option<String>,
    /// What the user can do, in the order to try it.
    pub hints: Vec<String>,
}

impl CredentialError {
    /// What the user can do about it, in the order to try it.
    pub fn hints(&self) -> Vec<String> {
        let CredentialError::Unresolved(all) = self;
        let mut hints: Vec<String> = Vec::new();
        for hint in all.iter().flat_map(|unresolved| &unresolved.hints) {
            if !hints.contains(hint) {
                hints.push(hint.clone());
            }
        }
        hints
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "credential {} was not found", self.name)?;
        for Attempt { source, answer } in &self.attempts {
            match answer {
                Answer::Found => write!(f, "\n  {source}: found")?,
                Answer::Trouble(trouble) => write!(f, "\n  {source}: {}", trouble.problem)?,
                Answer::NotAsked(reason) => write!(f, "\n  {source}: not asked, {reason}")?,
            }
        }
        if self.attempts.is_empty() {
            f.write_str(", and the stack file names no source for it")?;
        }
        if let Some(note) = &self.note {
            write!(f, "\n  {note}")?;
        }
        Ok(())
    }
}

fn lines(all: &[Unresolved]) -> String {
    all.iter()
        .map(Unresolved::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A store that did not take or give up a credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct StoreError {
    pub problem: String,
    pub hints: Vec<String>,
}

impl StoreError {
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            hints: Vec::new(),
        }
    }

    /// The same error, with one more thing to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
