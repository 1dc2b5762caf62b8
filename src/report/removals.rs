//! What a run removes, for the one who has to allow it and for those who look at the end.

use crate::{
    events::{Removal, RemovalResult},
    report::inert,
};

/// One line per thing: what becomes of it, what it is, and why it stays.
pub fn lines(removals: &[Removal]) -> Vec<String> {
    let rows: Vec<(&str, String, String)> = removals.iter().map(row).collect();
    let widest = |column: fn(&(&str, String, String)) -> usize| {
        rows.iter().map(column).max().unwrap_or_default()
    };
    let (words, things) = (widest(|row| row.0.len()), widest(|row| row.1.len()));
    let line = |(word, thing, rest): &(&str, String, String)| {
        let line = format!("{word:words$}  {thing:things$}  {rest}");
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(removal: &Removal) -> (&str, String, String) {
    let thing = &removal.thing;
    let (word, because) = match &removal.result {
        RemovalResult::Proposed => ("remove", None),
        RemovalResult::Removed => ("removed", None),
        RemovalResult::Gone => ("was gone", None),
        RemovalResult::Stays { because } => ("stays", Some(because)),
        RemovalResult::Failed { because } => ("failed", Some(because)),
    };
    let mut rest: Vec<&str> = Vec::new();
    rest.extend(thing.name.as_deref());
    if !thing.region.is_empty() {
        rest.push(&thing.region);
    }
    let mut rest = rest.join(", ");
    if let Some(because) = because {
        rest = format!("{rest}: {because}");
    }
    (
        word,
        inert::line(&format!("{} {}", thing.kind, thing.id)).into_owned(),
        inert::line(&rest).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Thing, ThingKind};

    #[test]
    fn every_thing_has_a_line_and_what_stays_its_reason() {
        let removal = |kind, id: &str, result| Removal {
            thing: Thing {
                kind,
                id: id.into(),
                name: Some("web-1\u{1b}[2K".into()),
                region: "us-east-1".into(),
                run: None,
            },
            result,
        };
        let because = "used by instance i-1 (running)".to_owned();
        let lines = lines(&[
            removal(ThingKind::Ami, "ami-1", RemovalResult::Removed),
            removal(
                ThingKind::Snapshot,
                "snap-12",
                RemovalResult::Stays { because },
            ),
        ]);
        assert!(
            lines[0].starts_with("removed  AMI ami-1         web-1"),
            "{lines:?}"
        );
        assert!(!lines[0].contains('\u{1b}'), "{lines:?}");
        assert!(
            lines[1].ends_with("us-east-1: used by instance i-1 (running)"),
            "{lines:?}"
        );
    }
}
