//! Ctrl-C and its question on a terminal, and a terminal that is closed. The terminal is `script`'s (bsdutils).

use std::{
    fs,
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use super::{
    interrupts, stubborn,
    support::{Project, STACK, wait_for, wait_until},
};

/// The driver on a terminal of its own.
struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl Terminal {
    fn start(project: &Project) -> Self {
        let driver = project.command(&[]);
        // `script` starts a shell, which would have a Ctrl-C of its own.
        let mut command = std::process::Command::new("script");
        let up = format!(
            "exec {} up --env staging --yes",
            env!("CARGO_BIN_EXE_amiable")
        );
        command
            .args(["--quiet", "--return", "--command", &up, "/dev/null"])
            .current_dir(driver.get_current_dir().unwrap())
            .env_clear()
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        for (name, value) in driver.get_envs() {
            command.env(name, value.unwrap());
        }
        let mut script = command
            .spawn()
            .expect("script (bsdutils) has to be installed");
        Self {
            keyboard: script.stdin.take().unwrap(),
            screen: script.stdout.take().unwrap(),
            script,
            shown: String::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads on until the screen shows `text` anew.
    #[track_caller]
    fn until(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            match self.screen.read(&mut bytes) {
                Ok(0) | Err(_) => panic!("never showed {text:?}: {}", self.shown),
                Ok(read) => self
                    .shown
                    .push_str(&String::from_utf8_lossy(&bytes[..read])),
            }
        }
    }

    fn finish(mut self) -> (Option<i32>, String) {
        let mut rest = Vec::new();
        // The terminal's end is an error on Linux.
        let _ = self.screen.read_to_end(&mut rest);
        self.shown.push_str(&String::from_utf8_lossy(&rest));
        (self.script.wait().unwrap().code(), self.shown)
    }
}

const CTRL_C: &str = "\x03";

fn applying() -> (Project, Terminal) {
    let project = Project::new(STACK);
    stubborn(&project).install(&project);
    let terminal = Terminal::start(&project);
    wait_for(&project.path("started"));
    (project, terminal)
}

#[test]
fn the_second_ctrl_c_asks_and_only_yes_stops_at_once() {
    let (project, mut terminal) = applying();
    terminal.until("0/1");
    terminal.press(CTRL_C);
    terminal.until("interrupted: waiting for terraform.apply");
    wait_for(&project.path("signals"));
    terminal.press(CTRL_C);
    terminal.until("still waiting for terraform.apply: aws_vpc.main");
    terminal.until("Stop at once?");
    assert_eq!(interrupts(&project), 1);
    terminal.press("yes\n");
    terminal.until("stopping at once");
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(130), "{shown}");
    assert_eq!(interrupts(&project), 2);
}

#[test]
fn whoever_says_no_goes_on_waiting() {
    let (project, mut terminal) = applying();
    terminal.until("0/1");
    terminal.press(CTRL_C);
    terminal.until("interrupted: waiting for");
    terminal.press(CTRL_C);
    terminal.until("Stop at once?");
    terminal.press("no\n");
    fs::write(project.path("go-on"), "").unwrap();
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(interrupts(&project), 1);
}

#[test]
fn what_ends_while_the_question_stands_takes_it_back() {
    let (project, mut terminal) = applying();
    terminal.until("0/1");
    terminal.press(CTRL_C);
    terminal.until("interrupted: waiting for");
    terminal.press(CTRL_C);
    terminal.until("Stop at once?");
    fs::write(project.path("go-on"), "").unwrap();
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("url: http://web.example.com/"), "{shown}");
}

#[test]
fn a_closed_terminal_stops_gracefully_and_everything_is_recorded() {
    let (project, mut terminal) = applying();
    terminal.until("0/1");
    let journal = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
    let started: serde_json::Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
    let driver = started["driver_pid"].as_u64().unwrap();
    terminal.script.kill().unwrap();
    terminal.script.wait().unwrap();
    drop(terminal);
    wait_for(&project.path("signals"));
    fs::write(project.path("go-on"), "").unwrap();
    // It is not our child: its end is seen by its being gone.
    wait_until(|| {
        let stat = fs::read_to_string(format!("/proc/{driver}/stat"));
        !stat.is_ok_and(|stat| !stat.contains(") Z "))
    });
    assert_eq!(interrupts(&project), 1);
    let report = project.report();
    assert_eq!(report["interruptions"][0]["signal"], "hang_up", "{report}");
    assert_ne!(report["result"], "incomplete");
    let journal = fs::read_to_string(project.last_run().join("journal.jsonl")).unwrap();
    assert!(journal.contains("run-ended"), "{journal}");
}
