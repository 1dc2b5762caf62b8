//! The files that a template names: scripts, uploads, playbooks, and what `file()` reads.

use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::{Attribute, Block},
    visit::{Visit, visit_attr, visit_block, visit_func_call},
};
use serde_json::Value;

use crate::{
    config::{ConfigError, Place, Problem},
    render::{
        hcl_file::HclFile,
        packer::{Format, Template, resolve::Resolver},
    },
};

/// A path as the template gives it: relative to the template's folder, or absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    pub path: String,
    pub place: Option<Place>,
}

/// Arguments whose values are paths of files or folders on the machine that runs Packer: of the
/// provisioners shell, file, ansible, ansible-local, puppet and chef, and of the source
/// (`user_data_file`). Packer's documentation of each.
const PATH_ARGUMENTS: &[&str] = &[
    "script",
    "scripts",
    "source",
    "sources",
    "playbook_file",
    "playbook_files",
    "playbook_dir",
    "playbook_paths",
    "role_paths",
    "collections_path",
    "galaxy_file",
    "inventory_file",
    "inventory_directory",
    "group_vars",
    "host_vars",
    "manifest_file",
    "manifest_dir",
    "module_paths",
    "hiera_config_path",
    "cookbook_paths",
    "roles_path",
    "data_bags_path",
    "user_data_file",
];

/// Functions whose first argument is the path of a file (Packer's HCL2 function reference).
const FILE_FUNCTIONS: &[&str] = &["file", "filebase64", "templatefile"];

/// All files that `template` names. With `lenient`, paths that only Packer can tell are left out;
/// the stack file's `inputs` have to cover them then.
///
/// # Errors
///
/// When a path cannot be told without running Packer.
pub fn named_files(
    template: &Template,
    resolver: &Resolver,
    lenient: bool,
) -> Result<Vec<NamedFile>, ConfigError> {
    let mut found = Found::default();
    match &template.format {
        Format::Hcl(hcl) => {
            for file in &hcl.files {
                let mut visitor = HclVisitor {
                    file,
                    resolver,
                    found: &mut found,
                    within: Within::Elsewhere,
                };
                visitor.visit_body(&file.body);
            }
        }
        Format::Legacy(legacy) => {
            for section in ["builders", "provisioners", "post-processors"] {
                let items = legacy.file.root.get(section);
                let place = |name: &str| legacy.file.place_of(section, name);
                for item in items.and_then(Value::as_array).into_iter().flatten() {
                    legacy_item(item, resolver, &place, &mut found);
                }
            }
        }
    }
    if lenient || found.problems.is_empty() {
        Ok(found.files)
    } else {
        Err(ConfigError {
            problems: found.problems,
        })
    }
}

#[derive(Default)]
struct Found {
    files: Vec<NamedFile>,
    problems: Vec<Problem>,
}

impl Found {
    fn take(&mut self, value: Option<Value>, name: &str, place: Option<Place>) {
        let paths: Option<Vec<String>> = match value {
            Some(Value::String(path)) => Some(vec![path]),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            Some(Value::Null) => Some(Vec::new()),
            _ => None,
        };
        match paths {
            Some(paths) => self.files.extend(
                paths
                    .into_iter()
                    .filter(|path| !path.is_empty())
                    .map(|path| NamedFile {
                        path,
                        place: place.clone(),
                    }),
            ),
            None => self.problems.push(Problem {
                message: format!(
                    "which files `{name}` names cannot be told without running Packer"
                ),
                place,
                hint: Some(
                    "write the path out, or list the files in `inputs` of the image block"
                        .to_owned(),
                ),
            }),
        }
    }
}

/// Which kind of block an attribute is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A source, a provisioner or a post-processor, where [`PATH_ARGUMENTS`] count.
    NamesFiles,
    /// A provisioner whose files are made during the build or fetched from the instance.
    NotOurs,
    Elsewhere,
}

struct HclVisitor<'a> {
    file: &'a HclFile,
    resolver: &'a Resolver,
    found: &'a mut Found,
    within: Within,
}

impl Visit for HclVisitor<'_> {
    fn visit_block(&mut self, block: &Block) {
        let before = self.within;
        self.within = match block.ident.as_str() {
            "source" | "post-processor" => Within::NamesFiles,
            "provisioner" if is_not_ours(block, self.resolver) => Within::NotOurs,
            "provisioner" => Within::NamesFiles,
            _ if before == Within::NotOurs => Within::NotOurs,
            _ => Within::Elsewhere,
        };
        visit_block(self, block);
        self.within = before;
    }

    fn visit_attr(&mut self, attribute: &Attribute) {
        let name = attribute.key.as_str();
        if self.within == Within::NamesFiles && PATH_ARGUMENTS.contains(&name) {
            let place = Some(self.file.place(&attribute.value));
            self.found
                .take(self.resolver.evaluate(&attribute.value), name, place);
        }
        visit_attr(self, attribute);
    }

    fn visit_func_call(&mut self, call: &FuncCall) {
        let name = call.name.name.as_str();
        if FILE_FUNCTIONS.contains(&name)
            && let Some(argument) = call.args.iter().next()
        {
            let place = Some(self.file.place(argument));
            self.found.take(
                self.resolver.evaluate(argument),
                &format!("{name}(...)"),
                place,
            );
        }
        visit_func_call(self, call);
    }
}

/// A download's `source` is on the instance, and a generated file is made during the build.
fn is_not_ours(block: &Block, resolver: &Resolver) -> bool {
    let value = |name: &str| {
        let attribute = block.body.get_attribute(name)?;
        resolver.evaluate(&attribute.value as &Expression)
    };
    value("direction") == Some(Value::from("download"))
        || value("generated") == Some(Value::from(true))
}

fn legacy_item(
    item: &Value,
    resolver: &Resolver,
    place: &dyn Fn(&str) -> Option<Place>,
    found: &mut Found,
) {
    match item {
        // Post-processors come in lists of lists.
        Value::Array(items) => {
            for item in items {
                legacy_item(item, resolver, place, found);
            }
        }
        Value::Object(members) => {
            let is = |name: &str, wanted: Value| members.get(name) == Some(&wanted);
            if is("direction", "download".into()) || is("generated", true.into()) {
                return;
            }
            for name in PATH_ARGUMENTS {
                if let Some(value) = members.get(*name) {
                    found.take(resolver.evaluate_json(value), name, place(name));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::Map;

    use super::*;

    fn names(file: &str, text: &str) -> Result<Vec<String>, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let project = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::create_dir_all(project.join("packer/scripts")).unwrap();
        fs_err::write(project.join("packer/scripts/z.sh"), "").unwrap();
        fs_err::write(project.join("packer").join(file), text).unwrap();
        let path = Utf8Path::new("packer").join(file);
        let template = Template::read(project, &path, None)?;
        let resolver = Resolver::new(&template, project, &Map::new(), &[]);
        let mut files: Vec<String> = named_files(&template, &resolver, false)?
            .into_iter()
            .map(|file| file.path)
            .collect();
        files.sort();
        Ok(files)
    }

    #[test]
    fn every_way_of_naming_a_file_in_hcl2_is_found() {
        let text = r#"
            variable "dir" { default = "scripts" }
            locals { extra = "${var.dir}/b.sh" }
            source "amazon-ebs" "web" { user_data = file("boot.sh") }
            build {
              sources = ["source.amazon-ebs.web"]
              provisioner "shell" { script = "${path.root}/a.sh" }
              provisioner "shell" { scripts = concat([local.extra], fileset(".", "scripts/*.sh")) }
              provisioner "file" {
                source      = "../app/"
                destination = "/tmp"
              }
              provisioner "file" {
                direction   = "download"
                source      = "/var/log/x"
                destination = "x"
              }
              provisioner "ansible" { playbook_file = "site.yml" }
              provisioner "shell" { inline = [templatefile("t.tpl", { a = 1 })] }
            }
        "#;
        assert_eq!(
            names("web.pkr.hcl", text).unwrap(),
            [
                "../app/",
                "./a.sh",
                "boot.sh",
                "scripts/b.sh",
                "scripts/z.sh",
                "site.yml",
                "t.tpl"
            ]
        );
    }

    #[test]
    fn a_path_that_only_packer_can_tell_is_an_error_with_its_place() {
        let text =
            "variable \"s\" {}\nbuild {\n  provisioner \"shell\" {\n    script = var.s\n  }\n}\n";
        let error = names("web.pkr.hcl", text).unwrap_err();
        assert_eq!(error.problems[0].place.as_ref().unwrap().line, 4);
        assert!(error.to_string().contains("inputs"), "{error}");
    }

    #[test]
    fn legacy_templates_name_files_the_same_way() {
        let text = r#"{
            "variables": {"dir": "scripts"},
            "builders": [{"type": "amazon-ebs", "user_data_file": "boot.sh"}],
            "provisioners": [
                {"type": "shell", "script": "{{template_dir}}/a.sh"},
                {"type": "shell", "scripts": ["{{user `dir`}}/b.sh", "/opt/c.sh"]},
                {"type": "file", "source": "x", "destination": "/tmp/x", "direction": "download"}
            ]
        }"#;
        assert_eq!(
            names("web.json", text).unwrap(),
            ["./a.sh", "/opt/c.sh", "boot.sh", "scripts/b.sh"]
        );
    }
}
