//! Asks AWS and Terraform's states who uses AMIs; [`crate::images::usage`] tells what the answers mean.

use std::collections::{BTreeMap, BTreeSet};

use super::{failure::Failure, query::Query, side_by_side::side_by_side, states};
use crate::{
    config::Stack,
    images::usage::{Facts, Usage, numbered, told_by},
    tools::aws::{
        groups::{self, Configuration, Group},
        launch_templates::{self, TemplateVersion},
        resources::{self, Kind, Resource},
    },
};

/// AMIs by the regions they are in.
pub type InRegions = BTreeMap<String, BTreeSet<String>>;

/// Who uses the AMIs `amis`. Regions and states are looked at side by side.
///
/// # Errors
///
/// When AWS refuses or cannot be reached: then nobody can say that an AMI is not used. A state that cannot
/// be read is no error and is named in the answer.
pub fn look(query: &Query, stack: &Stack, amis: &InRegions) -> Result<Usage, Failure> {
    enum Place<'a> {
        Region(&'a str, &'a BTreeSet<String>),
        States,
    }
    let all: BTreeSet<String> = amis.values().flatten().cloned().collect();
    if all.is_empty() {
        return Ok(Usage::default());
    }
    let regions = amis
        .iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(region, ids)| Place::Region(region, ids));
    let places = regions.chain([Place::States]);
    let answers = side_by_side(places, |place| match place {
        Place::Region(region, ids) => told_by_aws(&query.in_region(region), ids),
        Place::States => Ok(states::usage(query, stack, &all)),
    });
    let mut usage = Usage::default();
    for answer in answers {
        usage.extend(answer?);
    }
    Ok(usage)
}

/// Parts of an answer, in the order in which they come.
enum Part {
    Templates(Vec<TemplateVersion>),
    Groups(Vec<Group>),
    Configurations(Vec<Configuration>),
    Instances(Vec<Resource>),
}

enum Question {
    Templates,
    Groups,
    Instances,
    Configurations,
    Numbered(String, BTreeSet<u64>),
}

/// Who uses the AMIs `ids` in the region of `query`, without Terraform's states.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub fn told_by_aws(query: &Query, ids: &BTreeSet<String>) -> Result<Usage, Failure> {
    let mut facts = Facts::default();
    let first = [Question::Templates, Question::Groups, Question::Instances];
    take(query, ids, first, &mut facts)?;
    // What only the first answers show to be needed.
    let mut second: Vec<Question> = numbered(&facts.groups, &facts.templates)
        .into_iter()
        .map(|(id, numbers)| Question::Numbered(id, numbers))
        .collect();
    if facts
        .groups
        .iter()
        .any(|group| group.configuration.is_some())
    {
        second.push(Question::Configurations);
    }
    take(query, ids, second, &mut facts)?;
    Ok(told_by(&facts))
}

fn take(
    query: &Query,
    ids: &BTreeSet<String>,
    questions: impl IntoIterator<Item = Question>,
    facts: &mut Facts,
) -> Result<(), Failure> {
    for answer in side_by_side(questions, |question| ask(query, ids, question)) {
        match answer? {
            Part::Templates(templates) => facts.templates.extend(templates),
            Part::Groups(groups) => facts.groups = groups,
            Part::Configurations(configurations) => facts.configurations = configurations,
            Part::Instances(instances) => facts.instances = instances,
        }
    }
    // The default version is the latest one as well, most of the time, and comes twice.
    facts
        .templates
        .sort_by(|a, b| (&a.id, a.number).cmp(&(&b.id, b.number)));
    facts.templates.dedup();
    Ok(())
}

fn ask(query: &Query, ids: &BTreeSet<String>, question: Question) -> Result<Part, Failure> {
    let aws = &query.aws;
    match question {
        Question::Templates => query
            .read(&launch_templates::defaults(aws), launch_templates::decode)
            .map(Part::Templates),
        Question::Numbered(id, numbers) => query
            .read(
                &launch_templates::numbered(aws, &id, numbers),
                launch_templates::decode,
            )
            .map(Part::Templates),
        Question::Groups => query
            .read(&groups::groups(aws), groups::decode_groups)
            .map(Part::Groups),
        Question::Configurations => query
            .read(&groups::configurations(aws), groups::decode_configurations)
            .map(Part::Configurations),
        Question::Instances => {
            let ids: Vec<String> = ids.iter().cloned().collect();
            query
                .read(&resources::instances_of(aws, &ids), |stdout| {
                    resources::decode(Kind::Instance, stdout)
                })
                .map(Part::Instances)
        }
    }
}
