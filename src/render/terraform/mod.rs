//! Files beside the links to a Terraform root module, and what the module itself declares.
//!
//! Overrides are written in Terraform's JSON syntax, which needs no quoting of our own but has two
//! readings of a string: in most places it is a template, in a `backend` block it is not.

pub mod overrides;
pub mod root;

use serde_json::{Map, Value};

pub use overrides::{OVERRIDE_FILE, ProviderSettings, override_file};
pub use root::RootModule;

/// Name of the file with the values of variables.
///
/// Terraform reads `*.auto.tfvars*` in the order of their names and the last one wins, so this one has
/// to come after the user's.
pub const VARIABLES_FILE: &str = "zz_amiable.auto.tfvars.json";

/// The text of [`VARIABLES_FILE`]. In it a string is never a template.
pub fn variables_file(values: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(values).expect("JSON values can be written as JSON") + "\n"
}
