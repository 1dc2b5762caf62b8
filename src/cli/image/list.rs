//! `amiable image list`.

use std::io::{self, IsTerminal};

use clap::Args as ClapArgs;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    cli::{Global, stdout},
    config::Stack,
    errors::Error,
    images::{
        retention::{self, Stays},
        tag,
    },
    report::inert,
    runner::{
        listing::{self, Listed, Listing},
        query::{Query, failed},
    },
};

/// So much of a fingerprint tells it from others.
const SHORT: usize = 8;

#[derive(Debug, ClapArgs)]
pub struct Args {}

impl Args {
    /// Prints the AMIs of the stack, what each is for and who uses it.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let project = global.project()?;
        let stack = global.load(&project, None)?;
        let interactive = !global.non_interactive && io::stdin().is_terminal();
        let Some(query) = Query::open(&stack, interactive)? else {
            if global.json {
                return stdout::print_json(&Value::Array(Vec::new()));
            }
            return stdout::print("the sandbox is not running, so there are no images\n");
        };
        let listing = listing::look(&query, &stack).map_err(failed)?;
        if global.json {
            let amis: Vec<Value> = listing.amis.iter().map(entry).collect();
            return stdout::print_json(&Value::Array(amis));
        }
        stdout::print(&table(&stack, &listing, Timestamp::now()))
    }
}

fn entry(listed: &Listed) -> Value {
    let ami = &listed.ami;
    let users: Vec<String> = listed.users.iter().map(ToString::to_string).collect();
    json!({
        "image": listed.image,
        "ami": ami.id,
        "name": ami.name,
        "region": listed.region,
        "state": ami.state,
        "created": ami.created,
        "fingerprint": ami.tag(tag::FINGERPRINT),
        "run": ami.tag(tag::RUN),
        "deployed_by": retention::last_deployment(ami).map(|run| run.to_string()),
        "current": listed.stays == Some(Stays::Current),
        "stays": listed.stays.as_ref().map(ToString::to_string),
        "used_by": users,
    })
}

/// A heading per image, a line per AMI, and below it what does not fit.
fn table(stack: &Stack, listing: &Listing, now: Timestamp) -> String {
    let mut text = String::new();
    if listing.amis.is_empty() {
        text.push_str(&format!(
            "there are no images of {} in {}\n",
            stack.name, stack.environment.name
        ));
    }
    let mut heading = "";
    for listed in &listing.amis {
        if listed.image != heading {
            if !text.is_empty() {
                text.push('\n');
            }
            heading = &listed.image;
            text.push_str(&title(stack, heading));
        }
        text.push_str(&row(stack, listed, now));
    }
    for unknown in &listing.unknown {
        text.push_str(&format!("\nnot looked at: {}\n", inert::line(unknown)));
    }
    text
}

fn title(stack: &Stack, image: &str) -> String {
    let spec = stack.images.iter().find(|spec| spec.name == image);
    let name = inert::line(image);
    match spec {
        Some(spec) => format!("{name}: {}\n", inert::line(&spec.ami_name)),
        None => format!("{name}: no longer in the stack file\n"),
    }
}

fn row(stack: &Stack, listed: &Listed, now: Timestamp) -> String {
    let ami = &listed.ami;
    let spec = stack.images.iter().find(|spec| spec.name == listed.image);
    // The heading has the part that all names begin with.
    let name = spec
        .and_then(|spec| ami.name.strip_prefix(spec.ami_name.as_str()))
        .map_or(ami.name.as_str(), |rest| rest.trim_start_matches('-'));
    let name = match name {
        "" => "(exact name)",
        name => name,
    };
    let fingerprint: String = ami
        .tag(tag::FINGERPRINT)
        .unwrap_or("-")
        .chars()
        .take(SHORT)
        .collect();
    let mark = match (&listed.stays, ami.is_available()) {
        (_, false) => ami.state.clone(),
        (Some(Stays::RollbackTarget(_)), _) => "rollback".to_owned(),
        (Some(stays), _) => stays.to_string(),
        (None, _) if listed.users.is_empty() => "beyond keep".to_owned(),
        (None, _) => "in use".to_owned(),
    };
    let age = age(&ami.created, now);
    let mut text = format!(
        "  {:22}  {:21}  {:8}  {:>4}  {}\n",
        inert::line(name),
        inert::line(&ami.id),
        inert::line(&fingerprint),
        age,
        inert::line(&mark)
    );
    let mut details = Vec::new();
    if listed.region != stack.region {
        details.push(format!("copy in {}", listed.region));
    }
    if let Some(run) = ami.tag(tag::ROLLED_BACK) {
        details.push(format!("rolled back by {run}"));
    }
    details.extend(listed.users.iter().map(ToString::to_string));
    for detail in details {
        text.push_str(&format!("      {}\n", inert::line(&detail)));
    }
    text
}

/// `3d`, `5h`, `12m`: the largest unit alone.
fn age(created: &str, now: Timestamp) -> String {
    let Ok(created) = created.parse::<Timestamp>() else {
        return "-".to_owned();
    };
    let age = now.duration_since(created).max(SignedDuration::ZERO);
    match (age.as_hours() / 24, age.as_hours(), age.as_mins()) {
        (days @ 1.., _, _) => format!("{days}d"),
        (_, hours @ 1.., _) => format!("{hours}h"),
        (_, _, minutes @ 1..) => format!("{minutes}m"),
        _ => format!("{}s", age.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (created, expected) in [
            ("2026-03-01T12:00:00.000Z", "9d"),
            ("2026-03-10T09:30:00.000Z", "2h"),
            ("2026-03-10T11:58:00.000Z", "2m"),
            ("2026-03-10T11:59:50.000Z", "10s"),
            ("2026-03-10T12:00:30.000Z", "0s"),
            ("yesterday", "-"),
        ] {
            assert_eq!(age(created, now), expected, "{created}");
        }
    }
}
