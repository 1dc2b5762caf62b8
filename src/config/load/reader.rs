//! [`Reader`]: values of attributes, checked as far as the file alone tells, and the reports about them.

use std::{cell::RefCell, collections::HashSet, ops::Range, sync::Arc};

use camino::Utf8Path;
use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey, TraversalOperator},
};
use serde_json::Value;

use super::section::{Field, Section};
use crate::config::{
    Expr, Place, Scope, VariableValue, convert, eval, fault::Fault, inspect, names,
    reference::Reference, source::Source, suggest,
};

/// Problems that are kept; a file with more of them has one cause, and it is among the first.
const MOST_FAULTS: usize = 200;

/// When an expression is evaluated, and so what it may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// When the file is read.
    Load,
    /// When an image's template is rendered.
    Image,
    /// When Terraform's variables are rendered.
    Apply,
    /// After the apply.
    Deployed,
}

/// A variable for Terraform or Packer, and where its name is.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) value: VariableValue,
}

/// Reads values and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) root: &'a Utf8Path,
    faults: RefCell<Vec<Fault>>,
    names: RefCell<Names>,
    outputs: RefCell<Vec<(Reference, Option<Range<usize>>)>>,
}

/// Names that references may use.
#[derive(Debug, Default)]
struct Names {
    images: Vec<String>,
    credentials: Vec<String>,
    env: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Arc<Source>, root: &'a Utf8Path) -> Self {
        Self {
            source,
            root,
            faults: RefCell::default(),
            names: RefCell::default(),
            outputs: RefCell::default(),
        }
    }

    pub(super) fn report(&self, fault: Fault) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MOST_FAULTS {
            faults.push(fault);
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    /// Notes the names that the file gives, so that references to them can be checked.
    pub(super) fn declare(&self, file: &Section) {
        let all = |kind| {
            file.blocks(kind)
                .map(|block| block.name().to_owned())
                .filter(|name| !name.is_empty())
                .collect()
        };
        *self.names.borrow_mut() = Names {
            images: all("image"),
            credentials: all("credential"),
            env: all("env"),
        };
    }

    pub(super) fn image_names(&self) -> Vec<String> {
        self.names.borrow().images.clone()
    }

    /// The outputs that expressions refer to.
    pub(super) fn outputs(&self) -> Vec<(Reference, Option<Range<usize>>)> {
        self.outputs.borrow().clone()
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        self.source.place(span)
    }

    /// Checks what an expression refers to and calls; false when something was reported.
    fn admit(&self, expression: &Expression, phase: Phase) -> bool {
        let inspection = inspect::inspect(expression, &self.source.text);
        let mut good = inspection.faults.is_empty();
        for fault in inspection.faults {
            self.report(fault);
        }
        for (reference, span) in inspection.references {
            if matches!(reference, Reference::Output(_)) {
                self.outputs
                    .borrow_mut()
                    .push((reference.clone(), span.clone()));
            }
            if let Some(fault) = self.judge(&reference, phase) {
                good = false;
                self.report(fault.at(span));
            }
        }
        good
    }

    /// What is wrong with a reference at this phase.
    fn judge(&self, reference: &Reference, phase: Phase) -> Option<Fault> {
        let names = self.names.borrow();
        let unknown = |what: &str, plural: &str, name: &str, known: &[String]| {
            let known = known.iter().map(String::as_str);
            (!known.clone().any(|known| known == name)).then(|| {
                Fault::new(format!("there is no {what} `{name}`"))
                    .maybe_hint(suggest::hint(name, plural, known))
            })
        };
        match reference {
            Reference::StackName | Reference::EnvironmentName => None,
            Reference::EnvironmentRegion => (phase == Phase::Load).then(|| {
                Fault::new(format!("`{reference}` is not known here"))
                    .hint("it may be used in variables, checks, tasks and the summary")
            }),
            Reference::Env(name) => {
                (!names.env.contains(name)).then(|| {
                    Fault::new(format!("`{reference}` is not declared")).hint(
                        match suggest::closest(name, names.env.iter().map(String::as_str)) {
                            Some(close) => format!("did you mean `env.{close}`?"),
                            None => format!("declare it at the top of the file: env \"{name}\" {{}}"),
                        },
                    )
                })
            }
            Reference::RunId | Reference::RunGitCommit | Reference::RunGitBranch => match phase {
                Phase::Load => Some(
                    Fault::new(format!("`{reference}` is not known here"))
                        .hint("it may be used in variables, checks, tasks and the summary"),
                ),
                Phase::Image if *reference == Reference::RunId => Some(
                    Fault::new("`run.id` cannot be in an image").hint(
                        "it differs in every run, so the image would be built anew every time; the AMI is tagged with it",
                    ),
                ),
                _ => None,
            },
            Reference::ImageId(name) | Reference::ImageFingerprint(name) => {
                unknown("image", "the images are", name, &names.images).or(match phase {
                    Phase::Load | Phase::Image => Some(
                        Fault::new(format!("`{reference}` is not known here"))
                            .hint("images are known once all of them are built: in Terraform variables, checks, tasks and the summary"),
                    ),
                    Phase::Apply | Phase::Deployed => None,
                })
            }
            Reference::Output(_) => (phase != Phase::Deployed).then(|| {
                Fault::new(format!("`{reference}` is not known here"))
                    .hint("outputs are known after the apply: in checks, tasks and the summary")
            }),
            Reference::Credential(name) => {
                Some(unknown("credential", "the credentials are", name, &names.credentials).unwrap_or_else(
                    || {
                        Fault::new(format!("the secret `{reference}` may not go here")).hint(
                            match phase {
                                Phase::Load => "what is written here is not kept secret",
                                Phase::Image | Phase::Apply => {
                                    "a secret is the whole value of a variable: `NAME = credential.X`, without quotes, operators or functions"
                                }
                                Phase::Deployed => {
                                    "it would be shown; a task gets secrets in its environment: credentials = [\"NAME\"]"
                                }
                            },
                        )
                    },
                ))
            }
        }
    }

    /// The value of an expression that is evaluated when the file is read.
    pub(super) fn constant(&self, expression: &Expression, scope: &Scope) -> Option<Value> {
        if !self.admit(expression, Phase::Load) {
            return None;
        }
        match eval::evaluate(expression, &self.source.text, scope) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.report(fault);
                None
            }
        }
    }

    fn wrong_type<T>(&self, field: Field, wanted: &str, value: &Value) -> Option<T> {
        let fault = Fault::new(format!(
            "`{}` is {wanted}, not {}",
            field.name,
            convert::kind(value)
        ));
        let fault = match value {
            Value::String(text) if wanted.contains("number") && text.parse::<f64>().is_ok() => {
                fault.hint(format!("write it without quotes: {text}"))
            }
            Value::String(text)
                if wanted.contains("boolean") && matches!(text.as_str(), "true" | "false") =>
            {
                fault.hint(format!("write it without quotes: {text}"))
            }
            Value::String(_) if wanted.contains("list") => {
                fault.hint(format!("write it in brackets: {} = [\"...\"]", field.name))
            }
            _ => fault,
        };
        self.report(fault.at(field.span()));
        None
    }

    pub(super) fn string(&self, field: Option<Field>, scope: &Scope) -> Option<String> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(field, "a string", &other),
        }
    }

    /// A string that stands for something; what `parse` says is shown at the value.
    pub(super) fn parsed<T>(
        &self,
        field: Option<Field>,
        scope: &Scope,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.string(field, scope)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.report(fault.at(field?.span()));
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &self,
        field: Option<Field>,
        scope: &Scope,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.parsed(field, scope, |word| {
            let found = choices.iter().find(|(known, _)| *known == word);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let all: Vec<String> = choices
                    .iter()
                    .map(|(known, _)| format!("`{known}`"))
                    .collect();
                let fault = Fault::new(format!("`{word}` is not one of {}", all.join(", ")));
                match suggest::closest(word, choices.iter().map(|(known, _)| *known)) {
                    Some(close) => fault.hint(format!("did you mean `{close}`?")),
                    None => fault,
                }
            })
        })
    }

    pub(super) fn boolean(&self, field: Option<Field>, scope: &Scope) -> Option<bool> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::Bool(truth) => Some(truth),
            other => self.wrong_type(field, "a boolean", &other),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &self,
        field: Option<Field>,
        scope: &Scope,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let field = field?;
        match self.constant(field.expression, scope)? {
            Value::Number(number) => {
                let whole = number.as_u64().filter(|number| bounds.contains(number));
                if whole.is_none() {
                    self.report(
                        Fault::new(format!(
                            "`{}` is a whole number from {} to {}",
                            field.name,
                            bounds.start(),
                            bounds.end()
                        ))
                        .at(field.span()),
                    );
                }
                whole
            }
            other => self.wrong_type(field, "a whole number", &other),
        }
    }

    /// A list of strings; each comes with its place.
    pub(super) fn strings(
        &self,
        field: Option<Field>,
        scope: &Scope,
    ) -> Option<Vec<(String, Range<usize>)>> {
        let field = field?;
        let elements = match self.constant(field.expression, scope)? {
            Value::Array(elements) => elements,
            other => return self.wrong_type(field, "a list of strings", &other),
        };
        let written = field.expression.as_array();
        let mut strings = Vec::new();
        for (index, element) in elements.into_iter().enumerate() {
            // A computed list has no places for its elements.
            let span = written
                .and_then(|array| array.get(index))
                .and_then(Span::span)
                .unwrap_or_else(|| field.span());
            match element {
                Value::String(text) => strings.push((text, span)),
                other => self.report(
                    Fault::new(format!(
                        "`{}` is a list of strings, and this is {}",
                        field.name,
                        convert::kind(&other)
                    ))
                    .at(span),
                ),
            }
        }
        Some(strings)
    }

    /// A list of credentials, each a name or a reference.
    pub(super) fn credentials(&self, field: Option<Field>) -> Vec<(String, Range<usize>)> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(array) = field.expression.as_array() else {
            self.report(
                Fault::new(format!(
                    "`{}` is a list of credentials, written out",
                    field.name
                ))
                .at(field.span())
                .hint(format!("write it as {} = [\"NAME\"]", field.name)),
            );
            return Vec::new();
        };
        let mut names: Vec<(String, Range<usize>)> = Vec::new();
        for element in array {
            let span = element.span().unwrap_or_else(|| field.span());
            let name = match element {
                Expression::String(name) => Some(name.value().clone()),
                other => credential_reference(other),
            };
            let Some(name) = name else {
                self.report(
                    Fault::new("this is not the name of a credential")
                        .at(span)
                        .hint("write its name in quotes, or `credential.NAME`"),
                );
                continue;
            };
            if self.known_credential(&name, span.clone())
                && !names.iter().any(|(known, _)| *known == name)
            {
                names.push((name, span));
            }
        }
        names
    }

    fn known_credential(&self, name: &str, span: Range<usize>) -> bool {
        let names = self.names.borrow();
        if names.credentials.iter().any(|known| known == name) {
            return true;
        }
        let known = names.credentials.iter().map(String::as_str);
        let hint = suggest::hint(name, "the credentials are", known)
            .unwrap_or_else(|| format!("declare it: credential \"{name}\" {{ ... }}"));
        self.report(
            Fault::new(format!("there is no credential `{name}`"))
                .at(span)
                .hint(hint),
        );
        false
    }

    /// An expression that is evaluated later. When it could be evaluated now, it is, and `check`
    /// sees the value: a mistake in it need not wait until the stack is deployed.
    pub(super) fn later(
        &self,
        expression: &Expression,
        phase: Phase,
        scope: &Scope,
        check: impl FnOnce(&Value) -> Result<(), Fault>,
    ) -> Option<Expr> {
        if !self.admit(expression, phase) {
            return None;
        }
        let references = inspect::inspect(expression, &self.source.text).references;
        let constant = references.iter().all(|(reference, _)| {
            matches!(
                reference,
                Reference::StackName | Reference::EnvironmentName | Reference::Env(_)
            )
        });
        if constant {
            let checked = eval::evaluate(expression, &self.source.text, scope)
                .and_then(|value| check(&value).map_err(|fault| fault.at(expression.span())));
            if let Err(fault) = checked {
                self.report(fault);
                return None;
            }
        }
        Some(Expr::new(expression, self.source))
    }

    /// A list of expressions that give text later.
    pub(super) fn expressions(
        &self,
        field: Option<Field>,
        phase: Phase,
        scope: &Scope,
    ) -> Vec<Expr> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(array) = field.expression.as_array() else {
            self.report(
                Fault::new(format!(
                    "`{}` is a list of strings, written out",
                    field.name
                ))
                .at(field.span())
                .hint(format!("write it as {} = [\"...\", \"...\"]", field.name)),
            );
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|element| {
                self.later(element, phase, scope, |value| {
                    convert::text(value).map(drop)
                })
            })
            .collect()
    }

    /// Variables for Terraform or Packer.
    pub(super) fn variables(
        &self,
        field: Option<Field>,
        phase: Phase,
        scope: &Scope,
    ) -> Vec<Variable> {
        let Some(field) = field else {
            return Vec::new();
        };
        let Some(object) = field.expression.as_object() else {
            self.report(
                Fault::new(format!("`{}` is an object, written out", field.name))
                    .at(field.span())
                    .hint(format!("write it as {} = {{ name = value }}", field.name)),
            );
            return Vec::new();
        };
        let mut variables: Vec<Variable> = Vec::new();
        let mut names = HashSet::new();
        // Behind the last entry: the next name comes after it.
        let mut after = field.span().start;
        for (key, value) in object {
            let value = value.expr();
            let before = after;
            after = value.span().map_or(after, |span| span.end);
            let name = match key {
                ObjectKey::Ident(name) => name.value().as_str(),
                ObjectKey::Expression(Expression::String(name)) => name.value().as_str(),
                ObjectKey::Expression(other) => {
                    self.report(
                        Fault::new("names of variables are written out")
                            .at(other.span())
                            .hint("write `name = value`"),
                    );
                    continue;
                }
            };
            let span = self.key_span(name, value, before);
            if let Err(fault) = names::variable(name) {
                self.report(fault.at(span));
                continue;
            }
            if !names.insert(name) {
                // `a` and `"a"` are two keys for the parser.
                self.report(
                    Fault::new(format!("`{name}` is set twice"))
                        .at(span)
                        .hint("keep one of the two"),
                );
                continue;
            }
            let read = match credential_reference(value) {
                Some(credential) => {
                    let place = value.span().unwrap_or_else(|| span.clone());
                    self.known_credential(&credential, place.clone()).then(|| {
                        VariableValue::Credential {
                            name: credential,
                            place: self.place(place),
                        }
                    })
                }
                None => self
                    .later(value, phase, scope, |_| Ok(()))
                    .map(VariableValue::Expr),
            };
            if let Some(value) = read {
                variables.push(Variable {
                    name: name.to_owned(),
                    span,
                    value,
                });
            }
        }
        variables
    }

    /// Where the name of an object's entry is, which begins after the offset `after`; the parser does
    /// not keep that.
    fn key_span(&self, name: &str, value: &Expression, after: usize) -> Range<usize> {
        let start = value.span().map_or(after, |span| span.start);
        let before = self.source.text.get(after..start).unwrap_or_default();
        match before.rfind(name) {
            Some(at) => after + at..after + at + name.len(),
            None => start..start,
        }
    }
}

/// The name in an expression that is `credential.NAME` and nothing else.
fn credential_reference(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Parenthesis(inner) => credential_reference(inner.inner()),
        Expression::Traversal(traversal) => {
            let root = traversal.expr.as_variable()?;
            let [operator] = traversal.operators.as_slice() else {
                return None;
            };
            match operator.value() {
                TraversalOperator::GetAttr(name) if root.as_str() == "credential" => {
                    Some(name.value().as_str().to_owned())
                }
                _ => None,
            }
        }
        _ => None,
    }
}
