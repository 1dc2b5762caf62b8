//! Which AMIs a rollback deploys. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    history::{self, Deployment},
    tag,
};
use crate::{run_id::RunId, tools::aws::images::Ami};

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Every image as it was in the deployment before the current one.
    Previous,
    /// The image of this AMI gets it, the others stay.
    Ami(String),
    /// Every image as the run whose id begins so deployed it.
    Run(String),
}

/// What an image gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub ami: String,
    /// The AMI that it replaces; `None` when the image stays as it is.
    pub from: Option<String>,
}

/// What runs have begun to deploy since the last deployment that the tags know of, and may not have finished.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Begun {
    /// By a run that was no rollback: this is what is rolled back from.
    pub up: Option<Deployment>,
    /// By a rollback, with nothing begun after it: rolling back once more finishes it.
    pub rollback: Option<Deployment>,
}

/// Why there is no rolling back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("no AMI of the stack says that it was ever deployed")]
    NothingRecorded,
    #[error("there is nothing to roll back to: no other deployment came before {0}")]
    NothingBefore(RunId),
    #[error(
        "there is nothing to roll back to: every deployment before {0} has an image that was itself rolled back from"
    )]
    OnlyRolledBack(RunId),
    #[error("{0} is deployed already")]
    Already(String),
    #[error("no deployment by a run {0:?} is known")]
    UnknownRun(String),
    #[error("{text:?} may be any of {}", join(runs))]
    AmbiguousRun { text: String, runs: Vec<RunId> },
    #[error("there is no AMI {0}")]
    UnknownAmi(String),
    #[error("{ami} is of image \"{image}\", which the stack does not have")]
    OtherImage { ami: String, image: String },
    #[error(
        "the AMI of image \"{image}\" that {run} deployed is not known: it was removed, or the stack did not have the image then"
    )]
    Gone { run: RunId, image: String },
    #[error("which AMI of image \"{0}\" is deployed is not known")]
    NotRecorded(String),
    #[error("{ami} of image \"{image}\" cannot be deployed: it is {state}")]
    NotAvailable {
        ami: String,
        image: String,
        state: String,
    },
}

impl Refusal {
    /// What the user can do instead.
    pub fn hints(&self) -> Vec<String> {
        let one = "to take one image back: amiable image rollback AMI";
        let hint = match self {
            Refusal::NothingRecorded | Refusal::NotRecorded(_) => {
                "`amiable up` deploys, and writes it to the AMIs"
            }
            Refusal::OnlyRolledBack(_) => {
                "to deploy one of them all the same: amiable image rollback --to RUN"
            }
            Refusal::AmbiguousRun { .. } => "give more of its id",
            Refusal::NotAvailable { .. } | Refusal::Gone { .. } => one,
            Refusal::NothingBefore(_)
            | Refusal::Already(_)
            | Refusal::UnknownRun(_)
            | Refusal::UnknownAmi(_)
            | Refusal::OtherImage { .. } => "`amiable image history` shows what there is",
        };
        vec![hint.to_owned()]
    }
}

/// What each of `images` gets.
///
/// `amis` are those of the stack in its environment.
///
/// # Errors
///
/// Why that is not possible. The picks of a success are all available, and one of them at least is not the
/// AMI that is deployed.
pub fn choose(
    target: &Target,
    images: &[&str],
    amis: &[Ami],
    begun: Begun,
) -> Result<BTreeMap<String, Pick>, Refusal> {
    let mut deployments = history::deployments(amis);
    deployments.splice(0..0, begun.up);
    let current = deployments.first();
    let wanted = match target {
        Target::Previous => match begun.rollback {
            Some(unfinished) => unfinished,
            None => previous(images, amis, &deployments)?.clone(),
        },
        Target::Run(text) => by_run(&deployments, text)?.clone(),
        Target::Ami(id) => with_ami(id, images, amis, current)?,
    };
    let mut picks = BTreeMap::new();
    for &image in images {
        let ami = wanted.images.get(image).ok_or_else(|| match target {
            Target::Ami(_) => Refusal::NotRecorded(image.to_owned()),
            Target::Previous | Target::Run(_) => Refusal::Gone {
                run: wanted.run.clone(),
                image: image.to_owned(),
            },
        })?;
        check_available(image, ami, amis)?;
        let deployed = current.and_then(|current| current.images.get(image));
        let pick = Pick {
            ami: ami.clone(),
            from: deployed.filter(|deployed| *deployed != ami).cloned(),
        };
        picks.insert(image.to_owned(), pick);
    }
    let stays = |(image, pick): (&String, &Pick)| {
        current.is_some_and(|current| current.images.get(image) == Some(&pick.ami))
    };
    if picks.iter().all(stays) {
        return Err(Refusal::Already(match target {
            Target::Ami(id) => id.clone(),
            Target::Previous | Target::Run(_) => format!("what {} deployed", wanted.run),
        }));
    }
    Ok(picks)
}

/// What there is to roll back to, a line for each deployment, newest first.
pub fn listing(amis: &[Ami]) -> Vec<String> {
    let line = |deployment: &Deployment| {
        let images = deployment.images.iter();
        let images: Vec<String> = images
            .map(|(image, ami)| format!("{image} {ami}"))
            .collect();
        format!("{}: {}", deployment.run, images.join(", "))
    };
    history::deployments(amis).iter().map(line).collect()
}

/// What `ami`, which is not one of the stack in the environment, is instead.
pub fn stranger(ami: &Ami, stack: &str, environment: &str) -> String {
    let id = &ami.id;
    match (ami.tag(tag::STACK), ami.tag(tag::ENVIRONMENT)) {
        (Some(of), Some(in_)) => {
            format!("{id} is an image of {of} in {in_}, not of {stack} in {environment}")
        }
        _ => format!("{id} is not an image of {stack} in {environment}: it does not have the tags"),
    }
}

/// The newest deployment before the current one that differs from it, but for those with an image that was
/// rolled back from: two rollbacks in a row go back twice, and not to and fro.
fn previous<'a>(
    images: &[&str],
    amis: &[Ami],
    deployments: &'a [Deployment],
) -> Result<&'a Deployment, Refusal> {
    let (current, before) = deployments.split_first().ok_or(Refusal::NothingRecorded)?;
    let rolled_back = |id: &String| {
        let mut amis = amis.iter();
        amis.any(|ami| ami.id == *id && history::is_rolled_back(ami))
    };
    let of = |deployment: &'a Deployment, image: &str| deployment.images.get(image);
    let differs = |deployment: &&Deployment| {
        images
            .iter()
            .any(|image| deployment.images.get(*image) != current.images.get(*image))
    };
    let mut others = before.iter().filter(differs).peekable();
    let none = match others.peek() {
        None => Refusal::NothingBefore(current.run.clone()),
        Some(_) => Refusal::OnlyRolledBack(current.run.clone()),
    };
    others
        .find(|deployment| {
            !images.iter().any(|image| {
                let ami = of(deployment, image);
                ami != of(current, image) && ami.is_some_and(rolled_back)
            })
        })
        .ok_or(none)
}

fn by_run<'a>(deployments: &'a [Deployment], text: &str) -> Result<&'a Deployment, Refusal> {
    let mut fitting = deployments
        .iter()
        .filter(|deployment| !text.is_empty() && deployment.run.as_str().starts_with(text));
    let first = fitting.next();
    let first = first.ok_or_else(|| Refusal::UnknownRun(text.to_owned()))?;
    let more: Vec<RunId> = fitting.map(|deployment| deployment.run.clone()).collect();
    if more.is_empty() {
        return Ok(first);
    }
    let runs = [first.run.clone()].into_iter().chain(more).collect();
    let text = text.to_owned();
    Err(Refusal::AmbiguousRun { text, runs })
}

/// The current deployment with the AMI `id` in it.
fn with_ami(
    id: &str,
    images: &[&str],
    amis: &[Ami],
    current: Option<&Deployment>,
) -> Result<Deployment, Refusal> {
    let named = amis.iter().find(|ami| ami.id == *id);
    let build = named.map(history::build_of);
    let ami = build.and_then(|build| amis.iter().find(|ami| ami.id == *build));
    let ami = ami.ok_or_else(|| Refusal::UnknownAmi(id.to_owned()))?;
    let image = ami.tag(tag::IMAGE).unwrap_or_default();
    if !images.contains(&image) {
        return Err(Refusal::OtherImage {
            ami: id.to_owned(),
            image: image.to_owned(),
        });
    }
    let current = current.ok_or(Refusal::NothingRecorded)?;
    let mut wanted = current.clone();
    wanted.images.insert(image.to_owned(), ami.id.clone());
    Ok(wanted)
}

fn check_available(image: &str, id: &str, amis: &[Ami]) -> Result<(), Refusal> {
    let state = match amis.iter().find(|ami| ami.id == *id) {
        Some(ami) if ami.is_available() => return Ok(()),
        Some(ami) => ami.state.clone(),
        None => "not there".to_owned(),
    };
    Err(Refusal::NotAvailable {
        ami: id.to_owned(),
        image: image.to_owned(),
        state,
    })
}

fn join(runs: &[RunId]) -> String {
    let runs: Vec<&str> = runs.iter().map(RunId::as_str).collect();
    runs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::{ami, rolled_back, run, set, tagged};
    use super::*;

    const WEB: &[&str] = &["web"];

    fn pick(target: Target, images: &[&str], amis: &[Ami]) -> Result<Vec<String>, Refusal> {
        let picks = choose(&target, images, amis, Begun::default())?;
        Ok(picks.into_values().map(|pick| pick.ami).collect())
    }

    fn to(beginning: &str) -> Target {
        Target::Run(beginning.to_owned())
    }

    fn one(id: &str) -> Target {
        Target::Ami(id.to_owned())
    }

    #[test]
    fn back_is_to_the_deployment_before_and_says_from_which() {
        let amis = [
            ami("web", "ami-3", &[3]),
            ami("web", "ami-2", &[2]),
            ami("web", "ami-1", &[1]),
        ];
        let picks = choose(&Target::Previous, WEB, &amis, Begun::default()).unwrap();
        let expected = Pick {
            ami: "ami-2".into(),
            from: Some("ami-3".into()),
        };
        assert_eq!(picks["web"], expected);
    }

    #[test]
    fn a_second_rollback_goes_further_back_and_not_forth() {
        let amis = [
            rolled_back(ami("web", "ami-3", &[3]), 4),
            ami("web", "ami-2", &[2, 4]),
            ami("web", "ami-1", &[1]),
        ];
        assert_eq!(pick(Target::Previous, WEB, &amis).unwrap(), ["ami-1"]);
        assert_eq!(
            pick(Target::Previous, WEB, &amis[..2]),
            Err(Refusal::OnlyRolledBack(run(4)))
        );
        // Whoever names it gets it.
        assert_eq!(pick(to(run(3).as_str()), WEB, &amis).unwrap(), ["ami-3"]);
    }

    #[test]
    fn a_rollback_that_was_cut_short_is_finished_by_the_next() {
        // It has marked what it leaves, and nothing says yet that the older one is deployed.
        let amis = [
            rolled_back(ami("web", "ami-2", &[2]), 3),
            ami("web", "ami-1", &[1]),
        ];
        assert_eq!(pick(Target::Previous, WEB, &amis).unwrap(), ["ami-1"]);
    }

    #[test]
    fn what_a_run_began_to_deploy_is_rolled_back_from() {
        let amis = [ami("web", "ami-2", &[]), ami("web", "ami-1", &[1])];
        let deployment = |number, id| Deployment {
            run: run(number),
            images: set(&[("web", id)]),
        };
        let mut begun = Begun {
            up: Some(deployment(2, "ami-2")),
            rollback: None,
        };
        let back = Pick {
            ami: "ami-1".into(),
            from: Some("ami-2".into()),
        };
        let picks = choose(&Target::Previous, WEB, &amis, begun.clone()).unwrap();
        assert_eq!(picks["web"], back);
        // And a rollback from it that was cut short is not the beginning of a second one.
        let amis = [
            rolled_back(ami("web", "ami-2", &[]), 3),
            ami("web", "ami-1", &[1]),
            ami("web", "ami-0", &[0]),
        ];
        begun.rollback = Some(deployment(3, "ami-1"));
        let picks = choose(&Target::Previous, WEB, &amis, begun).unwrap();
        assert_eq!(picks["web"], back);
    }

    #[test]
    fn several_images_go_back_together_and_an_ami_alone() {
        let images = ["web", "db"];
        let amis = [
            ami("web", "ami-2", &[2]),
            ami("web", "ami-1", &[1]),
            ami("db", "ami-d", &[1, 2]),
        ];
        let picks = choose(&Target::Previous, &images, &amis, Begun::default()).unwrap();
        assert_eq!(picks["web"].ami, "ami-1");
        assert_eq!(picks["db"].from, None);
        let picks = choose(&one("ami-1"), &images, &amis, Begun::default()).unwrap();
        assert_eq!(picks["db"].ami, "ami-d");
        assert_eq!(picks["web"].from.as_deref(), Some("ami-2"));
    }

    #[test]
    fn the_id_of_a_copy_stands_for_its_build() {
        let amis = [
            tagged(ami("web", "ami-c", &[]), tag::COPY_OF, "ami-1"),
            ami("web", "ami-2", &[2]),
            ami("web", "ami-1", &[1]),
        ];
        assert_eq!(pick(one("ami-c"), WEB, &amis).unwrap(), ["ami-1"]);
    }

    #[test]
    fn runs_go_by_a_beginning_that_only_one_has() {
        let amis = [ami("web", "ami-2", &[2]), ami("web", "ami-1", &[1])];
        assert_eq!(pick(to("20260101-000001"), WEB, &amis).unwrap(), ["ami-1"]);
        assert_eq!(
            pick(to("20260101"), WEB, &amis),
            Err(Refusal::AmbiguousRun {
                text: "20260101".into(),
                runs: vec![run(2), run(1)],
            })
        );
        for unknown in ["2025", ""] {
            let refusal = Refusal::UnknownRun(unknown.to_owned());
            assert_eq!(pick(to(unknown), WEB, &amis), Err(refusal));
        }
        assert_eq!(
            listing(&amis),
            [
                format!("{}: web ami-2", run(2)),
                format!("{}: web ami-1", run(1)),
            ]
        );
    }

    #[test]
    fn refusals_say_what_is_in_the_way() {
        let amis = [ami("web", "ami-2", &[2]), ami("web", "ami-1", &[1])];
        let already = |what: &str| Err(Refusal::Already(what.to_owned()));
        assert_eq!(pick(one("ami-2"), WEB, &amis), already("ami-2"));
        let newest = run(2);
        assert_eq!(
            pick(to(newest.as_str()), WEB, &amis),
            already(&format!("what {newest} deployed"))
        );
        assert_eq!(
            pick(one("ami-9"), WEB, &amis),
            Err(Refusal::UnknownAmi("ami-9".into()))
        );
        assert_eq!(
            pick(one("ami-1"), &["db"], &amis),
            Err(Refusal::OtherImage {
                ami: "ami-1".into(),
                image: "web".into(),
            })
        );
        assert_eq!(
            pick(Target::Previous, WEB, &amis[..1]),
            Err(Refusal::NothingBefore(run(2)))
        );
        assert_eq!(
            pick(Target::Previous, WEB, &[ami("web", "ami-1", &[])]),
            Err(Refusal::NothingRecorded)
        );
        let mut pending = amis.clone();
        pending[1].state = "pending".into();
        assert!(matches!(
            pick(Target::Previous, WEB, &pending),
            Err(Refusal::NotAvailable { .. })
        ));
    }

    #[test]
    fn a_deployment_that_is_not_whole_any_more_is_not_passed_over() {
        let images = ["web", "db"];
        let amis = [
            ami("web", "ami-3", &[3]),
            ami("db", "ami-e", &[2, 3]),
            ami("web", "ami-1", &[1]),
            ami("db", "ami-d", &[1]),
        ];
        assert_eq!(
            pick(Target::Previous, &images, &amis),
            Err(Refusal::Gone {
                run: run(2),
                image: "web".into(),
            })
        );
        assert_eq!(
            pick(to(run(1).as_str()), &images, &amis).unwrap(),
            ["ami-d", "ami-1"]
        );
        assert_eq!(
            pick(one("ami-1"), &["web", "new"], &amis),
            Err(Refusal::NotRecorded("new".into()))
        );
    }

    #[test]
    fn a_stranger_is_told_by_its_tags() {
        let other = tagged(ami("web", "ami-1", &[]), tag::STACK, "shop");
        let other = tagged(other, tag::ENVIRONMENT, "prod");
        let told = stranger(&other, "web", "staging");
        assert_eq!(
            told,
            "ami-1 is an image of shop in prod, not of web in staging"
        );
    }
}
