//! Text of templates: the strip markers `~` and the indentation of `<<-` heredocs.
//!
//! Both depend on what is beside a literal, across the borders of directives, so the literals of a
//! whole template are laid out as one row of lines and marks, as Terraform's parser does, adjusted,
//! and put together again.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use hcl_edit::{
    Span,
    expr::Expression,
    template::{Directive, Element, Strip, Template},
};

/// The text of each literal of a template, by the offset at which it begins.
#[derive(Debug, Default)]
pub(super) struct Literals(HashMap<usize, String>);

impl Literals {
    /// Adjusts the literals of a template expression; `source` is the text its spans belong to.
    ///
    /// `None` when there is nothing to adjust.
    pub(super) fn of(expression: &Expression, source: &str) -> Option<Self> {
        let (template, indented, heredoc) = match expression {
            Expression::StringTemplate(template) => (&**template, false, false),
            Expression::HeredocTemplate(heredoc) => {
                let start = expression.span()?.start;
                let indented = source.get(start..)?.starts_with("<<-");
                (&heredoc.template, indented, true)
            }
            _ => return None,
        };
        let mut row = Row {
            source,
            heredoc,
            differs: indented,
            pieces: Vec::new(),
        };
        row.template(template, false);
        row.strip();
        if !row.differs {
            return None;
        }
        if indented {
            row.dedent();
        }
        let mut literals: HashMap<usize, String> = HashMap::new();
        for piece in row.pieces {
            if let Piece::Literal { at, text } = piece {
                literals.entry(at).or_default().push_str(&text);
            }
        }
        Some(Self(literals))
    }

    /// The text of the literal that begins at `at`.
    pub(super) fn get(&self, at: Option<usize>) -> Option<&str> {
        self.0.get(&at?).map(String::as_str)
    }
}

enum Piece<'a> {
    /// A literal, or one line of it in a heredoc.
    Literal { at: usize, text: Cow<'a, str> },
    /// An interpolation or one part of a directive.
    Mark(Strip),
}

struct Row<'a> {
    source: &'a str,
    heredoc: bool,
    /// Whether some literal has another text than the parser gave it.
    differs: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Row<'a> {
    fn template(&mut self, template: &'a Template, in_directive: bool) {
        for element in template {
            match element {
                Element::Literal(literal) => {
                    if let Some(span) = literal.span() {
                        self.literal(span, literal.value(), in_directive);
                    }
                }
                Element::Interpolation(interpolation) => {
                    self.pieces.push(Piece::Mark(interpolation.strip));
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => {
                        self.pieces.push(Piece::Mark(directive.if_expr.strip));
                        self.template(&directive.if_expr.template, true);
                        if let Some(otherwise) = &directive.else_expr {
                            self.pieces.push(Piece::Mark(otherwise.strip));
                            self.template(&otherwise.template, true);
                        }
                        self.pieces.push(Piece::Mark(directive.endif_expr.strip));
                    }
                    Directive::For(directive) => {
                        self.pieces.push(Piece::Mark(directive.for_expr.strip));
                        self.template(&directive.for_expr.template, true);
                        self.pieces.push(Piece::Mark(directive.endfor_expr.strip));
                    }
                },
            }
        }
    }

    fn literal(&mut self, span: Range<usize>, parsed: &'a str, in_directive: bool) {
        let at = span.start;
        let raw = self.source.get(span).unwrap_or_default();
        if self.heredoc {
            // The parser has already taken indentation away from some literals; the source still
            // has all of it.
            for line in raw.split_inclusive('\n') {
                let text = Cow::Owned(line.replace("$${", "${").replace("%%{", "%{"));
                self.pieces.push(Piece::Literal { at, text });
            }
            return;
        }
        // The parser reads escapes like `\n` in a string, but not between the directives in one.
        let text = if in_directive && raw.contains('\\') {
            self.differs = true;
            Cow::Owned(unescape(parsed))
        } else {
            Cow::Borrowed(parsed)
        };
        self.pieces.push(Piece::Literal { at, text });
    }

    /// Takes the space beside marks with a `~` away.
    fn strip(&mut self) {
        for index in 0..self.pieces.len() {
            let Piece::Mark(strip) = self.pieces[index] else {
                continue;
            };
            self.differs |= strip != Strip::None;
            if strip.strip_start()
                && let Some(Piece::Literal { text, .. }) =
                    index.checked_sub(1).map(|before| &mut self.pieces[before])
            {
                *text = Cow::Owned(text.trim_end().to_owned());
            }
            if strip.strip_end()
                && let Some(Piece::Literal { text, .. }) = self.pieces.get_mut(index + 1)
            {
                *text = Cow::Owned(text.trim_start().to_owned());
            }
        }
    }

    /// Takes the indentation that all lines share away from each.
    fn dedent(&mut self) {
        let mut shared = usize::MAX;
        let mut indented: Vec<usize> = Vec::new();
        let mut begins_line = true;
        for (index, piece) in self.pieces.iter().enumerate() {
            if begins_line {
                begins_line = false;
                match piece {
                    Piece::Literal { text, .. } => {
                        let spaces = text.chars().take_while(|c| c.is_whitespace()).count();
                        let blank = spaces == text.chars().count() && text.ends_with('\n');
                        if !blank {
                            indented.push(index);
                            shared = shared.min(spaces);
                        }
                    }
                    Piece::Mark(_) => shared = 0,
                }
            }
            if let Piece::Literal { text, .. } = piece {
                begins_line |= text.ends_with('\n');
            }
        }
        for index in indented {
            if let Piece::Literal { text, .. } = &mut self.pieces[index] {
                *text = Cow::Owned(text.chars().skip(shared).collect());
            }
        }
    }
}

/// The text that escapes of a quoted string stand for. What is no escape stays as it is.
fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let letter = rest.chars().next();
        let digits = match letter {
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let plain = match letter {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some(c @ ('"' | '\\')) => Some(c),
            Some('u' | 'U') => rest
                .get(1..=digits)
                .and_then(|code| u32::from_str_radix(code, 16).ok())
                .and_then(char::from_u32),
            _ => None,
        };
        match plain {
            Some(c) => {
                result.push(c);
                rest = &rest[1 + digits..];
            }
            None => result.push('\\'),
        }
    }
    result.push_str(rest);
    result
}
