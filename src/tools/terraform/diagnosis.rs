//! What Terraform's diagnostics ask for, beyond what [`known_error`] says of every tool's errors.

use super::decode::Diagnostic;
use crate::tools::known_error::{self, KnownError};

/// What `diagnostic` means, when it is a known error.
pub fn of(diagnostic: &Diagnostic) -> Option<&'static KnownError> {
    known_error::of_text(&text(diagnostic))
}

/// Summary and detail as one text.
pub fn text(diagnostic: &Diagnostic) -> String {
    format!("{} {}", diagnostic.summary, diagnostic.detail)
}

/// Whether Terraform misses what `init` brings: plugins, modules, the backend. Every such message of
/// Terraform 1.11.4 names the command, in its summary or its detail.
pub fn wants_init(diagnostic: &Diagnostic) -> bool {
    [&diagnostic.summary, &diagnostic.detail]
        .iter()
        .any(|text| text.contains("terraform init") || text.contains("tofu init"))
}

/// Whether the provider died while it worked on something: what it had begun is unknown then, whatever
/// Terraform calls it (terraform 1.11.4).
pub fn provider_crashed(diagnostic: &Diagnostic) -> bool {
    [
        "Plugin did not respond",
        "plugin crashed",
        "Request cancelled",
    ]
    .iter()
    .any(|sign| diagnostic.summary.contains(sign))
}
