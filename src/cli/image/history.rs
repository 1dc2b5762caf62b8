//! `amiable image history`: what was deployed when, from the tags of the AMIs alone.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _, Write as _},
};

use clap::Args as ClapArgs;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    cli::{Global, columns::columns, stdout},
    config::Stack,
    errors::Error,
    events::{Operation, RunResult},
    images::{
        decide::{is_provisioned, who},
        history::{self, Deployment},
        tag,
    },
    report::{self, RunSummary, inert},
    runner::query::{self, Query},
    tools::aws::images::{self as ami, Ami},
};

/// Characters of a fingerprint that are shown: enough to tell two apart.
const SHORT: usize = 12;

#[derive(Debug, ClapArgs)]
pub struct Args {}

impl Args {
    /// Prints the deployments that are known, the newest first.
    ///
    /// # Errors
    ///
    /// When the stack is invalid, a credential for AWS is missing, or AWS refuses.
    pub fn run(&self, global: &Global) -> Result<(), Error> {
        let project = global.project()?;
        let stack = global.load(&project, None)?;
        let interactive = !global.non_interactive && io::stdin().is_terminal();
        let amis = match Query::open(&stack, interactive)? {
            Some(query) => ask(&query, &stack)?,
            None => {
                note("the sandbox is not running: nothing is deployed there");
                Vec::new()
            }
        };
        let deployments = history::deployments(&amis);
        if global.json {
            return stdout::print_json(&document(&deployments, &amis));
        }
        if deployments.is_empty() {
            note("no AMI says that it was ever deployed");
        }
        stdout::print(&table(
            &deployments,
            &amis,
            Timestamp::now(),
            &TimeZone::system(),
        ))?;
        match removed(&stack, &amis) {
            0 => {}
            1 => {
                note("1 AMI that runs of this machine deployed is not listed: it has been removed")
            }
            more => note(&format!(
                "{more} AMIs that runs of this machine deployed are not listed: they have been removed"
            )),
        }
        Ok(())
    }
}

fn ask(query: &Query, stack: &Stack) -> Result<Vec<Ami>, Error> {
    let tags = [
        (tag::STACK, stack.name.as_str()),
        (tag::ENVIRONMENT, stack.environment.name.as_str()),
    ];
    let command = ami::own_images(&query.aws, &tags);
    let answer = query.ask(&command).map_err(query::failed)?;
    ami::decode(&answer.stdout).ok_or_else(|| Error::Failed {
        problem: "the aws command gave something that is not a list of images".to_owned(),
        hints: Vec::new(),
    })
}

fn note(text: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// The AMIs that the reports of this machine's runs say were deployed, and that are not there any more.
fn removed(stack: &Stack, amis: &[Ami]) -> usize {
    // What cannot be read here is nothing that was asked for.
    let runs = report::history::ids(&stack.root).unwrap_or_default();
    let reports = runs
        .into_iter()
        .filter_map(|run| report::history::entry(&stack.root, run).report.ok())
        .filter(|summary| summary.stack == stack.name)
        .filter(|summary| summary.environment == stack.environment.name)
        .filter(deployed);
    let outcomes = reports.flat_map(|summary| summary.images);
    let ids: BTreeSet<String> = outcomes
        .filter_map(|image| Some(image.outcome?.ami))
        .filter(|id| !amis.iter().any(|ami| ami.id == *id))
        .collect();
    ids.len()
}

fn deployed(summary: &RunSummary) -> bool {
    matches!(summary.operation, Operation::Up | Operation::ImageRollback)
        && summary.outputs.is_some()
        && matches!(
            summary.result,
            Some(RunResult::Succeeded | RunResult::Degraded | RunResult::CheckFailed)
        )
}

/// A line for each image of each deployment; the run stands at the first of its images.
fn table(deployments: &[Deployment], amis: &[Ami], now: Timestamp, zone: &TimeZone) -> String {
    const HEAD: [&str; 7] = ["RUN", "WHEN", "IMAGE", "AMI", "AMI NAME", "FINGERPRINT", ""];
    if deployments.is_empty() {
        return String::new();
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    for (index, deployment) in deployments.iter().enumerate() {
        let mut run = deployment.run.to_string();
        let mut when = deployment
            .run
            .started_at()
            .map_or_else(|| "-".to_owned(), |at| moment(at, now, zone));
        for (image, ami) in images(deployment, amis) {
            let fingerprint = ami.tag(tag::FINGERPRINT).unwrap_or("-");
            let short: String = fingerprint.chars().take(SHORT).collect();
            let cell = |text: &str| inert::line(text).into_owned();
            rows.push([
                std::mem::take(&mut run),
                std::mem::take(&mut when),
                cell(image),
                cell(&ami.id),
                cell(&ami.name),
                cell(&short),
                cell(&marks(deployment, ami, index == 0).join("; ")),
            ]);
        }
    }
    columns(&rows)
}

fn images<'a>(
    deployment: &'a Deployment,
    amis: &'a [Ami],
) -> impl Iterator<Item = (&'a str, &'a Ami)> {
    deployment.images.iter().filter_map(|(image, id)| {
        let ami = amis.iter().find(|ami| ami.id == *id)?;
        Some((image.as_str(), ami))
    })
}

fn marks(deployment: &Deployment, ami: &Ami, current: bool) -> Vec<String> {
    let mut marks = Vec::new();
    if current {
        marks.push("current".to_owned());
    }
    if history::is_rolled_back(ami) {
        let by = history::rolled_back_by(ami);
        marks.push(format!("rolled back by {}", who(by.as_ref())));
    }
    if let Some(built_by) = ami
        .tag(tag::RUN)
        .filter(|by| *by != deployment.run.as_str())
    {
        marks.push(format!("built by {built_by}"));
    }
    if !is_provisioned(ami) {
        marks.push("not provisioned".to_owned());
    }
    if !ami.is_available() {
        marks.push(ami.state.clone());
    }
    marks
}

/// `2026-03-01 13:00, 2 h ago`, in the zone of the reader.
fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M");
    format!("{local}, {}", age(now.duration_since(at)))
}

fn age(passed: SignedDuration) -> String {
    let minutes = passed.as_mins();
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

fn document(deployments: &[Deployment], amis: &[Ami]) -> Value {
    let image = |(image, ami): (&str, &Ami)| {
        json!({
            "image": image,
            "ami": ami.id,
            "ami_name": ami.name,
            "state": ami.state,
            "fingerprint": ami.tag(tag::FINGERPRINT),
            "built_by": ami.tag(tag::RUN),
            "rolled_back": history::is_rolled_back(ami),
            "rolled_back_by": history::rolled_back_by(ami),
            "provisioned": is_provisioned(ami),
        })
    };
    let entry = |(index, deployment): (usize, &Deployment)| {
        json!({
            "run": deployment.run,
            "started_at": deployment.run.started_at(),
            "current": index == 0,
            "images": images(deployment, amis).map(image).collect::<Vec<_>>(),
        })
    };
    deployments.iter().enumerate().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ami(image: &str, id: &str, tags: &[(&str, &str)]) -> Ami {
        let own = [(tag::IMAGE, image), (tag::FINGERPRINT, "0123456789abcdef")];
        let tags = own
            .iter()
            .chain(tags)
            .map(|&(key, value)| (key.to_owned(), value.to_owned()));
        Ami {
            id: id.into(),
            name: format!("{image}-x"),
            state: "available".into(),
            tags: tags.collect(),
            ..Ami::default()
        }
    }

    fn amis() -> [Ami; 3] {
        const FIRST: &str = "20260301-120000-aaaaaa";
        const SECOND: &str = "20260302-110500-bbbbbb";
        const BOTH: &str = "20260301-120000-aaaaaa 20260302-120000-cccccc";
        let left = (tag::ROLLED_BACK, "20260302-120000-cccccc");
        [
            ami(
                "web",
                "ami-2",
                &[(tag::DEPLOYED, SECOND), (tag::RUN, SECOND), left],
            ),
            ami("web", "ami-1", &[(tag::DEPLOYED, BOTH), (tag::RUN, FIRST)]),
            ami(
                "db\u{1b}[2J",
                "ami-d",
                &[(tag::DEPLOYED, BOTH), (tag::RUN, FIRST)],
            ),
        ]
    }

    #[test]
    fn the_images_of_a_run_stand_together_with_what_is_to_be_known_of_them() {
        let amis = amis();
        let now = "2026-03-02T12:30:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(
            table(&history::deployments(&amis), &amis, now, &zone),
            "\
RUN                     WHEN                          IMAGE        AMI    AMI NAME       FINGERPRINT
20260302-120000-cccccc  2026-03-02 13:00, 30 min ago  db\\u{1b}[2J  ami-d  db\\u{1b}[2J-x  0123456789ab  current; built by 20260301-120000-aaaaaa
                                                      web          ami-1  web-x          0123456789ab  current; built by 20260301-120000-aaaaaa
20260302-110500-bbbbbb  2026-03-02 12:05, 1 h ago     web          ami-2  web-x          0123456789ab  rolled back by 20260302-120000-cccccc
20260301-120000-aaaaaa  2026-03-01 13:00, 24 h ago    db\\u{1b}[2J  ami-d  db\\u{1b}[2J-x  0123456789ab
                                                      web          ami-1  web-x          0123456789ab
"
        );
        assert_eq!(table(&[], &amis, now, &zone), "");
    }

    #[test]
    fn programs_get_the_same_as_data() {
        let amis = amis();
        let document = document(&history::deployments(&amis), &amis);
        assert_eq!(document[0]["current"], true);
        assert_eq!(document[0]["started_at"], "2026-03-02T12:00:00Z");
        assert_eq!(document[0]["images"][1]["ami"], "ami-1");
        assert_eq!(
            document[1]["images"][0]["rolled_back_by"],
            "20260302-120000-cccccc"
        );
        assert_eq!(document[2]["images"][0]["rolled_back"], false);
    }

    #[test]
    fn an_age_is_one_figure() {
        let shown = |minutes| age(SignedDuration::from_mins(minutes));
        assert_eq!(shown(-5), "just now");
        assert_eq!(shown(0), "just now");
        assert_eq!(shown(59), "59 min ago");
        assert_eq!(shown(125), "2 h ago");
        assert_eq!(shown(2880), "2 days ago");
    }
}
