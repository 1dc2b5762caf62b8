//! Cases of editing that the template in `tests/fixtures` does not have.

use serde_json::{Value, json};

use super::super::{Edits, Emulator, Rendering, Template, render, template::JsonFile, variables};
use super::*;
use crate::{render::packer::Format, tools::packer::version::Plugins};

fn template(root: Value) -> Template {
    let path = "packer/t.json";
    let file = JsonFile::parse(path.into(), root.to_string()).unwrap();
    Template {
        path: path.into(),
        folder: "packer".into(),
        format: Format::Legacy(LegacyTemplate { file }),
    }
}

fn edits() -> Edits {
    Edits {
        ami_name: "n".to_owned(),
        tags: vec![("k".to_owned(), "v{{x".to_owned())],
        manifest: "/m.json".into(),
        emulator: Some(Emulator {
            endpoint: "http://127.0.0.1:1".to_owned(),
            access_key: "a".to_owned(),
            secret_key: "s".to_owned(),
            machine: None,
        }),
        provision: true,
        plugins: Plugins::BuiltInOnly,
        secret_variables: Vec::new(),
    }
}

fn rendered(root: Value, source: Option<&str>) -> Result<(Rendering, Value), ConfigError> {
    let template = template(root);
    let rendering = render(&template.select(source)?, &edits())?;
    let root = serde_json::from_str(&rendering.files[0].text).unwrap();
    Ok((rendering, root))
}

#[test]
fn the_chosen_builder_is_edited_and_the_others_are_not() {
    let docker = json!({"type": "docker", "image": "x"});
    let other = json!({"type": "amazon-ebs", "name": "b", "ami_name": "b"});
    let (rendering, root) = rendered(
        json!({"builders": [docker, other, {
            "type": "amazon-ebs", "ami_name": "a", "profile": "me", "force_deregister": true,
            "spot_price": "auto", "tags": {"k": "theirs", "x": "y"},
        }]}),
        Some("amazon-ebs"),
    )
    .unwrap();
    assert_eq!(rendering.only.as_deref(), Some("amazon-ebs"));
    assert_eq!(rendering.argument, "t.json");
    let builders = root["builders"].as_array().unwrap();
    assert_eq!(builders[..2], [docker, other]);
    let ours = builders[2].as_object().unwrap();
    assert_eq!(ours["ami_name"], "n");
    assert_eq!(ours["instance_type"], "t3.micro");
    assert_eq!(ours["tags"], json!({"k": "v{ {x", "x": "y"}));
    assert_eq!(ours["run_tags"], json!({"k": "v{ {x"}));
    for gone in ["profile", "force_deregister", "spot_price"] {
        assert!(!ours.contains_key(gone), "{gone}");
    }
}

#[test]
fn post_processors_are_kept_and_their_manifests_known() {
    let builders = json!([{"type": "amazon-ebs"}]);
    let own = json!(["manifest", [{"type": "compress"}, {"type": "manifest", "output": "o.json"}]]);
    let (rendering, root) =
        rendered(json!({"builders": builders, "post-processors": own}), None).unwrap();
    assert_eq!(
        rendering.writes,
        ["packer/packer-manifest.json", "packer/o.json"]
    );
    let ours = json!({"type": "manifest", "output": "/m.json"});
    assert_eq!(root["post-processors"], json!([own[0], own[1], ours]));
}

#[test]
fn what_cannot_be_edited_is_refused_with_the_reason() {
    for (builders, reason) in [
        (json!([{"type": "docker"}]), "only docker"),
        (json!([]), "under \"builders\""),
        (
            json!([{"type": "amazon-ebs", "name": "{{user `name`}}"}]),
            "the name of this builder is computed",
        ),
        (
            json!([{"type": "amazon-ebs", "name": "a"}, {"type": "amazon-ebs", "name": "b"}]),
            "a, b",
        ),
        (
            json!([{"type": "amazon-ebs", "skip_create_ami": true}]),
            "makes no AMI",
        ),
        (
            json!([{"type": "amazon-ebs", "communicator": "winrm"}]),
            "WinRM",
        ),
        (
            json!([{"type": "amazon-ebs", "tags": "{{user `tags`}}"}]),
            "`tags` is not an object",
        ),
    ] {
        let error = rendered(json!({"builders": builders}), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn declared_variables_have_their_flags_and_places() {
    let template = template(json!({
        "variables": {"a": null, "b": "x"},
        "sensitive-variables": ["b"],
        "builders": [],
    }));
    let declared = variables::declared(&template);
    let shown: Vec<_> = declared
        .iter()
        .map(|v| (v.name.as_str(), v.required, v.sensitive, v.takes_text))
        .collect();
    assert_eq!(shown, [("a", true, false, true), ("b", false, true, true)]);
    assert_eq!(declared[0].place.as_ref().unwrap().line, 1);
}
