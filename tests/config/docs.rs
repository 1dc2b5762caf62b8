//! `docs/stack-file.md` says what the loader does.
//!
//! `AMIABLE_UPDATE_TEXTS=1 cargo test --test config` writes its tables anew.

use std::{collections::BTreeMap, env, fs, os::unix::fs::PermissionsExt};

use amiable::config::{documentation, load};
use camino::{Utf8Path, Utf8PathBuf};

use crate::support::Fixture;

fn page() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stack-file.md")
}

/// The page with what is between its marks replaced, and the names of the marks.
fn filled(text: &str, tables: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let mut result = String::new();
    let mut names = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let name = line
            .strip_prefix("<!-- table: ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(name) = name {
            let table = tables
                .get(name)
                .unwrap_or_else(|| panic!("no table is called {name}"));
            result.push_str(&format!("{line}\n\n{}\n", table));
            names.push(name.to_owned());
            inside = true;
        } else if line == "<!-- end -->" {
            result.push_str("<!-- end -->\n");
            inside = false;
        } else if !inside {
            result.push_str(line);
            result.push('\n');
        }
    }
    (result, names)
}

#[test]
fn tables_are_those_of_the_program() {
    let text = fs::read_to_string(page()).expect("the page");
    let tables: BTreeMap<String, String> = documentation::tables().into_iter().collect();
    let (expected, mut names) = filled(&text, &tables);
    names.sort();
    assert_eq!(
        names,
        tables.keys().cloned().collect::<Vec<_>>(),
        "every table once"
    );
    if env::var_os("AMIABLE_UPDATE_TEXTS").is_some() {
        fs::write(page(), expected).expect("the page");
    } else {
        assert_eq!(
            text, expected,
            "write the tables anew with AMIABLE_UPDATE_TEXTS=1"
        );
    }
}

/// Examples of the page: name, files they need, text.
fn examples(text: &str) -> Vec<(String, Vec<String>, String)> {
    let mut examples = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(mark) = line
            .strip_prefix("<!-- example: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        let (name, files) = mark.split_once("; files: ").expect("files");
        assert_eq!(lines.next(), Some("```hcl"));
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let files = files.split(", ").map(str::to_owned).collect();
        examples.push((name.to_owned(), files, body.join("\n") + "\n"));
    }
    examples
}

#[test]
fn examples_are_valid() {
    let text = fs::read_to_string(page()).expect("the page");
    let examples = examples(&text);
    let names: Vec<&str> = examples.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(names, ["bring-your-own", "everything"]);
    assert_eq!(text.matches("```hcl").count(), examples.len());
    for (name, files, body) in examples {
        let fixture = Fixture::empty();
        for file in files {
            fixture.write(&file, "");
            let path = fixture.root().join(file);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
        }
        fixture.write("stack.hcl", &body);
        let project = fixture.project();
        let environments = load(&project, None, None, &|_| None)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .environments;
        for environment in environments {
            load(&project, None, Some(&environment), &|_| None)
                .unwrap_or_else(|error| panic!("{name}, {environment}: {error}"));
        }
    }
}

#[test]
fn the_example_of_a_mistake_is_what_is_said() {
    let text = fs::read_to_string(page()).expect("the page");
    let shown = text.split("```\n").nth(1).expect("the first plain block");
    let fixture = Fixture::new(
        "stack \"dashboard\" {\n  region   = \"us-east-1\"\n  teraform = \"terraform/stacks/dashboard\"\n}\n",
    );
    let said = fixture.load(None).expect_err("a mistake").to_string();
    assert_eq!(format!("{said}\n"), shown);
}
