//! What the journals of earlier runs say.

use std::io::{self, BufRead, BufReader};

use camino::Utf8Path;

use super::{
    record::{Entry, Record, TemporaryKind},
    run_folder::PRODUCED,
};
use crate::run_id::RunId;

/// A run as its journal tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    pub run: RunId,
    pub operation: String,
    pub stack: String,
    pub environment: String,
    /// How it ended; `None` while it runs, and for ever when it was killed.
    pub result: Option<String>,
    /// The driver, and every child whose end is not recorded.
    pub processes: Vec<PastProcess>,
    /// The image builds that it began.
    pub builds: Vec<PastBuild>,
    /// What Packer named itself.
    pub temporary: Vec<PastTemporary>,
    /// A build of it said that something went wrong on the side.
    pub complained: bool,
    /// The removals that it began and did not end.
    pub removals: Vec<PastRemoval>,
}

/// Something that Packer made for the time of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTemporary {
    pub kind: TemporaryKind,
    pub name: String,
    pub region: String,
}

/// A removal of an AMI and its snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRemoval {
    pub ami: String,
    pub region: String,
    pub snapshots: Vec<String>,
}

/// A process that a journal names. Pids are used again: only with its start is it this very process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastProcess {
    /// Step whose child it is; `None` for the driver.
    pub step: Option<String>,
    pub pid: u32,
    /// In the system's own notation.
    pub started: Option<String>,
}

/// A `packer build` that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastBuild {
    pub image: String,
    pub ami_name: String,
    pub region: String,
    pub fingerprint: Option<String>,
    /// The AMI of it was verified.
    pub verified: bool,
}

impl PastRun {
    /// Whether a build of it may have left something behind.
    pub fn may_have_left_something(&self) -> bool {
        self.complained || self.builds.iter().any(|build| !build.verified)
    }

    /// Reads the journal of `run`; `None` when it does not even say which run it is of. Lines that are torn
    /// or of another version are left out.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    pub fn read(project_root: &Utf8Path, run: &RunId) -> io::Result<Option<Self>> {
        let folder = project_root.join(PRODUCED).join("runs").join(run.as_str());
        let journal = fs_err::File::open(folder.join("journal.jsonl"))?;
        let mut past: Option<Self> = None;
        for line in BufReader::new(journal).split(b'\n') {
            if let Ok(entry) = serde_json::from_slice::<Entry>(&line?) {
                take(&mut past, entry.record);
            }
        }
        Ok(past)
    }

    /// The runs of `stack` in `environment` that have a readable journal, newest first.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub fn all(project_root: &Utf8Path, stack: &str, environment: &str) -> io::Result<Vec<Self>> {
        Self::since(project_root, stack, environment, None)
    }

    /// As [`PastRun::all`], of the runs after `after`.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub fn since(
        project_root: &Utf8Path,
        stack: &str,
        environment: &str,
        after: Option<&RunId>,
    ) -> io::Result<Vec<Self>> {
        let runs = project_root.join(PRODUCED).join("runs");
        if !runs.is_dir() {
            return Ok(Vec::new());
        }
        let mut ids = Vec::new();
        for entry in runs.read_dir_utf8()? {
            ids.extend(RunId::parse(entry?.file_name()));
        }
        ids.retain(|run| after.is_none_or(|after| run > after));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let past = ids
            .iter()
            .filter_map(|run| Self::read(project_root, run).ok()?)
            .filter(|past| past.stack == stack && past.environment == environment);
        Ok(past.collect())
    }
}

fn take(past: &mut Option<PastRun>, record: Record) {
    if let Record::RunStarted {
        run,
        operation,
        stack,
        environment,
        driver_pid,
        driver_started,
        amiable: _,
    } = record
    {
        *past = Some(PastRun {
            run,
            operation,
            stack,
            environment,
            result: None,
            processes: vec![PastProcess {
                step: None,
                pid: driver_pid,
                started: driver_started,
            }],
            builds: Vec::new(),
            temporary: Vec::new(),
            complained: false,
            removals: Vec::new(),
        });
        return;
    }
    let Some(past) = past else { return };
    match record {
        Record::ChildStarted { step, pid, started } => past.processes.push(PastProcess {
            step: Some(step),
            pid,
            started,
        }),
        Record::ChildEnded { step, .. } => past
            .processes
            .retain(|process| process.step.as_ref() != Some(&step)),
        Record::ImageBuildStarting {
            image,
            ami_name,
            region,
            fingerprint,
        } => past.builds.push(PastBuild {
            image,
            ami_name,
            region,
            fingerprint,
            verified: false,
        }),
        Record::ImageVerified { image, .. } => {
            let mut builds = past.builds.iter_mut();
            if let Some(build) = builds.rfind(|build| build.image == image) {
                build.verified = true;
            }
        }
        Record::TemporaryResource { kind, name, region } => {
            past.temporary.push(PastTemporary { kind, name, region });
        }
        Record::BuildComplained { image: _ } => past.complained = true,
        Record::RemovalStarting {
            ami,
            region,
            snapshots,
        } => past.removals.push(PastRemoval {
            ami,
            region,
            snapshots,
        }),
        Record::RemovalEnded { ami, region } => past
            .removals
            .retain(|removal| (&removal.ami, &removal.region) != (&ami, &region)),
        Record::RunEnded { result } => past.result = Some(result),
        Record::RunStarted { .. }
        | Record::StepStarted { .. }
        | Record::ChildStarting { .. }
        | Record::StepEnded { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, RunFolder};
    use jiff::Timestamp;

    fn run() -> RunId {
        RunId::new(Timestamp::UNIX_EPOCH, [1, 2, 3])
    }

    fn journal_of(root: &Utf8Path, records: Vec<Record>) -> PastRun {
        let folder = RunFolder::create(root, &run()).unwrap();
        let journal = Journal::create(&folder.journal()).unwrap();
        let start = Record::RunStarted {
            run: run(),
            amiable: "0".into(),
            operation: "up".into(),
            stack: "web".into(),
            environment: "prod".into(),
            driver_pid: 1,
            driver_started: Some("a".into()),
        };
        for record in [start].into_iter().chain(records) {
            journal.append(Timestamp::UNIX_EPOCH, record).unwrap();
        }
        let mut file = fs_err::OpenOptions::new()
            .append(true)
            .open(folder.journal())
            .unwrap();
        io::Write::write_all(&mut file, b"{\"at\":\"1970-01-01T00:0").unwrap();
        PastRun::read(root, &run()).unwrap().unwrap()
    }

    #[test]
    fn a_removal_that_was_not_ended_and_what_packer_named_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let starting = |ami: &str| Record::RemovalStarting {
            ami: ami.into(),
            region: "r".into(),
            snapshots: vec!["snap-1".into()],
        };
        let past = journal_of(
            root,
            vec![
                starting("ami-1"),
                Record::RemovalEnded {
                    ami: "ami-1".into(),
                    region: "r".into(),
                },
                starting("ami-2"),
                Record::TemporaryResource {
                    kind: TemporaryKind::KeyPair,
                    name: "packer_1".into(),
                    region: "r".into(),
                },
            ],
        );
        assert_eq!(past.removals.len(), 1);
        assert_eq!(past.removals[0].ami, "ami-2");
        assert_eq!(past.temporary[0].name, "packer_1");
        assert!(!past.may_have_left_something());
        assert_eq!(
            PastRun::since(root, "web", "prod", Some(&run())).unwrap(),
            []
        );
    }

    #[test]
    fn a_killed_run_has_no_result_and_the_children_that_did_not_end() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let started = |step: &str, pid| Record::ChildStarted {
            step: step.into(),
            pid,
            started: None,
        };
        let past = journal_of(
            root,
            vec![
                started("terraform.init", 2),
                started("image.web", 3),
                Record::ImageBuildStarting {
                    image: "web".into(),
                    ami_name: "web-1".into(),
                    region: "r".into(),
                    fingerprint: Some("f".into()),
                },
                Record::ChildEnded {
                    step: "terraform.init".into(),
                    code: Some(0),
                    signal: None,
                },
            ],
        );
        assert_eq!(past.result, None);
        let pids: Vec<u32> = past.processes.iter().map(|process| process.pid).collect();
        assert_eq!(pids, [1, 3]);
        assert!(!past.builds[0].verified);
        assert_eq!(PastRun::all(root, "web", "prod").unwrap(), [past]);
        assert_eq!(PastRun::all(root, "web", "staging").unwrap(), []);
    }
}
