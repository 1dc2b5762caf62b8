//! Evaluation of expressions, with Terraform's rules.
//!
//! It walks hcl-edit's tree, which keeps the place of every part, instead of handing a converted one to
//! hcl-rs's evaluator: that one panics on `1 % 0`, on `1 / 0` and on sums beyond 64 bits, has no places, and its
//! functions cannot know the project that `file()` reads from.

use std::{cell::Cell, ops::Range};

use hcl_edit::{
    Span,
    expr::{
        BinaryOp, BinaryOperator, Expression, ForExpr, FuncCall, Object, ObjectKey, Traversal,
        TraversalOperator, UnaryOp, UnaryOperator,
    },
    template::{Directive, Element, ForDirective, Template},
};
use serde_json::{Map, Value};

use super::{
    convert,
    fault::Fault,
    functions::{self, Arguments},
    number::{self, Arithmetic},
    reference::{self, Found, Reference},
    scope::Scope,
    suggest,
    template::Literals,
};

/// What one evaluation may produce in all, in bytes of text and elements of lists. A few nested
/// `replace` calls would otherwise fill the memory.
const BUDGET: usize = 32 * 1024 * 1024;

/// What a step of an evaluation costs; a budget is for about a million of them.
const STEP: usize = 32;

type Result<T> = std::result::Result<T, Fault>;

/// Evaluates `expression`, whose spans belong to `text`.
pub(super) fn evaluate(expression: &Expression, text: &str, scope: &Scope) -> Result<Value> {
    Evaluator {
        text,
        scope,
        budget: Budget::default(),
    }
    .value(expression, &Locals::None)
    .map_err(|fault| fault.at(expression.span()))
}

/// Counts down what an evaluation produces.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(BUDGET))
    }
}

impl Budget {
    /// Pays for `amount` bytes or elements, before they are made.
    pub(super) fn spend(&self, amount: usize) -> Result<()> {
        match self.0.get().checked_sub(amount) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Fault::new("the result is too large")
                .hint(format!("an expression may produce {} MiB", BUDGET >> 20))),
        }
    }
}

/// Names that `for` gives, innermost first.
enum Locals<'a> {
    None,
    Bound {
        name: &'a str,
        value: &'a Value,
        outer: &'a Locals<'a>,
    },
}

impl Locals<'_> {
    fn get(&self, wanted: &str) -> Option<&Value> {
        match self {
            Locals::None => None,
            Locals::Bound { name, value, .. } if *name == wanted => Some(value),
            Locals::Bound { outer, .. } => outer.get(wanted),
        }
    }
}

struct Evaluator<'a> {
    text: &'a str,
    scope: &'a Scope,
    budget: Budget,
}

impl Evaluator<'_> {
    fn value(&self, expression: &Expression, locals: &Locals) -> Result<Value> {
        self.budget.spend(STEP)?;
        match expression {
            Expression::Null(_) => Ok(Value::Null),
            Expression::Bool(truth) => Ok(Value::Bool(*truth.value())),
            Expression::Number(_) => self.number(expression),
            Expression::String(text) => {
                self.budget.spend(text.value().len())?;
                Ok(Value::String(text.value().clone()))
            }
            Expression::Array(array) => array
                .iter()
                .map(|element| self.at(element, locals))
                .collect::<Result<_>>()
                .map(Value::Array),
            Expression::Object(object) => self.object(object, locals).map(Value::Object),
            Expression::StringTemplate(template) => self.template(expression, template, locals),
            Expression::HeredocTemplate(heredoc) => {
                self.template(expression, &heredoc.template, locals)
            }
            Expression::Parenthesis(inner) => self.at(inner.inner(), locals),
            Expression::Variable(name) => {
                let name = name.value().as_str();
                match locals.get(name) {
                    Some(value) => self.copy(value),
                    None => Err(reference::alone(name)),
                }
            }
            Expression::Conditional(conditional) => {
                if self.truth(&conditional.cond_expr, locals)? {
                    self.at(&conditional.true_expr, locals)
                } else {
                    self.at(&conditional.false_expr, locals)
                }
            }
            Expression::FuncCall(call) => self.call(call, locals),
            Expression::Traversal(traversal) => self.traversal(traversal, locals),
            Expression::UnaryOp(operation) => self.unary(operation, locals),
            Expression::BinaryOp(operation) => self.binary(operation, locals),
            Expression::ForExpr(each) => self.each(each, locals),
        }
    }

    /// A part of an expression; its faults are shown at the part.
    fn at(&self, expression: &Expression, locals: &Locals) -> Result<Value> {
        self.value(expression, locals)
            .map_err(|fault| fault.at(expression.span()))
    }

    fn copy(&self, value: &Value) -> Result<Value> {
        self.budget.spend(size(value))?;
        Ok(value.clone())
    }

    fn truth(&self, expression: &Expression, locals: &Locals) -> Result<bool> {
        let value = self.at(expression, locals)?;
        convert::to_bool(&value).map_err(|fault| fault.at(expression.span()))
    }

    fn string(&self, expression: &Expression, locals: &Locals) -> Result<String> {
        let value = self.at(expression, locals)?;
        convert::text(&value).map_err(|fault| fault.at(expression.span()))
    }

    fn number(&self, expression: &Expression) -> Result<Value> {
        let written = expression
            .span()
            .and_then(|span| self.text.get(span))
            .unwrap_or_default();
        let compact = number::literal(written);
        number::exact(&compact)
            .map(Value::Number)
            .ok_or_else(|| number::inexact(&compact))
    }

    fn object(&self, object: &Object, locals: &Locals) -> Result<Map<String, Value>> {
        let mut result = Map::new();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) => name.value().as_str().to_owned(),
                ObjectKey::Expression(key) => self.string(key, locals)?,
            };
            result.insert(name, self.at(value.expr(), locals)?);
        }
        Ok(result)
    }

    fn template(
        &self,
        expression: &Expression,
        template: &Template,
        locals: &Locals,
    ) -> Result<Value> {
        // A template that is nothing but one interpolation is the value itself, of any type.
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            return self.at(&only.expr, locals);
        }
        let literals = Literals::of(expression, self.text);
        let mut result = String::new();
        self.elements(template, literals.as_ref(), locals, &mut result)?;
        Ok(Value::String(result))
    }

    fn elements(
        &self,
        template: &Template,
        literals: Option<&Literals>,
        locals: &Locals,
        result: &mut String,
    ) -> Result<()> {
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let adjusted = literals
                        .and_then(|literals| literals.get(literal.span().map(|span| span.start)));
                    let text = adjusted.unwrap_or(literal.value());
                    self.budget.spend(text.len())?;
                    result.push_str(text);
                }
                Element::Interpolation(interpolation) => {
                    let text = self.string(&interpolation.expr, locals)?;
                    self.budget.spend(text.len())?;
                    result.push_str(&text);
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => {
                        if self.truth(&directive.if_expr.cond_expr, locals)? {
                            let chosen = &directive.if_expr.template;
                            self.elements(chosen, literals, locals, result)?;
                        } else if let Some(otherwise) = &directive.else_expr {
                            self.elements(&otherwise.template, literals, locals, result)?;
                        }
                    }
                    Directive::For(directive) => {
                        self.repeat(directive, literals, locals, result)?;
                    }
                },
            }
        }
        Ok(())
    }

    fn repeat(
        &self,
        directive: &ForDirective,
        literals: Option<&Literals>,
        locals: &Locals,
        result: &mut String,
    ) -> Result<()> {
        let each = &directive.for_expr;
        let key = each.key_var.as_ref().map(|name| name.value().as_str());
        let value = each.value_var.value().as_str();
        self.for_each(&each.collection_expr, key, value, locals, &mut |locals| {
            self.elements(&each.template, literals, locals, result)
        })
    }

    /// Runs `body` for each element of a collection, with its key and value bound to names.
    fn for_each(
        &self,
        collection: &Expression,
        key_name: Option<&str>,
        value_name: &str,
        locals: &Locals,
        body: &mut dyn FnMut(&Locals) -> Result<()>,
    ) -> Result<()> {
        let mut visit = |key: Value, value: &Value| {
            self.budget.spend(STEP)?;
            let with_key = match key_name {
                Some(name) => Locals::Bound {
                    name,
                    value: &key,
                    outer: locals,
                },
                None => Locals::None,
            };
            let outer = if key_name.is_some() {
                &with_key
            } else {
                locals
            };
            body(&Locals::Bound {
                name: value_name,
                value,
                outer,
            })
        };
        match self.at(collection, locals)? {
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| visit(index.into(), value)),
            Value::Object(object) => convert::sorted(&object)
                .into_iter()
                .try_for_each(|(key, value)| visit(key.as_str().into(), value)),
            other => Err(Fault::new(format!(
                "a list or an object is needed here, not {}",
                convert::kind(&other)
            ))
            .at(collection.span())),
        }
    }

    fn each(&self, each: &ForExpr, locals: &Locals) -> Result<Value> {
        let key = each
            .intro
            .key_var
            .as_ref()
            .map(|name| name.value().as_str());
        let value = each.intro.value_var.value().as_str();
        let mut list = Vec::new();
        let mut object: Map<String, Value> = Map::new();
        self.for_each(
            &each.intro.collection_expr,
            key,
            value,
            locals,
            &mut |locals| {
                if let Some(condition) = &each.cond
                    && !self.truth(&condition.expr, locals)?
                {
                    return Ok(());
                }
                let Some(key) = &each.key_expr else {
                    list.push(self.at(&each.value_expr, locals)?);
                    return Ok(());
                };
                let name = self.string(key, locals)?;
                let value = self.at(&each.value_expr, locals)?;
                if each.grouping {
                    let group = object
                        .entry(name)
                        .or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(group) = group {
                        group.push(value);
                    }
                } else if object.contains_key(&name) {
                    return Err(Fault::new(format!("two elements have the key `{name}`"))
                        .at(key.span())
                        .hint("write `...` after the value to group elements with the same key"));
                } else {
                    object.insert(name, value);
                }
                Ok(())
            },
        )?;
        Ok(match each.key_expr {
            Some(_) => Value::Object(object),
            None => Value::Array(list),
        })
    }

    fn call(&self, call: &FuncCall, locals: &Locals) -> Result<Value> {
        let name = call.name.name.value().as_str();
        let function = functions::find(name)
            .filter(|_| !call.name.is_namespaced())
            .ok_or_else(|| {
                Fault::new(format!("unknown function `{name}`")).at(call.name.name.span())
            })?;
        // `try` and `can` are about arguments that cannot be evaluated.
        if let Some(lenient) = function.lenient() {
            return self.lenient(lenient, call, locals);
        }
        let mut values = Vec::new();
        let mut spans: Vec<Option<Range<usize>>> = Vec::new();
        for (index, argument) in call.args.iter().enumerate() {
            let value = self.at(argument, locals)?;
            if !(call.args.expand_final() && index + 1 == call.args.len()) {
                values.push(value);
                spans.push(argument.span());
                continue;
            }
            let Value::Array(elements) = value else {
                return Err(Fault::new(format!(
                    "a list is needed before `...`, not {}",
                    convert::kind(&value)
                ))
                .at(argument.span()));
            };
            spans.extend(elements.iter().map(|_| argument.span()));
            values.extend(elements);
        }
        if let Some(fault) = function.wrong_count(values.len()) {
            return Err(fault.at(call.span()));
        }
        let arguments = Arguments {
            values: &values,
            root: &self.scope.root,
            budget: &self.budget,
        };
        match (function.call)(&arguments) {
            Ok(value) => {
                self.budget.spend(size(&value))?;
                Ok(value)
            }
            Err(complaint) => {
                let span = complaint
                    .argument
                    .and_then(|index| spans.get(index).cloned().flatten());
                let mut fault = complaint.fault;
                fault.message = format!("{name}: {}", fault.message);
                Err(fault.at(span).at(call.span()))
            }
        }
    }

    fn lenient(
        &self,
        lenient: functions::Lenient,
        call: &FuncCall,
        locals: &Locals,
    ) -> Result<Value> {
        let mut last = Fault::new("no argument");
        for argument in call.args.iter() {
            match (self.at(argument, locals), lenient) {
                (Ok(value), functions::Lenient::Try) => return Ok(value),
                (Ok(_), functions::Lenient::Can) => return Ok(Value::Bool(true)),
                (Err(_), functions::Lenient::Can) => return Ok(Value::Bool(false)),
                (Err(fault), functions::Lenient::Try) => last = fault,
            }
        }
        last.message = format!(
            "try: none of the arguments has a value; the last one: {}",
            last.message
        );
        Err(last)
    }

    fn traversal(&self, traversal: &Traversal, locals: &Locals) -> Result<Value> {
        let (value, taken) = match &traversal.expr {
            Expression::Variable(name) if locals.get(name.value().as_str()).is_none() => {
                let found = reference::of_traversal(name.value().as_str(), traversal)?;
                let operators = found.operators;
                (self.reference(found)?, operators)
            }
            inner => (self.at(inner, locals)?, 0),
        };
        let operators: Vec<&TraversalOperator> = traversal
            .operators
            .iter()
            .skip(taken)
            .map(|operator| operator.value())
            .collect();
        self.follow(value, &operators, locals)
    }

    fn follow(
        &self,
        mut value: Value,
        operators: &[&TraversalOperator],
        locals: &Locals,
    ) -> Result<Value> {
        for (index, operator) in operators.iter().enumerate() {
            value = match operator {
                TraversalOperator::GetAttr(name) => attribute(value, name.value().as_str())
                    .map_err(|fault| fault.at(name.span()))?,
                TraversalOperator::LegacyIndex(index) => {
                    element(value, &Value::from(*index.value()))
                        .map_err(|fault| fault.at(index.span()))?
                }
                TraversalOperator::Index(index) => {
                    let key = self.at(index, locals)?;
                    element(value, &key).map_err(|fault| fault.at(index.span()))?
                }
                TraversalOperator::FullSplat(_) => {
                    return self.splat(value, &operators[index + 1..], locals);
                }
                TraversalOperator::AttrSplat(_) => {
                    let rest = &operators[index + 1..];
                    let names = rest
                        .iter()
                        .take_while(|operator| matches!(operator, TraversalOperator::GetAttr(_)))
                        .count();
                    let list = self.splat(value, &rest[..names], locals)?;
                    return self.follow(list, &rest[names..], locals);
                }
            };
        }
        Ok(value)
    }

    fn splat(
        &self,
        value: Value,
        operators: &[&TraversalOperator],
        locals: &Locals,
    ) -> Result<Value> {
        match value {
            Value::Null => Ok(Value::Array(Vec::new())),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| self.follow(element, operators, locals))
                .collect::<Result<_>>()
                .map(Value::Array),
            other => Ok(Value::Array(vec![self.follow(other, operators, locals)?])),
        }
    }

    fn reference(&self, found: Found) -> Result<Value> {
        let scope = self.scope;
        let optional = |text: &Option<String>| match text {
            Some(text) => Value::from(text.as_str()),
            None => Value::Null,
        };
        let unknown = |what: String| Fault::new(format!("{what} is not known yet"));
        let image = |name: &str, fact: Option<&String>, what: &str| {
            fact.map(|fact| Value::from(fact.as_str())).ok_or_else(|| {
                unknown(format!("`image.{name}.{what}`"))
                    .hint("it is known once the image is built or found")
            })
        };
        let value = match &found.reference {
            Reference::StackName => Ok(scope.stack.as_str().into()),
            Reference::EnvironmentName => Ok(scope.environment.as_str().into()),
            Reference::EnvironmentRegion => scope
                .region
                .as_deref()
                .map(Value::from)
                .ok_or_else(|| unknown("`environment.region`".to_owned())),
            Reference::RunId | Reference::RunGitCommit | Reference::RunGitBranch => {
                match &scope.run {
                    None => Err(unknown(format!("`{}`", found.reference))),
                    Some(run) => Ok(match found.reference {
                        Reference::RunId => run.id.as_str().into(),
                        Reference::RunGitCommit => optional(&run.git_commit),
                        _ => optional(&run.git_branch),
                    }),
                }
            }
            Reference::Env(name) => match scope.env.get(name) {
                Some(value) => Ok(value.as_str().into()),
                None => Err(
                    Fault::new(format!("`env.{name}` is not declared")).hint(format!(
                        "declare it at the top of the file: env \"{name}\" {{}}"
                    )),
                ),
            },
            Reference::ImageId(name) => image(
                name,
                scope.images.get(name).and_then(|image| image.id.as_ref()),
                "id",
            ),
            Reference::ImageFingerprint(name) => image(
                name,
                scope
                    .images
                    .get(name)
                    .and_then(|image| image.fingerprint.as_ref()),
                "fingerprint",
            ),
            Reference::Output(name) => self.output(name),
            Reference::Credential(name) => Err(Fault::new(format!(
                "`credential.{name}` is a secret and has no place in an expression"
            ))),
        };
        let value = value.map_err(|fault| fault.at(found.span))?;
        self.budget.spend(size(&value))?;
        Ok(value)
    }

    fn output(&self, name: &str) -> Result<Value> {
        let Some(outputs) = &self.scope.outputs else {
            return Err(Fault::new(format!("`output.{name}` is not known yet"))
                .hint("outputs are known after the apply"));
        };
        if self.scope.sensitive.contains(name) {
            return Err(Fault::new(format!("the output `{name}` is sensitive"))
                .hint("its value stays in Terraform's state; `sensitive = false` in Terraform shows it"));
        }
        outputs.get(name).cloned().ok_or_else(|| {
            let known = outputs.keys().map(String::as_str);
            Fault::new(format!("the deployment has no output `{name}`")).maybe_hint(suggest::hint(
                name,
                "its outputs are",
                known,
            ))
        })
    }

    fn unary(&self, operation: &UnaryOp, locals: &Locals) -> Result<Value> {
        match operation.operator.value() {
            UnaryOperator::Not => Ok(Value::Bool(!self.truth(&operation.expr, locals)?)),
            UnaryOperator::Neg => {
                let number = self.operand(&operation.expr, locals)?;
                number::calculate(&0.into(), Arithmetic::Subtract, &number).map(Value::Number)
            }
        }
    }

    fn operand(&self, expression: &Expression, locals: &Locals) -> Result<serde_json::Number> {
        let value = self.at(expression, locals)?;
        convert::to_number(&value).map_err(|fault| fault.at(expression.span()))
    }

    fn binary(&self, operation: &BinaryOp, locals: &Locals) -> Result<Value> {
        let (left, right) = (&operation.lhs_expr, &operation.rhs_expr);
        let calculate = |operator| {
            let (left, right) = (self.operand(left, locals)?, self.operand(right, locals)?);
            number::calculate(&left, operator, &right).map(Value::Number)
        };
        let compare = |holds: fn(std::cmp::Ordering) -> bool| {
            let (left, right) = (self.operand(left, locals)?, self.operand(right, locals)?);
            Ok(Value::Bool(holds(number::compare(&left, &right))))
        };
        let equal = || {
            Ok(convert::equal(
                &self.at(left, locals)?,
                &self.at(right, locals)?,
            ))
        };
        match *operation.operator.value() {
            BinaryOperator::Eq => equal().map(Value::Bool),
            BinaryOperator::NotEq => equal().map(|equal| Value::Bool(!equal)),
            BinaryOperator::And => Ok(Value::Bool(
                self.truth(left, locals)? && self.truth(right, locals)?,
            )),
            BinaryOperator::Or => Ok(Value::Bool(
                self.truth(left, locals)? || self.truth(right, locals)?,
            )),
            BinaryOperator::Less => compare(std::cmp::Ordering::is_lt),
            BinaryOperator::LessEq => compare(std::cmp::Ordering::is_le),
            BinaryOperator::Greater => compare(std::cmp::Ordering::is_gt),
            BinaryOperator::GreaterEq => compare(std::cmp::Ordering::is_ge),
            BinaryOperator::Plus => calculate(Arithmetic::Add),
            BinaryOperator::Minus => calculate(Arithmetic::Subtract),
            BinaryOperator::Mul => calculate(Arithmetic::Multiply),
            BinaryOperator::Div => calculate(Arithmetic::Divide),
            BinaryOperator::Mod => calculate(Arithmetic::Remainder),
        }
    }
}

/// Bytes of text and number of elements in a value, roughly what it takes in memory.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => text.len() + 1,
        Value::Array(elements) => 1 + elements.iter().map(size).sum::<usize>(),
        Value::Object(object) => {
            1 + object
                .iter()
                .map(|(key, value)| key.len() + size(value))
                .sum::<usize>()
        }
    }
}

fn attribute(value: Value, name: &str) -> Result<Value> {
    match value {
        Value::Object(mut object) => object.remove(name).ok_or_else(|| {
            Fault::new(format!("this object has no `{name}`")).maybe_hint(suggest::hint(
                name,
                "it has",
                object.keys().map(String::as_str),
            ))
        }),
        Value::Array(_) => Err(Fault::new(format!("a list has no `{name}`")).hint(format!(
            "`LIST[0].{name}` is that of one element, `LIST[*].{name}` those of all"
        ))),
        other => Err(Fault::new(format!(
            "{} has no `{name}`",
            convert::kind(&other)
        ))),
    }
}

fn element(value: Value, key: &Value) -> Result<Value> {
    match value {
        Value::Object(_) => attribute(value, &convert::text(key)?),
        Value::Array(mut elements) => {
            let number = convert::to_number(key)?;
            let index = number
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .filter(|index| *index < elements.len());
            match index {
                Some(index) => Ok(elements.swap_remove(index)),
                None => Err(Fault::new(format!(
                    "there is no element {}: the list has {}",
                    number::to_text(&number),
                    elements.len()
                ))
                .hint("the first element is 0")),
            }
        }
        other => Err(Fault::new(format!(
            "{} has no elements",
            convert::kind(&other)
        ))),
    }
}
