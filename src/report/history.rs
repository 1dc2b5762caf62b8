//! The runs of a project: which there were, and the report of one.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use thiserror::Error;

use crate::{
    report::{
        aggregate::RunSummary,
        json::{self, ReadError},
    },
    run_id::RunId,
};

/// File with a run's report, in its folder.
pub const REPORT_JSON: &str = "report.json";

/// The same for people.
pub const REPORT_MARKDOWN: &str = "report.md";

/// Where a project's runs have their folders.
pub fn runs_folder(project_root: &Utf8Path) -> Utf8PathBuf {
    project_root.join(".amiable").join("runs")
}

/// A run, with its report where there is one.
#[derive(Debug)]
pub struct Entry {
    pub run: RunId,
    pub folder: Utf8PathBuf,
    pub report: Result<RunSummary, LoadError>,
}

/// A report that cannot be had.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error("no report: the run was killed or is still running")]
    Missing,
    #[error("failed to read {path}: {source}")]
    Io {
        path: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("failed to read {path}: {source}")]
    Unreadable {
        path: Utf8PathBuf,
        #[source]
        source: ReadError,
    },
}

/// Why a run could not be chosen.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ChooseError {
    #[error("there are no runs yet")]
    None,
    #[error("no run is called {0:?}")]
    Unknown(String),
    #[error("{wanted:?} may be any of {}", .matching.iter().map(RunId::as_str).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        wanted: String,
        matching: Vec<RunId>,
    },
}

/// Ids of all runs, the newest first. A folder that is not a run's is passed over.
///
/// # Errors
///
/// When the folder is there and cannot be read.
pub fn ids(project_root: &Utf8Path) -> io::Result<Vec<RunId>> {
    let entries = match runs_folder(project_root).read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids = Vec::new();
    for entry in entries {
        ids.extend(RunId::parse(entry?.file_name()));
    }
    ids.sort_unstable_by(|one, other| other.cmp(one));
    Ok(ids)
}

/// The run that `wanted` means: `last`, an id, or the only id that starts so.
///
/// # Errors
///
/// [`ChooseError`] when there is none or more than one.
pub fn choose(ids: &[RunId], wanted: &str) -> Result<RunId, ChooseError> {
    let newest = ids.first().ok_or(ChooseError::None)?;
    if wanted == "last" {
        return Ok(newest.clone());
    }
    let starts_so = |run: &&RunId| !wanted.is_empty() && run.as_str().starts_with(wanted);
    let matching: Vec<_> = ids.iter().filter(starts_so).cloned().collect();
    match matching.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(ChooseError::Unknown(wanted.to_owned())),
        _ => Err(ChooseError::Ambiguous {
            wanted: wanted.to_owned(),
            matching,
        }),
    }
}

/// A run with its report.
pub fn entry(project_root: &Utf8Path, run: RunId) -> Entry {
    let folder = runs_folder(project_root).join(run.as_str());
    let report = load(&folder);
    Entry {
        run,
        folder,
        report,
    }
}

/// The report in a run's folder.
///
/// # Errors
///
/// [`LoadError`], which tells a missing report from one that cannot be read.
pub fn load(folder: &Utf8Path) -> Result<RunSummary, LoadError> {
    let text = text(folder)?;
    json::from_text(&text, folder).map_err(|source| LoadError::Unreadable {
        path: folder.join(REPORT_JSON),
        source,
    })
}

/// The report in a run's folder as the document that was written.
///
/// # Errors
///
/// As [`load`].
pub fn document(folder: &Utf8Path) -> Result<Value, LoadError> {
    let text = text(folder)?;
    json::versioned(&text, json::FORMAT).map_err(|source| LoadError::Unreadable {
        path: folder.join(REPORT_JSON),
        source,
    })
}

fn text(folder: &Utf8Path) -> Result<String, LoadError> {
    let path = folder.join(REPORT_JSON);
    std::fs::read_to_string(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LoadError::Missing,
        _ => LoadError::Io { path, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RunId {
        RunId::parse(text).unwrap()
    }

    #[test]
    fn a_run_is_chosen_by_a_beginning_that_only_it_has() {
        let ids = [id("20260102-000000-bbbbbb"), id("20260101-000000-aaaaaa")];
        assert_eq!(choose(&ids, "last"), Ok(ids[0].clone()));
        assert_eq!(choose(&ids, "20260101"), Ok(ids[1].clone()));
        assert_eq!(choose(&ids, "20260102-000000-bbbbbb"), Ok(ids[0].clone()));
        assert_eq!(
            choose(&ids, "2025"),
            Err(ChooseError::Unknown("2025".into()))
        );
        assert_eq!(choose(&ids, ""), Err(ChooseError::Unknown(String::new())));
        assert_eq!(choose(&[], "last"), Err(ChooseError::None));
        assert_eq!(
            choose(&ids, "2026").unwrap_err().to_string(),
            "\"2026\" may be any of 20260102-000000-bbbbbb, 20260101-000000-aaaaaa"
        );
    }

    #[test]
    fn runs_are_listed_newest_first_and_other_folders_passed_over() {
        let project = tempfile::tempdir().unwrap();
        let project = Utf8Path::from_path(project.path()).unwrap();
        assert!(ids(project).unwrap().is_empty());
        for name in [
            "20260101-000000-aaaaaa",
            "20260102-000000-bbbbbb",
            "lost+found",
        ] {
            std::fs::create_dir_all(runs_folder(project).join(name)).unwrap();
        }
        let ids = ids(project).unwrap();
        assert_eq!(
            ids,
            [id("20260102-000000-bbbbbb"), id("20260101-000000-aaaaaa")]
        );
    }

    #[test]
    fn a_missing_report_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        assert!(matches!(load(folder), Err(LoadError::Missing)));
        std::fs::write(folder.join(REPORT_JSON), "{\"format\":").unwrap();
        assert!(matches!(load(folder), Err(LoadError::Unreadable { .. })));
    }
}
