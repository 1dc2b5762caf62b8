//! What a run removes, for the one who has to allow it and for those who look at the end.

use crate::{
    events::{Removal, RemovalResult},
    report::inert,
};

/// A line per thing: what becomes of it and what it is; below it, why it stays or what failed.
pub fn lines(removals: &[Removal]) -> Vec<String> {
    let rows: Vec<Row> = removals.iter().map(row).collect();
    let words = rows.iter().map(|row| row.word.len()).max();
    let things = rows.iter().map(|row| row.thing.len()).max();
    let (words, things) = (words.unwrap_or_default(), things.unwrap_or_default());
    let mut lines = Vec::new();
    for Row {
        word,
        thing,
        place,
        because,
    } in rows
    {
        let line = format!("{word:words$}  {thing:things$}  {place}");
        lines.push(line.trim_end().to_owned());
        lines.extend(because.map(|because| format!("{:words$}  {because}", "")));
    }
    lines
}

struct Row {
    word: &'static str,
    thing: String,
    place: String,
    because: Option<String>,
}

fn row(removal: &Removal) -> Row {
    let thing = &removal.thing;
    let (word, because) = match &removal.result {
        RemovalResult::Proposed => ("remove", None),
        RemovalResult::Removed => ("removed", None),
        RemovalResult::Gone => ("was gone", None),
        RemovalResult::Stays { because } => ("stays", Some(because)),
        RemovalResult::Failed { because } => ("failed", Some(because)),
    };
    let mut place: Vec<&str> = Vec::new();
    place.extend(thing.name.as_deref());
    if !thing.region.is_empty() {
        place.push(&thing.region);
    }
    Row {
        word,
        thing: inert::line(&format!("{} {}", thing.kind, thing.id)).into_owned(),
        place: inert::line(&place.join(", ")).into_owned(),
        because: because.map(|because| inert::line(because).into_owned()),
    }
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
        assert!(lines[1].ends_with("us-east-1"), "{lines:?}");
        assert_eq!(lines[2], "         used by instance i-1 (running)");
    }
}
