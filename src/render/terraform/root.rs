//! [`RootModule`]: what a Terraform module declares, as far as its files say it.

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{expr::Expression, structure::Block};
use serde_json::Value;

use crate::{
    config::{ConfigError, Place},
    render::{
        declaration::Declaration,
        hcl_file::{HclFile, labels, member},
        packer::{template::JsonFile, variables::is_string_type},
        place::problem,
        relative::normalize,
    },
};

/// A module of Terraform's: its variables, provider configurations and calls of other modules.
#[derive(Debug, Clone, Default)]
pub struct RootModule {
    /// Relative to the project's root.
    pub folder: Utf8PathBuf,
    pub variables: Vec<Declaration>,
    /// Variables with a value in a variable file that Terraform reads by itself.
    pub set_by_files: Vec<String>,
    pub providers: Vec<ProviderBlock>,
    /// Sources of the modules it calls, as written.
    pub module_sources: Vec<String>,
    /// The module says itself where its state is: a `backend` or `cloud` block.
    pub has_backend: bool,
    /// `required_providers`: local name and source.
    required_providers: Vec<(String, String)>,
}

/// A `provider` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderBlock {
    /// The provider's local name.
    pub name: String,
    pub alias: Option<String>,
    /// Names of the arguments it sets.
    pub arguments: Vec<String>,
    /// It has an `assume_role` block.
    pub assumes_role: bool,
    pub place: Option<Place>,
}

impl RootModule {
    /// Reads the module in `folder` below `project`.
    ///
    /// # Errors
    ///
    /// When the folder or a file in it cannot be read or parsed.
    pub fn read(project: &Utf8Path, folder: &Utf8Path) -> Result<RootModule, ConfigError> {
        let failed = |what: &Utf8Path, error: std::io::Error| {
            problem(format!("failed to read {what}: {error}"), None, None)
        };
        let mut files = Vec::new();
        let entries = project.join(folder).read_dir_utf8();
        for entry in entries.map_err(|error| failed(folder, error))? {
            let entry = entry.map_err(|error| failed(folder, error))?;
            let name = entry.file_name();
            if is_configuration(name) || is_variable_file(name) {
                let text = std::fs::read_to_string(entry.path())
                    .map_err(|error| failed(&folder.join(name), error))?;
                files.push((name.to_owned(), text));
            }
        }
        files.sort();
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        Self::parse(folder, &files)
    }

    /// Takes a module from the names and texts of its files.
    ///
    /// # Errors
    ///
    /// When one cannot be parsed.
    pub fn parse(folder: &Utf8Path, files: &[(&str, &str)]) -> Result<RootModule, ConfigError> {
        let mut root = RootModule {
            folder: folder.to_owned(),
            ..RootModule::default()
        };
        for (name, text) in files {
            let path = folder.join(name);
            match (is_configuration(name), name.ends_with(".json")) {
                (true, false) => root.add_hcl(&HclFile::parse(&path, text)?),
                (true, true) => root.add_json(&JsonFile::parse(&path, (*text).to_owned())?),
                (false, false) => {
                    let file = HclFile::parse_values(&path, text)?;
                    let names = file.body.attributes().map(|value| value.key.to_string());
                    root.set_by_files.extend(names);
                }
                (false, true) => {
                    let file = JsonFile::parse_values(&path, (*text).to_owned())?;
                    root.set_by_files.extend(file.root.keys().cloned());
                }
            }
        }
        Ok(root)
    }

    /// The name that the module has for the provider that comes from `source`.
    pub fn local_name(&self, source: &str) -> String {
        // `registry.terraform.io/hashicorp/aws` and `hashicorp/aws` are the same.
        let is_same = |known: &str| known == source || known.ends_with(&format!("/{source}"));
        let named = self
            .required_providers
            .iter()
            .find(|(_, known)| is_same(known));
        match named {
            Some((name, _)) => name.clone(),
            None => source.rsplit('/').next().unwrap_or(source).to_owned(),
        }
    }

    /// Folders of the modules it calls by relative paths, relative to the project's root.
    pub fn local_modules(&self) -> Vec<Utf8PathBuf> {
        self.module_sources
            .iter()
            .filter(|source| source.starts_with("./") || source.starts_with("../"))
            .filter_map(|source| normalize(&self.folder.join(source)))
            .collect()
    }

    fn add_hcl(&mut self, file: &HclFile) {
        for block in file.body.blocks() {
            match (block.ident.as_str(), labels(block)) {
                ("variable", Some([name])) => self.add_variable(Declaration {
                    name: name.to_owned(),
                    required: !block.body.has_attribute("default"),
                    sensitive: value(block, "sensitive").and_then(Expression::as_bool)
                        == Some(true),
                    takes_text: value(block, "type").is_none_or(is_string_type),
                    place: Some(file.place(block)),
                }),
                ("provider", Some([name])) => self.providers.push(ProviderBlock {
                    name: name.to_owned(),
                    alias: value(block, "alias").and_then(text),
                    arguments: block
                        .body
                        .attributes()
                        .map(|argument| argument.key.to_string())
                        .collect(),
                    assumes_role: block.body.has_blocks("assume_role"),
                    place: Some(file.place(block)),
                }),
                ("module", Some([_])) => {
                    self.module_sources
                        .extend(value(block, "source").and_then(text));
                }
                ("terraform", _) => {
                    self.has_backend |=
                        block.body.has_blocks("backend") || block.body.has_blocks("cloud");
                    let required = block.body.get_blocks("required_providers");
                    for attribute in required.flat_map(|block| block.body.attributes()) {
                        if let Some(source) = member(&attribute.value, "source").and_then(text) {
                            self.required_providers
                                .push((attribute.key.to_string(), source));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn add_json(&mut self, file: &JsonFile) {
        let member = |block: &Value, name: &str| Some(block.get(name)?.as_str()?.to_owned());
        for (name, block) in json_blocks(file.root.get("variable")) {
            self.add_variable(Declaration {
                name: name.clone(),
                required: block.get("default").is_none(),
                sensitive: block.get("sensitive") == Some(&Value::Bool(true)),
                takes_text: block.get("type").is_none_or(|kind| kind == "string"),
                place: file.place_of("variable", name),
            });
        }
        for (name, block) in json_blocks(file.root.get("provider")) {
            self.providers.push(ProviderBlock {
                name: name.clone(),
                alias: member(block, "alias"),
                arguments: block
                    .as_object()
                    .map(|arguments| arguments.keys().cloned().collect())
                    .unwrap_or_default(),
                assumes_role: block.get("assume_role").is_some(),
                place: file.place_of("provider", name),
            });
        }
        for (_, block) in json_blocks(file.root.get("module")) {
            self.module_sources.extend(member(block, "source"));
        }
        for terraform in one_or_more(file.root.get("terraform")) {
            self.has_backend |= terraform
                .get("backend")
                .or(terraform.get("cloud"))
                .is_some();
            for required in one_or_more(terraform.get("required_providers")) {
                for (name, provider) in required.as_object().into_iter().flatten() {
                    if let Some(source) = member(provider, "source") {
                        self.required_providers.push((name.clone(), source));
                    }
                }
            }
        }
    }

    /// An override file's block adds to the one it overrides, most often a default.
    fn add_variable(&mut self, variable: Declaration) {
        let known = self
            .variables
            .iter_mut()
            .find(|known| known.name == variable.name);
        match known {
            Some(known) => {
                known.required &= variable.required;
                known.sensitive |= variable.sensitive;
                known.takes_text &= variable.takes_text;
            }
            None => self.variables.push(variable),
        }
    }
}

/// Configurations of `name` inside modules that `root` calls by path. An override file of the root
/// does not reach them.
///
/// # Errors
///
/// When a module cannot be read or parsed.
pub fn providers_in_modules(
    project: &Utf8Path,
    root: &RootModule,
    name: &str,
) -> Result<Vec<ProviderBlock>, ConfigError> {
    let mut found = Vec::new();
    let mut seen = vec![root.folder.clone()];
    let mut open = root.local_modules();
    while let Some(folder) = open.pop() {
        if seen.contains(&folder) || !project.join(&folder).is_dir() {
            continue;
        }
        let module = RootModule::read(project, &folder)?;
        open.extend(module.local_modules());
        found.extend(module.providers.into_iter().filter(|provider| {
            // An empty block only declares that the module takes the configuration from its caller.
            provider.name == name && !provider.arguments.is_empty()
        }));
        seen.push(folder);
    }
    Ok(found)
}

fn is_configuration(name: &str) -> bool {
    !name.starts_with('.') && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

/// Files with values that Terraform reads without being told.
fn is_variable_file(name: &str) -> bool {
    name == "terraform.tfvars"
        || name == "terraform.tfvars.json"
        || name.ends_with(".auto.tfvars")
        || name.ends_with(".auto.tfvars.json")
}

fn value<'b>(block: &'b Block, name: &str) -> Option<&'b Expression> {
    Some(&block.body.get_attribute(name)?.value)
}

fn text(expression: &Expression) -> Option<String> {
    expression.as_str().map(str::to_owned)
}

/// Labelled blocks in the JSON syntax: `{label: block}`, `{label: [block, block]}` or a list of those.
fn json_blocks(blocks: Option<&Value>) -> Vec<(&String, &Value)> {
    let labelled = one_or_more(blocks).into_iter().filter_map(Value::as_object);
    labelled
        .flatten()
        .flat_map(|(label, block)| {
            let blocks = one_or_more(Some(block));
            blocks.into_iter().map(move |block| (label, block))
        })
        .collect()
}

fn one_or_more(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(items)) => items.iter().collect(),
        other => other.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_of_both_syntaxes_are_found() {
        let root = RootModule::parse(
            "terraform/x".into(),
            &[
                (
                    "main.tf",
                    "variable \"a\" {}\nvariable \"b\" {\n  type      = list(string)\n  \
                     default   = []\n  sensitive = true\n}\nvariable \"c\" { type = string }\n\
                     module \"m\" {\n  source = \"../../modules/m\"\n}\n",
                ),
                ("c_override.tf", "variable \"c\" { default = \"x\" }\n"),
                (
                    "more.tf.json",
                    r#"{"variable": [{"d": {"type": "any"}}], "module": {"n": {"source": "./n"}},
                        "provider": {"aws": [{"region": "x"}, {"alias": "w"}]},
                        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}}"#,
                ),
                ("x.auto.tfvars", "a = 1\n"),
                ("terraform.tfvars.json", r#"{"d": 1}"#),
            ],
        )
        .unwrap();
        let shown: Vec<_> = root
            .variables
            .iter()
            .map(|v| (v.name.as_str(), v.required, v.sensitive, v.takes_text))
            .collect();
        assert_eq!(
            shown,
            [
                ("a", true, false, true),
                ("b", false, true, false),
                ("c", false, false, true),
                ("d", true, false, false),
            ]
        );
        let mut set = root.set_by_files.clone();
        set.sort();
        assert_eq!(set, ["a", "d"]);
        assert_eq!(root.local_modules(), ["modules/m", "terraform/x/n"]);
        assert_eq!(root.providers[1].alias.as_deref(), Some("w"));
        assert_eq!(root.local_name("hashicorp/aws"), "aws");
    }
}
