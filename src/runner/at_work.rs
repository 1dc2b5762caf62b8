//! [`AtWork`]: which steps are at work, and what they are in the middle of, for whoever wants to stop them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::events::Step;

/// More than these are only counted.
const NAMED: usize = 8;

/// The steps at work; its copies share them.
#[derive(Debug, Clone, Default)]
pub struct AtWork(Arc<Mutex<BTreeMap<Step, Vec<String>>>>);

impl AtWork {
    pub fn begin(&self, step: &Step) {
        self.lock().insert(step.clone(), Vec::new());
    }

    /// Notes what `step` is in the middle of; texts without secrets.
    pub fn busy_with(&self, step: &Step, what: Vec<String>) {
        if let Some(known) = self.lock().get_mut(step) {
            *known = what;
        }
    }

    pub fn end(&self, step: &Step) {
        self.lock().remove(step);
    }

    /// What has to be waited for: `terraform.apply: aws_lb.main, aws_vpc.this`. Steps that wait for something
    /// themselves stop when they are asked to, and are not among it.
    pub fn phrases(&self) -> Vec<String> {
        let steps = self.lock();
        let waited_for = steps
            .iter()
            .filter(|(step, _)| !matches!(step, Step::Approve | Step::Check(_) | Step::Recover));
        waited_for.map(|(step, what)| phrase(step, what)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Step, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn phrase(step: &Step, what: &[String]) -> String {
    let named = what.iter().take(NAMED).cloned().collect::<Vec<_>>();
    match (what.len().saturating_sub(NAMED), named.join(", ")) {
        (_, named) if named.is_empty() => step.to_string(),
        (0, named) => format!("{step}: {named}"),
        (more, named) => format!("{step}: {named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_named_until_it_has_ended() {
        let at_work = AtWork::default();
        for step in [Step::TerraformInit, Step::TerraformApply, Step::Approve] {
            at_work.begin(&step);
        }
        let many = (1..=10).map(|number| format!("r{number}")).collect();
        at_work.busy_with(&Step::TerraformApply, many);
        at_work.busy_with(&Step::Prune, vec!["never begun".to_owned()]);
        let apply = "terraform.apply: r1, r2, r3, r4, r5, r6, r7, r8 and 2 more";
        assert_eq!(at_work.phrases(), ["terraform.init", apply]);
        at_work.end(&Step::TerraformApply);
        assert_eq!(at_work.phrases(), ["terraform.init"]);
    }
}
