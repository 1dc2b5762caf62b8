//! Puts foreign text into Markdown so that it is read as text: no HTML, no links, no tables or
//! headings of its own (CommonMark 0.31, and what GitHub adds to it).

use crate::report::inert;

/// `text` as running text on one line. Not to be put at the start of a line: see [`at_start`].
pub fn text(text: &str) -> String {
    let plain = inert::line(text);
    let mut escaped = String::with_capacity(plain.len() + 8);
    let mut before = None;
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        match c {
            // An entity and no backslash: the readers of tables disagree on what `\\|` is.
            '|' => escaped.push_str("&#124;"),
            // GitHub makes mentions and mail links of `@name` even when it is escaped; something of
            // no width in between keeps it from doing so.
            '@' => escaped.push_str("@&#8288;"),
            '_' if before.is_some_and(char::is_alphanumeric)
                && next.is_some_and(char::is_alphanumeric) =>
            {
                escaped.push('_');
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '&' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // Bare addresses become links where the reader is GitHub's: `http://...`, `www.x.org`.
            ':' if next == Some('/') => escaped.push_str("\\:"),
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("\\."),
            c => escaped.push(c),
        }
        before = Some(c);
    }
    escaped
}

/// As [`text`], where a line or a list's item starts: opens no heading, list or block of its own.
pub fn at_start(value: &str) -> String {
    let escaped = text(value.trim_start());
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    match escaped.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => {
            format!("{}\\{}", &escaped[..digits], &escaped[digits..])
        }
        Some(b'-' | b'+' | b'=' | b'#') if digits == 0 => format!("\\{escaped}"),
        _ => escaped,
    }
}

/// `text` as it is, in a fixed-width font: for names, ids, addresses.
pub fn code(value: &str) -> String {
    let plain = inert::line(value);
    // Neither of the two has a way to be quoted inside a table's cell.
    if plain.is_empty() || plain.contains('|') {
        return text(value);
    }
    let fence = "`".repeat(longest_run_of_backticks(&plain) + 1);
    let edge = |c: Option<char>| matches!(c, Some('`' | ' '));
    let pad = if edge(plain.chars().next()) || edge(plain.chars().next_back()) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{plain}{pad}{fence}")
}

/// A value: a link when it is a plain web address, else code.
pub fn value(value: &str) -> String {
    if is_web_address(value) {
        format!("<{value}>")
    } else {
        code(value)
    }
}

/// Lines of a tool's output as a block.
pub fn block<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let body: Vec<_> = lines.into_iter().flat_map(inert::lines).collect();
    let longest = body.iter().map(|line| longest_run_of_backticks(line)).max();
    let fence = "`".repeat((longest.unwrap_or(0) + 1).max(3));
    let mut block = format!("{fence}text\n");
    for line in &body {
        block.push_str(line);
        block.push('\n');
    }
    block.push_str(&fence);
    block.push('\n');
    block
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// `http` or `https`, a host, and nothing that could mean more than an address: no user part, no
/// quotes, no angle brackets.
pub fn is_web_address(value: &str) -> bool {
    let Some(rest) = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"))
    else {
        return false;
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let safe = |c: char| c.is_ascii_alphanumeric() || "-._~/?#=&%+,;:".contains(c);
    authority.starts_with(|c: char| c.is_ascii_alphanumeric())
        && authority.chars().all(host)
        && path.chars().all(safe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    fn parse(markdown: &str) -> Vec<Event<'_>> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        Parser::new_ext(markdown, options).collect()
    }

    /// What a reader sees of `markdown`, `None` when it has any other markup than a table's cell.
    fn seen(markdown: &str) -> Option<String> {
        let mut seen = String::new();
        for event in parse(markdown) {
            match event {
                Event::Text(text) | Event::Code(text) => seen.push_str(&text),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                _ => return None,
            }
        }
        Some(seen)
    }

    /// The cells of the second row of a table.
    fn cells(markdown: &str) -> usize {
        parse(markdown)
            .iter()
            .skip_while(|event| !matches!(event, Event::End(TagEnd::TableHead)))
            .filter(|event| matches!(event, Event::Start(Tag::TableCell)))
            .count()
    }

    #[test]
    fn markup_is_read_as_text() {
        for hostile in [
            "<script>alert(1)</script>",
            "<!-- x -->",
            "[link](javascript:alert(1))",
            "![image](http://example.org/pixel.png)",
            "http://example.org and www.example.org",
            "<http://example.org>",
            "`code` **strong** _em_ aws_lb.main ~~gone~~ $x^2$",
            "&lt;b&gt; &#60;",
            "a\\",
            "a || b",
            "[^1] [x]: http://example.org",
        ] {
            assert_eq!(
                seen(&format!("x{}", text(hostile))),
                Some(format!("x{hostile}"))
            );
            assert_eq!(
                seen(&format!("x{}", code(hostile))),
                Some(format!("x{hostile}"))
            );
        }
    }

    #[test]
    fn what_only_github_would_turn_into_links_is_broken_up() {
        assert_eq!(text("@everyone"), "@&#8288;everyone");
        assert_eq!(text("http://x.org"), "http\\://x.org");
        assert_eq!(text("WWW.x.org"), "WWW\\.x.org");
        assert_eq!(text("changed: a_b.sh"), "changed: a_b.sh");
    }

    #[test]
    fn a_line_that_starts_with_a_value_is_a_paragraph() {
        for hostile in [
            "# x", "- x", "+ x", "* x", "1. x", "12) x", "> x", "=", "---", "```", "~~~",
        ] {
            assert_eq!(seen(&at_start(hostile)), Some(hostile.to_owned()));
        }
        assert_eq!(seen(&at_start("    x")), Some("x".to_owned()));
    }

    #[test]
    fn only_plain_web_addresses_become_links() {
        let good = "https://a-1.example.org:8443/x?a=1&b=%20#y";
        assert_eq!(value(good), format!("<{good}>"));
        for other in [
            "javascript:alert(1)",
            "http://user@example.org",
            "http://example.org/<b>",
            "http://example.org/ x",
            "http://",
            "http:///etc",
            "http://-x",
            "http://example.org/\u{202e}",
        ] {
            assert!(!value(other).starts_with('<'), "{other}");
        }
    }

    #[test]
    fn a_block_cannot_be_left() {
        let block = block(["```", "````\n</pre>", "\u{1b}[31mred"]);
        assert_eq!(block, "`````text\n```\n````\n</pre>\nred\n`````\n");
    }

    proptest! {
        #[test]
        fn any_value_is_shown_as_it_is(value in "\\PC*[`|\\\\<@:.w _\\[\\]()#!*$~&-]{0,8}\\PC*") {
            let shown = inert::line(&value).replace('@', "@\u{2060}");
            let rendered = seen(&format!("x{}.", text(&value)));
            prop_assert_eq!(rendered, Some(format!("x{shown}.")));
        }

        #[test]
        fn any_value_stays_in_its_cell(value in any::<String>()) {
            let table = format!("| a | b |\n|---|---|\n| {} | {} |\n", text(&value), code(&value));
            prop_assert_eq!(cells(&table), 2, "{}", table);
        }
    }
}
