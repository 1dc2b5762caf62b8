//! `format`: Go's verbs, as Terraform offers them.

use serde_json::Value;

use super::{Arguments, Complaint, Outcome, complain, complain_of, encoding, graphemes};
use crate::config::{convert, fault::Fault, number};

/// Widest field and longest fraction; more is a mistake or an attack.
const WIDEST: usize = 10_000;

pub(super) fn call(arguments: &Arguments) -> Outcome {
    let format = arguments.text(0)?;
    let mut result = String::new();
    let mut rest = format.as_str();
    let mut next = 1;
    let mut named = false;
    let mut most_used = 1;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let (verb, after) = Verb::parse(&rest[at..])?;
        rest = after;
        if verb.letter == '%' {
            result.push('%');
            continue;
        }
        if let Some(position) = verb.position {
            next = position;
            named = true;
        }
        let Some(value) = arguments.values.get(next) else {
            return complain(format!(
                "there is no value for `{}`: {} given",
                verb.written,
                arguments.len() - 1
            ));
        };
        let text = verb.write(value).map_err(|fault| Complaint {
            fault,
            argument: Some(next),
        })?;
        arguments.budget.spend(text.len())?;
        result.push_str(&text);
        next += 1;
        most_used = most_used.max(next);
    }
    result.push_str(rest);
    if !named && most_used < arguments.len() {
        return complain_of(most_used, "the format has no place for this value");
    }
    Ok(result.into())
}

/// One `%` with what belongs to it.
struct Verb<'a> {
    written: &'a str,
    left: bool,
    zeros: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    /// `%[2]s` takes the second value.
    position: Option<usize>,
    letter: char,
}

impl<'a> Verb<'a> {
    fn parse(text: &'a str) -> Result<(Self, &'a str), Fault> {
        let mut verb = Verb {
            written: "",
            left: false,
            zeros: false,
            plus: false,
            space: false,
            alternate: false,
            width: 0,
            precision: None,
            position: None,
            letter: '%',
        };
        let mut rest = &text[1..];
        loop {
            match rest.chars().next() {
                Some('-') => verb.left = true,
                Some('0') => verb.zeros = true,
                Some('+') => verb.plus = true,
                Some(' ') => verb.space = true,
                Some('#') => verb.alternate = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        let (width, after) = digits(rest)?;
        verb.width = width.unwrap_or(0);
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = digits(after)?;
            verb.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('[') {
            let (position, after) = digits(after)?;
            let after = after.strip_prefix(']');
            let (Some(position @ 1..), Some(after)) = (position, after) else {
                return Err(Fault::new(
                    "a position is written like `%[1]s`, counted from 1",
                ));
            };
            verb.position = Some(position);
            rest = after;
        }
        let Some(letter) = rest.chars().next() else {
            return Err(
                Fault::new("the format ends after a `%`").hint("write `%%` for a percent sign")
            );
        };
        rest = &rest[letter.len_utf8()..];
        verb.letter = letter;
        verb.written = &text[..text.len() - rest.len()];
        Ok((verb, rest))
    }

    fn write(&self, value: &Value) -> Result<String, Fault> {
        match self.letter {
            'v' if self.alternate => Ok(self.pad(encoding::json(value))),
            'v' => match value {
                Value::String(text) => Ok(self.pad(text.clone())),
                Value::Number(number) if self.precision.is_none() => {
                    Ok(self.signed(number::to_text(number)))
                }
                other => Ok(self.pad(encoding::json(other))),
            },
            's' => {
                let text = convert::text(value)?;
                Ok(self.pad(self.cut(&text)))
            }
            'q' => {
                let text = convert::text(value)?;
                Ok(self.pad(encoding::json(&Value::String(self.cut(&text)))))
            }
            't' => Ok(self.pad(convert::to_bool(value)?.to_string())),
            'd' | 'b' | 'o' | 'x' | 'X' => {
                let number = match (self.letter, value) {
                    // Of text, `x` writes the bytes.
                    ('x' | 'X', Value::String(text)) => {
                        let upper = self.letter == 'X';
                        let byte = |b: u8| {
                            if upper {
                                format!("{b:02X}")
                            } else {
                                format!("{b:02x}")
                            }
                        };
                        return Ok(self.pad(text.bytes().map(byte).collect()));
                    }
                    _ => convert::to_number(value)?,
                };
                let integer = number
                    .as_i64()
                    .map(i128::from)
                    .or(number.as_u64().map(i128::from));
                let Some(integer) = integer else {
                    return Err(Fault::new(format!(
                        "`{}` needs a whole number",
                        self.written
                    )));
                };
                let digits = match self.letter {
                    'd' => integer.unsigned_abs().to_string(),
                    'b' => format!("{:b}", integer.unsigned_abs()),
                    'o' => format!("{:o}", integer.unsigned_abs()),
                    'x' => format!("{:x}", integer.unsigned_abs()),
                    _ => format!("{:X}", integer.unsigned_abs()),
                };
                let zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
                let digits = format!("{}{digits}", "0".repeat(zeros));
                Ok(self.signed(if integer < 0 {
                    format!("-{digits}")
                } else {
                    digits
                }))
            }
            'f' | 'F' => {
                let float = number::to_f64(&convert::to_number(value)?);
                Ok(self.signed(format!("{float:.*}", self.precision.unwrap_or(6))))
            }
            'e' | 'E' => {
                let float = number::to_f64(&convert::to_number(value)?);
                let text = format!("{float:.*e}", self.precision.unwrap_or(6));
                // Go writes a sign and at least two digits.
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, digits) = match exponent.strip_prefix('-') {
                    Some(digits) => ('-', digits),
                    None => ('+', exponent),
                };
                Ok(self.signed(format!("{mantissa}{}{sign}{digits:0>2}", self.letter)))
            }
            letter => Err(
                Fault::new(format!("`{}` is not a verb", self.written)).hint(format!(
                    "verbs are %s %q %v %d %f %e %t %x %X %o %b, and `%%` is a percent sign{}",
                    if letter == 'g' { "; use %v for %g" } else { "" }
                )),
            ),
        }
    }

    /// As many characters as the precision admits.
    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => graphemes::of(text).into_iter().take(precision).collect(),
            None => text.to_owned(),
        }
    }

    fn signed(&self, digits: String) -> String {
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None if self.plus => ("+", digits.as_str()),
            None if self.space => (" ", digits.as_str()),
            None => ("", digits.as_str()),
        };
        let length = sign.len() + digits.len();
        if self.zeros && !self.left && self.width > length {
            return format!("{sign}{}{digits}", "0".repeat(self.width - length));
        }
        self.pad(format!("{sign}{digits}"))
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(graphemes::of(&text).len());
        let padding = " ".repeat(missing);
        if self.left {
            text + &padding
        } else {
            padding + &text
        }
    }
}

fn digits(text: &str) -> Result<(Option<usize>, &str), Fault> {
    let length = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    match digits.parse() {
        Ok(number) if number <= WIDEST => Ok((Some(number), rest)),
        _ => Err(Fault::new(format!("a width is at most {WIDEST}"))),
    }
}
