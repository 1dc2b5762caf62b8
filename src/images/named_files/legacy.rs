//! Files that a legacy JSON template names.

use serde_json::{Map, Value, json};

use super::{Argument, Found, arguments, texts};
use crate::render::packer::{Resolver, legacy::Parts, provisioners, resolve::Names};

pub(super) fn find(parts: &Parts, resolver: &Resolver, found: &mut Found) {
    let kind = parts.builder.get("type").cloned().unwrap_or_default();
    let names = [
        ("build_name".to_owned(), json!(parts.name)),
        ("build_type".to_owned(), kind),
    ];
    let mut finder = Finder {
        parts,
        resolver,
        names: &names,
        found,
    };
    finder.arguments("builders", parts.builder, "", &arguments::OF_SOURCES);
    for provisioner in provisioners::applying(parts) {
        finder.provisioner(provisioner);
    }
}

struct Finder<'a> {
    parts: &'a Parts<'a>,
    resolver: &'a Resolver,
    names: &'a Names,
    found: &'a mut Found,
}

impl Finder<'_> {
    fn provisioner(&mut self, written: &Map<String, Value>) {
        let mut provisioner = written.clone();
        let overriding = written
            .get("override")
            .and_then(|all| all.get(self.parts.name)?.as_object());
        provisioner.extend(overriding.cloned().into_iter().flatten());
        if provisioner.get("direction").and_then(Value::as_str) == Some("download") {
            return;
        }
        let kind = written.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default();
        let names = arguments::of_provisioner(kind);
        self.arguments("provisioners", &provisioner, kind, names);
    }

    fn arguments(
        &mut self,
        section: &str,
        object: &Map<String, Value>,
        kind: &str,
        names: &[&str],
    ) {
        for &name in names {
            let has_galaxy_file = object.contains_key("galaxy_file");
            let Some(written) = object.get(name) else {
                continue;
            };
            if arguments::is_made_by_build(name, has_galaxy_file) {
                continue;
            }
            let argument = Argument {
                kind,
                name,
                generated: is_true(object.get("generated")),
            };
            // The first string says best where it is: the name of the argument may stand there often.
            let first = match written {
                Value::Array(items) => items.first(),
                other => Some(other),
            };
            let place = first
                .and_then(Value::as_str)
                .and_then(|shown| self.parts.file.place_of(section, shown));
            let parts: Vec<&Value> = match written {
                Value::Array(items) if arguments::names_files_now_and_then(name) => {
                    items.iter().collect()
                }
                whole => vec![whole],
            };
            for part in parts {
                let value = self.resolver.evaluate_json(part, self.names);
                match value.as_ref().and_then(texts) {
                    Some(texts) => self.found.add_argument(&argument, &texts, place.as_ref()),
                    None if arguments::names_files_now_and_then(name) => {}
                    None => self.found.add_unresolved(name, place.clone()),
                }
            }
        }
    }
}

fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == json!(true) || *value == json!("true"))
}
