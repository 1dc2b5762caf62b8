//! Which files a template names.

use camino::Utf8PathBuf;
use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::{Attribute, Block, Body},
    visit::{Visit, visit_expr},
};
use serde_json::{Map, Value};

use crate::{
    config::Place,
    render::{
        hcl_file::{HclFile, labels},
        packer::{Parts, Resolver, Selected, hcl, legacy},
    },
};

/// Files and folders that a template names, and names that only Packer can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedFiles {
    pub paths: Vec<NamedPath>,
    pub unresolved: Vec<Unresolved>,
}

/// A path as Packer sees it: absolute, or relative to the template's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    pub path: Utf8PathBuf,
    pub place: Option<Place>,
    /// An earlier provisioner makes it, so it need not be there.
    pub generated: bool,
}

/// A name of files that cannot be told without Packer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// What names them: `script`, `file(...)`.
    pub what: String,
    pub place: Option<Place>,
}

/// Arguments of the source that name a file.
const OF_SOURCES: [&str; 1] = ["user_data_file"];

/// Arguments of a provisioner that name files, per Packer's documentation of each.
fn arguments_of(provisioner: &str) -> &'static [&'static str] {
    match provisioner {
        "shell" | "shell-local" | "powershell" | "windows-shell" => &["script", "scripts"],
        "file" => &["source", "sources"],
        "ansible" | "ansible-local" => &[
            "playbook_file",
            "playbook_files",
            "playbook_dir",
            "playbook_paths",
            "role_paths",
            "group_vars",
            "host_vars",
            "galaxy_file",
            "inventory_file",
        ],
        "chef-solo" => &["cookbook_paths", "config_template"],
        "puppet-masterless" => &["manifest_file", "manifest_dir", "module_paths"],
        "salt-masterless" => &["local_state_tree", "local_pillar_roots", "minion_config"],
        // What a provisioner that is not known here most likely calls them.
        _ => &["script", "scripts", "source", "sources", "playbook_file"],
    }
}

/// Files that the selected builder and its provisioners name.
pub fn named_files(selected: &Selected, resolver: &Resolver) -> NamedFiles {
    let mut named = NamedFiles::default();
    match &selected.parts {
        Parts::Hcl(parts) => HclFinder {
            resolver,
            named: &mut named,
        }
        .template(parts),
        Parts::Legacy(parts) => LegacyFinder {
            resolver,
            named: &mut named,
        }
        .template(parts),
    }
    named
}

impl NamedFiles {
    fn add(&mut self, path: &str, place: Option<Place>, generated: bool) {
        if path.is_empty() {
            return;
        }
        let named = NamedPath {
            path: path.into(),
            place,
            generated,
        };
        if !self.paths.contains(&named) {
            self.paths.push(named);
        }
    }

    fn add_unresolved(&mut self, what: impl Into<String>, place: Option<Place>) {
        self.unresolved.push(Unresolved {
            what: what.into(),
            place,
        });
    }
}

struct HclFinder<'a> {
    resolver: &'a Resolver,
    named: &'a mut NamedFiles,
}

impl HclFinder<'_> {
    fn template(&mut self, parts: &hcl::Parts) {
        for file in &parts.template.files {
            for block in file.body.blocks() {
                // Other sources and builds take no part in this image.
                let takes_part = match block.ident.as_str() {
                    "source" => std::ptr::eq(block, parts.source.1),
                    "build" => std::ptr::eq(block, parts.build.1),
                    _ => true,
                };
                if takes_part {
                    FileCalls { file, finder: self }.visit_block(block);
                }
            }
        }
        self.arguments(parts.source.0, &parts.source.1.body, &OF_SOURCES, false);
        if let Some(inline) = parts.inline {
            self.arguments(parts.build.0, &inline.body, &OF_SOURCES, false);
        }
        let (file, build) = parts.build;
        for block in build.body.blocks() {
            match (block.ident.as_str(), labels(block)) {
                ("provisioner", Some([kind])) => self.provisioner(file, kind, &block.body),
                ("dynamic", Some(["provisioner"])) => self.dynamic_provisioner(file, block),
                _ => {}
            }
        }
    }

    fn provisioner(&mut self, file: &HclFile, kind: &str, body: &Body) {
        let value = |name: &str| body.get_attribute(name).map(|found| &found.value);
        if value("direction").and_then(Expression::as_str) == Some("download") {
            return;
        }
        let generated = value("generated").and_then(Expression::as_bool) == Some(true);
        self.arguments(file, body, arguments_of(kind), generated);
    }

    /// The kind of the provisioner is an expression, so all names are looked for.
    fn dynamic_provisioner(&mut self, file: &HclFile, block: &Block) {
        for content in block.body.get_blocks("content") {
            self.provisioner(file, "", &content.body);
        }
    }

    fn arguments(&mut self, file: &HclFile, body: &Body, names: &[&str], generated: bool) {
        let wanted = |attribute: &&Attribute| names.contains(&attribute.key.as_str());
        for attribute in body.attributes().filter(wanted) {
            let place = Some(file.place(attribute));
            // A file's content is never what such an argument holds; what `file()` reads is found
            // on its own.
            match self.texts(&attribute.value) {
                Some(paths) => {
                    for path in paths {
                        self.named.add(&path, place.clone(), generated);
                    }
                }
                None => self.named.add_unresolved(attribute.key.as_str(), place),
            }
        }
    }

    /// The strings of an expression that gives one or a list. Those with actions of Packer's own
    /// templating are not known.
    fn texts(&self, expression: &Expression) -> Option<Vec<String>> {
        texts(&self.resolver.evaluate(expression)?)
            .filter(|texts| texts.iter().all(|text| !text.contains("{{")))
    }
}

/// Finds calls of functions that read files.
struct FileCalls<'f, 'a, 'b> {
    file: &'f HclFile,
    finder: &'a mut HclFinder<'b>,
}

impl Visit for FileCalls<'_, '_, '_> {
    fn visit_expr(&mut self, expression: &Expression) {
        if let Expression::FuncCall(call) = expression {
            self.call(call, expression);
        }
        visit_expr(self, expression);
    }
}

impl FileCalls<'_, '_, '_> {
    fn call(&mut self, call: &FuncCall, whole: &Expression) {
        let name = call.name.name.as_str();
        let place = Some(self.file.place(whole));
        let first = call
            .args
            .get(0)
            .and_then(|argument| self.finder.texts(argument));
        match (name, first.as_deref()) {
            ("fileset", Some([folder])) => match self.finder.texts(whole) {
                Some(files) => {
                    for file in files {
                        let path = format!("{folder}/{file}");
                        self.finder.named.add(&path, place.clone(), false);
                    }
                }
                None => self.finder.named.add_unresolved("fileset(...)", place),
            },
            // `file`, `filebase64`, `filesha256` and the like; `fileexists` reads nothing.
            ("fileexists", _) => {}
            (name, path) if name.starts_with("file") || name == "templatefile" => match path {
                Some([path]) => self.finder.named.add(path, place, false),
                _ => self
                    .finder
                    .named
                    .add_unresolved(format!("{name}(...)"), place),
            },
            _ => {}
        }
    }
}

struct LegacyFinder<'a> {
    resolver: &'a Resolver,
    named: &'a mut NamedFiles,
}

impl LegacyFinder<'_> {
    fn template(&mut self, parts: &legacy::Parts) {
        self.arguments(parts, "builders", parts.builder, &OF_SOURCES, false);
        let provisioners = parts
            .file
            .root
            .get("provisioners")
            .and_then(Value::as_array);
        for provisioner in provisioners
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
        {
            if provisioner.get("direction").and_then(Value::as_str) == Some("download") {
                continue;
            }
            let kind = provisioner.get("type").and_then(Value::as_str);
            let names = arguments_of(kind.unwrap_or_default());
            let generated = provisioner.get("generated") == Some(&Value::Bool(true));
            self.arguments(parts, "provisioners", provisioner, names, generated);
        }
    }

    fn arguments(
        &mut self,
        parts: &legacy::Parts,
        section: &str,
        object: &Map<String, Value>,
        names: &[&str],
        generated: bool,
    ) {
        for name in names {
            let Some(written) = object.get(*name) else {
                continue;
            };
            // The first string says best where it is: the name of the argument may stand there often.
            let shown = texts(written).and_then(|texts| texts.into_iter().next());
            let place = shown.and_then(|shown| parts.file.place_of(section, &shown));
            match self
                .resolver
                .evaluate_json(written)
                .as_ref()
                .and_then(texts)
            {
                Some(paths) => {
                    for path in paths {
                        self.named.add(&path, place.clone(), generated);
                    }
                }
                None => self.named.add_unresolved(*name, place),
            }
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::json;

    use super::*;
    use crate::render::packer::Template;

    /// Paths and unresolved names of a template in a folder with `scripts/a.sh` and `scripts/b.sh`.
    fn found(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::create_dir(folder.join("scripts")).unwrap();
        for script in ["a.sh", "b.sh"] {
            std::fs::write(folder.join("scripts").join(script), "").unwrap();
        }
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        let resolver = Resolver::new(&template, folder, &Map::new(), &[]);
        let named = named_files(&template.select(None).unwrap(), &resolver);
        let paths = named.paths.iter().map(|named| {
            format!(
                "{}{}",
                named.path,
                if named.generated { " generated" } else { "" }
            )
        });
        let unresolved = named.unresolved.iter().map(|unresolved| {
            let line = unresolved.place.as_ref().map(|place| place.line);
            format!("{} line {}", unresolved.what, line.unwrap_or_default())
        });
        (paths.collect(), unresolved.collect())
    }

    #[test]
    fn every_way_to_name_a_file_in_hcl_is_found() {
        let (paths, unresolved) = found(
            "t.pkr.hcl",
            r#"
variable "unset" {}
locals {
  motd   = file("${path.root}/motd")
  config = templatefile("config.tpl", { a = file(var.unset) })
}
source "amazon-ebs" "a" {
  user_data_file = "user-data"
}
source "amazon-ebs" "other" {
  user_data_file = "not-ours"
}
build {
  sources = ["amazon-ebs.a"]
  provisioner "shell" {
    script = "./one.sh"
  }
  provisioner "shell" {
    scripts = [for f in fileset(path.root, "scripts/*.sh") : "${path.root}/${f}"]
  }
  provisioner "file" {
    source      = "made/by/another"
    generated   = true
    destination = "/tmp/"
  }
  provisioner "file" {
    source    = "/var/log/remote"
    direction = "download"
  }
  provisioner "file" {
    sources     = ["app/", "../x"]
    destination = "/tmp/"
  }
  provisioner "ansible" {
    playbook_file = "play.yml"
  }
  provisioner "powershell" {
    script = var.unset
  }
  provisioner "shell" {
    inline = ["echo ${filebase64("bin")}", "script"]
  }
  post-processor "shell-local" {
    script = "after.sh"
  }
}
"#,
        );
        assert_eq!(
            paths,
            [
                "./motd",
                "config.tpl",
                "./scripts/a.sh",
                "./scripts/b.sh",
                "bin",
                "user-data",
                "./one.sh",
                "./scripts/a.sh",
                "./scripts/b.sh",
                "made/by/another generated",
                "app/",
                "../x",
                "play.yml",
            ]
        );
        assert_eq!(unresolved, ["file(...) line 5", "script line 38"]);
    }

    #[test]
    fn every_way_to_name_a_file_in_a_legacy_template_is_found() {
        let text = json!({
            "variables": {"dir": "{{template_dir}}/scripts", "home": "{{env `HOME`}}"},
            "builders": [{"type": "amazon-ebs", "user_data_file": "user-data"}],
            "provisioners": [
                {"type": "shell", "script": "{{user `dir`}}/a.sh"},
                {"type": "shell", "scripts": ["/abs/b.sh", "c.sh"]},
                {"type": "file", "source": "{{user `home`}}/x", "destination": "/tmp"},
                {"type": "file", "source": "/remote", "direction": "download"},
                {"type": "mine", "playbook_file": "p.yml"},
            ],
        });
        let (paths, unresolved) = found("t.json", &text.to_string());
        assert_eq!(
            paths,
            ["user-data", "./scripts/a.sh", "/abs/b.sh", "c.sh", "p.yml"]
        );
        assert_eq!(unresolved, ["source line 1"]);
    }
}
