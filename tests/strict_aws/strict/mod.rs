//! What AWS does and moto 5.2.1 does not, for EC2.
//!
//! - [`visibility`]: a new AMI cannot be seen for a while, and then is pending;
//! - [`creation`]: names are taken once, tags arrive with the request, snapshots have to exist;
//! - [`snapshots`]: what a registered AMI is made of cannot be deleted;
//! - [`launch`]: only an available AMI can be launched;
//! - [`tokens`]: a request sent twice is carried out once.
//!
//! Throttling is a rule ([`super::rules`]), since it may hit any request. moto itself refuses to delete the
//! snapshots that it made for an AMI, filters by several names and tags, and answers
//! DescribeLaunchTemplateVersions without a template.

mod creation;
mod launch;
mod snapshots;
mod tokens;
mod visibility;

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    call::{Call, Protocol},
    http::{Request, Response},
    moto::Moto,
};
use snapshots::Registered;
use tokens::Tokens;
use visibility::{Seen, Visibility};

/// How long a new AMI takes, counted in the requests that would have shown it or that name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// So many times it is not found.
    pub unseen: u32,
    /// After that it is pending for so many looks.
    pub pending: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unseen: 1,
            pending: 1,
        }
    }
}

/// The strict layer and what it remembers.
#[derive(Debug)]
pub struct Strict {
    state: Mutex<State>,
    /// Held from the look whether a name or token is free until it is taken.
    creating: Mutex<()>,
}

#[derive(Debug)]
struct State {
    settings: Settings,
    visibility: Visibility,
    registered: Registered,
    tokens: Tokens,
}

impl Strict {
    pub fn new(settings: Settings) -> Self {
        let state = State {
            settings,
            visibility: Visibility::default(),
            registered: Registered::default(),
            tokens: Tokens::default(),
        };
        Self {
            state: Mutex::new(state),
            creating: Mutex::default(),
        }
    }

    /// Changes the settings for AMIs that are created from now on.
    pub fn set(&self, settings: Settings) {
        self.state().settings = settings;
    }

    /// Does what AWS would do with the request.
    ///
    /// # Errors
    ///
    /// When moto cannot be reached.
    pub fn carry_out(&self, request: &Request, call: &Call, moto: Moto) -> io::Result<Response> {
        let dry = call.parameter("DryRun") == Some("true");
        if call.protocol != Protocol::Ec2 || dry {
            return moto.forward(request);
        }
        if let Some(refusal) = self.refuse_unseen(call) {
            return Ok(refusal);
        }
        match call.action.as_str() {
            "DescribeImages" => {
                let response = moto.forward(request)?;
                Ok(self.as_visible(call, response))
            }
            "CreateImage" | "CopyImage" | "RegisterImage" => {
                self.once(call, || creation::create(self, request, call, moto))
            }
            "RunInstances" => self.once(call, || launch::run(self, request, call, moto)),
            "CreateLaunchTemplate" | "CreateLaunchTemplateVersion" => {
                self.once(call, || moto.forward(request))
            }
            "DeleteSnapshot" => snapshots::delete(self, request, call, moto),
            _ => moto.forward(request),
        }
    }

    /// Refuses a call that names an AMI which cannot be seen yet. Every such attempt is a look at it.
    fn refuse_unseen(&self, call: &Call) -> Option<Response> {
        let names_resource = |name: &str| {
            ["ImageId", "SourceImageId", "ResourceId"]
                .contains(&name.split('.').next().unwrap_or(name))
        };
        let mut state = self.state();
        let id = call
            .parameters
            .iter()
            .filter(|(name, _)| names_resource(name))
            .find(|(_, id)| state.visibility.of(id) == Seen::NotYet)
            .map(|(_, id)| id.clone())?;
        state.visibility.look(&id);
        Some(not_found(call, &id))
    }

    /// The answer to DescribeImages with new AMIs taken out or made pending.
    fn as_visible(&self, call: &Call, mut response: Response) -> Response {
        if response.is_success() {
            let mut state = self.state();
            let body = state.registered.show(&response.text());
            response.body = state.visibility.show(&body, call).into_bytes();
        }
        response
    }

    /// Carries a call with a ClientToken out once, and one call that creates something after the other.
    fn once(
        &self,
        call: &Call,
        carry_out: impl FnOnce() -> io::Result<Response>,
    ) -> io::Result<Response> {
        let _creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = self.state().tokens.known(call) {
            return Ok(answer);
        }
        let response = carry_out()?;
        self.state().tokens.remember(call, &response);
        Ok(response)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(call: &Call, id: &str) -> Response {
    call.error(
        400,
        "InvalidAMIID.NotFound",
        &format!("The image id '[{id}]' does not exist"),
    )
}
