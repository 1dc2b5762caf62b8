//! What a child did that nobody watched, read from what it printed.

use std::io::BufRead;

use crate::{
    events::{Level, ResourceOutcome, Step},
    journal::past::PastChild,
    process::Channel,
    runner::{context::Context, step_log::StepLog, steps::terraform_failure},
    tools::{
        packer::{
            decode::{self as packer, PackerEvent, UiLevel},
            temporary::{self, Temporary},
        },
        terraform::{decode as terraform, outcome::Tally},
    },
};

/// What became of one child.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `its terraform apply went on to its end: ...`; `None` when there is nothing to tell.
    pub text: Option<String>,
    /// Resources that Terraform started on and never said how they ended.
    pub unknown: Vec<ResourceOutcome>,
    /// What can only be found out elsewhere.
    pub doubts: Vec<String>,
    /// What Packer said it makes under names of its own.
    pub temporary: Vec<Temporary>,
    /// An apply that carried out its plan.
    pub applied: bool,
}

/// Reads what `child` printed, into the log too.
pub fn of(child: &PastChild, log: &mut StepLog<'_>) -> Account {
    if child.step.starts_with("terraform.") {
        let tally = tally(child, log);
        return match child.step == Step::TerraformApply.to_string() {
            true => of_apply(&tally),
            // The others change nothing.
            false => Account::default(),
        };
    }
    match child.step.split_once('.') {
        Some(("image", image)) => {
            let mut build = Build::default();
            lines(child, |channel, line| match channel {
                Channel::Stdout => build.take(packer::decode(line), log),
                Channel::Stderr => log.take(channel, Level::Warn, line),
            });
            build.account(image, |text| log.redact(text))
        }
        _ => {
            let mut begun = false;
            lines(child, |channel, line| {
                begun = true;
                log.take(channel, Context::level_of(channel), line);
            });
            let doubt = format!("{} was at work: how it ended is not known", child.step);
            Account {
                doubts: begun.then_some(doubt).into_iter().collect(),
                ..Account::default()
            }
        }
    }
}

/// Hands on every line of both outputs. They are missing when the child was never started.
fn lines(child: &PastChild, mut take: impl FnMut(Channel, &str)) {
    for (path, channel) in [
        (&child.stdout, Channel::Stdout),
        (&child.stderr, Channel::Stderr),
    ] {
        let Ok(file) = fs_err::File::open(path) else {
            continue;
        };
        let lines = std::io::BufReader::new(file).split(b'\n');
        for line in lines.map_while(Result::ok) {
            take(channel, &String::from_utf8_lossy(&line));
        }
    }
}

fn tally(child: &PastChild, log: &mut StepLog<'_>) -> Tally {
    let mut tally = Tally::default();
    lines(child, |channel, line| {
        if channel == Channel::Stderr {
            log.take(channel, Level::Warn, line);
            return;
        }
        let decoded = terraform::line(line);
        if let Some((level, text)) = terraform_failure::log_line(&decoded) {
            log.take_from(channel, terraform_failure::speaker(&decoded), level, &text);
        }
        tally.take(decoded);
    });
    tally
}

fn of_apply(tally: &Tally) -> Account {
    let how = how_it_ended(tally);
    Account {
        text: Some(format!("its terraform apply {how}")),
        unknown: tally.unknown(),
        applied: tally.summary.is_some() && tally.errors.is_empty(),
        ..Account::default()
    }
}

fn how_it_ended(tally: &Tally) -> String {
    let (added, changed, destroyed) = tally.done();
    let done = format!("{added} added, {changed} changed, {destroyed} destroyed");
    let touched = added + changed + destroyed + tally.unknown().len();
    match (&tally.summary, tally.errors.first()) {
        (_, Some(error)) => format!("failed ({}), with {done}", error.summary),
        (Some(_), None) => format!("went on to its end: {done}"),
        (None, None) if touched == 0 => "had not begun to change anything".to_owned(),
        (None, None) => format!("stopped midway, with {done}"),
    }
}

/// A `packer build`, as far as it told of itself.
#[derive(Debug, Default)]
struct Build {
    spoke: bool,
    amis: Vec<String>,
    error: Option<String>,
    temporary: Vec<Temporary>,
}

impl Build {
    fn take(&mut self, event: PackerEvent, log: &mut StepLog<'_>) {
        match &event {
            PackerEvent::Ui { level, lines } => {
                let level = match level {
                    UiLevel::Say | UiLevel::Message => Level::Info,
                    UiLevel::Error => Level::Warn,
                };
                for line in lines {
                    log.take(Channel::Stdout, level, &line.text);
                }
            }
            PackerEvent::BuildError { message, .. } => {
                log.take(Channel::Stdout, Level::Error, message)
            }
            PackerEvent::Text(text) => log.take(Channel::Stdout, Level::Info, text),
            _ => {}
        }
        self.note(event);
    }

    fn note(&mut self, event: PackerEvent) {
        self.spoke = true;
        self.temporary.extend(temporary::temporary(&event));
        match event {
            PackerEvent::Artifact { images, .. } => {
                for image in images {
                    if !self.amis.contains(&image.ami) {
                        self.amis.push(image.ami);
                    }
                }
            }
            PackerEvent::BuildError { message, .. } => {
                self.error.get_or_insert(message);
            }
            _ => {}
        }
    }

    fn account(self, image: &str, redact: impl Fn(&str) -> String) -> Account {
        // Whole: the beginning of a secret that goes on in the next line would not be known as one.
        let error = self.error.as_deref().map(redact).unwrap_or_default();
        let error = error.lines().next();
        let how = match (self.amis.as_slice(), error) {
            ([], Some(error)) => format!("failed ({error})"),
            ([], None) if self.spoke => "stopped midway".to_owned(),
            ([], None) => "had not begun".to_owned(),
            (amis, _) => format!("went on to its end: {}", amis.join(", ")),
        };
        Account {
            text: Some(format!("its build of {image} {how}")),
            temporary: self.temporary,
            ..Account::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str =
        r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const DONE: &str =
        r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create"}}"#;
    const SUMMARY: &str = r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}"#;
    const ERROR: &str =
        r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"denied","detail":""}}"#;

    #[test]
    fn what_an_apply_printed_says_how_it_ended() {
        let account = |lines: &[&str]| {
            let mut tally = Tally::default();
            for line in lines {
                tally.take(terraform::line(line));
            }
            let account = of_apply(&tally);
            (
                account.text.unwrap(),
                account.unknown.len(),
                account.applied,
            )
        };
        let text = |how: &str| format!("its terraform apply {how}");
        assert_eq!(
            account(&[START, DONE, SUMMARY]),
            (
                text("went on to its end: 1 added, 0 changed, 0 destroyed"),
                0,
                true
            )
        );
        assert_eq!(
            account(&[START, ERROR]),
            (
                text("failed (denied), with 0 added, 0 changed, 0 destroyed"),
                1,
                false
            )
        );
        assert_eq!(
            account(&[START]),
            (
                text("stopped midway, with 0 added, 0 changed, 0 destroyed"),
                1,
                false
            )
        );
        assert_eq!(
            account(&[]),
            (text("had not begun to change anything"), 0, false)
        );
    }

    #[test]
    fn what_a_build_printed_says_how_it_ended() {
        let key = "packer_65f0c1d2-aaaa-bbbb-cccc-0123456789ab";
        let announced = format!("1,,ui,say,==> amazon-ebs.web: Creating temporary keypair: {key}");
        let artifact = "2,amazon-ebs.web,artifact,0,id,us-east-1:ami-1";
        let error = "2,amazon-ebs.web,error,Timeout waiting for SSH.";
        let account = |lines: &[&str]| {
            let mut build = Build::default();
            lines
                .iter()
                .for_each(|line| build.note(packer::decode(line)));
            build.account("web", str::to_owned)
        };
        let text = |lines: &[&str]| account(lines).text.unwrap();
        assert_eq!(
            text(&[&announced, artifact]),
            "its build of web went on to its end: ami-1"
        );
        assert_eq!(
            text(&[&announced, error]),
            "its build of web failed (Timeout waiting for SSH.)"
        );
        assert_eq!(text(&[&announced]), "its build of web stopped midway");
        assert_eq!(text(&[]), "its build of web had not begun");
        assert_eq!(
            account(&[&announced]).temporary,
            [Temporary::KeyPair(key.to_owned())]
        );
    }
}
