//! What the expressions of an HCL2 template are, as far as that can be told without Packer.
//!
//! Paths of scripts and the source AMI are nearly always literals, or put together from variables with
//! defaults, locals and `path.root`. Those are resolved; everything else has no value here.

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;
use hcl::{
    Value,
    eval::{Context, Evaluate},
};
use hcl_edit::{
    expr::{BinaryOp, BinaryOperator, Expression, FuncCall},
    structure::Block,
    visit::{Visit, visit_binary_op},
    visit_mut::{VisitMut, visit_expr_mut},
};
use serde_json::Map;
use walkdir::WalkDir;

use super::{functions, template::HclTemplate};
use crate::render::hcl_file::{HclFile, labels};

/// Names that are bound where an expression stands, innermost last: those of a `for`, of a `dynamic`
/// block, and `source` in a provisioner.
pub type Names = [(String, serde_json::Value)];

/// Larger files hold no names of files.
const LARGEST_FILE: u64 = 1024 * 1024;

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
        self.evaluate_with(expression, &[])
    }

    /// [`Scope::evaluate`] where `names` are bound as well.
    pub fn evaluate_with(
        &self,
        expression: &Expression,
        names: &Names,
    ) -> Option<serde_json::Value> {
        let mut expression = expression.clone();
        FileCalls { scope: self, names }.visit_expr_mut(&mut expression);
        // The evaluator panics on a division by zero and on sums beyond 64 bits.
        let mut arithmetic = Arithmetic(false);
        arithmetic.visit_expr(&expression);
        if arithmetic.0 {
            return None;
        }
        let mut context = self.context();
        for (name, value) in names {
            let value: Value = hcl::value::to_value(value).ok()?;
            context.declare_var(name.as_str(), value);
        }
        let value = hcl::Expression::from(expression).evaluate(&context).ok()?;
        serde_json::to_value(value).ok()
    }

    fn text(&self, expression: &Expression, names: &Names) -> Option<String> {
        match self.evaluate_with(expression, names)? {
            serde_json::Value::String(text) => Some(text),
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
        functions::declare(&mut context);
        context
    }

    /// What `fileset(folder, pattern)` gives: sorted paths of files, relative to `folder`.
    fn fileset(&self, folder: &str, pattern: &str) -> Option<Vec<String>> {
        let folder = self.folder.join(folder);
        let glob = GlobBuilder::new(pattern)
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

    /// What `file(path)` gives, for a file of text.
    pub fn file(&self, path: &str) -> Option<String> {
        let path = self.folder.join(path);
        // Opening a pipe would wait for someone to write into it.
        let metadata = path.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > LARGEST_FILE {
            return None;
        }
        std::fs::read_to_string(path).ok()
    }

    /// The result of a call that reads files, `None` when it cannot be told or reads none.
    fn file_call(&self, call: &FuncCall, names: &Names) -> Option<Expression> {
        let text = |index: usize| self.text(call.args.get(index)?, names);
        match call.name.name.as_str() {
            "fileset" => {
                let files = self.fileset(&text(0)?, &text(1)?)?;
                Some(Expression::from_iter(files))
            }
            "file" => Some(Expression::from(self.file(&text(0)?)?)),
            "fileexists" => {
                let is_file = self.folder.join(text(0)?).is_file();
                Some(Expression::from(is_file))
            }
            _ => None,
        }
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

/// Puts the result in the place of every call that reads files and can be resolved.
struct FileCalls<'a> {
    scope: &'a Scope,
    names: &'a Names,
}

impl VisitMut for FileCalls<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expression) {
        let result = match expression {
            Expression::FuncCall(call) => self.scope.file_call(call, self.names),
            _ => None,
        };
        match result {
            Some(result) => *expression = result,
            None => visit_expr_mut(self, expression),
        }
    }
}

/// Whether an expression calculates.
struct Arithmetic(bool);

impl Visit for Arithmetic {
    fn visit_binary_op(&mut self, operation: &BinaryOp) {
        use BinaryOperator::{Div, Minus, Mod, Mul, Plus};
        let operator = operation.operator.value();
        self.0 |= matches!(operator, Div | Minus | Mod | Mul | Plus);
        visit_binary_op(self, operation);
    }
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
            (
                "replace(trimsuffix(\"a-b.sh\", \".sh\"), \"-\", \"/\")",
                json!("a/b"),
            ),
            ("format(\"%s/%d%%.sh\", var.name, 7)", json!("app/7%.sh")),
            ("lookup(merge({ a = 1 }, { b = 2 }), \"b\", 3)", json!(2)),
            ("element(split(\",\", \"a,b\"), 3)", json!("b")),
            ("keys({ z = 1, a = 2 })", json!(["a", "z"])),
            ("values({ z = 1, a = 2 })", json!([2, 1])),
            (
                "distinct(flatten([[\"a\"], [[\"b\"], \"a\"]]))",
                json!(["a", "b"]),
            ),
            (
                "fileexists(\"mod.rs\") && !fileexists(\"packer\") ? \"y\" : \"n\"",
                json!("y"),
            ),
            (
                "length(split(\"\\n\", chomp(file(\"mod.rs\")))) > 3",
                json!(true),
            ),
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
            "1 / 0",
            "[for n in [0] : 9223372036854775807 + 1]",
            "format(\"%05d\", 1)",
            "file(\"nowhere\")",
            "[for f in [\"mod.rs\"] : file(f)]",
            "data.amazon-ami.x.id",
            "\"${timestamp()}\"",
        ] {
            assert_eq!(evaluate(&scope, expression), None, "{expression}");
        }
    }

    #[test]
    fn names_that_are_bound_have_their_values() {
        let scope = scope(TEMPLATE, json!({}));
        let names = [
            ("each".to_owned(), json!({"value": "a"})),
            ("source".to_owned(), json!({"name": "s"})),
        ];
        let expression = "\"${each.value}-${source.name}-${var.name}\"".parse();
        assert_eq!(
            scope.evaluate_with(&expression.unwrap(), &names),
            Some(json!("a-s-web"))
        );
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
