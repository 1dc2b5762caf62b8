//! What fuzzing has found worth keeping stays harmless: every stored input goes through its target.

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

#[test]
fn no_stored_input_does_harm() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut harmful = Vec::new();
    for (name, target) in targets::ALL {
        let folder = fs::read_dir(seeds.join(name));
        let mut files: Vec<_> = folder
            .unwrap_or_else(|error| panic!("{name} has no stored inputs: {error}"))
            .map(|entry| entry.expect("the folder can be read").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no stored inputs");
        for file in files {
            let data = fs::read(&file).expect("a file");
            // The message of the panic is in the test's output; the others are still worth knowing.
            if panic::catch_unwind(AssertUnwindSafe(|| target(&data))).is_err() {
                harmful.push(file);
            }
        }
    }
    assert!(harmful.is_empty(), "{harmful:?}");
}

#[test]
fn every_target_has_a_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut fuzzers: Vec<String> = fs::read_dir(folder)
        .expect("the fuzzers")
        .map(|entry| {
            let name = entry.expect("the folder can be read").file_name();
            let name = name.to_str().expect("a name in UTF-8").to_owned();
            name.trim_end_matches(".rs").to_owned()
        })
        .collect();
    fuzzers.sort();
    let targets: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(fuzzers, targets);
}
