//! Raising a signal in the driver at one record of its journal, with a library that is preloaded into it.
//!
//! Polling the journal and signalling from outside would meet another instant each time, and never the one
//! between starting a child and recording it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::trials::{Trial, When};

/// The library, compiled for this test; it goes with this value.
#[derive(Debug)]
pub struct AtRecord {
    folder: tempfile::TempDir,
}

impl AtRecord {
    pub fn compile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kill_matrix/at_record.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(folder.path().join("at_record.so"))
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(compiled.expect("cc links Rust programs too").success());
        Self { folder }
    }

    /// Sets `driver` up for `trial`.
    pub fn set(&self, driver: &mut Command, trial: &Trial) {
        let way = match trial.when {
            When::Before => "before",
            When::Torn => "torn",
            When::After => "after",
        };
        driver
            .env("LD_PRELOAD", self.library())
            .env("AT_RECORD", trial.record.to_string())
            .env("AT_WAY", way)
            .env("AT_SIGNAL", trial.signal.number().to_string());
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("at_record.so")
    }
}
