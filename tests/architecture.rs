//! The rules about who may use what, which the compiler does not know.

use std::{fs, path::Path};

/// Source files under `folder` with their text, tests included.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    walkdir::WalkDir::new(root.join("src").join(folder))
        .into_iter()
        .map(|entry| entry.expect("the source tree can be read"))
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(root)
                .expect("below the root")
                .display()
                .to_string();
            (
                path,
                fs::read_to_string(entry.path()).expect("a source file can be read"),
            )
        })
        .collect()
}

fn uses(text: &str, module: &str) -> bool {
    let mut in_braces = false;
    text.lines().any(|line| {
        let line = line.trim();
        if line.starts_with("use crate::{") {
            in_braces = true;
        }
        let here = line.contains(&format!("crate::{module}::"))
            || line.contains(&format!("crate::{module};"));
        let nested = in_braces
            && line
                .trim_start_matches("use crate::{")
                .split([',', ' '])
                .any(|part| {
                    part.trim_end_matches(['}', ';']) == module
                        || part.starts_with(&format!("{module}::"))
                });
        if in_braces && line.ends_with("};") {
            in_braces = false;
        }
        here || nested
    })
}

/// Text before the unit tests, which may use what they like.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn imports_point_one_way() {
    let forbidden = [
        (
            "tools",
            &["process", "runner", "report", "cli", "sandbox", "journal"] as &[_],
        ),
        (
            "render",
            &[
                "process",
                "runner",
                "report",
                "cli",
                "journal",
                "credentials",
            ],
        ),
        (
            "report",
            &[
                "runner",
                "process",
                "cli",
                "sandbox",
                "tools",
                "credentials",
            ],
        ),
        ("images", &["runner", "report", "cli", "process"]),
        ("journal", &["runner", "report", "cli", "process"]),
        (
            "config",
            &[
                "runner",
                "report",
                "cli",
                "process",
                "tools",
                "sandbox",
                "credentials",
            ],
        ),
        ("credentials", &["runner", "report", "cli", "sandbox"]),
        (
            "process",
            &[
                "runner",
                "report",
                "cli",
                "tools",
                "credentials",
                "config",
                "sandbox",
            ],
        ),
        ("sandbox", &["runner", "report", "cli"]),
        ("runner", &["report", "cli"]),
    ];
    let mut broken = Vec::new();
    for (module, others) in forbidden {
        for (path, text) in sources(module) {
            for other in others {
                if uses(product(&text), other) {
                    broken.push(format!("{path} uses {other}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn secrets_are_exposed_only_where_children_get_them_or_stores_keep_them() {
    let allowed = |path: &str| {
        path.starts_with("src/process/")
            || ["pass", "keyring", "sandbox_store"]
                .iter()
                .any(|store| path == format!("src/credentials/{store}.rs"))
            || path == "src/secret.rs"
    };
    let exposing: Vec<String> = sources("")
        .into_iter()
        .filter(|(path, text)| product(text).contains(".expose()") && !allowed(path))
        .map(|(path, _)| path)
        .collect();
    assert!(exposing.is_empty(), "{exposing:#?}");
}

#[test]
fn every_module_says_what_belongs_in_it() {
    let silent: Vec<String> = sources("")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn only_process_starts_children() {
    let starting: Vec<String> = sources("")
        .into_iter()
        .filter(|(path, text)| {
            let text = product(text);
            !path.starts_with("src/process/")
                && (text.contains("process::Command::new") || text.contains("duct::cmd"))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(starting.is_empty(), "{starting:#?}");
}
