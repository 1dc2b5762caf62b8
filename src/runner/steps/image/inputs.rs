//! What decides an image's content, gathered before anything is built.

use serde_json::{Map, Value};

use super::lookup;
use crate::{
    config::ImageSpec,
    images::fingerprint::{self, FingerprintManifest},
    render::packer::{Template, resolve::Resolver},
    runner::{context::{Context, blocking}, failure::Failure},
    tools::{aws::images as ami, packer::version::PackerVersion},
};

/// A template, the values it gets, and what they amount to.
pub struct Inputs {
    pub template: Template,
    pub variables: Map<String, Value>,
    /// Template variables whose values come from credentials.
    pub secret_variables: Vec<String>,
    pub packer: PackerVersion,
    /// Whom Packer logs in as.
    pub ssh_user: String,
    pub manifest: FingerprintManifest,
    fingerprint: String,
}
