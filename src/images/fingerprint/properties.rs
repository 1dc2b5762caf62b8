//! A fingerprint changes if and only if something changes that becomes part of the image.
//!
//! What becomes part of it is told by [`seen`], from the description of a tree alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::{Duration, SystemTime},
};

use camino::Utf8PathBuf;
use proptest::{prelude::*, sample::Index};
use serde_json::json;

use super::*;
use crate::render::packer::Template;

const NAMED: &str = r#"
source "amazon-ebs" "a" {}
build {
  sources = ["amazon-ebs.a"]
  provisioner "file" {
    source      = "../files"
    destination = "/tmp/"
  }
}
"#;
const UNNAMED: &str =
    "source \"amazon-ebs\" \"a\" {}\nbuild {\n  sources = [\"amazon-ebs.a\"]\n}\n";

/// What is in `files`.
#[derive(Debug, Clone, PartialEq)]
enum Entry {
    File { content: Vec<u8>, executable: bool },
    Link(Target),
}

/// Where a link leads: to a file or folder in `files`, or in a folder outside of the project.
#[derive(Debug, Clone, PartialEq)]
struct Target {
    path: String,
    inside: bool,
}

type Tree = BTreeMap<String, Entry>;
type Seen = BTreeMap<String, (Vec<u8>, bool)>;

const OUTSIDE: [(&str, &str); 2] = [("one", "1"), ("shelf/two", "2")];

/// Content and mode of every file below `files` as one sees it who follows links; `None` when a link
/// leads nowhere.
fn seen(tree: &Tree) -> Option<Seen> {
    let plain = tree.iter().filter_map(|(path, entry)| match entry {
        Entry::File {
            content,
            executable,
        } => Some((path.clone(), (content.clone(), *executable))),
        Entry::Link(_) => None,
    });
    let inside: Seen = plain.collect();
    let outside = OUTSIDE.map(|(path, text)| (path.to_owned(), (text.as_bytes().to_vec(), false)));
    let outside = Seen::from(outside);
    let mut seen = inside.clone();
    for (path, entry) in tree {
        let Entry::Link(target) = entry else {
            continue;
        };
        let there = if target.inside { &inside } else { &outside };
        let before = seen.len();
        for (known, file) in there {
            match known.strip_prefix(&target.path) {
                Some("") => seen.insert(path.clone(), file.clone()),
                Some(below) if below.starts_with('/') => {
                    seen.insert(format!("{path}{below}"), file.clone())
                }
                _ => continue,
            };
        }
        if seen.len() == before {
            return None;
        }
    }
    Some(seen)
}

struct Checkout {
    _guards: [tempfile::TempDir; 2],
    root: Utf8PathBuf,
    by_input: bool,
}

impl Checkout {
    fn new(tree: &Tree, by_input: bool) -> Checkout {
        let guards = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let root = Utf8PathBuf::try_from(guards[0].path().canonicalize().unwrap()).unwrap();
        let outside = guards[1].path().to_owned();
        for (path, text) in OUTSIDE {
            put(&outside.join(path), text.as_bytes(), false);
        }
        let text = if by_input { UNNAMED } else { NAMED };
        put(
            root.join("packer/t.pkr.hcl").as_std_path(),
            text.as_bytes(),
            false,
        );
        fs::create_dir(root.join("files")).unwrap();
        for (path, entry) in tree {
            let full = root.join("files").join(path);
            match entry {
                Entry::File {
                    content,
                    executable,
                } => {
                    put(full.as_std_path(), content, *executable);
                }
                // Links are at the top of `files`.
                Entry::Link(target) if target.inside => symlink(&target.path, full).unwrap(),
                Entry::Link(target) => symlink(outside.join(&target.path), full).unwrap(),
            }
        }
        Checkout {
            _guards: guards,
            root,
            by_input,
        }
    }

    fn take(&self) -> Result<FingerprintManifest, ConfigError> {
        let template = Template::read(&self.root, Utf8Path::new("packer"), None)?;
        let variables = json!({});
        let variables = variables.as_object().unwrap();
        let resolver = Resolver::new(&template, &self.root, variables, &[]);
        let inputs = if self.by_input {
            vec!["files/**".to_owned()]
        } else {
            Vec::new()
        };
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
}

fn put(path: &Path, content: &[u8], executable: bool) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ab\n]{0,3}".prop_map(String::into_bytes),
        "(a|\r\n|\n){0,3}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..4),
        // Beyond what is read at once.
        (any::<u8>(), 60_000..70_000_usize).prop_map(|(byte, size)| vec![byte; size]),
    ]
}

fn file() -> impl Strategy<Value = Entry> {
    (content(), any::<bool>()).prop_map(|(content, executable)| Entry::File {
        content,
        executable,
    })
}

/// Folders and files have names of their own, so that no path is both.
fn path() -> impl Strategy<Value = String> {
    "(d/|D/|ö ü/){0,2}(a|b\\.sh|\\.hidden|Ä \\$x|-f|\\[x\\])"
}

fn tree() -> impl Strategy<Value = Tree> {
    let files = prop::collection::btree_map(path(), file(), 1..6);
    let links = prop::collection::vec((any::<Index>(), any::<bool>(), any::<bool>()), 0..3);
    (files, links).prop_map(|(mut tree, links)| {
        let paths: Vec<String> = tree.keys().cloned().collect();
        for (number, (which, inside, to_folder)) in links.into_iter().enumerate() {
            let path = if inside {
                which.get(&paths).clone()
            } else {
                which.get(&OUTSIDE).0.to_owned()
            };
            let path = match path.rsplit_once('/') {
                Some((folder, _)) if to_folder => folder.to_owned(),
                _ => path,
            };
            tree.insert(
                format!("link{number}"),
                Entry::Link(Target { path, inside }),
            );
        }
        tree
    })
}

#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Write(Vec<u8>),
    ToggleExecutable,
    Rename(String),
    Remove,
    Add(String, Entry),
    WindowsLineEnds,
    /// A link becomes a file with what it leads to.
    Materialise,
    Retarget(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Nothing),
        content().prop_map(Change::Write),
        Just(Change::ToggleExecutable),
        path().prop_map(Change::Rename),
        Just(Change::Remove),
        (path(), file()).prop_map(|(path, file)| Change::Add(path, file)),
        Just(Change::WindowsLineEnds),
        Just(Change::Materialise),
        any::<Index>().prop_map(Change::Retarget),
    ]
}

fn apply(change: Change, which: Index, tree: &mut Tree) {
    let paths: Vec<String> = tree.keys().cloned().collect();
    let path = which.get(&paths).clone();
    let looks = seen(tree).and_then(|seen| seen.get(&path).cloned());
    let entry = tree.get_mut(&path).expect("it is a path of the tree");
    match (change, entry) {
        (Change::Write(new), Entry::File { content, .. }) => *content = new,
        (Change::ToggleExecutable, Entry::File { executable, .. }) => *executable = !*executable,
        (Change::WindowsLineEnds, Entry::File { content, .. }) => {
            let text = String::from_utf8_lossy(content).replace('\n', "\r\n");
            *content = text.into_bytes();
        }
        (Change::Materialise, entry @ Entry::Link(_)) => {
            if let Some((content, executable)) = looks {
                *entry = Entry::File {
                    content,
                    executable,
                };
            }
        }
        (Change::Retarget(new), Entry::Link(target)) => {
            let files: Vec<String> = paths
                .into_iter()
                .filter(|path| !path.starts_with("link"))
                .collect();
            if !files.is_empty() {
                target.path = new.get(&files).clone();
                target.inside = true;
            }
        }
        (Change::Rename(new), Entry::File { .. }) => {
            let entry = tree.remove(&path).expect("it is a path of the tree");
            tree.insert(new, entry);
        }
        // A tree has at least one entry.
        (Change::Remove, _) if paths.len() > 1 => {
            tree.remove(&path);
        }
        (Change::Add(new, file), _) => {
            tree.entry(new).or_insert(file);
        }
        _ => {}
    }
}

/// Paths that are in one only, or not the same in both.
fn differences<T: PartialEq>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
) -> BTreeSet<(char, String)> {
    let new = after.iter().filter_map(|(path, file)| {
        let kind = match before.get(path) {
            None => '+',
            Some(known) if known == file => return None,
            Some(_) => '~',
        };
        Some((kind, path.clone()))
    });
    let gone = before
        .keys()
        .filter(|path| !after.contains_key(*path))
        .map(|path| ('-', path.clone()));
    new.chain(gone).collect()
}

fn told(reasons: &[BuildReason]) -> BTreeSet<(char, String)> {
    reasons
        .iter()
        .map(|reason| {
            let (kind, path) = match reason {
                BuildReason::Added(path) => ('+', path),
                BuildReason::Changed(path) => ('~', path),
                BuildReason::Removed(path) => ('-', path),
                other => panic!("{other:?} is about no file"),
            };
            (kind, path.strip_prefix("files/").unwrap().to_owned())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_fingerprint_changes_when_and_only_when_the_image_would(
        tree in tree(),
        changes in prop::collection::vec((change(), any::<Index>()), 1..3),
        by_input in any::<bool>(),
    ) {
        let mut changed = tree.clone();
        for (change, which) in changes {
            apply(change, which, &mut changed);
        }
        let (before, after) = (Checkout::new(&tree, by_input), Checkout::new(&changed, by_input));
        let (before, after) = (before.take(), after.take());
        let (seen_before, seen_after) = (seen(&tree), seen(&changed));
        prop_assert_eq!(before.is_ok(), seen_before.is_some(), "{:?}", before);
        prop_assert_eq!(after.is_ok(), seen_after.is_some(), "{:?}", after);
        if let (Ok(before), Ok(after), Some(old), Some(new)) =
            (before, after, seen_before, seen_after)
        {
            let is_same = before.fingerprint() == after.fingerprint();
            prop_assert_eq!(is_same, old == new);
            prop_assert_eq!(told(&diff(&before, &after)), differences(&old, &new));
        }
    }

    #[test]
    fn what_differs_between_checkouts_does_not_count(tree in tree(), seconds in 0..2_000_000_000_u64) {
        prop_assume!(seen(&tree).is_some());
        let (one, other) = (Checkout::new(&tree, false), Checkout::new(&tree, false));
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (path, entry) in &tree {
            let Entry::File { executable, .. } = entry else {
                continue;
            };
            let path = other.root.join("files").join(path);
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(then).unwrap();
            // As under umask 077.
            let mode = if *executable { 0o700 } else { 0o600 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(other.root.join("files/empty/folder")).unwrap();
        fs::create_dir_all(other.root.join(".git")).unwrap();
        prop_assert_eq!(one.take().unwrap(), other.take().unwrap());
    }
}
