//! [`Reference`]: what an expression depends on.

use std::{fmt, ops::Range};

use hcl_edit::{
    Span,
    expr::{Expression, Traversal, TraversalOperator},
};

use super::{fault::Fault, suggest};

/// One thing that an expression refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    StackName,
    EnvironmentName,
    EnvironmentRegion,
    RunId,
    RunGitCommit,
    RunGitBranch,
    Env(String),
    ImageId(String),
    ImageFingerprint(String),
    Output(String),
    Credential(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::StackName => f.write_str("stack.name"),
            Reference::EnvironmentName => f.write_str("environment.name"),
            Reference::EnvironmentRegion => f.write_str("environment.region"),
            Reference::RunId => f.write_str("run.id"),
            Reference::RunGitCommit => f.write_str("run.git_commit"),
            Reference::RunGitBranch => f.write_str("run.git_branch"),
            Reference::Env(name) => write!(f, "env.{name}"),
            Reference::ImageId(name) => write!(f, "image.{name}.id"),
            Reference::ImageFingerprint(name) => write!(f, "image.{name}.fingerprint"),
            Reference::Output(name) => write!(f, "output.{name}"),
            Reference::Credential(name) => write!(f, "credential.{name}"),
        }
    }
}

/// The words that a reference may begin with, each with the names that may follow it; empty where
/// any name may.
const ROOTS: [(&str, &[&str]); 7] = [
    ("credential", &[]),
    ("env", &[]),
    ("environment", &["name", "region"]),
    ("image", &[]),
    ("output", &[]),
    ("run", &["id", "git_commit", "git_branch"]),
    ("stack", &["name"]),
];

const IMAGE_ATTRIBUTES: [&str; 2] = ["id", "fingerprint"];

/// A reference, where it is, and how many of the traversal's operators belong to it.
pub(super) struct Found {
    pub(super) reference: Reference,
    pub(super) span: Option<Range<usize>>,
    pub(super) operators: usize,
}

/// Reads the reference that a traversal begins with. `root` is its first word.
pub(super) fn of_traversal(root: &str, traversal: &Traversal) -> Result<Found, Fault> {
    let root_span = traversal.expr.span();
    let (_, names) = ROOTS
        .iter()
        .find(|(name, _)| *name == root)
        .ok_or_else(|| unknown_word(root, &written(root, traversal)).at(root_span.clone()))?;
    let span_of = |count: usize| -> Option<Range<usize>> {
        let start = root_span.as_ref()?.start;
        let end = match traversal.operators.get(count.checked_sub(1)?) {
            Some(operator) => operator_end(operator.value())?,
            None => root_span.as_ref()?.end,
        };
        Some(start..end)
    };
    let name = name_of(traversal, 0).ok_or_else(|| bare(root).at(traversal.span()))?;
    let unknown = |what: &str, name: &str, known: &[&str]| {
        Fault::new(format!("{what} has no `{name}`")).maybe_hint(suggest::hint(
            name,
            "it has",
            known.iter().copied(),
        ))
    };
    if !names.is_empty() && !names.contains(&name.as_str()) {
        return Err(unknown(&format!("`{root}`"), &name, names).at(span_of(1)));
    }
    let (reference, operators) = match (root, name.as_str()) {
        ("stack", _) => (Reference::StackName, 1),
        ("environment", "name") => (Reference::EnvironmentName, 1),
        ("environment", _) => (Reference::EnvironmentRegion, 1),
        ("run", "id") => (Reference::RunId, 1),
        ("run", "git_commit") => (Reference::RunGitCommit, 1),
        ("run", _) => (Reference::RunGitBranch, 1),
        ("env", _) => (Reference::Env(name), 1),
        ("output", _) => (Reference::Output(name), 1),
        ("credential", _) => (Reference::Credential(name), 1),
        _ => match name_of(traversal, 1).as_deref() {
            Some("id") => (Reference::ImageId(name), 2),
            Some("fingerprint") => (Reference::ImageFingerprint(name), 2),
            Some(other) => {
                return Err(
                    unknown(&format!("`image.{name}`"), other, &IMAGE_ATTRIBUTES).at(span_of(2)),
                );
            }
            None => {
                return Err(Fault::new(format!("`image.{name}` is not a value"))
                    .at(span_of(1))
                    .hint(format!(
                        "say which: `image.{name}.id` or `image.{name}.fingerprint`"
                    )));
            }
        },
    };
    Ok(Found {
        reference,
        span: span_of(operators),
        operators,
    })
}

/// A word that stands alone and is no local name.
pub(super) fn alone(word: &str) -> Fault {
    if ROOTS.iter().any(|(root, _)| *root == word) {
        bare(word)
    } else {
        unknown_word(word, word)
    }
}

/// A traversal's names as they are written, for example `t3.micro`.
fn written(root: &str, traversal: &Traversal) -> String {
    let mut text = root.to_owned();
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => {
                text.push('.');
                text.push_str(name.value().as_str());
            }
            _ => break,
        }
    }
    text
}

fn bare(root: &str) -> Fault {
    let example = match root {
        "image" => "image.NAME.id",
        "stack" => "stack.name",
        "environment" => "environment.name",
        "run" => "run.id",
        "env" => "env.NAME",
        "output" => "output.NAME",
        _ => "credential.NAME",
    };
    Fault::new(format!("`{root}` needs a name that is written out"))
        .hint(format!("for example `{example}`"))
}

/// `whole` is the word with the names behind it.
fn unknown_word(word: &str, whole: &str) -> Fault {
    let fault = Fault::new(format!("unknown name `{word}`"));
    let hint = match word {
        "var" | "local" => {
            "a stack file has no variables of its own: `env.NAME` reads one of the environment"
                .to_owned()
        }
        "data" | "module" | "resource" | "aws" => {
            "what Terraform makes comes as `output.NAME`, in checks, tasks and the summary"
                .to_owned()
        }
        "path" | "terraform" => {
            "paths are relative to the project's root, and are written as strings".to_owned()
        }
        "each" | "count" | "self" => {
            "there is no `for_each` here: write `[for x in LIST : ...]`".to_owned()
        }
        "True" | "TRUE" | "yes" | "on" => "write `true`".to_owned(),
        "False" | "FALSE" | "no" | "off" => "write `false`".to_owned(),
        "None" | "nil" | "Null" | "NULL" => "write `null`".to_owned(),
        "secret" | "credentials" => "did you mean `credential`?".to_owned(),
        word => match suggest::closest(word, ROOTS.iter().map(|(root, _)| *root)) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("text is written in double quotes: \"{whole}\""),
        },
    };
    fault.hint(hint)
}

/// The name that an operator of a traversal writes out: `.name` or `["name"]`.
fn name_of(traversal: &Traversal, index: usize) -> Option<String> {
    match traversal.operators.get(index)?.value() {
        TraversalOperator::GetAttr(name) => Some(name.value().as_str().to_owned()),
        TraversalOperator::Index(Expression::String(name)) => Some(name.value().clone()),
        _ => None,
    }
}

fn operator_end(operator: &TraversalOperator) -> Option<usize> {
    match operator {
        TraversalOperator::GetAttr(name) => name.span().map(|span| span.end),
        TraversalOperator::Index(index) => index.span().map(|span| span.end + 1),
        _ => None,
    }
}
