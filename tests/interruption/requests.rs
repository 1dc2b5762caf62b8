//! The first, second and third request to stop, without a terminal.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::Child,
};

use super::{
    interrupts, signal, stubborn,
    support::{LOOK_AGAIN, Project, STACK, wait_for},
};

const UP: &[&str] = &["up", "--env", "staging", "--yes"];

/// Waits until `path` exists, which something makes that the driver starts.
#[track_caller]
pub fn wait_for_with(driver: &mut Child, path: &Path) {
    while !path.exists() {
        if let Some(status) = driver.try_wait().unwrap() {
            let mut said = String::new();
            let _ = driver.stderr.take().unwrap().read_to_string(&mut said);
            panic!("the driver ended with {status} before: {said}");
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// What a driver says on its standard error, line by line.
pub struct Said {
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    all: String,
}

impl Said {
    pub fn by(driver: &mut Child) -> Self {
        Self {
            lines: BufReader::new(driver.stderr.take().unwrap()).lines(),
            all: String::new(),
        }
    }

    /// Reads on until a line has `text`.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        loop {
            let Some(line) = self.lines.next() else {
                panic!("never said {text:?}: {}", self.all);
            };
            let line = line.unwrap();
            self.all.push_str(&line);
            self.all.push('\n');
            if line.contains(text) {
                return;
            }
        }
    }

    pub fn finish(mut self) -> String {
        for line in self.lines.map_while(Result::ok) {
            self.all.push_str(&line);
            self.all.push('\n');
        }
        self.all
    }
}

#[test]
fn one_request_waits_for_the_call_in_flight_and_says_for_what() {
    for (name, says) in [
        ("-INT", "interrupted"),
        ("-TERM", "asked to terminate"),
        ("-HUP", "the terminal is gone"),
    ] {
        let project = Project::new(STACK);
        stubborn(&project).install(&project);
        let mut driver = project.start(UP);
        let mut said = Said::by(&mut driver);
        wait_for(&project.path("started"));
        said.until("terraform.apply: started");
        signal(name, driver.id());
        said.until(&format!(
            "{says}: waiting for terraform.apply: aws_vpc.main"
        ));
        wait_for(&project.path("signals"));
        fs::write(project.path("go-on"), "").unwrap();
        let all = said.finish();
        // The apply came to its end all the same, and nothing comes after it.
        assert_eq!(driver.wait().unwrap().code(), Some(0), "{name}: {all}");
        assert_eq!(interrupts(&project), 1, "{name}");
    }
}

#[test]
fn the_second_request_warns_and_only_the_third_stops_at_once() {
    let project = Project::new(STACK);
    stubborn(&project).install(&project);
    let mut driver = project.start(UP);
    let mut said = Said::by(&mut driver);
    wait_for(&project.path("started"));
    said.until("terraform.apply: started");
    signal("-INT", driver.id());
    said.until("to stop at once ask again");
    wait_for(&project.path("signals"));
    signal("-INT", driver.id());
    said.until("interrupted again: still waiting for terraform.apply: aws_vpc.main");
    said.until("a third request stops at once");
    assert_eq!(interrupts(&project), 1, "nothing is sent by the second one");
    signal("-INT", driver.id());
    said.until("stopping at once");
    said.until("may be left behind without a record: terraform.apply: aws_vpc.main");
    let all = said.finish();
    assert_eq!(driver.wait().unwrap().code(), Some(130), "{all}");
    assert_eq!(interrupts(&project), 2);
    let report = project.report();
    assert_eq!(report["interruptions"].as_array().unwrap().len(), 3);
    assert!(report.to_string().contains(r#""unknown""#), "{report}");
}

#[test]
fn a_short_command_that_hangs_is_waited_for_by_name_and_ended_at_once() {
    let project = Project::new(STACK);
    let asked = project.path("asked");
    let hang = format!("touch {}; exec sleep 1000", asked.display());
    let mut terraform = stubborn(&project);
    terraform.show = hang;
    terraform.install(&project);
    let mut driver = project.start(UP);
    let mut said = Said::by(&mut driver);
    wait_for(&asked);
    for says in [
        "waiting for terraform.plan",
        "a third request",
        "stopping at once",
    ] {
        signal("-TERM", driver.id());
        said.until(says);
    }
    let all = said.finish();
    assert_eq!(driver.wait().unwrap().code(), Some(143), "{all}");
    assert!(all.contains("ended before it had answered"), "{all}");
}
