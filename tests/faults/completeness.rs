//! The table of faults is whole: every row is shown by tests that exist, and the documentation has the same rows.

use std::{fs, path::Path};

use amiable::tools::known_error;

use super::table::ROWS;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the tests in a file that run by themselves.
fn tests_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut attributes = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
        } else if let Some(rest) = line.strip_prefix("fn ") {
            let ignored = attributes.iter().any(|one| one.starts_with("#[ignore"));
            if attributes.contains(&"#[test]") && !ignored {
                found.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
            }
            attributes.clear();
        } else if !line.starts_with("//") {
            attributes.clear();
        }
    }
    found
}

#[test]
fn every_row_is_there_once_and_shown() {
    let numbers: Vec<u8> = ROWS.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=52).collect::<Vec<u8>>());
    for row in &ROWS {
        assert!(!row.shown.is_empty(), "row {} is not shown", row.number);
    }
}

#[test]
fn every_test_that_is_named_exists_and_runs() {
    let mut missing = Vec::new();
    for row in &ROWS {
        for test in row.shown {
            let (file, name) = test.split_once("::").expect("FILE::NAME");
            if !tests_in(&read(file)).iter().any(|known| known == name) {
                missing.push(format!("row {}: {test}", row.number));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_that_names_a_row_is_in_it() {
    for file in ["diagnosis", "packer", "state", "terraform"] {
        let path = format!("tests/faults/{file}.rs");
        for name in tests_in(&read(&path)) {
            let Some(number) = name.strip_prefix("row_").and_then(|rest| rest.get(..2)) else {
                continue;
            };
            let number: u8 = number.parse().expect("a number of two digits");
            let row = ROWS.iter().find(|row| row.number == number).unwrap();
            let test = format!("{path}::{name}");
            assert!(row.shown.contains(&test.as_str()), "{test}");
        }
    }
}

/// What stands between `<!-- table: NAME -->` and the next `<!-- end -->` of the page.
fn section(name: &str) -> String {
    let page = read("docs/reliability.md");
    let (_, rest) = page
        .split_once(&format!("<!-- table: {name} -->\n"))
        .unwrap_or_else(|| panic!("docs/reliability.md has a table called {name}"));
    let (section, _) = rest.split_once("<!-- end -->").expect("its end");
    section.trim().to_owned()
}

#[test]
fn the_documentation_has_the_same_rows() {
    let mut lines = vec![
        "| | fault | the driver |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    lines.extend(
        ROWS.iter()
            .map(|row| format!("| {} | {} | {} |", row.number, row.fault, row.answer)),
    );
    let expected = lines.join("\n");
    assert_eq!(section("faults"), expected, "it has to be:\n{expected}");
}

#[test]
fn the_documentation_has_the_errors_that_pass() {
    let lines: Vec<String> = known_error::passing_ones()
        .map(|error| format!("- {}: {}", error.what, signs(error.signs())))
        .collect();
    let expected = lines.join("\n");
    assert_eq!(section("passing"), expected, "it has to be:\n{expected}");
}

fn signs(signs: &[&str]) -> String {
    let quoted: Vec<String> = signs.iter().map(|sign| format!("`{sign}`")).collect();
    quoted.join(", ")
}
