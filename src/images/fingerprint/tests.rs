//! Unit tests of the fingerprint.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    time::{Duration, SystemTime},
};

use camino::Utf8PathBuf;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;

use super::*;
use crate::render::packer::Template;

const TEMPLATE: &str = r#"
source "amazon-ebs" "a" {
  source_ami = "ami-1"
}
build {
  sources = ["amazon-ebs.a"]
  provisioner "shell" {
    script = "${path.root}/install.sh"
  }
  provisioner "file" {
    source      = "../files/"
    destination = "/tmp/"
  }
}
"#;

/// A file of a tree: content, and whether it can be run.
type Tree = BTreeMap<String, (Vec<u8>, bool)>;

struct Project {
    _guard: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Project {
    /// Writes the files in the order of `tree`, or in the opposite one.
    fn new(tree: &Tree, backwards: bool) -> Project {
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(guard.path().canonicalize().unwrap()).unwrap();
        let project = Project {
            _guard: guard,
            root,
        };
        project.put("packer/t.pkr.hcl", TEMPLATE.as_bytes(), false);
        project.put("packer/install.sh", b"#!/bin/sh\n", true);
        fs::create_dir_all(project.root.join("files")).unwrap();
        let mut files: Vec<_> = tree.iter().collect();
        if backwards {
            files.reverse();
        }
        for (path, (content, executable)) in files {
            project.put(path, content, *executable);
        }
        project
    }

    fn put(&self, path: &str, content: &[u8], executable: bool) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn take(&self) -> Result<FingerprintManifest, ConfigError> {
        self.take_with(&[], json!({}))
    }

    fn take_with(
        &self,
        inputs: &[&str],
        variables: Value,
    ) -> Result<FingerprintManifest, ConfigError> {
        let template = Template::read(&self.root, Utf8Path::new("packer"), None)?;
        let variables = variables.as_object().unwrap();
        let resolver = Resolver::new(&template, &self.root, variables, &[]);
        let inputs: Vec<String> = inputs.iter().map(|input| (*input).to_owned()).collect();
        let taken = take(Subject {
            project: &self.root,
            selected: &template.select(None)?,
            resolver: &resolver,
            inputs: &inputs,
            declared_at: None,
            variables,
            rotate: None,
            source_ami: Some("ami-1"),
            packer: &PackerVersion::new(1, 6, 6),
            region: "us-east-1",
        })?;
        Ok(taken.manifest)
    }

    fn error(&self, inputs: &[&str]) -> String {
        self.take_with(inputs, json!({})).unwrap_err().to_string()
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec![
        "a", "b", "c.sh", "é ü", "d/e", "d/f", "d/g/h", ".hidden",
    ]);
    let content = prop::sample::select(vec![
        b"".to_vec(),
        b"x\n".to_vec(),
        b"x\r\n".to_vec(),
        vec![0, 159, 146, 150],
        vec![b'x'; 100_000],
    ]);
    prop::collection::btree_map(
        name.prop_map(|name| format!("files/{name}")),
        (content, any::<bool>()),
        1..6,
    )
}

fn samples() -> Vec<Tree> {
    let mut runner = TestRunner::default();
    (0..40)
        .map(|_| trees().new_tree(&mut runner).unwrap().current())
        .collect()
}

#[test]
fn the_same_files_elsewhere_give_the_same_fingerprint() {
    for tree in samples() {
        let (one, other) = (Project::new(&tree, false), Project::new(&tree, true));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for path in tree.keys() {
            let file = fs::File::options()
                .append(true)
                .open(other.root.join(path))
                .unwrap();
            file.set_modified(long_ago).unwrap();
        }
        let (one, other) = (one.take().unwrap(), other.take().unwrap());
        assert_eq!(one.fingerprint(), other.fingerprint());
        assert_eq!(diff(&one, &other), []);
        // A manifest that was stored is the same manifest.
        let stored = serde_json::to_string(&one).unwrap();
        let read: FingerprintManifest = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.fingerprint(), one.fingerprint());
    }
}

#[test]
fn every_change_of_a_file_changes_the_fingerprint_and_is_named() {
    for tree in samples() {
        let (path, (content, executable)) = tree.first_key_value().unwrap();
        let changed = |content: Vec<u8>, executable: bool| {
            let mut tree = tree.clone();
            tree.insert(path.clone(), (content, executable));
            (tree, vec![BuildReason::Changed(path.clone())])
        };
        let mut longer = content.clone();
        longer.push(b'!');
        let mut renamed = tree.clone();
        renamed.remove(path);
        let removed = renamed.clone();
        renamed.insert("files/renamed".to_owned(), (content.clone(), *executable));
        let mut added = tree.clone();
        added.insert("files/new/file".to_owned(), (Vec::new(), false));

        let before = Project::new(&tree, false).take().unwrap();
        for (tree, reasons) in [
            changed(longer, *executable),
            changed(content.clone(), !executable),
            (
                renamed,
                vec![
                    BuildReason::Added("files/renamed".to_owned()),
                    BuildReason::Removed(path.clone()),
                ],
            ),
            (removed, vec![BuildReason::Removed(path.clone())]),
            (added, vec![BuildReason::Added("files/new/file".to_owned())]),
        ] {
            let after = Project::new(&tree, false).take().unwrap();
            assert_ne!(after.fingerprint(), before.fingerprint());
            assert_eq!(diff(&before, &after), reasons);
        }
    }
}

#[test]
fn what_does_not_become_part_of_the_image_does_not_count() {
    let project = Project::new(&Tree::new(), false);
    let before = project.take().unwrap();
    for path in [
        "README.md",
        ".git/HEAD",
        "files/.git/HEAD",
        "files/.terraform/x",
        ".amiable/runs/x",
        "packer/unused.sh",
    ] {
        project.put(path, b"x", false);
    }
    fs::create_dir(project.root.join("files/empty")).unwrap();
    assert_eq!(project.take().unwrap(), before);
    assert_eq!(
        before.files.keys().collect::<Vec<_>>(),
        ["packer/install.sh", "packer/t.pkr.hcl"]
    );
}

#[test]
fn everything_else_that_decides_has_its_reason() {
    let project = Project::new(&Tree::new(), false);
    let before = project
        .take_with(&[], json!({"a": {"x": 1, "y": [2]}, "b": null}))
        .unwrap();
    let reordered = project
        .take_with(&[], json!({"b": null, "a": {"y": [2], "x": 1}}))
        .unwrap();
    assert_eq!(reordered, before);
    let variables = project
        .take_with(&[], json!({"a": {"x": 1, "y": [3]}, "b": null}))
        .unwrap();
    let ami = |id: &str| Some(id.to_owned());
    for (after, reason) in [
        (variables, BuildReason::VariablesChanged),
        (
            FingerprintManifest {
                rotate: Some("2".to_owned()),
                ..before.clone()
            },
            BuildReason::VariablesChanged,
        ),
        (
            FingerprintManifest {
                source_ami: ami("ami-2"),
                ..before.clone()
            },
            BuildReason::SourceAmiChanged {
                from: ami("ami-1"),
                to: "ami-2".to_owned(),
            },
        ),
        (
            FingerprintManifest {
                packer: "1.7".to_owned(),
                ..before.clone()
            },
            BuildReason::PackerChanged {
                from: Some("1.6".to_owned()),
                to: "1.7".to_owned(),
            },
        ),
        (
            FingerprintManifest {
                region: "eu-west-1".to_owned(),
                ..before.clone()
            },
            BuildReason::DetailsUnknown,
        ),
    ] {
        assert_ne!(after.fingerprint(), before.fingerprint());
        assert_eq!(diff(&before, &after), [reason]);
    }
}

#[test]
fn inputs_are_globs_folders_and_files_below_the_project() {
    let project = Project::new(&Tree::new(), false);
    for path in [
        "app/a.py",
        "app/sub/b.py",
        "app/sub/c.txt",
        "lib/x/y.py",
        "README.md",
        "app/.terraform/z.py",
    ] {
        project.put(path, b"x", false);
    }
    for (input, files) in [
        ("app/**", vec!["app/a.py", "app/sub/b.py", "app/sub/c.txt"]),
        ("app/*.py", vec!["app/a.py"]),
        ("app/**/*.py", vec!["app/a.py", "app/sub/b.py"]),
        ("{app,lib}/*/?.py", vec!["app/sub/b.py", "lib/x/y.py"]),
        ("./app/sub", vec!["app/sub/b.py", "app/sub/c.txt"]),
        ("README.md", vec!["README.md"]),
        ("packer/*.sh", vec!["packer/install.sh"]),
    ] {
        let manifest = project.take_with(&[input], json!({})).unwrap();
        for file in &files {
            assert!(
                manifest.files.contains_key(*file),
                "{input}: {:?}",
                manifest.files.keys()
            );
        }
        let others = ["packer/install.sh", "packer/t.pkr.hcl"];
        let own = manifest
            .files
            .keys()
            .filter(|name| !others.contains(&name.as_str()));
        let expected = files.iter().filter(|name| !others.contains(name)).count();
        assert_eq!(
            own.count(),
            expected,
            "{input}: {:?}",
            manifest.files.keys()
        );
    }
}

#[test]
fn links_count_by_what_they_lead_to() {
    let project = Project::new(&Tree::new(), false);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x"), "one").unwrap();
    project.put("shared/y", b"y", true);
    symlink("../shared", project.root.join("files/inside")).unwrap();
    symlink(outside.path().join("x"), project.root.join("files/outside")).unwrap();
    let before = project.take().unwrap();
    assert!(before.files["files/inside/y"].executable);
    fs::write(outside.path().join("x"), "two").unwrap();
    let after = project.take().unwrap();
    assert_eq!(
        diff(&before, &after),
        [BuildReason::Changed("files/outside".to_owned())]
    );
}

#[test]
fn names_that_lead_nowhere_are_errors_with_their_place() {
    let project = Project::new(&Tree::new(), false);
    fs::remove_file(project.root.join("packer/install.sh")).unwrap();
    project.put("install.sh", b"", true);
    fs::remove_dir(project.root.join("files")).unwrap();
    let error = project.error(&["app/**", "../x", "[", "packer/nothing"]);
    for part in [
        "failed to find ./install.sh",
        "packer/t.pkr.hcl:8:14",
        "there is one of that name at the project's root",
        "failed to find ../files/",
        "the input app/** fits no file",
        "the input ../x leads out of the project",
        "the input [ is no glob",
        "the input packer/nothing fits no file",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }

    let text = TEMPLATE.replace("../files/", "../../files/");
    project.put("packer/t.pkr.hcl", text.as_bytes(), false);
    let error = project.error(&[]);
    assert!(
        error.contains("../../files/ leads out of the project"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let project = Project::new(&Tree::new(), false);
    // Readable by its mode and not by its content, even for root.
    symlink("/proc/self/mem", project.root.join("files/mem")).unwrap();
    assert!(project.error(&[]).contains("files/mem"));
    fs::remove_file(project.root.join("files/mem")).unwrap();
    symlink("nowhere", project.root.join("files/broken")).unwrap();
    assert!(project.error(&[]).contains("files/broken"));
    fs::remove_file(project.root.join("files/broken")).unwrap();
    symlink("..", project.root.join("files/loop")).unwrap();
    assert!(project.error(&[]).contains("loop"));
}

#[test]
fn what_is_no_file_is_an_error_and_is_not_waited_for() {
    let project = Project::new(&Tree::new(), false);
    let pipe = |path: &str| {
        let path = project.root.join(path);
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path.as_std_path(),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        path
    };
    let below = pipe("files/pipe");
    assert!(
        project
            .error(&[])
            .contains("files/pipe is neither a file nor a folder")
    );
    fs::remove_file(below).unwrap();
    let input = pipe("README.md");
    assert!(
        project
            .error(&["READ*"])
            .contains("README.md is neither a file nor a folder")
    );
    // One that no glob fits is of no interest.
    assert!(project.take_with(&["packer/**"], json!({})).is_ok());
    fs::remove_file(input).unwrap();

    let socket = std::os::unix::net::UnixListener::bind(project.root.join("files/socket")).unwrap();
    assert!(
        project
            .error(&[])
            .contains("files/socket is neither a file nor a folder")
    );
    drop(socket);
    fs::remove_file(project.root.join("files/socket")).unwrap();

    fs::remove_file(project.root.join("packer/install.sh")).unwrap();
    let named = pipe("packer/install.sh");
    assert!(
        project
            .error(&[])
            .contains("./install.sh is neither a file nor a folder")
    );
    fs::remove_file(named).unwrap();
    fs::create_dir(project.root.join("packer/install.sh")).unwrap();
    assert!(
        project
            .error(&[])
            .contains("./install.sh is a folder, and a file is needed here")
    );
}

#[test]
fn a_file_that_becomes_a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
    let files = BTreeMap::from([("pipe".to_owned(), pipe)]);
    let error = digests(&files).unwrap_err().to_string();
    assert!(error.contains("it is no file"), "{error}");
}

#[test]
fn absolute_paths_into_the_project_are_those_of_the_project() {
    let project = Project::new(&Tree::new(), false);
    let elsewhere = tempfile::tempdir().unwrap();
    let linked = elsewhere.path().join("checkout");
    symlink(&project.root, &linked).unwrap();
    for folder in [project.root.as_str(), linked.to_str().unwrap()] {
        let text = TEMPLATE.replace("${path.root}", &format!("{folder}/packer"));
        project.put("packer/t.pkr.hcl", text.as_bytes(), false);
        let manifest = project.take().unwrap();
        assert_eq!(
            manifest.files.keys().collect::<Vec<_>>(),
            ["packer/install.sh", "packer/t.pkr.hcl"]
        );
    }
}

#[test]
fn names_that_only_packer_knows_need_inputs() {
    let project = Project::new(&Tree::new(), false);
    let text = TEMPLATE.replace("\"${path.root}/install.sh\"", "var.script");
    project.put("packer/t.pkr.hcl", text.as_bytes(), false);
    let error = project.error(&[]);
    assert!(
        error.contains("`script`") && error.contains("packer/t.pkr.hcl:8:14"),
        "{error}"
    );
    assert!(error.contains("`inputs`"), "{error}");
    let manifest = project
        .take_with(&["packer/install.sh"], json!({}))
        .unwrap();
    assert!(manifest.files.contains_key("packer/install.sh"));
}

#[test]
fn ten_thousand_files_are_all_counted() {
    let project = Project::new(&Tree::new(), false);
    for index in 0..10_000 {
        let folder = project.root.join(format!("files/{}", index % 100));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(index.to_string()), index.to_string()).unwrap();
    }
    let before = project.take().unwrap();
    assert_eq!(before.files.len(), 10_002);
    project.put("files/99/9999", b"other", false);
    let after = project.take().unwrap();
    assert_eq!(
        diff(&before, &after),
        [BuildReason::Changed("files/99/9999".to_owned())]
    );
}
