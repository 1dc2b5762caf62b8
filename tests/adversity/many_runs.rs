//! A thousand earlier runs make the next one no slower: their records are not opened.

use std::{fs, os::fd::OwnedFd};

use rustix::fs::inotify;

use super::{
    UP, runs,
    support::{Project, STACK, Terraform},
    write_run,
};

/// Counts how often something in the folders of runs is opened.
struct Opened(OwnedFd);

impl Opened {
    fn watch(project: &Project) -> Self {
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        for run in runs(project) {
            // Files in it; opening the folder itself to list it would be one more.
            inotify::add_watch(&watch, &run, inotify::WatchFlags::OPEN).unwrap();
        }
        Self(watch)
    }

    fn count(&self) -> usize {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 64 * 1024];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut count = 0;
        while events.next().is_ok() {
            count += 1;
        }
        count
    }
}

#[test]
fn earlier_runs_are_not_opened_however_many_there_are() {
    let project = Project::new(STACK);
    Terraform::unchanged().install(&project);
    for number in 0..1_000 {
        write_run(&project, &format!("20250101-000000-{number:06x}"));
    }
    // The first run after an update looks back once.
    project.run(UP).expect(0);
    for command in [UP, &["plan", "--env", "staging"]] {
        let opened = Opened::watch(&project);
        project.run(command).expect(0);
        let count = opened.count();
        // Of the last run, how far leftovers were looked for.
        assert!(
            count <= 4,
            "{command:?} opened {count} files of earlier runs"
        );
    }
    assert_eq!(runs(&project).len(), 1_003);
    let listed = project.run(&["report", "list"]).expect(0);
    assert!(!listed.stdout.is_empty());
}

#[test]
fn the_watch_sees_what_is_opened() {
    let project = Project::new(STACK);
    write_run(&project, "20250101-000000-000001");
    let opened = Opened::watch(&project);
    fs::read(runs(&project)[0].join("journal.jsonl")).unwrap();
    assert_eq!(opened.count(), 1);
}
