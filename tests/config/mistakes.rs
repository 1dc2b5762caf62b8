//! What mistakes say: for each file in `mistakes/` the exact text, in the file beside it.
//!
//! `AMIABLE_UPDATE_TEXTS=1 cargo test --test config` writes the texts anew, for a human to read.

use std::{env, fs};

use camino::{Utf8Path, Utf8PathBuf};

use crate::support::Fixture;

fn folder() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/mistakes")
}

#[test]
fn mistakes_say_what_is_wrong_where_and_how_to_mend_it() {
    let update = env::var_os("AMIABLE_UPDATE_TEXTS").is_some();
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the folder with mistakes")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .filter(|name| name.ends_with(".hcl"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "{files:?}");
    let mut differences = Vec::new();
    for file in files {
        let fixture = Fixture::new(fs::read(folder().join(&file)).expect("a stack file"));
        let error = fixture.load(None).expect_err(&file);
        let text = format!("{error}\n");
        let golden = folder().join(file.replace(".hcl", ".txt"));
        if update {
            fs::write(&golden, text).expect("a text");
            continue;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if text != expected {
            differences.push(format!(
                "== {file}\n-- expected\n{expected}-- found\n{text}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
