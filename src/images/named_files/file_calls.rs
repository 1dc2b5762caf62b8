//! Calls of `file(...)` and its kin in the expressions of an HCL2 template.

use hcl_edit::{
    Decorated, Ident,
    expr::{Conditional, Expression, ForExpr, ForIntro, FuncCall},
    structure::Block,
    template::{ForDirective, IfDirective, Template},
    visit::{Visit, visit_block, visit_body, visit_conditional, visit_expr, visit_if_directive},
};
use serde_json::{Value, json};

use super::{Found, Needs, texts};
use crate::{
    config::Place,
    render::{hcl_file::HclFile, packer::Resolver},
};

/// Names bound where an expression stands, innermost last.
pub(super) type Names = Vec<(String, Value)>;

/// What is bound in each of the blocks that a `dynamic` block makes, `None` when only Packer can tell.
pub(super) fn iterations(block: &Block, resolver: &Resolver, names: &Names) -> Option<Vec<Names>> {
    let collection = &block.body.get_attribute("for_each")?.value;
    let collection = resolver.evaluate_with(collection, names)?;
    let iterator = block.body.get_attribute("iterator");
    let name = match iterator {
        Some(iterator) => iterator.value.as_variable()?.as_str(),
        None => block.labels.first()?.as_str(),
    };
    Some(
        elements(&collection)?
            .into_iter()
            .map(|(key, value)| {
                let mut names = names.clone();
                names.push((name.to_owned(), json!({"key": key, "value": value})));
                names
            })
            .collect(),
    )
}

/// Keys and values of a collection, `None` when it is none.
fn elements(collection: &Value) -> Option<Vec<(Value, &Value)>> {
    match collection {
        Value::Array(items) => Some(
            items
                .iter()
                .enumerate()
                .map(|(index, value)| (json!(index), value))
                .collect(),
        ),
        Value::Object(members) => Some(
            members
                .iter()
                .map(|(key, value)| (json!(key), value))
                .collect(),
        ),
        _ => None,
    }
}

/// Finds calls of functions that read files.
pub(super) struct FileCalls<'a> {
    file: &'a HclFile,
    resolver: &'a Resolver,
    found: &'a mut Found,
    names: Names,
    /// Packer may never get to what is visited.
    may_be_missing: bool,
    /// Where the file that is visited is read, when it is none of the template's own.
    read_at: Option<Place>,
}

impl Visit for FileCalls<'_> {
    fn visit_block(&mut self, block: &Block) {
        let is_dynamic = block.ident.as_str() == "dynamic";
        let iterations = is_dynamic.then(|| iterations(block, self.resolver, &self.names));
        match iterations.flatten() {
            None => visit_block(self, block),
            Some(iterations) => {
                // `for_each` itself, outside of what it binds.
                for attribute in block.body.attributes() {
                    self.visit_attr(attribute);
                }
                for names in iterations {
                    let outer = std::mem::replace(&mut self.names, names);
                    for content in block.body.get_blocks("content") {
                        visit_body(self, &content.body);
                    }
                    self.names = outer;
                }
            }
        }
    }

    fn visit_expr(&mut self, expression: &Expression) {
        match expression {
            Expression::FuncCall(call) => match call.name.name.as_str() {
                // Whether their arguments have a value is what they are for.
                "try" | "can" => self.perhaps(|finder| visit_expr(finder, expression)),
                name if reads_a_file(name) => {
                    self.call(call, expression);
                    visit_expr(self, expression);
                }
                _ => visit_expr(self, expression),
            },
            _ => visit_expr(self, expression),
        }
    }

    fn visit_conditional(&mut self, conditional: &Conditional) {
        let condition = &conditional.cond_expr;
        self.visit_expr(condition);
        match self.resolver.evaluate_with(condition, &self.names) {
            Some(Value::Bool(true)) => self.visit_expr(&conditional.true_expr),
            Some(Value::Bool(false)) => self.visit_expr(&conditional.false_expr),
            _ => self.perhaps(|finder| visit_conditional(finder, conditional)),
        }
    }

    fn visit_if_directive(&mut self, directive: &IfDirective) {
        let condition = &directive.if_expr.cond_expr;
        self.visit_expr(condition);
        let value = self.resolver.evaluate_with(condition, &self.names);
        let otherwise = directive.else_expr.as_ref().map(|other| &other.template);
        match value {
            Some(Value::Bool(true)) => self.visit_template(&directive.if_expr.template),
            Some(Value::Bool(false)) => {
                otherwise
                    .into_iter()
                    .for_each(|other| self.visit_template(other));
            }
            _ => self.perhaps(|finder| visit_if_directive(finder, directive)),
        }
    }

    fn visit_for_expr(&mut self, each: &ForExpr) {
        let ForIntro {
            key_var,
            value_var,
            collection_expr,
            ..
        } = &each.intro;
        let condition = each.cond.as_ref().map(|condition| &condition.expr);
        self.each((key_var.as_ref(), value_var), collection_expr, |finder| {
            let value = condition
                .and_then(|condition| finder.resolver.evaluate_with(condition, &finder.names));
            condition
                .into_iter()
                .for_each(|condition| finder.visit_expr(condition));
            if value != Some(Value::Bool(false)) {
                each.key_expr.iter().for_each(|key| finder.visit_expr(key));
                finder.visit_expr(&each.value_expr);
            }
        });
    }

    fn visit_for_directive(&mut self, directive: &ForDirective) {
        let each = &directive.for_expr;
        let names = (each.key_var.as_ref(), &each.value_var);
        self.each(names, &each.collection_expr, |finder| {
            finder.visit_template(&each.template);
        });
    }
}

/// `file`, `filebase64`, `filesha256` and the like. `fileexists` reads nothing.
fn reads_a_file(function: &str) -> bool {
    function != "fileexists" && (function.starts_with("file") || function == "templatefile")
}

impl<'a> FileCalls<'a> {
    pub(super) fn new(
        file: &'a HclFile,
        resolver: &'a Resolver,
        found: &'a mut Found,
        names: Names,
    ) -> Self {
        FileCalls {
            file,
            resolver,
            found,
            names,
            may_be_missing: false,
            read_at: None,
        }
    }

    /// Visits with `visit` what is there for each element of a collection; once, with nothing bound, when
    /// the elements are not known.
    fn each(
        &mut self,
        (key_name, value_name): (Option<&Decorated<Ident>>, &Decorated<Ident>),
        collection: &Expression,
        mut visit: impl FnMut(&mut Self),
    ) {
        self.visit_expr(collection);
        let known = self.resolver.evaluate_with(collection, &self.names);
        let Some(elements) = known.as_ref().and_then(elements) else {
            return visit(self);
        };
        for (key, value) in elements {
            let outer = self.names.len();
            if let Some(name) = key_name {
                self.names.push((name.as_str().to_owned(), key));
            }
            let value_name = value_name.as_str().to_owned();
            self.names.push((value_name, value.clone()));
            visit(self);
            self.names.truncate(outer);
        }
    }

    fn perhaps(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.may_be_missing, true);
        visit(self);
        self.may_be_missing = outer;
    }

    fn call(&mut self, call: &FuncCall, whole: &Expression) {
        let name = call.name.name.as_str();
        let place = match &self.read_at {
            Some(place) => place.clone(),
            None => self.file.place(whole),
        };
        let texts_of = |expression| texts(&self.resolver.evaluate_with(expression, &self.names)?);
        let first = call.args.get(0).and_then(texts_of);
        let paths = match (name, first.as_deref()) {
            ("fileset", Some([folder])) => texts_of(whole).map(|files| {
                let below = |file: String| format!("{folder}/{file}");
                files.into_iter().map(below).collect()
            }),
            ("fileset", _) => None,
            (_, Some([path])) => Some(vec![path.clone()]),
            _ => None,
        };
        let needs = Needs {
            may_be_missing: self.may_be_missing,
            file_only: true,
        };
        match paths {
            Some(paths) => {
                for path in paths {
                    self.found.add(&path, Some(&place), needs);
                }
            }
            None => self
                .found
                .add_unresolved(format!("{name}(...)"), Some(place.clone())),
        }
        if let ("templatefile", Some([path])) = (name, first.as_deref()) {
            self.calls_of_template(call, path, place);
        }
    }

    /// Calls in a file that `templatefile` reads, with its variables bound.
    fn calls_of_template(&mut self, call: &FuncCall, path: &str, place: Place) {
        let parsed = self
            .resolver
            .file(path)
            .map(|text| text.parse::<Template>());
        // Packer says what is wrong with a file that is no template.
        let Some(Ok(template)) = parsed else {
            return;
        };
        let variables = call
            .args
            .get(1)
            .and_then(|variables| self.resolver.evaluate_with(variables, &self.names));
        let names = match variables {
            Some(Value::Object(members)) => members.into_iter().collect(),
            _ => Names::new(),
        };
        let mut inner = FileCalls {
            may_be_missing: self.may_be_missing,
            read_at: Some(place),
            ..FileCalls::new(self.file, self.resolver, self.found, names)
        };
        inner.visit_template(&template);
    }
}
