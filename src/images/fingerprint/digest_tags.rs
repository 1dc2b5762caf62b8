//! A [`FingerprintManifest`] in tags of the AMI, short enough for EC2, so that the reason for a build can be
//! told on a machine that knows nothing of the build before.
//!
//! The tags hold digests of a few bytes: of paths, so that no name is given away, and of contents. One tag
//! says what there is beside files; the others list files. Where there are more files than the tags can
//! hold, those of the deepest folders are told together, and the reason is then the folder.
//!
//! EC2 allows 50 tags, keys of 128 characters and values of 256 (EC2 user guide, "Tag restrictions").

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::FingerprintManifest;
use crate::{events::BuildReason, images::hashing::FileDigest};

/// What the image is made of beside files.
const MADE_OF: &str = "amiable:made-of";
/// Followed by a number from 1.
const FILES: &str = "amiable:files.";

/// How the tags are written. Tags with another number are not understood.
const FORMAT: &str = "1";

/// Bytes of a path's digest, and of a content's. With a few hundred files two paths have the same digest
/// once in some hundred images, and a change goes unnoticed once in 16 million; both only blur the reason.
const PATH: usize = 3;
const CONTENT: usize = 3;

/// Characters of an entry in base64, entries of a tag, and tags of files.
const ENTRY: usize = 8;
const ENTRIES_OF_TAG: usize = 256 / ENTRY;
const TAGS: usize = 12;
/// Files that can be told apart.
const CAPACITY: usize = ENTRIES_OF_TAG * TAGS;

type Entry = ([u8; PATH], [u8; CONTENT]);

/// The tags for an image made of `manifest`: keys and values.
pub fn tags(manifest: &FingerprintManifest) -> Vec<(String, String)> {
    let units = Units::of(manifest);
    let mut entries: Vec<Entry> = units
        .0
        .iter()
        .map(|(path, files)| (path_digest(path), content_digest(files)))
        .collect();
    // The order of digests says nothing about names.
    entries.sort_unstable();
    let rest = Rest::of(manifest).to_text(entries.len());
    let mut tags = vec![(MADE_OF.to_owned(), rest)];
    for (number, entries) in entries.chunks(ENTRIES_OF_TAG).enumerate() {
        let bytes = |(path, content): &Entry| [path.as_slice(), content].concat();
        let bytes: Vec<u8> = entries.iter().flat_map(bytes).collect();
        let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        tags.push((format!("{FILES}{}", number + 1), text));
    }
    tags
}

/// Why an image with `tags` is not the one that `new` makes, as [`super::diff`] says it, but for the names
/// of files that are gone. `None` when the tags are not there, incomplete, or of another version.
pub fn diff(tags: &[(String, String)], new: &FingerprintManifest) -> Option<Vec<BuildReason>> {
    let (rest, entries) = read(tags)?;
    let mut reasons = files(&entries, new);
    let now = Rest::of(new);
    if (&rest.variables, &rest.rotate) != (&now.variables, &now.rotate) {
        reasons.push(BuildReason::VariablesChanged);
    }
    if rest.source_ami != now.source_ami
        && let Some(to) = &new.source_ami
    {
        reasons.push(BuildReason::SourceAmiChanged {
            from: Some(rest.source_ami.clone()).filter(|ami| is_told(ami)),
            to: to.clone(),
        });
    }
    if rest.packer != now.packer {
        reasons.push(BuildReason::PackerChanged {
            from: Some(rest.packer.clone()).filter(|packer| is_told(packer)),
            to: new.packer.clone(),
        });
    }
    if reasons.is_empty() && rest != now {
        reasons.push(BuildReason::DetailsUnknown);
    }
    Some(reasons)
}

fn files(old: &[Entry], new: &FingerprintManifest) -> Vec<BuildReason> {
    let mut known: HashMap<[u8; PATH], Vec<[u8; CONTENT]>> = HashMap::new();
    for (path, content) in old {
        known.entry(*path).or_default().push(*content);
    }
    // The files by what they were told together with, which is nothing else or a folder.
    let mut units: BTreeMap<&str, Vec<File>> = BTreeMap::new();
    let mut reasons = Vec::new();
    for file in &new.files {
        let names = std::iter::once(file.0.as_str()).chain(folders(file.0));
        match names
            .into_iter()
            .find(|name| known.contains_key(&path_digest(name)))
        {
            Some(unit) => units.entry(unit).or_default().push(file),
            None => reasons.push(BuildReason::Added(file.0.clone())),
        }
    }
    let mut unmatched = Vec::new();
    for (path, files) in units {
        let digest = content_digest(&files);
        let there = known
            .get_mut(&path_digest(path))
            .expect("it was found there");
        match there.iter().position(|known| *known == digest) {
            Some(same) => {
                there.swap_remove(same);
            }
            None => unmatched.push(path),
        }
    }
    for path in unmatched {
        let there = known
            .get_mut(&path_digest(path))
            .expect("it was found there");
        // None is left when another path with the same digest was there and this one was not.
        reasons.push(match there.pop() {
            Some(_) => BuildReason::Changed(path.to_owned()),
            None => BuildReason::Added(path.to_owned()),
        });
    }
    match known.values().map(Vec::len).sum() {
        0 => {}
        gone => reasons.push(BuildReason::FilesRemoved(gone)),
    }
    reasons
}

type File<'m> = (&'m String, &'m FileDigest);

/// Files that are told together, by the path of the only one or of their folder, which ends in `/`.
struct Units<'m>(BTreeMap<&'m str, Vec<File<'m>>>);

impl<'m> Units<'m> {
    fn of(manifest: &'m FingerprintManifest) -> Self {
        let files = manifest.files.iter();
        let mut units: BTreeMap<&str, Vec<File>> =
            files.map(|file| (file.0.as_str(), vec![file])).collect();
        let deepest = units.keys().map(|path| folders(path).count()).max();
        for depth in (1..=deepest.unwrap_or_default()).rev() {
            // Deeper ones are merged already, so what is below a folder stands directly in it.
            let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for path in units.keys() {
                let mut above = folders(path);
                if let Some(folder) = above.next()
                    && above.count() + 1 == depth
                {
                    by_folder.entry(folder).or_default().push(path);
                }
            }
            let mut by_size: Vec<_> = by_folder.into_iter().collect();
            by_size.sort_by_key(|(folder, paths)| (Reverse(paths.len()), *folder));
            for (folder, paths) in by_size {
                if units.len() <= CAPACITY {
                    return Units(units);
                }
                let files = paths.iter().flat_map(|path| units.remove(path));
                let files: BTreeSet<File> = files.flatten().collect();
                units.insert(folder, files.into_iter().collect());
            }
        }
        Units(units)
    }
}

/// The folders that a file or folder is in, the innermost first, each with a slash at its end.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.strip_suffix('/').unwrap_or(path);
    let above = inner.rmatch_indices('/').map(|(at, _)| &path[..=at]);
    let top = (!path.starts_with('/') && path != TOP).then_some(TOP);
    above.chain(top)
}

/// The project's root as a folder.
const TOP: &str = "./";

fn path_digest(path: &str) -> [u8; PATH] {
    first_bytes(&blake3::hash(path.as_bytes()))
}

fn content_digest(files: &[File]) -> [u8; CONTENT] {
    let mut hasher = blake3::Hasher::new();
    for (path, digest) in files {
        let mode = if digest.executable { "x" } else { "-" };
        for part in [path.as_str(), "\0", &digest.content, mode, "\n"] {
            hasher.update(part.as_bytes());
        }
    }
    first_bytes(&hasher.finalize())
}

fn first_bytes<const N: usize>(hash: &blake3::Hash) -> [u8; N] {
    std::array::from_fn(|index| hash.as_bytes()[index])
}

/// What there is beside files, each a word.
#[derive(Debug, PartialEq, Eq)]
struct Rest {
    format: String,
    /// Digest of the template's path and the builder's name.
    builder: String,
    variables: String,
    rotate: String,
    packer: String,
    source_ami: String,
    region: String,
}

/// In the place of what is not there, and of what does not fit.
const NOTHING: &str = "-";
const UNTOLD: &str = "?";

impl Rest {
    fn of(manifest: &FingerprintManifest) -> Rest {
        let digest = |text: &str| {
            let bytes: [u8; 6] = first_bytes(&blake3::hash(text.as_bytes()));
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        };
        let told = |text: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            let fits = (1..=40).contains(&text.len()) && text.chars().all(is_plain);
            if fits && text != NOTHING {
                text
            } else {
                UNTOLD
            }
            .to_owned()
        };
        let or_nothing = |text: &Option<String>, write: &dyn Fn(&str) -> String| {
            text.as_deref().map_or_else(|| NOTHING.to_owned(), write)
        };
        Rest {
            format: manifest.format.to_string(),
            builder: digest(&format!("{}\0{}", manifest.template, manifest.builder)),
            variables: digest(&manifest.variables),
            rotate: or_nothing(&manifest.rotate, &digest),
            packer: told(&manifest.packer),
            source_ami: or_nothing(&manifest.source_ami, &told),
            region: told(&manifest.region),
        }
    }

    /// `entries` is the number of entries in the other tags.
    fn to_text(&self, entries: usize) -> String {
        let Rest {
            format,
            builder,
            variables,
            rotate,
            packer,
            source_ami,
            region,
        } = self;
        format!(
            "{FORMAT} {entries} {format} {builder} {variables} {rotate} {packer} {source_ami} {region}"
        )
    }

    fn parse(text: &str) -> Option<(Rest, usize)> {
        let words: Vec<&str> = text.split(' ').collect();
        let &[
            FORMAT,
            entries,
            format,
            builder,
            variables,
            rotate,
            packer,
            source_ami,
            region,
        ] = words.as_slice()
        else {
            return None;
        };
        let rest = Rest {
            format: format.to_owned(),
            builder: builder.to_owned(),
            variables: variables.to_owned(),
            rotate: rotate.to_owned(),
            packer: packer.to_owned(),
            source_ami: source_ami.to_owned(),
            region: region.to_owned(),
        };
        Some((rest, entries.parse().ok()?))
    }
}

fn is_told(word: &str) -> bool {
    ![NOTHING, UNTOLD].contains(&word)
}

fn read(tags: &[(String, String)]) -> Option<(Rest, Vec<Entry>)> {
    let tag = |key: &str| {
        let found = tags.iter().find(|(name, _)| name == key)?;
        Some(found.1.as_str())
    };
    let (rest, count) = Rest::parse(tag(MADE_OF)?)?;
    if count > CAPACITY {
        return None;
    }
    let mut entries = Vec::new();
    for number in 1..=count.div_ceil(ENTRIES_OF_TAG) {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(tag(&format!("{FILES}{number}"))?)
            .ok()?;
        for entry in bytes.chunks(PATH + CONTENT) {
            let (path, content) = entry.split_at_checked(PATH)?;
            entries.push((path.try_into().ok()?, content.try_into().ok()?));
        }
    }
    (entries.len() == count).then_some((rest, entries))
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn manifest(files: impl IntoIterator<Item = (String, FileDigest)>) -> FingerprintManifest {
        FingerprintManifest {
            format: 1,
            template: "packer/web".to_owned(),
            builder: "amazon-ebs.web".to_owned(),
            files: files.into_iter().collect(),
            variables: "v".to_owned(),
            rotate: None,
            source_ami: Some("ami-0f3c2b1a09d8e7f65".to_owned()),
            packer: "1.6".to_owned(),
            region: "ap-southeast-1".to_owned(),
        }
    }

    fn digest(content: &str) -> FileDigest {
        FileDigest {
            content: content.to_owned(),
            executable: false,
        }
    }

    fn numbered(count: usize) -> FingerprintManifest {
        manifest((0..count).map(|n| (format!("app/{}/static/{n}.css", n % 7), digest("x"))))
    }

    /// Reasons as texts in order, with the names of removed files counted.
    fn comparable(reasons: Vec<BuildReason>) -> Vec<String> {
        let mut gone = 0;
        let mut shown = Vec::new();
        for reason in reasons {
            match reason {
                BuildReason::Removed(_) => gone += 1,
                BuildReason::FilesRemoved(count) => gone += count,
                other => shown.push(other.to_string()),
            }
        }
        shown.push(format!("{gone} gone"));
        shown.sort();
        shown
    }

    #[test]
    fn tags_fit_what_ec2_takes() {
        for count in [0, 1, 32, 33, 384, 385, 10_000] {
            let mut manifest = numbered(count);
            manifest.region = "{{x".to_owned();
            manifest.source_ami = Some("a".repeat(500));
            let tags = tags(&manifest);
            assert!(tags.len() <= 13, "{count}: {}", tags.len());
            for (key, value) in &tags {
                assert!(key.len() <= 128 && value.len() <= 256, "{key}: {value}");
                assert!(
                    !value.contains("{{") && !key.starts_with("aws:"),
                    "{key}: {value}"
                );
                assert!(value.is_ascii() && !value.is_empty(), "{key}: {value}");
            }
            assert_eq!(diff(&tags, &manifest), Some(Vec::new()), "{count}");
        }
    }

    #[test]
    fn tags_that_are_not_there_or_not_whole_say_nothing() {
        let manifest = numbered(100);
        let whole = tags(&manifest);
        assert_eq!(diff(&[], &manifest), None);
        for index in 0..whole.len() {
            let mut fewer = whole.clone();
            fewer.remove(index);
            assert_eq!(diff(&fewer, &manifest), None, "{index}");
            let mut cut = whole.clone();
            cut[index].1.pop();
            cut[index].1.pop();
            assert_ne!(diff(&cut, &manifest), Some(Vec::new()), "{index}");
        }
        let mut newer = whole.clone();
        newer[0].1.replace_range(..1, "2");
        assert_eq!(diff(&newer, &manifest), None);
        let mut huge = whole;
        huge[0].1 = huge[0].1.replace(" 100 ", " 18446744073709551615 ");
        assert_eq!(diff(&huge, &manifest), None);
    }

    #[test]
    fn beyond_their_capacity_the_reason_is_the_folder() {
        let before = numbered(1000);
        let tags = tags(&before);
        let mut after = before.clone();
        after
            .files
            .insert("app/3/static/3.css".to_owned(), digest("y"));
        assert_eq!(
            diff(&tags, &after),
            Some(vec![BuildReason::Changed("app/3/static/".to_owned())])
        );
        after = before.clone();
        after
            .files
            .insert("app/3/static/new.css".to_owned(), digest("y"));
        after.files.insert("app/8/new.css".to_owned(), digest("y"));
        after.files.retain(|path, _| !path.starts_with("app/4/"));
        assert_eq!(
            diff(&tags, &after),
            Some(vec![
                BuildReason::Added("app/8/new.css".to_owned()),
                BuildReason::Changed("app/3/static/".to_owned()),
                BuildReason::FilesRemoved(1),
            ])
        );
    }

    #[test]
    fn the_deepest_folders_are_merged_first() {
        let deep = (0..300).map(|n| (format!("a/b/c/{n}"), digest("x")));
        let shallow = (0..200).map(|n| (format!("a/{n}"), digest("x")));
        let before = manifest(deep.chain(shallow));
        let tags = tags(&before);
        for (path, reason) in [("a/b/c/7", "a/b/c/"), ("a/7", "a/7")] {
            let mut after = before.clone();
            after.files.insert(path.to_owned(), digest("y"));
            let reasons = vec![BuildReason::Changed(reason.to_owned())];
            assert_eq!(diff(&tags, &after), Some(reasons));
        }
        let flat = manifest((0..500).map(|n| (n.to_string(), digest("x"))));
        let mut after = flat.clone();
        after.files.insert("7".to_owned(), digest("y"));
        let reasons = vec![BuildReason::Changed("./".to_owned())];
        assert_eq!(diff(&super::tags(&flat), &after), Some(reasons));
    }

    #[test]
    fn no_name_is_in_the_tags() {
        let mut before = manifest([("secret-plan.txt".to_owned(), digest("x"))]);
        before.rotate = Some("spring".to_owned());
        for (_, value) in tags(&before) {
            for text in ["plan", "web", "spring"] {
                assert!(!value.contains(text), "{value}");
            }
        }
    }

    fn any_manifest() -> impl Strategy<Value = FingerprintManifest> {
        let digest = ("[a-d]", any::<bool>()).prop_map(|(content, executable)| FileDigest {
            content,
            executable,
        });
        let files = prop::collection::btree_map("/?([a-e]/){0,3}[a-z]", digest, 0..60);
        let rest = (
            "[a-c]",
            prop::option::of("[a-c]"),
            prop::option::of("ami-[a-c]"),
            "1\\.[67]",
            "(eu|us)-west-1",
            1..3_u32,
        );
        (files, rest).prop_map(
            |(files, (variables, rotate, source_ami, packer, region, format))| {
                FingerprintManifest {
                    variables,
                    rotate,
                    source_ami,
                    packer,
                    region,
                    format,
                    ..manifest(files)
                }
            },
        )
    }

    proptest! {
        #[test]
        fn tags_say_what_the_whole_manifest_says(
            old in any_manifest(),
            new in any_manifest(),
            kept in prop::collection::vec(any::<Index>(), 0..20),
            same_rest in any::<bool>(),
        ) {
            // So that some files are in both.
            let mut new = new;
            let paths: Vec<&String> = old.files.keys().collect();
            if !paths.is_empty() {
                for index in kept {
                    let path = *index.get(&paths);
                    new.files.insert(path.clone(), old.files[path].clone());
                }
            }
            if same_rest {
                new = FingerprintManifest { files: new.files, ..old.clone() };
            }
            // Two paths with the same digest blur the reason, which is said where their length is chosen.
            let paths: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
            let digests: BTreeSet<_> = paths.iter().map(|path| path_digest(path)).collect();
            prop_assume!(digests.len() == paths.len());
            let from_tags = diff(&tags(&old), &new).expect("the tags are whole");
            prop_assert_eq!(comparable(from_tags), comparable(super::super::diff(&old, &new)));
        }

        #[test]
        fn every_change_of_many_files_has_a_reason(
            count in 300..900_usize,
            which in any::<Index>(),
            removed in any::<bool>(),
        ) {
            let before = numbered(count);
            let mut after = before.clone();
            let paths: Vec<String> = before.files.keys().cloned().collect();
            let path = which.get(&paths);
            if removed {
                after.files.remove(path);
            } else {
                after.files.insert(path.clone(), digest("y"));
            }
            let reasons = diff(&tags(&before), &after).expect("the tags are whole");
            let is_right = match reasons.as_slice() {
                [BuildReason::Changed(told)] => {
                    path == told || told.ends_with('/') && path.starts_with(told)
                }
                [BuildReason::FilesRemoved(1)] => removed,
                _ => false,
            };
            prop_assert!(is_right, "{path}: {reasons:?}");
        }
    }
}
