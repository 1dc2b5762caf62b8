//! What the expressions of an HCL2 template are, as far as that can be told without Packer.
//!
//! Paths of scripts and the source AMI are nearly always literals, or put together from variables with
//! defaults, locals and `path.root`. Those are resolved; everything else has no value here.

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;
use hcl::{
    Value,
    eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType},
};
use hcl_edit::{
    expr::Expression,
    structure::Block,
    visit_mut::{VisitMut, visit_expr_mut},
};
use serde_json::Map;
use walkdir::WalkDir;

use super::template::HclTemplate;
use crate::render::hcl_file::{HclFile, labels};

/// Variables, locals and paths of a template with known values.
#[derive(Debug)]
pub struct Scope {
    variables: Map<String, serde_json::Value>,
    locals: Map<String, serde_json::Value>,
    /// The folder Packer runs in, for `fileset`.
    folder: Utf8PathBuf,
}

impl Scope {
    /// The scope of `template`, which is in the existing folder `folder`.
    ///
    /// `given` overrides defaults; variables named in `secret` have no value here.
    pub fn new(
        template: &HclTemplate,
        folder: &Utf8Path,
        given: &Map<String, serde_json::Value>,
        secret: &[String],
    ) -> Scope {
        let mut scope = Scope {
            variables: Map::new(),
            locals: Map::new(),
            folder: folder.to_owned(),
        };
        for (name, default) in variable_defaults(template) {
            if let Some(value) = scope.evaluate(default) {
                scope.variables.insert(name.to_owned(), value);
            }
        }
        for file in &template.variable_files {
            for attribute in file.body.attributes() {
                if let Some(value) = scope.evaluate(&attribute.value) {
                    scope.variables.insert(attribute.key.to_string(), value);
                }
            }
        }
        for file in &template.json_variable_files {
            scope.variables.extend(file.root.clone());
        }
        scope.variables.extend(given.clone());
        for name in secret {
            scope.variables.remove(name);
        }

        // Locals may use each other in any order: each pass resolves those whose parts are known.
        let mut unresolved = local_expressions(template);
        loop {
            let before = unresolved.len();
            unresolved.retain(|(name, expression)| match scope.evaluate(expression) {
                Some(value) => {
                    scope.locals.insert((*name).to_owned(), value);
                    false
                }
                None => true,
            });
            if unresolved.len() == before {
                return scope;
            }
        }
    }

    /// The value of `expression`, `None` when only Packer can tell.
    pub fn evaluate(&self, expression: &Expression) -> Option<serde_json::Value> {
        let mut expression = expression.clone();
        FilesetCalls { scope: self }.visit_expr_mut(&mut expression);
        let value = hcl::Expression::from(expression)
            .evaluate(&self.context())
            .ok()?;
        serde_json::to_value(value).ok()
    }

    /// [`Scope::evaluate`] for what has to be a string.
    pub fn text(&self, expression: &Expression) -> Option<String> {
        match self.evaluate(expression)? {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// [`Scope::evaluate`] for what has to be a string or a list of them.
    pub fn texts(&self, expression: &Expression) -> Option<Vec<String>> {
        match self.evaluate(expression)? {
            serde_json::Value::String(text) => Some(vec![text]),
            serde_json::Value::Array(items) => items
                .into_iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        }
    }

    fn context(&self) -> Context<'static> {
        let mut context = Context::new();
        context.declare_var("var", object(&self.variables));
        context.declare_var("local", object(&self.locals));
        // Packer runs in the template's folder, so both are that folder, and paths stay relative.
        let here = hcl::value!({ root = ".", cwd = "." });
        context.declare_var("path", here);
        declare_functions(&mut context);
        context
    }

    /// What `fileset(folder, pattern)` gives: sorted paths of files, relative to `folder`.
    fn fileset(&self, call: &hcl_edit::expr::FuncCall) -> Option<Vec<String>> {
        let mut arguments = call.args.iter().map(|argument| self.text(argument));
        let (folder, pattern) = (arguments.next()??, arguments.next()??);
        let folder = self.folder.join(folder);
        let glob = GlobBuilder::new(&pattern)
            .literal_separator(true)
            .build()
            .ok()?
            .compile_matcher();
        let mut found = Vec::new();
        for entry in WalkDir::new(&folder).follow_links(true).sort_by_file_name() {
            let entry = entry.ok()?;
            let relative = entry.path().strip_prefix(&folder).ok()?.to_str()?;
            if entry.file_type().is_file() && glob.is_match(relative) {
                found.push(relative.to_owned());
            }
        }
        Some(found)
    }
}

/// Variables that have a default, in `variable` blocks and in the shorthand `variables`.
fn variable_defaults(template: &HclTemplate) -> Vec<(&str, &Expression)> {
    let mut defaults = Vec::new();
    for block in blocks(template) {
        match (block.ident.as_str(), labels::<1>(block)) {
            ("variable", Some([name])) => {
                if let Some(default) = block.body.get_attribute("default") {
                    defaults.push((name, &default.value));
                }
            }
            ("variables", _) => defaults.extend(attributes(block)),
            _ => {}
        }
    }
    defaults
}

/// Locals of `locals` blocks and of `local "x"` blocks.
fn local_expressions(template: &HclTemplate) -> Vec<(&str, &Expression)> {
    let mut locals = Vec::new();
    for block in blocks(template) {
        match (block.ident.as_str(), labels::<1>(block)) {
            ("local", Some([name])) => {
                if let Some(expression) = block.body.get_attribute("expression") {
                    locals.push((name, &expression.value));
                }
            }
            ("locals", _) => locals.extend(attributes(block)),
            _ => {}
        }
    }
    locals
}

fn blocks(template: &HclTemplate) -> impl Iterator<Item = &Block> {
    let bodies = template.files.iter().map(|file: &HclFile| &file.body);
    bodies.flat_map(|body| body.blocks())
}

fn attributes(block: &Block) -> impl Iterator<Item = (&str, &Expression)> {
    let attributes = block.body.attributes();
    attributes.map(|attribute| (attribute.key.as_str(), &attribute.value))
}

fn object(members: &Map<String, serde_json::Value>) -> Value {
    hcl::value::to_value(members).expect("JSON values are a subset of HCL's")
}

/// Puts the result in the place of every `fileset` call that can be resolved.
struct FilesetCalls<'a> {
    scope: &'a Scope,
}

impl VisitMut for FilesetCalls<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expression) {
        if let Expression::FuncCall(call) = expression
            && call.name.name.as_str() == "fileset"
            && let Some(files) = self.scope.fileset(call)
        {
            *expression = Expression::from_iter(files);
        } else {
            visit_expr_mut(self, expression);
        }
    }
}

/// Functions that paths are put together with. Each does what Packer's of that name does.
fn declare_functions(context: &mut Context) {
    let text = || ParamType::String;
    let texts = || ParamType::array_of(ParamType::String);
    let any = || ParamType::Any;
    let one_text = |function| FuncDef::new(function, [text()]);
    // Paths are relative to the template's folder, and stay so.
    context.declare_func("abspath", one_text(first));
    context.declare_func(
        "basename",
        one_text(|arguments| {
            let path = string(&arguments, 0)?;
            Ok(path.rsplit('/').next().unwrap_or_default().into())
        }),
    );
    context.declare_func(
        "dirname",
        one_text(|arguments| {
            let path = string(&arguments, 0)?;
            Ok(match path.rsplit_once('/') {
                Some((parent, _)) => parent.into(),
                None => ".".into(),
            })
        }),
    );
    context.declare_func(
        "lower",
        one_text(|a| Ok(string(&a, 0)?.to_lowercase().into())),
    );
    context.declare_func(
        "upper",
        one_text(|a| Ok(string(&a, 0)?.to_uppercase().into())),
    );
    context.declare_func("tolist", FuncDef::new(first, [any()]));
    context.declare_func("toset", FuncDef::new(sorted_texts, [texts()]));
    context.declare_func("sort", FuncDef::new(sorted_texts, [texts()]));
    context.declare_func(
        "join",
        FuncDef::new(
            |arguments| {
                let separator = string(&arguments, 0)?;
                let items = arguments[1].as_array().ok_or("not a list")?;
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                Ok(items.join(separator).into())
            },
            [text(), texts()],
        ),
    );
    context.declare_func(
        "concat",
        FuncDef::builder()
            .variadic_param(ParamType::array_of(any()))
            .build(|arguments| {
                let lists = arguments.iter().filter_map(Value::as_array);
                Ok(Value::Array(lists.flatten().cloned().collect()))
            }),
    );
}

fn first(arguments: FuncArgs) -> Result<Value, String> {
    Ok(arguments[0].clone())
}

/// A list of strings in order. For `toset` too: Packer goes through a set in that order.
fn sorted_texts(arguments: FuncArgs) -> Result<Value, String> {
    let mut items = arguments[0].as_array().ok_or("not a list")?.clone();
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::Array(items))
}

fn string(arguments: &FuncArgs, index: usize) -> Result<&str, String> {
    arguments[index]
        .as_str()
        .ok_or_else(|| "not a string".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope(text: &str, given: serde_json::Value) -> Scope {
        let template = HclTemplate {
            files: vec![HclFile::parse("t.pkr.hcl".into(), text).unwrap()],
            variable_files: vec![
                HclFile::parse("x.auto.pkrvars.hcl".into(), "from_file = \"f\"\n").unwrap(),
            ],
            json_variable_files: Vec::new(),
            argument: ".".to_owned(),
        };
        let given = given.as_object().unwrap();
        let folder = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/render"));
        Scope::new(&template, folder, given, &["password".to_owned()])
    }

    fn evaluate(scope: &Scope, expression: &str) -> Option<serde_json::Value> {
        scope.evaluate(&expression.parse().unwrap())
    }

    const TEMPLATE: &str = r#"
        variable "name" { default = "web" }
        variable "from_file" {}
        variable "password" { default = "x" }
        variable "unset" {}
        variables {
          folder = "scripts"
        }
        locals {
          second = "${local.first}/b.sh"
          first  = "${path.root}/${var.folder}"
          secret = var.password
        }
        local "single" {
          expression = upper(var.name)
        }
    "#;

    #[test]
    fn literals_variables_and_locals_are_resolved_in_any_order() {
        let scope = scope(TEMPLATE, json!({"name": "app"}));
        for (expression, value) in [
            ("local.second", json!("./scripts/b.sh")),
            (
                "[var.name, local.single, var.from_file]",
                json!(["app", "APP", "f"]),
            ),
            ("join(\"-\", concat([var.name], [\"x\"]))", json!("app-x")),
            (
                "[for n in [\"a\", \"b\"] : \"${path.cwd}/${n}.sh\"]",
                json!(["./a.sh", "./b.sh"]),
            ),
            ("basename(dirname(\"/a/b/c.sh\"))", json!("b")),
        ] {
            assert_eq!(evaluate(&scope, expression), Some(value), "{expression}");
        }
    }

    #[test]
    fn what_only_packer_knows_has_no_value() {
        let scope = scope(TEMPLATE, json!({}));
        for expression in [
            "var.unset",
            "local.secret",
            "uuidv4()",
            "data.amazon-ami.x.id",
            "\"${timestamp()}\"",
        ] {
            assert_eq!(evaluate(&scope, expression), None, "{expression}");
        }
    }

    #[test]
    fn filesets_are_read_from_the_templates_folder() {
        let scope = scope(TEMPLATE, json!({}));
        assert_eq!(
            evaluate(
                &scope,
                r#"[for f in fileset(path.root, "*.rs") : "${path.root}/${f}" if f == "mod.rs"]"#
            ),
            Some(json!(["./mod.rs"]))
        );
        assert_eq!(
            evaluate(&scope, r#"fileset("packer", "{spl,al}i*.rs")"#),
            Some(json!(["align.rs", "splice.rs"]))
        );
    }
}
