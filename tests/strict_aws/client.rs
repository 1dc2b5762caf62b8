//! A test's handle on the proxy of a running sandbox.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    control::PREFIX,
    holds::Release,
    http::{self, Request},
    moto::Moto,
    rules::{Effect, Rule, RuleId, Side, When},
    strict::Settings,
    trace::Entry,
};

/// The proxy, by the port that the driver believes to be moto's.
#[derive(Debug, Clone, Copy)]
pub struct StrictAws {
    pub port: u16,
}

/// A request that is held, if it comes.
#[derive(Debug, Clone, Copy)]
pub struct Trap {
    aws: StrictAws,
    rule: RuleId,
}

impl StrictAws {
    /// The one that serves the sandbox of the checkout in `project`, which has to run.
    pub fn of_project(project: &Path) -> Self {
        let file = project.join(".amiable/sandbox/state.json");
        let text = std::fs::read(&file).expect("a sandbox that has been started");
        let state: Value = serde_json::from_slice(&text).expect("the sandbox's state");
        let port = state["port"].as_u64().and_then(|port| port.try_into().ok());
        Self {
            port: port.expect("a port in the sandbox's state"),
        }
    }

    /// The emulator behind it, for looking at AWS without being seen or hindered.
    pub fn moto(self) -> Moto {
        let status: Value = self.ask("GET", "status", &());
        let port = status["moto_port"]
            .as_u64()
            .and_then(|port| port.try_into().ok());
        Moto {
            port: port.expect("moto's port"),
        }
    }

    pub fn set(self, settings: Settings) {
        self.ask::<Value>("PUT", "strict", &settings);
    }

    pub fn rule(self, when: When, effect: Effect) -> RuleId {
        let answer: Value = self.ask("POST", "rules", &Rule::new(when, effect));
        answer["rule"].as_u64().expect("the rule's number")
    }

    /// Withdraws every rule.
    pub fn clear_rules(self) {
        self.ask::<Value>("DELETE", "rules", &());
    }

    /// How many requests have come.
    pub fn count(self) -> u64 {
        self.trace(0).len() as u64
    }

    /// The requests after the first `skip`.
    pub fn trace(self, skip: u64) -> Vec<Entry> {
        self.ask("GET", &format!("trace?skip={skip}"), &())
    }

    /// Holds the request that `when` describes.
    pub fn trap(self, when: When, at: Side) -> Trap {
        let rule = self.rule(when, Effect::Hold { at });
        Trap { aws: self, rule }
    }

    pub fn release(self, number: u64, release: Release) {
        self.ask::<Value>("POST", &format!("held?number={number}"), &release);
    }

    fn ask<T: DeserializeOwned>(self, method: &str, what: &str, body: &impl Serialize) -> T {
        let request = Request {
            method: method.to_owned(),
            target: format!("{PREFIX}{what}"),
            headers: vec![("Host".to_owned(), "127.0.0.1".to_owned())],
            body: json!(body).to_string().into_bytes(),
        };
        let answer = http::send(self.port, &request).expect("the proxy answers");
        assert!(answer.is_success(), "{method} {what}: {}", answer.text());
        serde_json::from_slice(&answer.body).expect("the proxy answers in JSON")
    }
}

impl Trap {
    /// Waits until the request is held and gives its number; `None` once the rules are cleared.
    pub fn wait(self) -> Option<u64> {
        let answer: Value = self
            .aws
            .ask("GET", &format!("held?rule={}", self.rule), &());
        answer["number"].as_u64()
    }
}
