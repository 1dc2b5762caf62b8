//! A first look at the text of a stack file: quotes, brackets, heredocs and how deep they nest.
//!
//! The parser says "unexpected token" where it gave up, which for an unclosed quote or brace is far
//! from the mistake. This pass finds those at their cause, and it bounds nesting before any recursive
//! code sees the text.

use std::ops::Range;

use super::fault::Fault;

/// Brackets, templates, directives and heredocs inside each other. Real files stay below ten; with
/// this bound parsing and evaluating take less than half of a thread's stack, in debug builds too.
const DEEPEST: usize = 32;

/// Checks that everything that is opened is closed, in order and in time.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    Scanner {
        text,
        at: 0,
        open: Vec::new(),
        directives: Vec::new(),
    }
    .run()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open<'a>>,
    /// `%{ if` and `%{ for` whose end has not come yet.
    directives: Vec<Directive>,
}

struct Directive {
    span: Range<usize>,
    end: &'static str,
    /// How much was open around it.
    depth: usize,
}

struct Open<'a> {
    kind: Kind<'a>,
    /// Bytes of the opening mark.
    span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind<'a> {
    Brace,
    Bracket,
    Parenthesis,
    /// `${` or `%{`, closed by `}`.
    Template,
    Quote,
    Heredoc(&'a str),
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Result<(), Fault> {
        while self.at < self.text.len() {
            match self.open.last().map(|open| open.kind) {
                Some(Kind::Quote) => self.in_string()?,
                Some(Kind::Heredoc(delimiter)) => self.in_heredoc(delimiter)?,
                _ => self.in_code()?,
            }
        }
        match self.open.pop() {
            None => Ok(()),
            Some(open) => Err(self.never_closed(open)),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The text from here to the end of the line.
    fn line(&self) -> &'a str {
        self.rest().split('\n').next().unwrap_or_default()
    }

    fn push(&mut self, kind: Kind<'a>, length: usize) -> Result<(), Fault> {
        let span = self.at..self.at + length;
        if self.open.len() + self.directives.len() >= DEEPEST {
            return Err(Fault::new(format!(
                "brackets and templates are nested more than {DEEPEST} deep"
            ))
            .at(span)
            .hint(
                "move a part into a file of its own and read it with jsondecode(file(\"PATH\"))",
            ));
        }
        self.open.push(Open { kind, span });
        self.at += length;
        Ok(())
    }

    fn in_code(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let c = rest
            .chars()
            .next()
            .expect("the caller checked that text is left");
        match c {
            '#' => self.at += self.line().len(),
            '/' if rest.starts_with("//") => self.at += self.line().len(),
            '/' if rest.starts_with("/*") => match rest.find("*/") {
                // `/*/` does not close itself.
                Some(end) if end >= 2 => self.at += end + 2,
                _ => match rest[2..].find("*/") {
                    Some(end) => self.at += end + 4,
                    None => {
                        return Err(Fault::new("this comment is never closed")
                            .at(self.at..self.at + 2)
                            .hint("close it with `*/`, or start a comment of one line with `#`"));
                    }
                },
            },
            '"' => self.push(Kind::Quote, 1)?,
            '{' => self.push(Kind::Brace, 1)?,
            '[' => self.push(Kind::Bracket, 1)?,
            '(' => self.push(Kind::Parenthesis, 1)?,
            '}' | ']' | ')' => self.close(c)?,
            '<' if rest.starts_with("<<") => self.heredoc()?,
            '\'' | '`' => return Err(self.wrong_quote(c, c)),
            '“' | '”' | '„' => return Err(self.wrong_quote(c, '”')),
            '‘' | '’' => return Err(self.wrong_quote(c, '’')),
            c => self.at += c.len_utf8(),
        }
        Ok(())
    }

    fn wrong_quote(&self, opening: char, closing: char) -> Fault {
        let length = opening.len_utf8();
        let end = self.line()[length..]
            .find(closing)
            .map_or(length, |end| length + end + closing.len_utf8());
        Fault::new(format!("`{opening}` does not begin a string"))
            .at(self.at..self.at + end)
            .hint("strings are written in straight double quotes: \"...\"")
    }

    fn close(&mut self, closing: char) -> Result<(), Fault> {
        let span = self.at..self.at + 1;
        let Some(open) = self.open.last() else {
            return Err(Fault::new(format!("this `{closing}` closes nothing"))
                .at(span)
                .hint("remove it, or look for an opening bracket that is missing above"));
        };
        let matches = match open.kind {
            Kind::Brace | Kind::Template => closing == '}',
            Kind::Bracket => closing == ']',
            Kind::Parenthesis => closing == ')',
            Kind::Quote | Kind::Heredoc(_) => false,
        };
        if !matches {
            let opening = &self.text[open.span.clone()];
            let line = self.text[..open.span.start].matches('\n').count() + 1;
            let expected = closing_of(open.kind);
            return Err(
                Fault::new(format!("`{closing}` comes where `{expected}` is expected"))
                    .at(span)
                    .hint(format!("the `{opening}` of line {line} is still open")),
            );
        }
        self.open.pop();
        self.at += 1;
        Ok(())
    }

    fn heredoc(&mut self) -> Result<(), Fault> {
        let line = self.line();
        let mark = if line.starts_with("<<-") { 3 } else { 2 };
        let word = &line[mark..];
        let length = word.find(|c: char| !is_word(c)).unwrap_or(word.len());
        let (delimiter, after) = word.split_at(length);
        let starts_well = delimiter
            .chars()
            .next()
            .is_some_and(|c| !c.is_ascii_digit() && c != '-');
        if !starts_well || !after.is_empty() {
            return Err(Fault::new("this heredoc does not begin with a word alone")
                .at(self.at..self.at + line.trim_end().len().max(mark))
                .hint(
                    "write `<<-EOT`, end the line, then the text, then `EOT` on a line of its own",
                ));
        }
        self.push(Kind::Heredoc(delimiter), mark + length)?;
        // At the start of the heredoc's first line.
        self.at = (self.at + 1).min(self.text.len());
        self.end_heredoc(delimiter)
    }

    /// Leaves the heredoc when the line that begins here is its end.
    fn end_heredoc(&mut self, delimiter: &str) -> Result<(), Fault> {
        let line = self.line();
        let word = line.trim_start_matches([' ', '\t']);
        let ends = word
            .strip_prefix(delimiter)
            .is_some_and(|after| !after.starts_with(is_word));
        if ends {
            self.end_directives()?;
            self.open.pop();
            self.at += line.len() - word.len() + delimiter.len();
        }
        Ok(())
    }

    fn in_heredoc(&mut self, delimiter: &str) -> Result<(), Fault> {
        if self.rest().starts_with('\n') {
            self.at += 1;
            return self.end_heredoc(delimiter);
        }
        self.literal()
    }

    fn in_string(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        if rest.starts_with('"') {
            self.end_directives()?;
            self.open.pop();
            self.at += 1;
        } else if rest.starts_with('\n') || rest.starts_with("\\\n") {
            let open = self.open.pop().expect("a string is open here");
            return Err(self.never_closed(open));
        } else if let Some(escaped) = rest.strip_prefix('\\') {
            self.at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
        } else {
            self.literal()?;
        }
        Ok(())
    }

    /// One character of template text, or the start of an interpolation or directive.
    fn literal(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            self.at += 3;
        } else if rest.starts_with("${") {
            self.push(Kind::Template, 2)?;
        } else if let Some(directive) = rest.strip_prefix("%{") {
            self.directive(directive);
            self.push(Kind::Template, 2)?;
        } else {
            self.at += rest.chars().next().map_or(0, char::len_utf8);
        }
        Ok(())
    }

    /// Notes the begin or the end of a directive; `text` is what follows its `%{`.
    fn directive(&mut self, text: &str) {
        let word = text.trim_start_matches('~').trim_start();
        let skipped = text.len() - word.len();
        let length = word.find(|c| !is_word(c)).unwrap_or(word.len());
        let end = match &word[..length] {
            "if" => "endif",
            "for" => "endfor",
            "endif" | "endfor" => {
                self.directives.pop();
                return;
            }
            _ => return,
        };
        self.directives.push(Directive {
            span: self.at..self.at + 2 + skipped + length,
            end,
            depth: self.open.len(),
        });
    }

    /// Checks that the directives of the string or heredoc that ends here have ended.
    fn end_directives(&self) -> Result<(), Fault> {
        match self.directives.last() {
            Some(directive) if directive.depth >= self.open.len() => {
                let opening = &self.text[directive.span.clone()];
                Err(Fault::new(format!("this `{opening}` never ends"))
                    .at(directive.span.clone())
                    .hint(format!(
                        "add `%{{ {} }}`, or write `%%{{` for the text itself",
                        directive.end
                    )))
            }
            _ => Ok(()),
        }
    }

    fn never_closed(&self, open: Open) -> Fault {
        let opening = &self.text[open.span.clone()];
        let fault = match open.kind {
            Kind::Quote => {
                let line = self.text[open.span.start..].split('\n').next();
                let length = line.map_or(1, |line| line.trim_end().len());
                return Fault::new("this string is not closed on its line")
                    .at(open.span.start..open.span.start + length)
                    .hint(
                        "close it with `\"`; text of several lines goes between `<<-EOT` and `EOT`",
                    );
            }
            Kind::Heredoc(delimiter) => Fault::new(format!("the heredoc `{opening}` never ends"))
                .hint(format!(
                    "put `{delimiter}` alone on the line after its last one"
                )),
            Kind::Brace | Kind::Bracket | Kind::Parenthesis => {
                Fault::new(format!("this `{opening}` is never closed")).hint(format!(
                    "add the `{}` that belongs to it",
                    closing_of(open.kind)
                ))
            }
            Kind::Template => {
                Fault::new(format!("this `{opening}` is never closed")).hint(format!(
                    "add `}}`, or write `{}{opening}` for the text itself",
                    &opening[..1]
                ))
            }
        };
        fault.at(open.span)
    }
}

fn closing_of(kind: Kind) -> char {
    match kind {
        Kind::Brace | Kind::Template => '}',
        Kind::Bracket => ']',
        Kind::Parenthesis => ')',
        Kind::Quote | Kind::Heredoc(_) => '"',
    }
}

/// Characters of identifiers: letters, digits, `_` and `-` (HCL's syntax, after Unicode's UAX 31).
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (String, &str) {
        let fault = check(text).expect_err(text);
        (fault.message, &text[fault.span.expect("a place")])
    }

    #[test]
    fn well_formed_text_passes() {
        for text in [
            "",
            "a = 1 # it's \"fine\" ${\n",
            "a = 1 // ' { [ (\n",
            "/* ' \" { */ a = 1\n",
            "/*/ ' */ a = 1",
            "a = \"quote \\\" and ${b[\"x\"]} and $${c and %%{d\"\n",
            "a = \"$$${b}\"\n",
            "a = <<EOT\nit's { \"open ${b} ]\nEOTX\n  EOT\nb = [1, (2)]\n",
            "a = <<-EOT\n  EOT\n",
            "a = b < c && d >= e",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_never_closed_is_shown_where_it_opens() {
        assert_eq!(
            fault("stack \"a\" {\n  b = 1\n"),
            ("this `{` is never closed".into(), "{")
        );
        assert_eq!(
            fault("a = [1, (2]\n"),
            ("`]` comes where `)` is expected".into(), "]")
        );
        assert_eq!(fault("}\n"), ("this `}` closes nothing".into(), "}"));
        assert_eq!(
            fault("a = \"b\nc = \"d\"\n"),
            ("this string is not closed on its line".into(), "\"b")
        );
        assert_eq!(
            fault("a = \"${b\n"),
            ("this `${` is never closed".into(), "${")
        );
        assert_eq!(
            fault("a = <<EOT\ntext\n"),
            ("the heredoc `<<EOT` never ends".into(), "<<EOT")
        );
        assert_eq!(
            fault("a = \"%{~ if b }x\"\n"),
            ("this `%{~ if` never ends".into(), "%{~ if")
        );
        assert_eq!(
            fault("a = <<EOT\n%{ for b in c }\nEOT\n"),
            ("this `%{ for` never ends".into(), "%{ for")
        );
        assert_eq!(
            fault("a = 1 /* b\n"),
            ("this comment is never closed".into(), "/*")
        );
        assert_eq!(fault("/*/"), ("this comment is never closed".into(), "/*"));
    }

    #[test]
    fn quotes_of_other_languages_are_named() {
        assert_eq!(
            fault("a = 'b c' + 1"),
            ("`'` does not begin a string".into(), "'b c'")
        );
        assert_eq!(
            fault("a = “b”"),
            ("`“` does not begin a string".into(), "“b”")
        );
        assert_eq!(fault("a = 'b"), ("`'` does not begin a string".into(), "'"));
    }

    #[test]
    fn heredocs_begin_with_a_word_alone() {
        for text in [
            "a = << EOT\nx\nEOT\n",
            "a = <<\"EOT\"\n",
            "a = <<EOT x\nEOT\n",
            "a = <<",
        ] {
            let (message, _) = fault(text);
            assert_eq!(message, "this heredoc does not begin with a word alone");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(DEEPEST)), Ok(()));
        assert!(check(&nested(DEEPEST + 1)).is_err());
        assert!(check(&"{".repeat(1_000_000)).is_err());
        assert!(check(&"\"${".repeat(300_000)).is_err());
        let directives = |depth: usize| {
            let (open, close) = ("%{~ if true }".repeat(depth), "%{ endif }".repeat(depth));
            format!("\"{open}{close}\"")
        };
        // The quote and the directive's own braces count as well.
        assert_eq!(check(&directives(DEEPEST - 2)), Ok(()));
        assert!(check(&directives(DEEPEST + 1)).is_err());
        assert_eq!(check(&"\"%{ if a }%{ endif }\"\n".repeat(100)), Ok(()));
    }
}
