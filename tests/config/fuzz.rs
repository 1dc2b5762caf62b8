//! No file makes the loader panic, overflow its stack or run away.

use std::{fs, thread};

use amiable::config::{Expr, Scope, VariableValue, load};
use camino::Utf8Path;
use proptest::prelude::*;

use crate::{loading, support::Fixture};

/// Pieces that mean something to the parser.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "~",
    "$${",
    "\\",
    "\n",
    "\r\n",
    "=",
    "==",
    ":",
    ",",
    "...",
    ".",
    "*",
    "<<EOT\n",
    "<<-EOT\n",
    "EOT",
    "\nEOT\n",
    "#",
    "//",
    "/*",
    "*/",
    "'",
    "for x in ",
    "if ",
    "%{ if true }",
    "%{ else }",
    "%{ endif }",
    "%{ for x in [1] }",
    "%{ endfor }",
    "null",
    "true",
    "1e400",
    "-",
    "!",
    "&&",
    "?",
    "0.1",
    "18446744073709551616",
    "credential.token",
    "output.x",
    "image.dashboard.id",
    "run.id",
    "env.CI_COMMIT",
    "join(",
    "replace(",
    "format(\"%9999d\", ",
    "range(",
    "file(\"",
    "jsondecode(",
    "substr(",
    "try(",
    "stack",
    "image",
    "environment",
    "variables",
    "é",
    "日",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "👨‍👩‍👧",
    "\t",
];

#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, String),
    Delete(usize, usize),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0usize..4000;
    prop_oneof![
        4 => (at.clone(), proptest::sample::select(TOKENS)).prop_map(|(at, token)| Edit::Insert(at, token.to_owned())),
        1 => (at.clone(), any::<String>()).prop_map(|(at, text)| Edit::Insert(at, text)),
        3 => (at.clone(), 1usize..60).prop_map(|(at, length)| Edit::Delete(at, length)),
        1 => (at.clone(), 1usize..60, 1usize..40).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
        1 => (at.clone(), at).prop_map(|(one, other)| Edit::Swap(one, other)),
    ]
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for edit in edits {
        let length = characters.len().max(1);
        match edit {
            Edit::Insert(at, token) => {
                let at = at % length;
                characters.splice(at..at, token.chars());
            }
            Edit::Delete(at, count) => {
                let at = at % length;
                let end = (at + count).min(characters.len());
                characters.drain(at.min(end)..end);
            }
            Edit::Repeat(at, count, times) => {
                let at = at % length;
                let end = (at + count).min(characters.len());
                let part = characters[at.min(end)..end].repeat(*times);
                characters.splice(end..end, part);
            }
            Edit::Swap(one, other) => {
                if !characters.is_empty() {
                    characters.swap(one % length, other % length);
                }
            }
        }
    }
    characters.into_iter().collect()
}

/// Loads a file, and evaluates or shows whatever comes of it.
fn exercise(fixture: &Fixture, text: &str) {
    fixture.write("infra/dashboard/stack.hcl", text);
    let project = fixture.project();
    let name = project.stacks.keys().next().cloned();
    match load(&project, name.as_deref(), None, &|_| Some("x".into())) {
        Ok(stack) => {
            let scope = stack.scope();
            let variables = stack
                .variables
                .0
                .iter()
                .filter_map(|(_, value)| match value {
                    VariableValue::Expr(expr) => Some(expr),
                    VariableValue::Credential { .. } => None,
                });
            for expr in variables.chain(&stack.summary) {
                let _ = expr.evaluate(&scope).map_err(|error| error.to_string());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn corpus() -> Vec<String> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/mistakes");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder with mistakes")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "hcl"))
        .collect();
    files.sort();
    let mut texts: Vec<String> = files
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a text"))
        .collect();
    // The whole file is worth more than any of its mistakes.
    texts.extend(vec![loading::WHOLE.to_owned(); 20]);
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn mutated_files_never_panic(
        edits in proptest::collection::vec(edit(), 1..8),
        which in any::<proptest::sample::Index>(),
    ) {
        let texts = corpus();
        let fixture = Fixture::new("");
        let text: &String = which.get(&texts);
        exercise(&fixture, &apply(text, &edits));
    }

    #[test]
    fn token_soup_never_panics(tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..40)) {
        for text in [tokens.concat(), tokens.join(" ")] {
            let _ = Expr::parse(&text).map(|expr| expr.evaluate(&Scope::default()).map_err(|error| error.to_string()));
        }
    }
}

/// Expressions that nest as deep as each construct can.
fn deep() -> Vec<String> {
    let nest = |before: &str, middle: &str, after: &str, depth: usize| {
        format!("{}{middle}{}", before.repeat(depth), after.repeat(depth))
    };
    let mut texts = Vec::new();
    for depth in [20, 40, 47, 48, 49, 60, 64, 65, 100, 1000, 20_000] {
        texts.extend([
            nest("[", "1", "]", depth),
            nest("(", "1", ")", depth),
            nest("{ a = ", "1", " }", depth),
            nest("\"${", "1", "}\"", depth),
            nest("upper(", "\"a\"", ")", depth),
            nest("!", "true", "", depth),
            nest("-", "1", "", depth),
            nest("[for x in ", "[]", " : x]", depth),
            nest("true ? 1 : ", "2", "", depth),
            nest("", "1", " + 1", depth),
            nest("", "[1]", "[0]", depth),
            nest("", "x", ".a", depth),
            nest("\"%{ if true }", "x", "%{ endif }\"", depth),
            format!("\"{}\"", nest("%{ if true }", "x", "%{ endif }", depth)),
            nest("[<<EOT\n${", "1", "}\nEOT\n]", depth),
            nest("[", "", "", depth),
            nest("{", "", "", depth),
            nest("(", "", "", depth),
        ]);
    }
    texts
}

#[test]
fn deep_nesting_fits_into_a_small_stack() {
    // Half of what Rust gives a thread.
    let small = thread::Builder::new().stack_size(1024 * 1024);
    let run = small.spawn(|| {
        for text in deep() {
            let _ = Expr::parse(&text).map(|expr| expr.evaluate(&Scope::default()).map(drop));
        }
    });
    run.expect("a thread").join().expect("no panic");
}

#[test]
fn results_that_would_fill_the_memory_are_refused() {
    let growing = |depth: usize| {
        (0..depth).fold("\"aaaaaaaaaaaaaaaa\"".to_owned(), |text, _| {
            format!("replace({text}, \"a\", \"aaaaaaaaaaaaaaaa\")")
        })
    };
    for text in [
        growing(20),
        "indent(999999999999, \"a\\nb\")".to_owned(),
        "format(\"%999999999d\", 1)".to_owned(),
        "range(1000000000)".to_owned(),
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]".to_owned(),
    ] {
        let error = Expr::parse(&text)
            .and_then(|expr| expr.evaluate(&Scope::default()))
            .expect_err(&text);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn large_files_are_read() {
    let lines: String = (0..5_000)
        .map(|index| format!("  v{index} = \"{index}\"\n"))
        .collect();
    let head = "stack \"dashboard\" {\n  region = \"us-east-1\"\n  terraform = \"terraform/stacks/dashboard\"\n}\n";
    let fixture = Fixture::new(format!("{head}variables = {{\n{lines}}}\n"));
    let stack = fixture.load(None).expect("a stack");
    assert_eq!(stack.variables.0.len(), 5_000);
}
