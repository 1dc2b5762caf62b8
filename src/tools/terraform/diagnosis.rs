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

/// What tells that the provider died, or gave up, in the middle of a call (terraform 1.11.4).
const PROVIDER_GONE: &[&str] = &[
    "Plugin did not respond",
    "plugin crashed",
    "Request cancelled",
];

/// What tells that a request went out and no answer came back, in the words of AWS's SDKs for Go (version 1 in
/// providers before 5, version 2) and of Go's `net`.
const ANSWER_LOST: &[&str] = &[
    "send request failed",
    "request send failed",
    "unexpected EOF",
    ": EOF",
    "connection reset by peer",
    "i/o timeout",
    "awaiting headers",
];

/// Whether the error leaves it open what AWS did, although Terraform calls the resource failed.
pub fn leaves_open(diagnostic: &Diagnostic) -> bool {
    let text = text(diagnostic);
    let says = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    // A request that found nobody was not carried out.
    says(PROVIDER_GONE) || (says(ANSWER_LOST) && !text.contains("dial tcp"))
}
