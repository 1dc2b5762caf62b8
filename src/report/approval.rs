//! What a plan will do, for the one who has to approve it: the dangerous things first.

use std::collections::BTreeMap;

use crate::{
    events::{Action, PlannedChange, PlannedChanges},
    report::{inert, phrase},
};

/// Creations beyond these are counted by type.
const SHOWN_CREATIONS: usize = 12;

/// The plan as indented lines: replacements, destructions and what is forgotten in full, then changes,
/// then creations, of which a long list is shortened.
pub fn approval_text(changes: &PlannedChanges) -> String {
    let mut lines = vec![headline(changes)];
    for (action, sign, title) in GROUPS {
        let group: Vec<_> = changes
            .changes
            .iter()
            .filter(|change| change.action == action)
            .collect();
        if group.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("  {title}"));
        let shown = match action {
            // One more line would be taken up by saying how many there are.
            Action::Create if group.len() > SHOWN_CREATIONS + 1 => SHOWN_CREATIONS,
            _ => group.len(),
        };
        lines.extend(group[..shown].iter().map(|change| entry(sign, change)));
        if shown < group.len() {
            lines.push(format!("    {sign:<3} {}", rest(&group[shown..])));
        }
    }
    if !changes.outputs.is_empty() {
        let names: Vec<_> = changes
            .outputs
            .iter()
            .map(|name| inert::line(name))
            .collect();
        lines.push(String::new());
        lines.push(format!("  outputs that change: {}", names.join(", ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Groups in the order of what can be lost, with Terraform's own signs.
const GROUPS: [(Action, &str, &str); 5] = [
    (
        Action::Replace,
        "-/+",
        "replace: destroyed and created anew, what they hold is lost",
    ),
    (Action::Destroy, "-", "destroy"),
    (
        Action::Forget,
        ".",
        "forget: left as they are, no longer managed",
    ),
    (Action::Update, "~", "change in place"),
    (Action::Create, "+", "create"),
];

fn headline(changes: &PlannedChanges) -> String {
    if changes.is_empty() {
        return "no changes".to_owned();
    }
    let mut headline = phrase::planned_counts(changes.counts());
    let replaced = count(changes, Action::Replace);
    if replaced > 0 {
        headline.push_str(&format!(
            "; {} counted as both",
            phrase::count(replaced, "replacement")
        ));
    }
    let forgotten = count(changes, Action::Forget);
    if forgotten > 0 {
        headline.push_str(&format!(", {forgotten} to forget"));
    }
    headline
}

fn count(changes: &PlannedChanges, action: Action) -> usize {
    let of_action = |change: &&PlannedChange| change.action == action;
    changes.changes.iter().filter(of_action).count()
}

fn entry(sign: &str, change: &PlannedChange) -> String {
    let mut line = format!("    {sign:<3} {}", inert::line(&change.address));
    if !change.replace_because.is_empty() {
        let because = change.replace_because.join(", ");
        line.push_str(&format!("  (because of {})", inert::line(&because)));
    }
    line
}

/// `and 19 more: 5 aws_subnet, 3 aws_security_group, ...`, the most frequent types first.
fn rest(changes: &[&PlannedChange]) -> String {
    let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        *by_type.entry(change.resource_type.as_str()).or_default() += 1;
    }
    let mut by_type: Vec<_> = by_type.into_iter().collect();
    by_type.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let types: Vec<_> = by_type
        .iter()
        .map(|(name, count)| format!("{count} {}", inert::line(name)))
        .collect();
    format!("and {} more: {}", changes.len(), types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(address: &str, action: Action) -> PlannedChange {
        PlannedChange {
            address: address.into(),
            resource_type: address.split('.').next().unwrap().into(),
            action,
            replace_because: Vec::new(),
        }
    }

    #[test]
    fn what_can_be_lost_comes_first_and_is_never_shortened() {
        let mut changes = Vec::new();
        for number in 0..40 {
            changes.push(change(&format!("aws_subnet.s{number}"), Action::Create));
        }
        for number in 0..40 {
            changes.push(change(&format!("aws_eip.e{number}"), Action::Destroy));
            changes.push(change(&format!("aws_lb.l{number}"), Action::Replace));
        }
        let text = approval_text(&PlannedChanges {
            changes,
            outputs: Vec::new(),
        });
        for number in 0..40 {
            assert!(text.contains(&format!("    -   aws_eip.e{number}\n")));
            assert!(text.contains(&format!("    -/+ aws_lb.l{number}\n")));
        }
        let place = |what: &str| text.find(what).unwrap();
        assert!(place("aws_lb.l0") < place("aws_eip.e0"));
        assert!(place("aws_eip.e39") < place("aws_subnet.s0"));
        assert!(text.contains("aws_subnet.s11") && !text.contains("aws_subnet.s12"));
        assert!(text.contains("    +   and 28 more: 28 aws_subnet\n"));
    }

    #[test]
    fn an_address_cannot_fake_another_line() {
        let text = approval_text(&PlannedChanges {
            changes: vec![change(
                "aws_x.a[\"\n    +   aws_y.b\u{1b}[2K\"]",
                Action::Destroy,
            )],
            outputs: vec!["\u{202e}x".into()],
        });
        assert_eq!(
            text.lines().filter(|line| line.contains("aws_y.b")).count(),
            1
        );
        assert!(text.contains("aws_x.a[\"\\n    +   aws_y.b\"]"));
        assert!(text.contains("\\u{202e}x"));
    }

    #[test]
    fn no_changes_are_said_to_be_none() {
        assert_eq!(approval_text(&PlannedChanges::default()), "no changes\n");
    }
}
