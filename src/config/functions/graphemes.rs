//! Characters as people see them, which is how Terraform counts the length of a string.

use unicode_width::UnicodeWidthChar;

/// The characters of `text`, each with the marks that belong to it.
///
/// The rules are the ones of Unicode's UAX 29 that matter outside of Indic conjuncts: CRLF is one character,
/// marks without a width of their own, joiners and skin tones belong to what they follow, what follows
/// a joiner belongs to what precedes it, and flags are pairs.
pub(super) fn of(text: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut before: Option<char> = None;
    let mut flag_half = false;
    for (at, c) in text.char_indices() {
        let is_flag = ('\u{1f1e6}'..='\u{1f1ff}').contains(&c);
        let continues = match before {
            None => false,
            Some('\r') => c == '\n',
            Some(last) if last.is_control() => false,
            Some(last) => {
                extends(c) || (last == '\u{200d}' && !c.is_ascii()) || (is_flag && flag_half)
            }
        };
        if !continues {
            starts.push(at);
        }
        flag_half = is_flag && !(flag_half && continues);
        before = Some(c);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &text[start..end])
        .collect()
}

fn extends(c: char) -> bool {
    let skin_tone = ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    skin_tone
        || (c.width() == Some(0) && !matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}'..='\u{206f}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_people_see_them() {
        for (text, count) in [
            ("", 0),
            ("abc", 3),
            ("日本", 2),
            ("e\u{301}a", 2),
            ("\r\n\n", 2),
            ("👨‍👩‍👧", 1),
            ("👍🏽!", 2),
            ("🇩🇪🇫🇷🇮", 3),
            ("❤\u{fe0f}", 1),
            ("각", 1),
        ] {
            assert_eq!(of(text).len(), count, "{text:?}");
            assert_eq!(of(text).concat(), text);
        }
    }
}
