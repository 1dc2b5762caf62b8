//! Makes text of tools, users and AWS harmless to show.
//!
//! A value that a stranger chose (a tag, an output, a line of a build's log) may carry escape
//! sequences that repaint or reprogram a terminal, controls that fake a second line, or bidirectional
//! overrides that show other text than is there. Colours are dropped, everything else of the kind is
//! spelled out, so that it can be seen and does nothing.

use std::borrow::Cow;

/// `text` as one line: line ends and controls are spelled out (`\n`, `\u{1b}`), tabs become spaces.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_active) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = colour_sequence(rest) {
            rest = &rest[length..];
            continue;
        }
        match c {
            '\t' => shown.push_str("    "),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            c if is_active(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(shown)
}

/// `text` as lines, each as [`line`] makes it; a CR before a line's end is dropped.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(line)
}

/// Whether `c` does something to a terminal or a reader instead of just being seen.
pub fn is_active(c: char) -> bool {
    // C0, DEL and C1.
    c.is_control()
        || matches!(c,
            // Bidirectional marks, embeddings, overrides and isolates (UAX #9).
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line ends beyond ASCII.
            | '\u{2028}' | '\u{2029}'
            // Invisible, so that two different names look the same. The joiners U+200C and U+200D
            // are left alone: scripts and emoji need them.
            | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Length of the colour or erase-in-line sequence that `text` starts with (ECMA-48, SGR and EL):
/// tools write them in good faith, and without them a line reads the same.
fn colour_sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    matches!(parameters.as_bytes()[end], b'm' | b'K').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "ami-0123", "größe 国 👩\u{200d}💻", "a \\ b"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn colours_go_and_other_sequences_are_spelled_out() {
        assert_eq!(line("\u{1b}[1;31mred\u{1b}[0m\u{1b}[K!"), "red!");
        assert_eq!(
            line("\u{1b}[2J\u{1b}]0;title\u{7}"),
            "\\u{1b}[2J\\u{1b}]0;title\\u{7}"
        );
        assert_eq!(line("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(line("\u{1b}["), "\\u{1b}[");
    }

    #[test]
    fn one_line_stays_one_line_and_reads_in_its_order() {
        assert_eq!(line("a\r\nb\tc\u{2028}d"), "a\\r\\nb    c\\u{2028}d");
        assert_eq!(line("exe.\u{202e}cod"), "exe.\\u{202e}cod");
        assert_eq!(lines("a\r\n\u{1b}[1mb\n").collect::<Vec<_>>(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn nothing_active_is_left(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(is_active));
            prop_assert!(!lines(&text).any(|line| line.chars().any(is_active)));
        }
    }
}
