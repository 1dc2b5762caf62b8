//! "Did you mean": the known name that is closest to one that is not.

/// A hint with the closest of `known`, or with all of them when none is close and they are few.
///
/// `what` is the plural that fits "the ... are: a, b".
pub(crate) fn hint<'a>(
    wrong: &str,
    what: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(close) = closest(wrong, known.iter().copied()) {
        return Some(format!("did you mean `{close}`?"));
    }
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("the only one is `{only}`")),
        some if some.len() <= 16 => Some(format!("{what}: {}", some.join(", "))),
        _ => None,
    }
}

/// The name that is most like `wrong`, if any is like it at all.
pub(super) fn closest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let wrong = plain(wrong);
    let allowed = match wrong.chars().count() {
        // Of a name of one or two letters anything would be a typing error.
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|name| (distance(&wrong, &plain(name)), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits that lead from one word to the other: insertions, deletions, replacements, and swaps of
/// neighbours (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    // Long names come from wrong files, not from typing errors, and the table is quadratic.
    if from.len().max(to.len()) > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_name_that_was_meant() {
        let known = ["region", "terraform", "description", "env"];
        assert_eq!(closest("teraform", known), Some("terraform"));
        assert_eq!(closest("regoin", known), Some("region"));
        assert_eq!(closest("Region", known), Some("region"));
        assert_eq!(closest("evn", known), Some("env"));
        assert_eq!(closest("zone", known), None);
        assert_eq!(closest("x", ["y"]), None);
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
    }

    #[test]
    fn without_a_close_name_the_known_ones_are_listed() {
        assert_eq!(
            hint("zone", "the attributes are", ["env", "region"]).as_deref(),
            Some("the attributes are: env, region")
        );
        assert_eq!(
            hint("zone", "", ["region"]).as_deref(),
            Some("the only one is `region`")
        );
        assert_eq!(hint("zone", "", []), None);
    }
}
