//! What a terminal shows while a run goes on.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use amiable::{
    events::{Activity, Event, Happening, Step},
    report::{
        Pace, Reporter, Screen,
        terminal::{Detail, Manner, Size},
    },
};
use jiff::SignedDuration;

use crate::{
    golden::assert_golden,
    player::{FixedClock, Folder, SIZE, Terminal, reporter, settings},
    scripts,
};

struct Stage {
    folder: Folder,
    clock: FixedClock,
    terminal: Terminal,
    reporter: Reporter,
}

impl Stage {
    fn new(size: Size) -> Self {
        let (folder, clock, terminal) = (Folder::new(), FixedClock::new(), Terminal::new(size));
        let settings = settings(Manner::Live, Detail::Steps);
        let reporter = reporter(settings, folder.path(), terminal.clone(), size, &clock);
        Self {
            folder,
            clock,
            terminal,
            reporter,
        }
    }

    fn play(&mut self, events: &[Event]) {
        for event in events {
            self.clock.set(event.at);
            self.reporter.on(event);
        }
    }
}

/// The events of `script` up to the one that `last` picks, inclusive.
fn until(events: Vec<Event>, last: impl Fn(&Happening) -> bool) -> Vec<Event> {
    let end = events
        .iter()
        .position(|event| last(&event.what))
        .expect("it happens");
    events.into_iter().take(end + 1).collect()
}

#[test]
fn running_steps_are_below_finished_ones() {
    let mut stage = Stage::new(SIZE);
    let step = Step::Image("dashboard".into());
    let doing = Activity::Doing("Waiting for SSH to become available".into());
    let waiting = Happening::Activity {
        step,
        activity: doing,
    };
    let events = until(scripts::ALL[0].1(), |what| *what == waiting);
    stage.play(&events);
    assert_golden("live/build.txt", &(stage.terminal.contents() + "\n"));
    stage
        .clock
        .set(events.last().unwrap().at + SignedDuration::from_millis(61_300));
    stage.reporter.tick();
    assert_golden("live/build_later.txt", &(stage.terminal.contents() + "\n"));
}

#[test]
fn parallel_steps_each_have_a_line() {
    let mut stage = Stage::new(SIZE);
    let (_, script) = scripts::ALL
        .into_iter()
        .find(|(name, _)| *name == "no_terraform")
        .unwrap();
    stage.play(&until(script(), |what| {
        matches!(what, Happening::ImageReady(_))
    }));
    assert_golden("live/parallel.txt", &(stage.terminal.contents() + "\n"));
}

#[test]
fn resources_are_counted() {
    let mut stage = Stage::new(SIZE);
    let counted = |what: &Happening| {
        matches!(
            what,
            Happening::Activity {
                activity: Activity::Count { done: 7, .. },
                ..
            }
        )
    };
    stage.play(&until(scripts::ALL[0].1(), counted));
    assert_golden("live/apply.txt", &(stage.terminal.contents() + "\n"));
}

#[test]
fn whole_runs_end_with_their_summary() {
    for (name, script) in scripts::ALL {
        let mut stage = Stage::new(Size {
            rows: 120,
            columns: 100,
        });
        stage.play(&script());
        stage.reporter.finish().written.unwrap();
        let shown = stage.terminal.contents();
        let shown = shown.replace(stage.folder.path().as_str(), "FOLDER");
        if name != "hostile" {
            assert_golden(&format!("{name}/live.txt"), &(shown + "\n"));
        }
    }
}

#[test]
fn more_steps_than_rows_do_not_scroll_the_terminal() {
    let size = Size {
        rows: 5,
        columns: 60,
    };
    let mut stage = Stage::new(size);
    let (_, script) = scripts::ALL
        .into_iter()
        .find(|(name, _)| *name == "no_terraform")
        .unwrap();
    let start = script().remove(0);
    let mut events = vec![start.clone()];
    for number in 0..9 {
        let step = Step::Image(format!("web{number}"));
        events.push(Event {
            at: start.at,
            what: Happening::StepStarted { step },
        });
    }
    stage.play(&events);
    let lines: Vec<_> = stage
        .terminal
        .contents()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(lines.len(), 4, "one row is left for the cursor: {lines:#?}");
    assert!(lines[0].contains("image.web0"), "{lines:#?}");
}

#[test]
fn a_prompt_has_the_terminal_for_itself() {
    let mut stage = Stage::new(SIZE);
    let events = scripts::cut_short();
    stage.play(&events[..9]);
    let before = stage.terminal.contents();
    let screen = stage.reporter.screen();
    let terminal = stage.terminal.clone();
    screen.suspend(|| {
        let during = terminal.contents();
        assert!(!during.contains('⠋'), "the live lines are gone: {during}");
        stage.play(&events[9..]);
        assert_eq!(terminal.contents(), during, "and stay away");
    });
    let after = stage.terminal.contents();
    assert!(
        after.contains('⠋') || after.lines().count() > before.lines().count(),
        "{after}"
    );
    assert!(
        after.contains("terraform.init"),
        "what came meanwhile is shown: {after}"
    );
}

#[test]
fn approval_is_asked_for_without_live_lines() {
    let mut stage = Stage::new(SIZE);
    let (_, script) = scripts::ALL
        .into_iter()
        .find(|(name, _)| *name == "failed_apply")
        .unwrap();
    let asked = |what: &Happening| matches!(what, Happening::ApprovalAsked(_));
    let events = script();
    let end = events.iter().position(|event| asked(&event.what)).unwrap();
    stage.play(&events[..=end]);
    let question = stage.terminal.contents();
    assert_golden("live/approval.txt", &(question.clone() + "\n"));
    stage.reporter.tick();
    assert_eq!(
        stage.terminal.contents(),
        question,
        "the answer is typed behind the question"
    );

    writeln!(stage.terminal.clone(), "yes").unwrap();
    stage.play(&events[end + 1..=end + 3]);
    let answered = stage.terminal.contents();
    assert!(
        answered.contains("Only \"yes\" does it: yes\n✓ approve"),
        "{answered}"
    );
    assert!(answered.contains("terraform.apply"), "{answered}");
}

#[test]
fn a_question_nobody_answers_ends_its_line() {
    let mut stage = Stage::new(SIZE);
    let (_, script) = scripts::ALL
        .into_iter()
        .find(|(name, _)| *name == "declined")
        .unwrap();
    let events = script();
    let answered = |event: &Event| matches!(event.what, Happening::ApprovalAnswered { .. });
    // Interrupted: the step ends without an answer.
    let unanswered: Vec<_> = events
        .into_iter()
        .filter(|event| !answered(event))
        .collect();
    stage.play(&unanswered);
    let shown = stage.terminal.contents();
    assert!(
        shown.contains("Only \"yes\" does it:\n⊘ approve"),
        "{shown}"
    );
}

#[test]
fn a_terminal_that_becomes_narrower_keeps_no_remains() {
    // The terminal in memory does not wrap what it has, so wrapped lines are written by hand: what
    // counts is that as many rows are taken back as a wrapping terminal has.
    let size = Arc::new(Mutex::new(SIZE));
    let (folder, clock, terminal) = (Folder::new(), FixedClock::new(), Terminal::new(SIZE));
    let asked = Arc::clone(&size);
    let screen = Screen::new(
        Box::new(terminal.clone()),
        Box::new(move || *asked.lock().unwrap()),
    );
    let settings = settings(Manner::Live, Detail::Steps);
    let mut reporter =
        Reporter::on_screen(settings, folder.path(), screen, clock.clock(), Pace::Ticked);
    let step = Step::Image("dashboard".into());
    let (_, script) = scripts::ALL[0];
    let start = script().remove(0);
    let text = "x".repeat(60);
    let activity = Activity::Doing(text.clone());
    for what in [
        start.what.clone(),
        Happening::StepStarted { step: step.clone() },
        Happening::Activity { step, activity },
    ] {
        reporter.on(&Event { at: start.at, what });
    }
    assert!(terminal.contents().contains(&text));
    // 84 columns of text in 50: the terminal has made two rows of them.
    let line = terminal.contents().lines().last().unwrap().to_owned();
    let (head, tail) = line.split_at(line.char_indices().nth(50).unwrap().0);
    write!(terminal.clone(), "\u{1b}[1A\r\u{1b}[J{head}\n{tail}\n").unwrap();
    size.lock().unwrap().columns = 50;
    reporter.tick();
    let shown = terminal.contents();
    assert_eq!(shown.matches("image.dashboard").count(), 1, "{shown}");
    let last = shown.lines().last().unwrap_or_default();
    assert!(last.chars().count() < 50, "{shown}");
}
