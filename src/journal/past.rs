//! What the journals of earlier runs say.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    record::{Entry, Record, TemporaryKind},
    run_folder::PRODUCED,
};
use crate::{plan::Request, run_id::RunId};

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
    /// Its long children, in the order in which they were started.
    pub children: Vec<PastChild>,
    /// What it was asked for, as far as this version understands it.
    pub request: Option<Request>,
    /// The run that took in what this one left.
    pub recovered_by: Option<RunId>,
    /// Lines that could not be read: torn by a crash, or of another version.
    pub damaged_lines: usize,
    /// The AMIs that it began to deploy: image to AMI.
    pub deploying: Option<BTreeMap<String, String>>,
    /// What it did to earlier AMIs, image by image.
    pub changes: BTreeMap<String, PastChange>,
    /// What Packer named itself.
    pub temporary: Vec<PastTemporary>,
    /// A build of it said that something went wrong on the side.
    pub complained: bool,
    /// The removals that it began and did not end.
    pub removals: Vec<PastRemoval>,
}

/// A long child, with its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastChild {
    pub step: String,
    pub stdout: Utf8PathBuf,
    pub stderr: Utf8PathBuf,
    /// Its private temporary folder.
    pub temporary: Option<Utf8PathBuf>,
    /// Its end is recorded.
    pub ended: bool,
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
    /// Its provisioners ran, if it came to them.
    pub provisioned: bool,
    /// The AMI of it was verified.
    pub verified: bool,
}

/// What a run did to the earlier AMIs of one image and did not bring to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastChange {
    /// It gave the exact name to another AMI.
    pub naming: bool,
    pub releases: Vec<PastRelease>,
    /// It finished everything that was open before.
    pub settled: bool,
}

/// An AMI that was to be deregistered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRelease {
    pub ami: String,
    pub snapshots: Vec<String>,
    /// The AMI that has the same content.
    pub twin: Option<String>,
}

/// What `runs`, newest first, left open of the AMIs of `image`; `None` when nothing.
pub fn unsettled(runs: &[PastRun], image: &str) -> Option<PastChange> {
    let mut open = PastChange::default();
    for change in runs.iter().filter_map(|run| run.changes.get(image)) {
        open.naming |= change.naming;
        open.releases.extend(change.releases.iter().cloned());
        if change.settled {
            break;
        }
    }
    (open.naming || !open.releases.is_empty()).then_some(open)
}

impl PastRun {
    /// Whether a build of it may have left something behind.
    pub fn may_have_left_something(&self) -> bool {
        self.complained || self.builds.iter().any(|build| !build.verified)
    }

    /// Reads the journal of `run`; `None` when there is nothing readable in it. Lines that are torn
    /// or of another version are left out; without the first one, operation, stack and environment are empty.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    pub fn read(project_root: &Utf8Path, run: &RunId) -> io::Result<Option<Self>> {
        let folder = project_root.join(PRODUCED).join("runs").join(run.as_str());
        let journal = fs_err::File::open(folder.join("journal.jsonl"))?;
        let mut past = Self::nameless(run.clone());
        let (mut read_lines, mut damaged_lines) = (0, 0);
        for line in BufReader::new(journal).split(b'\n') {
            let line = line?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Entry>(&line) {
                Ok(entry) => {
                    read_lines += 1;
                    take(&mut past, entry.record);
                }
                Err(_) => damaged_lines += 1,
            }
        }
        past.damaged_lines = damaged_lines;
        Ok((read_lines > 0).then_some(past))
    }

    /// A run of which nothing is known yet.
    fn nameless(run: RunId) -> Self {
        Self {
            run,
            operation: String::new(),
            stack: String::new(),
            environment: String::new(),
            result: None,
            processes: Vec::new(),
            builds: Vec::new(),
            children: Vec::new(),
            request: None,
            recovered_by: None,
            damaged_lines: 0,
            deploying: None,
            changes: BTreeMap::new(),
            temporary: Vec::new(),
            complained: false,
            removals: Vec::new(),
        }
    }

    /// The runs of `stack` in `environment` that have a readable journal, newest first.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub fn all(project_root: &Utf8Path, stack: &str, environment: &str) -> io::Result<Vec<Self>> {
        Self::since(project_root, stack, environment, None)
    }

    /// As [`PastRun::all`], of the newest `count` runs of any stack.
    ///
    /// # Errors
    ///
    /// When the folder of runs cannot be read.
    pub fn newest(
        project_root: &Utf8Path,
        stack: &str,
        environment: &str,
        count: usize,
    ) -> io::Result<Vec<Self>> {
        let mut ids = ids(project_root)?;
        ids.truncate(count);
        Ok(Self::of(project_root, stack, environment, &ids))
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
        let mut ids = ids(project_root)?;
        ids.retain(|run| after.is_none_or(|after| run > after));
        Ok(Self::of(project_root, stack, environment, &ids))
    }

    fn of(project_root: &Utf8Path, stack: &str, environment: &str, ids: &[RunId]) -> Vec<Self> {
        ids.iter()
            .filter_map(|run| Self::read(project_root, run).ok()?)
            .filter(|past| past.stack == stack && past.environment == environment)
            .collect()
    }
}

/// The newest run of any stack whose id is a date; `None` before the first.
///
/// # Errors
///
/// When the folder of runs cannot be read.
pub fn newest_id(project_root: &Utf8Path) -> io::Result<Option<RunId>> {
    let mut ids = ids(project_root)?.into_iter();
    Ok(ids.find(|run| run.started_at().is_some()))
}

/// The ids of all runs, newest first.
fn ids(project_root: &Utf8Path) -> io::Result<Vec<RunId>> {
    let runs = project_root.join(PRODUCED).join("runs");
    if !runs.is_dir() {
        return Ok(Vec::new());
    }
    let mut ids = Vec::new();
    for entry in runs.read_dir_utf8()? {
        ids.extend(RunId::parse(entry?.file_name()));
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

fn take(past: &mut PastRun, record: Record) {
    match record {
        // Which run it is, its folder says.
        Record::RunStarted {
            run: _,
            operation,
            stack,
            environment,
            driver_pid,
            driver_started,
            request,
            amiable: _,
        } => {
            past.operation = operation;
            past.stack = stack;
            past.environment = environment;
            past.request = request.and_then(|request| serde_json::from_value(request).ok());
            past.processes.push(PastProcess {
                step: None,
                pid: driver_pid,
                started: driver_started,
            });
        }
        Record::ChildStarted { step, pid, started } => past.processes.push(PastProcess {
            step: Some(step),
            pid,
            started,
        }),
        Record::ChildStarting {
            step,
            stdout,
            stderr,
            temporary,
            command: _,
        } => past.children.push(PastChild {
            step,
            stdout: stdout.into(),
            stderr: stderr.into(),
            temporary: temporary.map(Utf8PathBuf::from),
            ended: false,
        }),
        Record::ChildEnded { step, .. } => {
            let mut children = past.children.iter_mut();
            if let Some(child) = children.rfind(|child| child.step == step) {
                child.ended = true;
            }
            past.processes
                .retain(|process| process.step.as_ref() != Some(&step));
        }
        Record::ImageBuildStarting {
            image,
            ami_name,
            region,
            fingerprint,
            provisioned,
        } => past.builds.push(PastBuild {
            image,
            ami_name,
            region,
            fingerprint,
            provisioned,
            verified: false,
        }),
        Record::ImageVerified { image, .. } => {
            let mut builds = past.builds.iter_mut();
            if let Some(build) = builds.rfind(|build| build.image == image) {
                build.verified = true;
            }
        }
        Record::DeploymentStarting { images } => past.deploying = Some(images),
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
        Record::RunRecovered { by } => past.recovered_by = Some(by),
        Record::ImageNaming { image, .. } => past.changes.entry(image).or_default().naming = true,
        Record::ImageReleasing {
            image,
            ami,
            snapshots,
            twin,
        } => {
            let change = past.changes.entry(image).or_default();
            change.releases.push(PastRelease {
                ami,
                snapshots,
                twin,
            });
        }
        Record::ImageSettled { image } => {
            let settled = PastChange {
                settled: true,
                ..PastChange::default()
            };
            past.changes.insert(image, settled);
        }
        Record::StepStarted { .. } | Record::StepEnded { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, RunFolder};
    use jiff::Timestamp;

    fn run() -> RunId {
        RunId::new(Timestamp::UNIX_EPOCH, [2, 3])
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
            request: None,
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
                    provisioned: true,
                },
                Record::ChildEnded {
                    step: "terraform.init".into(),
                    code: Some(0),
                    signal: None,
                },
            ],
        );
        assert_eq!(past.result, None);
        assert_eq!(past.damaged_lines, 1);
        let pids: Vec<u32> = past.processes.iter().map(|process| process.pid).collect();
        assert_eq!(pids, [1, 3]);
        assert!(!past.builds[0].verified);
        assert_eq!(PastRun::all(root, "web", "prod").unwrap(), [past]);
        assert_eq!(PastRun::all(root, "web", "staging").unwrap(), []);
    }

    #[test]
    fn a_damaged_line_loses_only_itself_the_first_one_too() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let started = Record::ChildStarted {
            step: "terraform.apply".into(),
            pid: 2,
            started: None,
        };
        journal_of(root, vec![started]);
        let file = RunFolder::locate(root, &run()).journal();
        let text = fs_err::read_to_string(&file).unwrap();
        for damage in ["\0\0\0", "{\"record\":\"run-started\"}", "\u{fffd}"] {
            let mut lines: Vec<&str> = text.lines().collect();
            lines[0] = damage;
            fs_err::write(&file, lines.join("\n")).unwrap();
            let past = PastRun::read(root, &run()).unwrap().unwrap();
            assert_eq!((past.run, past.damaged_lines), (run(), 2));
            assert_eq!(past.processes[0].pid, 2);
        }
        fs_err::write(&file, "{\"at\":").unwrap();
        assert_eq!(PastRun::read(root, &run()).unwrap(), None);
    }

    #[test]
    fn what_is_open_ends_with_the_next_run_that_settles_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let release = |ami: &str| Record::ImageReleasing {
            image: "web".into(),
            ami: ami.into(),
            snapshots: vec!["snap-1".into()],
            twin: None,
        };
        let settled = || Record::ImageSettled {
            image: "web".into(),
        };
        let past = journal_of(root, vec![release("ami-1"), settled(), release("ami-2")]);
        let open = unsettled(std::slice::from_ref(&past), "web").unwrap();
        assert_eq!(open.releases.len(), 1);
        assert_eq!(open.releases[0].ami, "ami-2");
        assert_eq!(unsettled(std::slice::from_ref(&past), "db"), None);

        let mut later = past.clone();
        let done = PastChange {
            settled: true,
            ..PastChange::default()
        };
        later.changes.insert("web".into(), done);
        assert_eq!(unsettled(&[later, past], "web"), None);
    }
}
