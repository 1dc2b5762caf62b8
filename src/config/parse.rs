//! Text to syntax tree, and the parser's complaints in words of this tool.

use hcl_edit::{parser, structure::Body};

use super::{Problem, fault::Fault, lexical, source::Source};

/// Parses a stack file.
pub(super) fn body(source: &Source) -> Result<Body, Problem> {
    lexical::check(&source.text)
        .and_then(|()| {
            parser::parse_body(&source.text).map_err(|error| explain(&source.text, &error))
        })
        .map_err(|fault| source.problem(fault))
}

/// Parses a single expression.
pub(super) fn expression(source: &Source) -> Result<hcl_edit::expr::Expression, Problem> {
    lexical::check(&source.text)
        .and_then(|()| {
            parser::parse_expr(&source.text).map_err(|error| explain(&source.text, &error))
        })
        .map_err(|fault| source.problem(fault))
}

fn explain(text: &str, error: &parser::Error) -> Fault {
    let at = error.location().offset().min(text.len());
    let message = error.message();
    let rest = text.get(at..).unwrap_or_default();
    let token = token(rest);
    let span = at..at + token.len().max(1);
    let before = text.get(..at).unwrap_or_default();
    let says = |part: &str| message.contains(part);

    if says("redefined attribute") || says("redefined object key") {
        let fault = Fault::new(format!("`{token}` is set twice")).at(span);
        return fault.hint(match line_that_sets(before, token) {
            Some(line) => format!("it is set on line {line} already; keep one of the two"),
            None => "keep one of the two".to_owned(),
        });
    }
    if says("nesting depth") {
        return Fault::new("this is nested too deep").at(span).hint(
            "move a part into a file of its own and read it with jsondecode(file(\"PATH\"))",
        );
    }
    if says("chained binary operators") {
        return Fault::new("too many operators in one expression")
            .at(span)
            .hint("at most 128 operators fit; use a template \"${a}${b}\", join() or sum()");
    }
    if says("escape sequence") || says("hex code") {
        return escape(text, at);
    }
    if number_ends(before) && rest.starts_with(['e', 'E', '.']) {
        return too_large(before, rest, at);
    }
    if says("invalid structure") {
        let fault = Fault::new(match token {
            "" => "a `=` or a `{` is missing here".to_owned(),
            token => format!("expected `=` or `{{`, found `{token}`"),
        })
        .at(span);
        return fault.hint(match token {
            ":" => "attributes are written `name = value`",
            "." => "names of attributes have no dots",
            _ => "attributes are written `name = value`, blocks `name \"label\" { ... }`",
        });
    }
    if says("block body") {
        let fault = Fault::new(format!(
            "expected `}}` or the end of the line, found `{token}`"
        ));
        return fault.at(span).hint(
            "a block on one line has room for one attribute; write each of several on its own line",
        );
    }
    if says("newline or eof") {
        return match token {
            "," | ";" => Fault::new(format!("`{token}` after a value"))
                .hint("remove it: an attribute ends at the end of its line"),
            token => Fault::new(format!("unexpected `{token}` after a value"))
                .hint("each attribute and each block begins on a line of its own"),
        }
        .at(span);
    }
    if says("invalid expression") {
        return match token {
            "" | "\n" => Fault::new("a value is missing here")
                .hint("write it on the same line, after the `=`"),
            token => Fault::new(format!("`{token}` does not begin a value"))
                .hint("text is written in double quotes: \"...\""),
        }
        .at(span);
    }
    let expected = message.trim_start_matches("invalid ").replace('\n', "\\n");
    let found = if token.is_empty() || token == "\n" {
        "the end of the line".to_owned()
    } else {
        format!("`{token}`")
    };
    match expected.as_str() {
        "expected `]`" => Fault::new(format!("expected `,` or `]`, found {found}"))
            .hint("elements of a list are separated by commas"),
        text if text.starts_with("object item") => Fault::new(format!(
            "expected `,`, `}}` or the end of the line, found {found}"
        ))
        .hint("entries of an object are separated by commas or line ends"),
        text if text.starts_with("object value assignment") => {
            Fault::new(format!("expected `=` or `:`, found {found}"))
                .hint("entries of an object are written `name = value`")
        }
        "expected `)`" => Fault::new(format!("expected `,` or `)`, found {found}")),
        "expected `}`" => Fault::new(format!("expected `}}`, found {found}")),
        "unexpected token" => Fault::new(format!("unexpected {found}")),
        text => Fault::new(format!("unexpected {found}: {text}")),
    }
    .at(span)
}

/// Number of the last line that begins with `name =`, indented like the one that `text` ends in.
fn line_that_sets(text: &str, name: &str) -> Option<usize> {
    let lines: Vec<&str> = text.split('\n').collect();
    let indentation = lines.last().filter(|last| last.trim().is_empty())?;
    let sets = |line: &&str| {
        let after = line
            .strip_prefix(indentation)
            .and_then(|line| line.strip_prefix(name));
        after.is_some_and(|after| after.trim_start().starts_with(['=', ':']))
    };
    lines.iter().rposition(sets).map(|index| index + 1)
}

/// The word or mark that text begins with.
fn token(rest: &str) -> &str {
    let length = match rest.chars().next() {
        None => 0,
        Some(c) if lexical::is_word(c) => rest.find(|c| !lexical::is_word(c)).unwrap_or(rest.len()),
        Some(c) => c.len_utf8(),
    };
    // A whole file of letters would be a word too.
    match rest[..length].char_indices().nth(60) {
        Some((cut, _)) => &rest[..cut],
        None => &rest[..length],
    }
}

/// The parser points at or behind the backslash's letter; show both.
fn escape(text: &str, at: usize) -> Fault {
    let start = text[..at].rfind('\\').unwrap_or(at);
    let length: usize = text[start..].chars().take(2).map(char::len_utf8).sum();
    let span = start..start + length;
    Fault::new(format!(
        "`{}` is not an escape sequence",
        &text[span.clone()]
    ))
    .at(span)
    .hint(r#"known are \n \r \t \" \\ \uXXXX and \UXXXXXXXX; write `\\` for a backslash"#)
}

/// Whether text ends in a number that is not part of a word.
fn number_ends(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    word.len() < text.len() && !word.ends_with(lexical::is_word)
}

fn too_large(before: &str, rest: &str, at: usize) -> Fault {
    let digits = before.len()
        - before
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
            .len();
    let tail = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))
        .unwrap_or(rest.len());
    let number = &rest[..tail];
    let is_number = format!("{}{number}", &before[before.len() - digits..])
        .parse::<f64>()
        .is_ok();
    let fault = if is_number {
        super::number::inexact(&format!("{}{number}", &before[before.len() - digits..]))
    } else {
        Fault::new("this is not a number").hint("numbers are written like 42, 0.5 or 1e6")
    };
    fault.at(at - digits..at + tail)
}
