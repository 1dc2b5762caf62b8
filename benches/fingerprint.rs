//! The fingerprint of an image with many files, against `sha256sum` of the same files.

mod support;

use std::{fs, process::Command, thread, time::Instant};

use amiable::{
    images::fingerprint::{self, Subject},
    render::packer::{Template, resolve::Resolver},
    tools::packer::version::PackerVersion,
};
use camino::Utf8PathBuf;

use support::{
    project::TEMPLATE,
    setting,
    table::Results,
    timing::{Samples, take_turns, time},
};

const FILES: usize = 10_000;
const BYTES_OF_A_FILE: usize = 100_000;

fn main() {
    if !support::is_asked_for() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = Utf8PathBuf::try_from(folder.path().canonicalize().expect("the folder"))
        .expect("a UTF-8 path");
    fs::create_dir(project.join("packer")).expect("a folder");
    fs::write(
        project.join("packer/web.pkr.hcl"),
        TEMPLATE.replace("NAME", "web"),
    )
    .expect("a template");
    write_files(&project);

    let template = Template::read(&project, "packer".into(), None).expect("the template");
    let variables = serde_json::Map::new();
    let resolver = Resolver::new(&template, &project, &variables, &[]);
    let selected = template.select(None).expect("the only source");
    let fingerprint = || {
        let began = Instant::now();
        let taken = fingerprint::take(Subject {
            project: &project,
            selected: &selected,
            resolver: &resolver,
            inputs: &["data/**".to_owned()],
            declared_at: None,
            variables: &variables,
            rotate: None,
            source_ami: Some("ami-1"),
            packer: &PackerVersion::new(1, 6, 6),
            region: "us-east-1",
        })
        .expect("a fingerprint");
        taken.manifest.fingerprint();
        began.elapsed()
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let sums = |processes: usize| {
        let mut command = Command::new("sh");
        command.current_dir(project.join("data")).args([
            "-c",
            &format!("find . -type f -print0 | xargs -0 -n 500 -P {processes} sha256sum"),
        ]);
        command
    };
    let samples = take_turns(
        setting("AMIABLE_BENCH_ROUNDS", 7),
        &mut [
            ("fingerprint", Box::new(fingerprint)),
            ("`sha256sum`", Box::new(|| time(&mut sums(1)))),
            (
                "`sha256sum`, a process per core",
                Box::new(|| time(&mut sums(cores))),
            ),
        ],
    );
    let [fingerprint, sums, sums_per_core] = samples.as_slice() else {
        unreachable!("as many samples as contenders");
    };

    let mut results = Results::new("fingerprint");
    results.durations(&[fingerprint, sums, sums_per_core]);
    let ratio = |of: &Samples, to: &Samples| of.median().as_secs_f64() / to.median().as_secs_f64();
    results.ratio("fingerprint to `sha256sum`", ratio(fingerprint, sums), 1.0);
    results.ratio(
        "fingerprint to `sha256sum`, a process per core",
        ratio(fingerprint, sums_per_core),
        1.0,
    );
    results.note(&format!(
        "{FILES} files of {BYTES_OF_A_FILE} bytes each, in the system's cache"
    ));
    results.publish();
}

/// Files that differ from each other, in a hundred folders.
fn write_files(project: &camino::Utf8Path) {
    let mut content: Vec<u8> = (0..BYTES_OF_A_FILE)
        .map(|at| (at * 31 % 251) as u8)
        .collect();
    for number in 0..FILES {
        let folder = project.join(format!("data/{:02}", number % 100));
        fs::create_dir_all(&folder).expect("a folder");
        content[..8].copy_from_slice(&number.to_le_bytes());
        fs::write(folder.join(format!("{number}.bin")), &content).expect("a file");
    }
}
