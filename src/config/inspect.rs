//! What an expression holds, without evaluating it: references, calls and numbers, each with its place.

use std::ops::Range;

use hcl_edit::{
    Span,
    expr::{Expression, FuncCall, ObjectKey, TraversalOperator},
    template::{Directive, Element, Template},
};

use super::{
    fault::Fault,
    functions, number,
    reference::{self, Found, Reference},
    suggest,
};

/// Everything in an expression that can be judged before it is evaluated.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    pub(super) references: Vec<(Reference, Option<Range<usize>>)>,
    pub(super) faults: Vec<Fault>,
}

/// Walks through `expression`, whose spans belong to `text`.
pub(super) fn inspect(expression: &Expression, text: &str) -> Inspection {
    let mut walker = Walker {
        text,
        locals: Vec::new(),
        found: Inspection::default(),
    };
    walker.expression(expression);
    walker.found
}

struct Walker<'a> {
    text: &'a str,
    /// Names that `for` gives.
    locals: Vec<&'a str>,
    found: Inspection,
}

impl<'a> Walker<'a> {
    fn expression(&mut self, expression: &'a Expression) {
        match expression {
            Expression::Null(_) | Expression::Bool(_) | Expression::String(_) => {}
            Expression::Number(_) => {
                // Only the text still has the digits that the parser rounded away.
                if let Some(written) = expression.span().and_then(|span| self.text.get(span)) {
                    let compact = number::literal(written);
                    if number::exact(&compact).is_none() {
                        let fault = number::inexact(&compact).at(expression.span());
                        self.found.faults.push(fault);
                    }
                }
            }
            Expression::Array(array) => array.iter().for_each(|element| self.expression(element)),
            Expression::Object(object) => {
                for (key, value) in object {
                    if let ObjectKey::Expression(key) = key {
                        self.expression(key);
                    }
                    self.expression(value.expr());
                }
            }
            Expression::StringTemplate(template) => self.template(template),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template),
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::Variable(name) => {
                if !self.locals.contains(&name.value().as_str()) {
                    let fault = reference::alone(name.value().as_str()).at(name.span());
                    self.found.faults.push(fault);
                }
            }
            Expression::Conditional(conditional) => {
                self.expression(&conditional.cond_expr);
                self.expression(&conditional.true_expr);
                self.expression(&conditional.false_expr);
            }
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => {
                let mut rest = 0;
                match &traversal.expr {
                    Expression::Variable(name) if !self.locals.contains(&name.value().as_str()) => {
                        match reference::of_traversal(name.value().as_str(), traversal) {
                            Ok(Found {
                                reference,
                                span,
                                operators,
                            }) => {
                                rest = operators;
                                self.found.references.push((reference, span));
                            }
                            Err(fault) => self.found.faults.push(fault),
                        }
                    }
                    inner => self.expression(inner),
                }
                for operator in traversal.operators.iter().skip(rest) {
                    if let TraversalOperator::Index(index) = operator.value() {
                        self.expression(index);
                    }
                }
            }
            Expression::UnaryOp(operation) => self.expression(&operation.expr),
            Expression::BinaryOp(operation) => {
                self.expression(&operation.lhs_expr);
                self.expression(&operation.rhs_expr);
            }
            Expression::ForExpr(each) => {
                self.expression(&each.intro.collection_expr);
                let outer = self.locals.len();
                self.locals.extend(
                    each.intro
                        .key_var
                        .as_ref()
                        .map(|name| name.value().as_str()),
                );
                self.locals.push(each.intro.value_var.value().as_str());
                each.key_expr.iter().for_each(|key| self.expression(key));
                self.expression(&each.value_expr);
                each.cond
                    .iter()
                    .for_each(|cond| self.expression(&cond.expr));
                self.locals.truncate(outer);
            }
        }
    }

    fn template(&mut self, template: &'a Template) {
        for element in template {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(interpolation) => self.expression(&interpolation.expr),
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => {
                        self.expression(&directive.if_expr.cond_expr);
                        self.template(&directive.if_expr.template);
                        if let Some(otherwise) = &directive.else_expr {
                            self.template(&otherwise.template);
                        }
                    }
                    Directive::For(directive) => {
                        let each = &directive.for_expr;
                        self.expression(&each.collection_expr);
                        let outer = self.locals.len();
                        self.locals
                            .extend(each.key_var.as_ref().map(|name| name.value().as_str()));
                        self.locals.push(each.value_var.value().as_str());
                        self.template(&each.template);
                        self.locals.truncate(outer);
                    }
                },
            }
        }
    }

    fn call(&mut self, call: &'a FuncCall) {
        let name = call.name.name.value().as_str();
        let span = call.name.name.span();
        if call.name.is_namespaced() {
            let fault = Fault::new("provider functions are not offered here").at(call.span());
            self.found.faults.push(fault);
        } else {
            match functions::find(name) {
                Some(function) => {
                    let arguments = (!call.args.expand_final()).then_some(call.args.len());
                    if let Some(fault) = arguments.and_then(|count| function.wrong_count(count)) {
                        self.found.faults.push(fault.at(call.span()));
                    }
                }
                None => {
                    let close = suggest::closest(name, functions::names());
                    self.found.faults.push(
                        Fault::new(format!("unknown function `{name}`"))
                            .at(span)
                            .hint(match close {
                                Some(close) => format!("did you mean `{close}`?"),
                                None => functions::why_not(name),
                            }),
                    );
                }
            }
        }
        call.args
            .iter()
            .for_each(|argument| self.expression(argument));
    }
}
