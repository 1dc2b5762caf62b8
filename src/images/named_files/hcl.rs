//! Files that an HCL2 template names.

use hcl_edit::{
    expr::{Conditional, Expression, ForExpr, FuncCall},
    structure::{Block, Body},
    visit::{Visit, visit_block, visit_body, visit_conditional, visit_expr, visit_for_expr},
};
use serde_json::{Value, json};

use super::{Argument, Found, Needs, arguments, texts};
use crate::render::{
    hcl_file::{HclFile, labels, member},
    packer::{Resolver, hcl::Parts, provisioners},
};

/// Names bound where an expression stands, innermost last.
type Names = Vec<(String, Value)>;

pub(super) fn find(parts: &Parts, resolver: &Resolver, found: &mut Found) {
    let mut finder = Finder {
        parts,
        resolver,
        found,
    };
    for file in &parts.template.files {
        for block in file.body.blocks() {
            finder.calls_in(file, block);
        }
    }
    let of_sources = &arguments::OF_SOURCES;
    let (file, source) = parts.source;
    finder.arguments(file, "", &source.body, of_sources, &Names::new());
    let (file, build) = parts.build;
    if let Some(inline) = parts.inline {
        finder.arguments(file, "", &inline.body, of_sources, &Names::new());
    }
    for block in build.body.blocks() {
        let names = finder.names_of_build();
        match (block.ident.as_str(), labels(block)) {
            ("provisioner", Some([kind])) => {
                finder.provisioner(file, kind, &block.body, &names);
            }
            _ if provisioners::is_dynamic(block) => finder.dynamic_provisioner(file, block, &names),
            _ => {}
        }
    }
}

struct Finder<'a> {
    parts: &'a Parts<'a>,
    resolver: &'a Resolver,
    found: &'a mut Found,
}

impl Finder<'_> {
    /// What expressions in the build may use beyond the template's own names.
    fn names_of_build(&self) -> Names {
        let source = json!({"type": "amazon-ebs", "name": self.parts.source_name});
        vec![("source".to_owned(), source)]
    }

    /// Calls in a block at the top of a file. Other sources and builds take no part in this image, nor do
    /// provisioners that do not run for it.
    fn calls_in(&mut self, file: &HclFile, block: &Block) {
        let is_source = std::ptr::eq(block, self.parts.source.1);
        let is_build = std::ptr::eq(block, self.parts.build.1);
        if is_build {
            for attribute in block.body.attributes() {
                self.calls(file, Names::new()).visit_attr(attribute);
            }
            for nested in block.body.blocks() {
                let takes_part = match nested.ident.as_str() {
                    "provisioner" => self.applies(&nested.body, &Names::new()),
                    "source" => self
                        .parts
                        .inline
                        .is_some_and(|own| std::ptr::eq(own, nested)),
                    _ => true,
                };
                if takes_part {
                    let names = self.names_of_build();
                    self.calls(file, names).visit_block(nested);
                }
            }
        } else if is_source || !["source", "build"].contains(&block.ident.as_str()) {
            self.calls(file, Names::new()).visit_block(block);
        }
    }

    fn calls<'s>(&'s mut self, file: &'s HclFile, names: Names) -> FileCalls<'s> {
        FileCalls {
            file,
            resolver: self.resolver,
            found: self.found,
            names,
            may_be_missing: false,
        }
    }

    fn applies(&self, body: &Body, names: &Names) -> bool {
        provisioners::applies(self.parts, body, |list| {
            texts(&self.resolver.evaluate_with(list, names)?)
        })
    }

    fn provisioner(&mut self, file: &HclFile, kind: &str, body: &Body, names: &Names) {
        let direction = body.get_attribute("direction").map(|found| &found.value);
        let downloads = direction.and_then(Expression::as_str) == Some("download");
        if !downloads && self.applies(body, names) {
            let arguments = arguments::of_provisioner(kind);
            self.arguments(file, kind, body, arguments, names);
        }
    }

    fn dynamic_provisioner(&mut self, file: &HclFile, block: &Block, names: &Names) {
        let iterations = iterations(block, self.resolver, names);
        for names in iterations.unwrap_or_else(|| vec![names.clone()]) {
            let kind = block.body.get_attribute("labels").and_then(|labels| {
                let labels = texts(&self.resolver.evaluate_with(&labels.value, &names)?)?;
                labels.into_iter().next()
            });
            for content in block.body.get_blocks("content") {
                // When the kind is not known, all usual names are looked for.
                let kind = kind.as_deref().unwrap_or_default();
                self.provisioner(file, kind, &content.body, &names);
            }
        }
    }

    fn arguments(
        &mut self,
        file: &HclFile,
        kind: &str,
        body: &Body,
        names_of_files: &[&str],
        names: &Names,
    ) {
        let overriding = self.overriding(body);
        let value = |name: &str| {
            let own = || body.get_attribute(name).map(|found| &found.value);
            overriding
                .and_then(|object| member(object, name))
                .or_else(own)
        };
        let generated = value("generated").and_then(Expression::as_bool) == Some(true);
        for &name in names_of_files {
            if arguments::is_made_by_build(name, value("galaxy_file").is_some()) {
                continue;
            }
            let argument = Argument {
                kind,
                name,
                generated,
            };
            if let Some(written) = value(name) {
                self.argument(file, &argument, written, names);
            }
            // `module_dirs` and its like are blocks.
            for block in body.get_blocks(name) {
                if let Some(source) = block.body.get_attribute("source") {
                    self.argument(file, &argument, &source.value, names);
                }
            }
        }
    }

    /// What the provisioner has different for the chosen source, when that is written out. It is kept by
    /// the source's name without its type (Packer 1.6.6, `startProvisioner`).
    fn overriding<'t>(&self, body: &'t Body) -> Option<&'t Expression> {
        let all = &body.get_attribute("override")?.value;
        member(all, &self.parts.source_name)
    }

    fn argument(
        &mut self,
        file: &HclFile,
        argument: &Argument,
        written: &Expression,
        names: &Names,
    ) {
        let place = file.place(written);
        let parts: Vec<&Expression> = match written.as_array() {
            Some(items) if arguments::names_files_now_and_then(argument.name) => {
                items.iter().collect()
            }
            _ => vec![written],
        };
        for part in parts {
            let value = self.resolver.evaluate_with(part, names);
            match value.as_ref().and_then(texts) {
                Some(texts) => self.found.add_argument(argument, &texts, Some(&place)),
                None if arguments::names_files_now_and_then(argument.name) => {}
                None => self
                    .found
                    .add_unresolved(argument.name, Some(place.clone())),
            }
        }
    }
}

/// What is bound in each of the blocks that a `dynamic` block makes, `None` when only Packer can tell.
fn iterations(block: &Block, resolver: &Resolver, names: &Names) -> Option<Vec<Names>> {
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
struct FileCalls<'a> {
    file: &'a HclFile,
    resolver: &'a Resolver,
    found: &'a mut Found,
    names: Names,
    /// Packer may never get to what is visited.
    may_be_missing: bool,
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

    fn visit_for_expr(&mut self, each: &ForExpr) {
        let collection = &each.intro.collection_expr;
        let known = self.resolver.evaluate_with(collection, &self.names);
        let Some(elements) = known.as_ref().and_then(elements) else {
            return visit_for_expr(self, each);
        };
        self.visit_expr(collection);
        for (key, value) in elements {
            let outer = self.names.len();
            if let Some(name) = &each.intro.key_var {
                self.names.push((name.as_str().to_owned(), key));
            }
            let name = each.intro.value_var.as_str();
            self.names.push((name.to_owned(), value.clone()));
            let condition = each.cond.as_ref().map(|condition| &condition.expr);
            let is_wanted =
                condition.and_then(|condition| self.resolver.evaluate_with(condition, &self.names));
            if is_wanted != Some(Value::Bool(false)) {
                each.key_expr.iter().for_each(|key| self.visit_expr(key));
                self.visit_expr(&each.value_expr);
            }
            condition
                .into_iter()
                .for_each(|condition| self.visit_expr(condition));
            self.names.truncate(outer);
        }
    }
}

/// `file`, `filebase64`, `filesha256` and the like. `fileexists` reads nothing.
fn reads_a_file(function: &str) -> bool {
    function != "fileexists" && (function.starts_with("file") || function == "templatefile")
}

impl FileCalls<'_> {
    fn perhaps(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.may_be_missing, true);
        visit(self);
        self.may_be_missing = outer;
    }

    fn call(&mut self, call: &FuncCall, whole: &Expression) {
        let name = call.name.name.as_str();
        let place = self.file.place(whole);
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
                .add_unresolved(format!("{name}(...)"), Some(place)),
        }
    }
}
