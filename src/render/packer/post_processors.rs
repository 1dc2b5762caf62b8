//! Whether a template does something with what it has built.

use hcl_edit::structure::Body;
use serde_json::Value;

use super::{Parts, Selected};
use crate::render::hcl_file::{dynamic, labels};

/// Writes down what was built and changes nothing.
const MANIFEST: &str = "manifest";

/// Whether Packer has work left once it has the AMI: any post-processor but `manifest`, whichever builder it is for.
///
/// True where only Packer can tell, for `dynamic` blocks.
pub fn post_processes(selected: &Selected) -> bool {
    match &selected.parts {
        Parts::Hcl(parts) => in_body(&parts.build.1.body),
        Parts::Legacy(parts) => {
            let root = &parts.file.root;
            root.get("post-processors").is_some_and(in_value)
        }
    }
}

fn in_body(body: &Body) -> bool {
    body.blocks().any(|block| match block.ident.as_str() {
        "post-processor" => labels(block) != Some([MANIFEST]),
        "post-processors" => in_body(&block.body),
        _ => dynamic(block).is_some_and(|made| made.starts_with("post-processor")),
    })
}

/// A legacy template names them as texts, objects with a `type`, and lists of both (Packer 1.6.6,
/// `template.Template`).
fn in_value(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(in_value),
        Value::String(name) => name != MANIFEST,
        Value::Object(object) => object.get("type").and_then(Value::as_str) != Some(MANIFEST),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use serde_json::json;

    use super::*;
    use crate::render::packer::Template;

    fn post_processes_in(name: &str, text: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
        post_processes(&template.select(None).unwrap())
    }

    #[test]
    fn a_manifest_is_no_work_and_everything_else_is() {
        for (blocks, expected) in [
            ("", false),
            ("post-processor \"manifest\" {}", false),
            ("post-processor \"shell-local\" {}", true),
            (
                "post-processors {\npost-processor \"manifest\" {}\n}",
                false,
            ),
            ("post-processors {\npost-processor \"compress\" {}\n}", true),
            (
                "dynamic \"post-processor\" {\nlabels = [\"manifest\"]\n}",
                true,
            ),
        ] {
            let text = format!(
                "source \"amazon-ebs\" \"a\" {{}}\nbuild {{\n  sources = [\"amazon-ebs.a\"]\n{blocks}\n}}\n"
            );
            assert_eq!(post_processes_in("t.pkr.hcl", &text), expected, "{blocks}");
        }
        for (value, expected) in [
            (json!([]), false),
            (json!(["manifest"]), false),
            (json!([[{"type": "manifest"}]]), false),
            (json!(["manifest", {"type": "shell-local"}]), true),
            (json!([["compress"]]), true),
        ] {
            let text = json!({"builders": [{"type": "amazon-ebs"}], "post-processors": value});
            let text = text.to_string();
            assert_eq!(post_processes_in("t.json", &text), expected, "{text}");
        }
    }
}
