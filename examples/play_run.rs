//! Plays a scripted run on the terminal, to look at how runs are shown.
//!
//! `cargo run --example play_run -- SCRIPT [SPEED] [-v | -q]`; without arguments it lists the scripts.

#[path = "../tests/report/scripts.rs"]
#[allow(dead_code)]
mod scripts;

use std::{env, process::ExitCode, sync::Arc, thread, time::Duration};

use amiable::report::{Clock, Pace, Reporter, Screen, Settings};
use jiff::{SignedDuration, Timestamp};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let count = |flag| {
        arguments
            .iter()
            .filter(|argument| *argument == flag)
            .count() as u8
    };
    let settings = Settings::detect(None, count("-q"), count("-v"));
    let mut words = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'));
    let wanted = words.next().map(String::as_str);
    let Some((_, script)) = scripts::ALL
        .into_iter()
        .find(|(name, _)| Some(*name) == wanted)
    else {
        let names: Vec<_> = scripts::ALL.iter().map(|(name, _)| *name).collect();
        eprintln!("scripts: {}", names.join(", "));
        return ExitCode::from(2);
    };
    let speed = words
        .next()
        .and_then(|speed| speed.parse::<i64>().ok())
        .unwrap_or(1)
        .max(1);

    let events = script();
    let began = Timestamp::now();
    let first = events[0].at;
    // The script's time, `speed` times as fast as ours.
    let clock: Clock = Arc::new(move || {
        let passed = Timestamp::now().duration_since(began).as_millis() as i64;
        first + SignedDuration::from_millis(passed * speed)
    });
    let folder = env::temp_dir().join("amiable-play-run");
    std::fs::create_dir_all(&folder).expect("a folder for the report can be made");
    let folder = camino::Utf8PathBuf::from_path_buf(folder).expect("the folder's path is UTF-8");
    let mut reporter =
        Reporter::on_screen(settings, folder, Screen::stderr(), clock.clone(), Pace::Own);
    for event in &events {
        while clock() < event.at {
            thread::sleep(Duration::from_millis(20));
            reporter.tick();
        }
        reporter.on(event);
    }
    match reporter.finish().written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
