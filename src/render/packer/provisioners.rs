//! Which provisioners of a template run for the chosen builder.

use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
};
use serde_json::{Map, Value};

use super::{Parts, Selected, hcl, legacy};
use crate::render::hcl_file::dynamic;

/// Whether the chosen builder has anything to provision, for which Packer has to connect to the instance.
///
/// True where only Packer can tell: for `dynamic` blocks, and for `only` and `except` that are computed.
pub fn provisions(selected: &Selected) -> bool {
    match &selected.parts {
        Parts::Hcl(parts) => in_hcl(parts),
        Parts::Legacy(parts) => in_legacy(parts),
    }
}

pub(super) fn in_hcl(parts: &hcl::Parts) -> bool {
    let communicator = parts.argument("communicator");
    let never_connects = communicator.and_then(|(_, value)| value.as_str()) == Some("none");
    !never_connects
        && parts.build.1.body.blocks().any(|block| {
            is_dynamic(block)
                || block.ident.as_str() == "provisioner"
                    && applies(parts, &block.body, written_texts)
        })
}

pub(super) fn in_legacy(parts: &legacy::Parts) -> bool {
    parts.builder.get("communicator").and_then(Value::as_str) != Some("none")
        && applying(parts).next().is_some()
}

/// A `dynamic "provisioner"` block.
pub fn is_dynamic(block: &Block) -> bool {
    dynamic(block) == Some("provisioner")
}

/// Whether the provisioner with `body` runs for the chosen source. `texts` gives the strings of a list
/// when they are known; a provisioner runs when they are not.
///
/// The names in `only` and `except` are `TYPE.NAME`, where a source inside the build can have a name of its
/// own (Packer 1.6.6, hcl2template: `OnlyExcept.Skip` gets `SourceBlock.String`).
pub fn applies(
    parts: &hcl::Parts,
    body: &Body,
    texts: impl Fn(&Expression) -> Option<Vec<String>>,
) -> bool {
    let own = format!("{}.{}", hcl::BUILDER, parts.source_name);
    let names = |argument: &str| texts(&body.get_attribute(argument)?.value);
    runs_for(&own, names("only"), names("except"))
}

/// The provisioners of a legacy template that run for the chosen builder.
///
/// The names in `only`, `except` and `override` are those of builders as they are written (Packer 1.6.6,
/// `Core.Build`).
pub fn applying<'t>(
    parts: &legacy::Parts<'t>,
) -> impl Iterator<Item = &'t Map<String, Value>> + use<'t> {
    let own = parts.name;
    let all = parts
        .file
        .root
        .get("provisioners")
        .and_then(Value::as_array);
    let objects = all.into_iter().flatten().filter_map(Value::as_object);
    objects.filter(move |provisioner| {
        let names = |argument: &str| {
            let names = provisioner.get(argument)?.as_array()?;
            Some(
                names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            )
        };
        runs_for(own, names("only"), names("except"))
    })
}

fn runs_for(own: &str, only: Option<Vec<String>>, except: Option<Vec<String>>) -> bool {
    let has_own = |names: Vec<String>| names.iter().any(|name| name == own);
    match only.filter(|names| !names.is_empty()) {
        Some(only) => has_own(only),
        None => !except.is_some_and(has_own),
    }
}

fn written_texts(list: &Expression) -> Option<Vec<String>> {
    let items = list.as_array()?.iter();
    items.map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::json;

    use super::*;
    use crate::render::packer::Template;

    fn provisions_of(name: &str, text: &str, source: Option<&str>) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        provisions(&template.select(source).unwrap())
    }

    #[test]
    fn blocks_that_apply_are_provisioned_over_a_connection() {
        for (source, build, expected) in [
            ("", "", false),
            ("", "provisioner \"shell\" {}", true),
            ("communicator = \"none\"", "provisioner \"shell\" {}", false),
            ("communicator = var.c", "provisioner \"shell\" {}", true),
            ("", "dynamic \"provisioner\" {\n}", true),
            ("", "provisioner \"x\" { only = [\"amazon-ebs.b\"] }", false),
            ("", "provisioner \"x\" { only = [\"amazon-ebs.a\"] }", true),
            ("", "provisioner \"x\" { only = [\"a\"] }", false),
            ("", "provisioner \"x\" { only = [] }", true),
            ("", "provisioner \"x\" { only = var.x }", true),
            (
                "",
                "provisioner \"x\" { except = [\"amazon-ebs.a\"] }",
                false,
            ),
            (
                "",
                "provisioner \"x\" { except = [\"amazon-ebs.b\"] }",
                true,
            ),
            ("", "error-cleanup-provisioner \"shell\" {}", false),
            ("", "post-processor \"shell-local\" {}", false),
        ] {
            let text = format!(
                "source \"amazon-ebs\" \"a\" {{\n{source}\n}}\nbuild {{\n  sources = [\"amazon-ebs.a\"]\n\
                 {build}\n}}\n"
            );
            assert_eq!(provisions_of("t.pkr.hcl", &text, None), expected, "{text}");
        }
    }

    #[test]
    fn a_source_inside_a_build_answers_to_the_name_it_has_there() {
        let text = "source \"amazon-ebs\" \"a\" {\n}\nbuild {\n  source \"amazon-ebs.a\" {\n    \
                    name = \"here\"\n  }\n  provisioner \"shell\" {\n    only = [\"amazon-ebs.NAME\"]\n  }\n}\n";
        let named = |name: &str| provisions_of("t.pkr.hcl", &text.replace("NAME", name), None);
        assert!(named("here"));
        assert!(!named("a"));
    }

    #[test]
    fn legacy_provisioners_apply_by_the_builders_name() {
        for (builder, provisioner, expected) in [
            (json!({}), json!({}), true),
            (json!({"communicator": "none"}), json!({}), false),
            (json!({}), json!({"only": ["amazon-ebs"]}), true),
            (json!({}), json!({"only": ["other"]}), false),
            (json!({"name": "other"}), json!({"only": ["other"]}), true),
            (
                json!({"name": "other"}),
                json!({"except": ["other"]}),
                false,
            ),
            (json!({}), json!({"except": ["other"]}), true),
        ] {
            let mut builder = builder;
            builder["type"] = json!("amazon-ebs");
            let text = json!({"builders": [builder], "provisioners": [provisioner]}).to_string();
            assert_eq!(provisions_of("t.json", &text, None), expected, "{text}");
        }
        let none = json!({"builders": [{"type": "amazon-ebs"}]}).to_string();
        assert!(!provisions_of("t.json", &none, None));
    }
}
