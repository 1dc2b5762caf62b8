//! The journal of an earlier run, torn or made up.

use std::fs;

use amiable::{journal::past::PastRun, run_id::RunId};
use camino::Utf8Path;

const RUN: &str = "20260101-000000-abcdef";

/// `data` is the journal of the only run of a project.
pub fn run(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8Path::from_path(folder.path()).expect("a UTF-8 path");
    let run = RunId::parse(RUN).expect("an id");
    let records = root.join(".amiable/runs").join(RUN);
    fs::create_dir_all(&records).expect("folders");
    fs::write(records.join("journal.jsonl"), data).expect("a file");
    let past = PastRun::read(root, &run).expect("the journal can be read");
    let (stack, environment) = past.as_ref().map_or(("", ""), |past| {
        (past.stack.as_str(), past.environment.as_str())
    });
    let all = PastRun::all(root, stack, environment).expect("the folder can be read");
    assert_eq!(all, Vec::from_iter(past.clone()));
}
