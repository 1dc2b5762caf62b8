//! A tool whose output is meant to harm whoever shows it: escape sequences, markup, text that runs backwards, bytes that are
//! no text, a line of 50 MB.

use std::{fs, path::Path};

use amiable::report::inert;
use pulldown_cmark::{Event, Options, Parser};

use super::{
    UP,
    support::{
        APPLY_DONE, APPLY_START, APPLY_SUMMARY, PLAN_SUMMARY, PLANNED, Project, STACK, Terraform,
        VERSION,
    },
};

const LONG_LINE: u64 = 50_000_000;

/// Plain lines, and a diagnostic and outputs that hold the same.
const LINES: &str = r#"printf '\033]0;title\007\033[2J\033[1A mark-escapes\n'
printf '<script>alert(1)</script><img src=x onerror=alert(2)> mark-markup\n'
printf 'mark-backwards \342\200\256txt.exe \302\233 31m\n'
printf '\377\376\300\257 mark-bytes\n'
printf 'mark-carriage\rfaked\n'
"#;
const DIAGNOSTIC: &str = r#"{"type":"diagnostic","@level":"warn","diagnostic":{"severity":"warning","summary":"mark-diagnostic \u001b[2J\u202e<script>","detail":"a\n# @all\r\u009b2J"}}"#;
const OUTPUTS: &str = r#"{"url":{"sensitive":false,"type":"string","value":"mark-output \u001b]0;x\u0007\u202e<script>alert(1)</script>"}}"#;

fn terraform() -> Terraform {
    let long = format!("head -c {LONG_LINE} /dev/zero | tr '\\0' x; echo");
    let says = |lines: &[&str], code: i32| {
        let own: Vec<String> = lines
            .iter()
            .map(|line| format!("printf '%s\\n' '{line}'\n"))
            .collect();
        format!(
            "{LINES}printf '%s\\n' '{DIAGNOSTIC}'\n{LINES}{long}\n{long} >&2\n{}exit {code}",
            own.concat()
        )
    };
    Terraform {
        plan: says(&[VERSION, PLANNED, PLAN_SUMMARY], 2),
        apply: says(&[VERSION, APPLY_START, APPLY_DONE, APPLY_SUMMARY], 0),
        output: format!("printf '%s\\n' '{OUTPUTS}'"),
        ..Terraform::default()
    }
}

#[track_caller]
fn assert_inert(name: &str, text: &str) {
    for line in text.split('\n') {
        let active = line.chars().find(|c| inert::is_active(*c));
        assert_eq!(
            active,
            None,
            "{name}: {:?}",
            line.get(..300).unwrap_or(line)
        );
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| self::files(folder));
    files.into_iter().chain(below).collect()
}

#[test]
fn nothing_that_a_tool_prints_does_anything_where_it_is_shown() {
    let project = Project::new(STACK);
    terraform().install(&project);
    let up = project.run(&[UP, &["-vv"]].concat()).expect(0);
    for mark in [
        "mark-escapes",
        "mark-markup",
        "mark-backwards",
        "mark-bytes",
        "mark-diagnostic",
        "mark-output",
    ] {
        assert!(up.stderr.contains(mark), "{mark} was not shown");
    }
    let shown = project.run(&["report", "show", "last"]).expect(0);
    let texts = [
        ("standard output", &up.stdout),
        ("standard error", &up.stderr),
        ("report show", &shown.stdout),
    ];
    for (name, text) in texts {
        assert_inert(name, text);
    }
    let mut written = 0;
    for path in files(&project.last_run()) {
        let bytes = fs::read(&path).unwrap();
        let name = path.display().to_string();
        // Of a line of 50 MB the beginning is enough.
        assert!(bytes.len() < 20_000_000, "{name}: {} bytes", bytes.len());
        let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is no text"));
        assert_inert(&name, &text);
        written += usize::from(text.contains("mark-"));
    }
    assert!(written >= 3, "reports and logs");
    let page = fs::read_to_string(project.last_run().join("report.md")).unwrap();
    assert!(page.contains("mark-output"), "{page}");
    for event in Parser::new_ext(&page, Options::ENABLE_TABLES) {
        if let Event::Html(html) | Event::InlineHtml(html) = event {
            assert_eq!(html.as_ref(), "<br>", "{page}");
        }
    }
}
