//! Faults that a test asks for: which requests they hit, and what happens to those.
//!
//! Rules are looked at in the order in which they were given. Each counts the requests that it matches from the
//! moment it is there. Delays add up; of the other effects the first one whose turn it is decides, and the later
//! rules count the request all the same.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::call::Call;

/// Number of a rule, for withdrawing it.
pub type RuleId = u64;

/// A fault and what it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default)]
    pub when: When,
    pub effect: Effect,
}

/// Which requests a rule matches. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// As in [`Call::service`].
    pub service: Option<String>,
    /// Any of these; none stands for all.
    pub actions: Vec<String>,
    /// All of these have exactly that value.
    pub parameters: BTreeMap<String, String>,
    /// Which of the matching requests are hit.
    pub turns: Turns,
}

/// Which of the requests that a rule matches are hit, counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turns {
    #[default]
    All,
    /// This one alone.
    Nth(u64),
    /// Every so many: 3 hits the third, the sixth and so on.
    Every(u64),
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// It goes on after this time.
    Delay { milliseconds: u64 },
    /// It never reaches AWS, and the connection closes.
    Drop,
    /// AWS carries it out, and its answer is lost: the connection closes.
    LoseReply,
    /// It never reaches AWS; the client gets this error in the shape that its protocol has.
    Error {
        status: u16,
        code: String,
        message: String,
    },
    /// It never reaches AWS; the client gets exactly this.
    Answer {
        status: u16,
        content_type: String,
        body: String,
    },
    /// It waits until it is released (see [`super::holds`]).
    Hold { at: Side },
}

/// On which side of AWS a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// AWS has not seen it yet.
    Before,
    /// AWS has carried it out; the answer is held.
    After,
}

impl Rule {
    pub fn new(when: When, effect: Effect) -> Self {
        Self { when, effect }
    }
}

impl When {
    /// Every request for one of these actions of EC2.
    pub fn ec2(actions: &[&str]) -> Self {
        Self {
            service: Some("ec2".to_owned()),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            ..Self::default()
        }
    }

    pub fn nth(self, nth: u64) -> Self {
        Self {
            turns: Turns::Nth(nth),
            ..self
        }
    }

    pub fn every(self, every: u64) -> Self {
        Self {
            turns: Turns::Every(every),
            ..self
        }
    }

    fn matches(&self, call: &Call) -> bool {
        let service = self
            .service
            .as_ref()
            .is_none_or(|service| *service == call.service);
        let action = self.actions.is_empty() || self.actions.contains(&call.action);
        let mut parameters = self.parameters.iter();
        service
            && action
            && parameters.all(|(name, value)| call.parameter(name) == Some(value.as_str()))
    }
}

impl Turns {
    fn includes(self, turn: u64) -> bool {
        match self {
            Turns::All => true,
            Turns::Nth(nth) => turn == nth,
            Turns::Every(every) => every > 0 && turn.is_multiple_of(every),
        }
    }
}

impl Effect {
    /// EC2's throttling: status 503 with this code (EC2 developer guide, "Request throttling").
    pub fn throttled() -> Self {
        Effect::Error {
            status: 503,
            code: "RequestLimitExceeded".to_owned(),
            message: "Request limit exceeded.".to_owned(),
        }
    }
}

/// What the rules say about one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    pub delay: Duration,
    /// The rule that decides, and its effect: never [`Effect::Delay`].
    pub fault: Option<(RuleId, Effect)>,
}

/// The rules that hold now.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Counted>,
    last: RuleId,
}

#[derive(Debug)]
struct Counted {
    id: RuleId,
    rule: Rule,
    seen: u64,
}

impl Rules {
    pub fn add(&mut self, rule: Rule) -> RuleId {
        self.last += 1;
        self.rules.push(Counted {
            id: self.last,
            rule,
            seen: 0,
        });
        self.last
    }

    /// Withdraws all rules and tells which they were.
    pub fn clear(&mut self) -> Vec<RuleId> {
        self.rules.drain(..).map(|counted| counted.id).collect()
    }

    /// Counts `call` in every rule that matches and tells what is to happen to it.
    pub fn judge(&mut self, call: &Call) -> Judgement {
        let mut judgement = Judgement::default();
        for counted in self
            .rules
            .iter_mut()
            .filter(|counted| counted.rule.when.matches(call))
        {
            counted.seen += 1;
            if !counted.rule.when.turns.includes(counted.seen) {
                continue;
            }
            match &counted.rule.effect {
                Effect::Delay { milliseconds } => {
                    judgement.delay += Duration::from_millis(*milliseconds)
                }
                effect if judgement.fault.is_none() => {
                    judgement.fault = Some((counted.id, effect.clone()));
                }
                _ => {}
            }
        }
        judgement
    }
}

#[cfg(test)]
mod tests {
    use super::{super::moto::ec2_request, *};

    fn call(action: &str) -> Call {
        Call::of(&ec2_request("us-east-1", action, &[("Name", "web")]))
    }

    #[test]
    fn turns_are_counted_per_rule_and_delays_add_up() {
        let mut rules = Rules::default();
        rules.add(Rule::new(When::ec2(&["CreateImage"]).nth(2), Effect::Drop));
        rules.add(Rule::new(When::default().every(2), Effect::LoseReply));
        rules.add(Rule::new(
            When::default(),
            Effect::Delay { milliseconds: 7 },
        ));
        let delay = Duration::from_millis(7);
        let fault = |rules: &mut Rules, action| rules.judge(&call(action));
        assert_eq!(
            fault(&mut rules, "CreateImage"),
            Judgement { delay, fault: None }
        );
        assert_eq!(
            fault(&mut rules, "RunInstances").fault,
            Some((2, Effect::LoseReply))
        );
        assert_eq!(
            fault(&mut rules, "CreateImage").fault,
            Some((1, Effect::Drop))
        );
        assert_eq!(
            fault(&mut rules, "CreateImage").fault,
            Some((2, Effect::LoseReply))
        );
        assert_eq!(rules.clear(), [1, 2, 3]);
        assert_eq!(fault(&mut rules, "CreateImage"), Judgement::default());
    }

    #[test]
    fn parameters_and_service_have_to_be_equal() {
        let mut when = When::ec2(&[]);
        when.parameters.insert("Name".to_owned(), "web".to_owned());
        assert!(when.matches(&call("CreateImage")));
        when.parameters.insert("Name".to_owned(), "we".to_owned());
        assert!(!when.matches(&call("CreateImage")));
        let other = When {
            service: Some("sts".to_owned()),
            ..When::default()
        };
        assert!(!other.matches(&call("CreateImage")));
    }

    #[test]
    fn rules_are_short_in_json() {
        let text = r#"{"when": {"actions": ["CreateImage"], "turns": {"nth": 2}}, "effect": {"do": "hold", "at": "before"}}"#;
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!(rule.when.turns, Turns::Nth(2));
        assert_eq!(rule.effect, Effect::Hold { at: Side::Before });
        let everything: Rule = serde_json::from_str(r#"{"effect": {"do": "drop"}}"#).unwrap();
        assert_eq!(everything, Rule::new(When::default(), Effect::Drop));
        assert!(serde_json::from_str::<Rule>(r#"{"effect": {"do": "dorp"}}"#).is_err());
    }
}
