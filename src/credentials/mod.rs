//! Where secrets come from and how they are stored.

use thiserror::Error;

/// Why a credential cannot be had.
#[derive(Debug, Error)]
pub enum CredentialError {
    #[error("credential {name}: not found")]
    Missing { name: String },
}

impl CredentialError {
    /// What the user can do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            CredentialError::Missing { .. } => Vec::new(),
        }
    }
}
