//! Finds forms in bytes, in one pass, across folded lines.

use std::collections::{HashMap, HashSet};

use aho_corasick::{
    Anchored, MatchKind,
    automaton::{Automaton as _, StateID},
    nfa::contiguous::NFA,
};

use super::forms::{Form, Spacing};

/// An automaton over all forms with white space taken out, walked over bytes whose white space is
/// skipped. A hit counts only if the white space it skipped is where a fold or a dump puts it.
#[derive(Debug)]
pub(super) struct Matcher {
    automaton: NFA,
    start: StateID,
    forms: Vec<Form>,
    /// How many bytes of a form have been seen in each state.
    depth: HashMap<StateID, usize>,
    /// States from which a longer form can still be completed.
    open: HashSet<StateID>,
}

/// A form found at `start..end` of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub start: usize,
    pub end: usize,
    pub secret: usize,
}

/// The end of the bytes, as far as it is the beginning of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Where it begins.
    pub start: usize,
    /// How many bytes of the form are there, white space not counted.
    pub bytes: usize,
}

impl Matcher {
    /// `None` when there is nothing to search for.
    pub fn new(forms: Vec<Form>) -> Option<Self> {
        if forms.is_empty() {
            return None;
        }
        let needles: Vec<Vec<u8>> = forms.iter().map(|form| squeezed(&form.bytes)).collect();
        // Every hit is wanted, also those that overlap: two secrets may share an end and a
        // beginning, and what is left of either is a piece of a secret.
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(&needles)
            .ok()?;
        let start = automaton.start_state(Anchored::No).ok()?;
        let mut depth = HashMap::from([(start, 0)]);
        let mut open = HashSet::from([start]);
        for needle in &needles {
            let mut state = start;
            for (seen, &byte) in needle.iter().enumerate() {
                open.insert(state);
                state = automaton.next_state(Anchored::No, state, byte);
                depth.insert(state, seen + 1);
            }
        }
        Some(Self {
            automaton,
            start,
            forms,
            depth,
            open,
        })
    }

    /// Calls `on_hit` for every form in `bytes` and says whether their end begins another.
    pub fn search(&self, bytes: &[u8], mut on_hit: impl FnMut(Hit)) -> Option<Beginning> {
        let mut state = self.start;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let skipped = skippable(bytes, at);
            if skipped > 0 {
                at += skipped;
                continue;
            }
            at += 1;
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_match(state) {
                for index in 0..self.automaton.match_len(state) {
                    let form = &self.forms[self.automaton.match_pattern(state, index).as_usize()];
                    if let Some(hit) = accept(form, bytes, at) {
                        on_hit(hit);
                    }
                }
            }
        }
        self.beginning(bytes, state)
    }

    /// The longest end of `bytes` that may grow into a form, when the walk ended in `state`.
    fn beginning(&self, bytes: &[u8], mut state: StateID) -> Option<Beginning> {
        loop {
            let seen = self.depth.get(&state).copied().unwrap_or(0);
            if seen == 0 {
                return None;
            }
            let start = back(bytes, bytes.len(), seen)?;
            if self.open.contains(&state) {
                return Some(Beginning { start, bytes: seen });
            }
            // A whole form that nothing longer begins with: look at what remains without its
            // first byte.
            let rest = squeezed(&bytes[start..]);
            state = self.start;
            for &byte in &rest[1..] {
                state = self.automaton.next_state(Anchored::No, state, byte);
            }
        }
    }
}

/// How many bytes at `at` a form may have between its own: white space, and the bar that
/// Terraform draws left of its messages.
pub(super) fn skippable(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        byte if is_space(byte) => 1,
        0xE2 if bytes[at..].starts_with("│".as_bytes()) => "│".len(),
        _ => 0,
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `bytes` without what [`skippable`] skips.
pub(super) fn squeezed(bytes: &[u8]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match skippable(bytes, at) {
            0 => {
                rest.push(bytes[at]);
                at += 1;
            }
            skipped => at += skipped,
        }
    }
    rest
}

/// Where the last `count` bytes before `end` that are not skippable begin.
fn back(bytes: &[u8], end: usize, count: usize) -> Option<usize> {
    let bar = "│".as_bytes();
    let mut at = end;
    let mut left = count;
    while left > 0 {
        if bytes[..at].ends_with(bar) {
            at -= bar.len();
        } else {
            at = at.checked_sub(1)?;
            left -= usize::from(skippable(bytes, at) == 0);
        }
    }
    Some(at)
}

/// The hit of `form` that ends at `end`, if what lies between its bytes is allowed there.
fn accept(form: &Form, bytes: &[u8], end: usize) -> Option<Hit> {
    let start = back(bytes, end, squeezed(&form.bytes).len())?;
    let body = trim_end(trim_start(&form.bytes));
    let spacing_is_right = match form.spacing {
        Spacing::Anywhere => true,
        Spacing::AtLineEnds => same_but_for_folds(&bytes[start..end], body),
    };
    if !spacing_is_right || (form.whole_word && !stands_alone(bytes, start, end)) {
        return None;
    }
    Some(Hit {
        start,
        end,
        secret: form.secret,
    })
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    &bytes[run_of_skippable(bytes, 0)..]
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [rest @ .., last] if skippable(&[*last], 0) > 0 => rest,
            _ => match bytes.strip_suffix("│".as_bytes()) {
                Some(rest) => rest,
                None => return bytes,
            },
        };
    }
}

/// Whether `found` is `wanted`, apart from line ends with the indentation around them: a tool may
/// have put one between two bytes or in place of white space.
fn same_but_for_folds(found: &[u8], wanted: &[u8]) -> bool {
    let (mut at, mut want) = (0, 0);
    while at < found.len() {
        let gap = run_of_skippable(found, at);
        if gap > 0 && found[at..at + gap].contains(&b'\n') {
            at += gap;
            want += run_of_skippable(wanted, want);
        } else if gap > 0 {
            let same = wanted.get(want..want + gap) == Some(&found[at..at + gap]);
            if !same || run_of_skippable(wanted, want) != gap {
                return false;
            }
            at += gap;
            want += gap;
        } else if wanted.get(want) == Some(&found[at]) {
            at += 1;
            want += 1;
        } else {
            return false;
        }
    }
    want == wanted.len()
}

fn run_of_skippable(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match skippable(bytes, at) {
            0 => break,
            skipped => at += skipped,
        }
    }
    at - from
}

/// Whether neither side of `start..end` continues a word, a name with dashes, or a path.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let continues = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || matches!(byte, b'_' | b'-' | b'.' | b'/')
    };
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    // A full stop ends a sentence more often than it continues a name.
    let after = match &bytes[end..] {
        [b'.', next, ..] if continues(next) => true,
        [b'.', ..] | [] => false,
        [next, ..] => continues(next),
    };
    !before.is_some_and(continues) && !after
}

#[cfg(test)]
mod tests {
    use super::{super::forms::forms, *};

    fn found(secrets: &[&str], text: &str) -> Vec<String> {
        let all = secrets
            .iter()
            .enumerate()
            .flat_map(|(at, text)| forms(text, at))
            .collect();
        let mut hits = Vec::new();
        Matcher::new(all)
            .unwrap()
            .search(text.as_bytes(), |hit| hits.push(hit));
        hits.iter()
            .map(|hit| text[hit.start..hit.end].to_owned())
            .collect()
    }

    fn beginning(secret: &str, text: &str) -> Option<String> {
        let matcher = Matcher::new(forms(secret, 0)).unwrap();
        let beginning = matcher.search(text.as_bytes(), |_| ())?;
        Some(text[beginning.start..].to_owned())
    }

    #[test]
    fn overlapping_secrets_are_all_found() {
        let text = "abcdef-ghijk";
        assert_eq!(
            found(&["abcdef", "def-ghijk", "abcdef-"], text),
            ["abcdef", "abcdef-", "def-ghijk"]
        );
    }

    #[test]
    fn a_fold_may_stand_anywhere_in_a_secret() {
        let folded = "hunter2\n  │   hunter2";
        assert_eq!(found(&["hunter2hunter2"], folded), [folded]);
        assert_eq!(
            found(&["horse battery"], "horse\r\nbattery"),
            ["horse\r\nbattery"]
        );
        assert_eq!(
            found(&["horse battery"], "ho\nrse battery"),
            ["ho\nrse battery"]
        );
        assert_eq!(found(&["two\nlines"], "  two\n  lines"), ["two\n  lines"]);
    }

    #[test]
    fn white_space_inside_a_line_is_no_fold() {
        assert_eq!(found(&["horsebattery"], "horse battery"), [""; 0]);
        assert_eq!(found(&["horse battery"], "horse  battery"), [""; 0]);
        assert_eq!(found(&["horse battery"], "horsebattery"), [""; 0]);
    }

    #[test]
    fn a_secret_may_begin_and_end_with_what_is_skipped() {
        assert_eq!(found(&["│ hunter2 x│ "], "is │ hunter2 x│"), ["hunter2 x"]);
        assert_eq!(found(&["\thunter2 x\n"], "is\thunter2 x."), ["hunter2 x"]);
    }

    #[test]
    fn common_words_count_only_alone() {
        let text = "aws_db_password /password/ my-password passwords password.tf";
        assert_eq!(found(&["password"], text), [""; 0]);
        assert_eq!(
            found(&["password"], "user:password@host, password."),
            ["password", "password"]
        );
        assert_eq!(
            found(&["123456"], "account 123456789012, 123456"),
            ["123456"]
        );
    }

    #[test]
    fn spaced_hexadecimal_is_found() {
        assert_eq!(
            found(&["@w0rdy!"], "40 77 30 72  64 79 21"),
            ["40 77 30 72  64 79 21"]
        );
    }

    #[test]
    fn the_end_of_the_text_may_begin_a_secret() {
        assert_eq!(
            beginning("hunter2hunter3", "the hunt"),
            Some("hunt".to_owned())
        );
        assert_eq!(
            beginning("hunter2hunter3", "hunter2\nhu"),
            Some("hunter2\nhu".to_owned())
        );
        assert_eq!(beginning("hunter2hunter3", "is hunter2hunter3"), None);
        assert_eq!(
            beginning("xyzxyz-xyzxyz", "xyzxyz-xyzxyz"),
            Some("xyzxyz".to_owned())
        );
        assert_eq!(beginning("hunter2hunter3", "nothing!"), None);
    }
}
