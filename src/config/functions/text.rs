//! Functions on text.

use serde_json::Value;

use super::{Arguments, Function, Outcome, complain_of, format, graphemes};
use crate::config::fault::Fault;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "chomp",
        parameters: "string",
        summary: "the string without the line ends it ends with",
        call: |arguments| Ok(arguments.text(0)?.trim_end_matches(['\r', '\n']).into()),
    },
    Function {
        name: "endswith",
        parameters: "string, suffix",
        summary: "whether the string ends with the suffix",
        call: |arguments| Ok(arguments.text(0)?.ends_with(&arguments.text(1)?).into()),
    },
    Function {
        name: "format",
        parameters: "format, [values...]",
        summary: "text with values in the places of `%s`, `%d`, `%q`, `%v` and Go's other verbs",
        call: format::call,
    },
    Function {
        name: "indent",
        parameters: "spaces, string",
        summary: "the string with every line but the first indented",
        call: indent,
    },
    Function {
        name: "join",
        parameters: "separator, lists...",
        summary: "the elements as one string, with the separator between them",
        call: join,
    },
    Function {
        name: "lower",
        parameters: "string",
        summary: "the string in lower case",
        call: |arguments| {
            Ok(arguments
                .text(0)?
                .chars()
                .map(lower)
                .collect::<String>()
                .into())
        },
    },
    Function {
        name: "replace",
        parameters: "string, part, replacement",
        summary: "the string with every occurrence of the part replaced; the part is text, never a regular expression",
        call: replace,
    },
    Function {
        name: "split",
        parameters: "separator, string",
        summary: "the list of the parts between separators",
        call: split,
    },
    Function {
        name: "startswith",
        parameters: "string, prefix",
        summary: "whether the string starts with the prefix",
        call: |arguments| Ok(arguments.text(0)?.starts_with(&arguments.text(1)?).into()),
    },
    Function {
        name: "strrev",
        parameters: "string",
        summary: "the string backwards",
        call: |arguments| {
            let text = arguments.text(0)?;
            let mut clusters = graphemes::of(&text);
            clusters.reverse();
            Ok(clusters.concat().into())
        },
    },
    Function {
        name: "substr",
        parameters: "string, offset, length",
        summary: "a part of the string; an offset below zero counts from the end, a length of -1 takes all",
        call: substr,
    },
    Function {
        name: "title",
        parameters: "string",
        summary: "the string with the first letter of each word in upper case",
        call: title,
    },
    Function {
        name: "trim",
        parameters: "string, characters",
        summary: "the string without these characters at its start and end",
        call: |arguments| {
            let characters = arguments.text(1)?;
            let text = arguments.text(0)?;
            Ok(text.trim_matches(|c| characters.contains(c)).into())
        },
    },
    Function {
        name: "trimprefix",
        parameters: "string, prefix",
        summary: "the string without the prefix, if it has it",
        call: |arguments| {
            let (text, prefix) = (arguments.text(0)?, arguments.text(1)?);
            Ok(text.strip_prefix(&prefix).unwrap_or(&text).into())
        },
    },
    Function {
        name: "trimspace",
        parameters: "string",
        summary: "the string without space at its start and end",
        call: |arguments| Ok(arguments.text(0)?.trim().into()),
    },
    Function {
        name: "trimsuffix",
        parameters: "string, suffix",
        summary: "the string without the suffix, if it has it",
        call: |arguments| {
            let (text, suffix) = (arguments.text(0)?, arguments.text(1)?);
            Ok(text.strip_suffix(&suffix).unwrap_or(&text).into())
        },
    },
    Function {
        name: "upper",
        parameters: "string",
        summary: "the string in upper case",
        call: |arguments| {
            Ok(arguments
                .text(0)?
                .chars()
                .map(upper)
                .collect::<String>()
                .into())
        },
    },
];

/// One letter for one letter, as Go maps case: `ß` stays `ß`.
fn upper(c: char) -> char {
    let mut all = c.to_uppercase();
    match (all.next(), all.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn lower(c: char) -> char {
    // Only `İ` has a lower case of two characters, an `i` and a dot above.
    c.to_lowercase().next().unwrap_or(c)
}

fn title(arguments: &Arguments) -> Outcome {
    let text = arguments.text(0)?;
    let mut result = String::with_capacity(text.len());
    let mut in_word = false;
    for c in text.chars() {
        result.push(if in_word { c } else { upper(c) });
        // Go's rule for words: letters, digits and `_`; beyond ASCII everything but space.
        in_word = if c.is_ascii() {
            c.is_ascii_alphanumeric() || c == '_'
        } else {
            c.is_alphanumeric() || !c.is_whitespace()
        };
    }
    Ok(result.into())
}

fn indent(arguments: &Arguments) -> Outcome {
    let text = arguments.text(1)?;
    let Ok(spaces) = usize::try_from(arguments.integer(0)?) else {
        return complain_of(0, "the number of spaces cannot be below zero");
    };
    let lines = text.matches('\n').count();
    arguments.budget.spend(lines.saturating_mul(spaces))?;
    if lines == 0 {
        return Ok(text.into());
    }
    let line = format!("\n{}", " ".repeat(spaces));
    Ok(text.replace('\n', &line).into())
}

fn join(arguments: &Arguments) -> Outcome {
    let separator = arguments.text(0)?;
    let mut parts = Vec::new();
    for index in 1..arguments.len() {
        parts.extend(arguments.texts(index)?);
    }
    let separators = separator.len().saturating_mul(parts.len());
    let length = parts.iter().map(String::len).sum::<usize>();
    arguments.budget.spend(length.saturating_add(separators))?;
    Ok(parts.join(&separator).into())
}

fn replace(arguments: &Arguments) -> Outcome {
    let (text, part, replacement) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    if part.len() > 1 && part.starts_with('/') && part.ends_with('/') {
        return Err(super::Complaint {
            fault: Fault::new("a part between slashes is a regular expression for Terraform, and there are none here")
                .hint("use split, trimprefix or trimsuffix, or replace a part without one of the slashes"),
            argument: Some(1),
        });
    }
    let found = text.matches(&part).count();
    let added = found.saturating_mul(replacement.len());
    arguments.budget.spend(text.len().saturating_add(added))?;
    Ok(text.replace(&part, &replacement).into())
}

fn split(arguments: &Arguments) -> Outcome {
    let (separator, text) = (arguments.text(0)?, arguments.text(1)?);
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| c.to_string().into()).collect()
    } else {
        text.split(&separator).map(Value::from).collect()
    };
    Ok(parts.into())
}

fn substr(arguments: &Arguments) -> Outcome {
    let text = arguments.text(0)?;
    let clusters = graphemes::of(&text);
    let count = clusters.len() as i64;
    let (offset, length) = (arguments.integer(1)?, arguments.integer(2)?);
    if length < -1 {
        return complain_of(2, "the length cannot be below -1");
    }
    let start = if offset < 0 {
        count.saturating_add(offset).max(0)
    } else {
        offset.min(count)
    };
    let end = match length {
        -1 => count,
        length => start.saturating_add(length).min(count),
    };
    // Both are between zero and the number of clusters.
    Ok(clusters[start as usize..end as usize].concat().into())
}
