//! A Packer template in either language: read, resolved, and rendered with everything a run edits.

use std::{fs, str};

use amiable::{
    images::{named_files::named_files, source_ami::source_ami},
    render::packer::{BuilderMachine, Edits, Emulator, Resolver, Template, render, variables},
    tools::packer::version::Plugins,
};
use camino::Utf8Path;
use serde_json::{Map, Value, json};

/// The first byte chooses the language and the edits; the rest is the template.
pub fn run(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else {
        return;
    };
    // The readers refuse other files by themselves.
    if str::from_utf8(text).is_err() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8Path::from_path(folder.path()).expect("a UTF-8 path");
    let name = match choice & 1 {
        0 => "it.pkr.hcl",
        _ => "it.json",
    };
    fs::write(root.join(name), text).expect("a file");
    let edits = edits(*choice);
    let template = match Template::read(root, Utf8Path::new(name), None) {
        Ok(template) => template,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let given = Map::from_iter([("region".to_owned(), json!("eu-west-1"))]);
    let _ = (
        variables::declared(&template),
        variables::set_by_files(&template),
        variables::file(&template, &given),
    );
    let selected = match template.select(None) {
        Ok(selected) => selected,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let resolver = Resolver::new(&template, root, &given, &edits.secret_variables);
    let _ = named_files(&selected, &resolver);
    let _ = source_ami(&selected, &resolver);
    let rendering = match render(&selected, &edits) {
        Ok(rendering) => rendering,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for file in rendering.files {
        fs::write(root.join(file.path), file.text).expect("a file");
    }
    expect_edited(root, name, &edits);
}

/// What was rendered is a template with the same builder and the new name.
fn expect_edited(root: &Utf8Path, name: &str, edits: &Edits) {
    let template = Template::read(root, Utf8Path::new(name), None).expect("it can be read again");
    let selected = template.select(None).expect("it has its builder still");
    let resolver = Resolver::new(&template, root, &Map::<String, Value>::new(), &[]);
    assert_eq!(
        resolver.text(&selected, "ami_name").as_deref(),
        Some(edits.ami_name.as_str())
    );
}

fn edits(choice: u8) -> Edits {
    let machine = BuilderMachine {
        host: "127.0.0.1".to_owned(),
        port: 2222,
        user: (choice & 4 != 0).then(|| "admin".to_owned()),
        private_key: "/keys/it".into(),
        key_pair: "builder".to_owned(),
    };
    Edits {
        ami_name: "web-20260101-000000-abcdef".to_owned(),
        tags: vec![
            ("amiable:stack".to_owned(), "shop".to_owned()),
            ("note".to_owned(), "\"${x}\" %{y} \\ {{ z }}".to_owned()),
        ],
        manifest: "/runs/it/manifest.json".into(),
        emulator: (choice & 2 != 0).then(|| Emulator {
            endpoint: "http://127.0.0.1:9".to_owned(),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            machine: (choice & 8 != 0).then_some(machine),
        }),
        provision: choice & 16 != 0,
        plugins: match choice >> 5 & 3 {
            0 => Plugins::BuiltInOnly,
            1 => Plugins::BuiltIn,
            _ => Plugins::Installed,
        },
        secret_variables: vec!["password".to_owned()],
    }
}
