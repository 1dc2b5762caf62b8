//! Asks AWS, and in the sandbox Docker, what builds have left; [`crate::images::leftovers`] tells what of it
//! is whose.

use std::collections::{BTreeMap, BTreeSet};

use super::{failure::Failure, installed, past::Known, query::Query, side_by_side::side_by_side};
use crate::{
    config::Stack,
    events::{Thing, ThingKind},
    images::{
        leftovers::{Facts, Leftovers, Runs, is_named, sort_out},
        tag,
    },
    journal::{past::PastTemporary, record::TemporaryKind},
    process::Unwanted,
    run_id::RunId,
    sandbox::{
        Sandbox,
        builder::{Builder, HostSettings},
    },
    tools::{
        aws::{
            images::{self, Ami, Filter},
            resources::{self, Kind, Resource},
        },
        locate::{self, Tool},
    },
};

/// What builds of `stack` in its environment have left in `regions`, by what is `known` here of runs.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub fn look(
    query: &Query,
    stack: &Stack,
    regions: &BTreeSet<String>,
    known: &Known,
) -> Result<Leftovers, Failure> {
    let runs = Runs {
        living: known.living.clone(),
        over: known.over.iter().map(|past| past.run.clone()).collect(),
    };
    let answers = side_by_side(regions, |region| {
        in_region(&query.in_region(region), stack, known)
    });
    let mut leftovers = Leftovers::default();
    for facts in answers {
        leftovers.extend(sort_out(&facts?, &runs));
    }
    Ok(leftovers)
}

/// The regions in which builds of `stack` made something, as far as this checkout knows.
pub fn regions(stack: &Stack, known: &Known) -> BTreeSet<String> {
    let mut regions = BTreeSet::from([stack.region.clone()]);
    for past in &known.over {
        regions.extend(past.builds.iter().map(|build| build.region.clone()));
    }
    regions
}

/// Builder machines of runs that are over, in the sandbox. Without Docker there are none, nor when they are `unwanted`.
pub fn containers(stack: &Stack, known: &Known, unwanted: Unwanted) -> Vec<Thing> {
    let Some(builder) = builder(stack, unwanted) else {
        return Vec::new();
    };
    let over: BTreeSet<&str> = known.over.iter().map(|past| past.run.as_str()).collect();
    let leftovers = builder.leftovers().unwrap_or_default();
    leftovers
        .into_iter()
        .filter(|leftover| over.contains(leftover.run.as_str()))
        .map(|leftover| Thing {
            kind: ThingKind::Container,
            id: leftover.container.chars().take(12).collect(),
            name: Some(format!("builder of {}", leftover.image)),
            region: String::new(),
            run: RunId::parse(&leftover.run),
        })
        .collect()
}

/// Removes the builder machines of `run`.
///
/// # Errors
///
/// When Docker cannot be used, or it becomes `unwanted`.
pub fn remove_containers(stack: &Stack, run: &RunId, unwanted: Unwanted) -> Result<(), Failure> {
    let Some(builder) = builder(stack, unwanted) else {
        return Ok(());
    };
    match builder.sweep(|other| other != run.as_str()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(error.to_string()).hints(error.hints())),
    }
}

fn builder(stack: &Stack, unwanted: Unwanted) -> Option<Builder> {
    if !stack.environment.is_sandbox() {
        return None;
    }
    let docker = installed::path(Tool::Docker).ok()?;
    let sandbox = Sandbox::of_project(&stack.root);
    let host = HostSettings::detect();
    Some(Builder::new(docker, &sandbox, locate::home(), host).unless(unwanted))
}

enum Question {
    Tagged(Kind),
    Named(Kind, Vec<String>),
    Amis,
}

enum Answer {
    Tagged(Vec<Resource>),
    Named(Vec<Resource>),
    Amis(Vec<Ami>),
}

fn in_region(query: &Query, stack: &Stack, known: &Known) -> Result<Facts, Failure> {
    let region = query.aws.region().to_owned();
    let named: Vec<(&RunId, &PastTemporary)> = known
        .over
        .iter()
        // Of builds that ended well Packer has removed them, and a filter takes 200 names at most.
        .filter(|past| past.may_have_left_something())
        .flat_map(|past| past.temporary.iter().map(|named| (&past.run, named)))
        .filter(|(_, named)| named.region == region)
        .collect();
    let mut names: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    for (_, named) in &named {
        let kind = match named.kind {
            TemporaryKind::KeyPair => Kind::KeyPair,
            TemporaryKind::SecurityGroup => Kind::SecurityGroup,
        };
        names.entry(kind).or_default().push(named.name.clone());
    }
    let questions = Kind::ALL
        .map(Question::Tagged)
        .into_iter()
        .chain([Question::Amis])
        .chain(
            names
                .into_iter()
                .map(|(kind, names)| Question::Named(kind, names)),
        );
    let builds = known.over.iter().flat_map(|past| {
        let here = past.builds.iter().filter(|build| build.region == region);
        here.map(|build| (build.ami_name.clone(), past.run.clone()))
    });
    let builds = builds.collect();
    let mut facts = Facts {
        region,
        builds,
        ..Facts::default()
    };
    for answer in side_by_side(questions, |question| ask(query, stack, question)) {
        match answer? {
            Answer::Tagged(resources) => facts.resources.extend(resources),
            Answer::Amis(amis) => facts.amis = amis,
            Answer::Named(resources) => {
                for resource in resources {
                    let of =
                        |(run, named): &&(&RunId, &PastTemporary)| is_named(named, &resource, run);
                    if let Some((run, _)) = named.iter().find(of) {
                        facts.named.push(((*run).clone(), resource));
                    }
                }
            }
        }
    }
    Ok(facts)
}

fn ask(query: &Query, stack: &Stack, question: Question) -> Result<Answer, Failure> {
    let aws = &query.aws;
    match question {
        Question::Amis => query
            .read(&images::own_images(aws, &[]), images::decode)
            .map(Answer::Amis),
        Question::Tagged(kind) => described(query, kind, &tags_of(stack)).map(Answer::Tagged),
        Question::Named(kind, names) => {
            let filter = kind.name_filter().unwrap_or_default().to_owned();
            described(query, kind, &[(filter, names)]).map(Answer::Named)
        }
    }
}

/// The filters for what builds of `stack` in its environment made.
pub fn tags_of(stack: &Stack) -> Vec<Filter> {
    vec![
        (format!("tag:{}", tag::STACK), vec![stack.name.clone()]),
        (
            format!("tag:{}", tag::ENVIRONMENT),
            vec![stack.environment.name.clone()],
        ),
        ("tag-key".to_owned(), vec![tag::RUN.to_owned()]),
    ]
}

/// What there is of `kind` by `filters`.
///
/// # Errors
///
/// As [`Query::read`].
pub fn described(query: &Query, kind: Kind, filters: &[Filter]) -> Result<Vec<Resource>, Failure> {
    query.read(&resources::describe(&query.aws, kind, filters), |stdout| {
        resources::decode(kind, stdout)
    })
}
