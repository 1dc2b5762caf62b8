//! One look at AWS for all images of the stack: its own AMIs, and those that its templates build on.

use std::{collections::BTreeMap, sync::Arc};

use super::{lookup, reading::Reading};
use crate::{
    config::{ConfigError, ImageSpec},
    images::{
        question::{fitting, question},
        source_ami::{AmiQuery, FoundAmi, SourceAmi},
        tag,
    },
    plan::Only,
    runner::{context::Context, failure::Failure},
    tools::aws::images::{self as ami, Ami},
};

/// What AWS answered.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The AMIs of the stack in this environment, in any state, newest first.
    pub own: Vec<Ami>,
    /// AMIs that have the name of an image and not its tags: a Packer that was stopped between the AMI
    /// and its tags leaves such.
    pub untagged: Vec<Ami>,
    /// AMIs that have the name of an image, whatever their tags.
    pub named: Vec<Ami>,
    sources: BTreeMap<AmiQuery, Vec<FoundAmi>>,
    readings: BTreeMap<String, Result<Arc<Reading>, ConfigError>>,
}

impl Survey {
    /// The AMIs of one image, newest first.
    pub fn of_image(&self, image: &ImageSpec) -> Vec<Ami> {
        let of_it = |ami: &&Ami| ami.tag(tag::IMAGE) == Some(image.name.as_str());
        self.own.iter().filter(of_it).cloned().collect()
    }

    /// The template of the image called `name`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn reading(&self, name: &str) -> Result<Arc<Reading>, ConfigError> {
        let reading = self.readings.get(name).cloned();
        reading.expect("the survey reads the template of every image that a step may build")
    }

    /// What fits a template's query; `None` when it was not part of the survey.
    pub fn source(&self, query: &AmiQuery) -> Option<&[FoundAmi]> {
        self.sources.get(query).map(Vec::as_slice)
    }
}

/// Asks once for all images of a run, whoever of them comes first.
///
/// # Errors
///
/// When AWS refuses or cannot be reached.
pub async fn of(context: &Context) -> Result<&Survey, Failure> {
    context.survey.get_or_try_init(|| take(context)).await
}

async fn take(context: &Context) -> Result<Survey, Failure> {
    if context.base.request.rollback.is_some() {
        // Whatever an image was called then, and whatever its template says now.
        return Ok(Survey {
            own: lookup::of_stack(context).await?,
            ..Survey::default()
        });
    }
    let stack = &context.base.stack;
    let readings: BTreeMap<String, _> = match context.base.request.only {
        Only::Terraform => BTreeMap::new(),
        Only::Everything | Only::Images => stack
            .images
            .iter()
            .map(|image| (image.name.clone(), Reading::of(stack, image).map(Arc::new)))
            .collect(),
    };
    let queries: Vec<AmiQuery> = readings
        .values()
        .flatten()
        .filter_map(|r| query_of(r))
        .collect();
    let names = stack.images.iter().map(|image| image.ami_name.as_str());
    let asked = question(names, queries.iter().cloned());
    let command = ami::by_filters(&context.access.aws, &asked.owners, &asked.filters);
    let answer = lookup::describe(context, command).await?;

    let mut survey = Survey {
        readings,
        ..Survey::default()
    };
    for query in queries {
        if !asked.apart.contains(&query) {
            let found = fitting(&query, &answer);
            // What our own judgement does not find, EC2 may: it is asked when the source is needed.
            if !found.is_empty() {
                survey.sources.insert(query, found);
            }
        }
    }
    for ami in answer {
        if bears_name(&ami, &stack.images) {
            survey.named.push(ami.clone());
        }
        let is = |key: &str, value: &str| ami.tag(key) == Some(value);
        if is(tag::STACK, &stack.name) && is(tag::ENVIRONMENT, &stack.environment.name) {
            survey.own.push(ami);
        } else if ami.tag(tag::STACK).is_none() && bears_name(&ami, &stack.images) {
            survey.untagged.push(ami);
        }
    }
    Ok(survey)
}

/// The question that a template has; what is wrong with it, the image's own step tells.
fn query_of(reading: &Reading) -> Option<AmiQuery> {
    match reading.source_ami().ok()? {
        SourceAmi::Query(query) => Some(query),
        SourceAmi::Fixed(_) | SourceAmi::Unknown(_) => None,
    }
}

fn bears_name(ami: &Ami, images: &[ImageSpec]) -> bool {
    images.iter().any(|image| {
        let rest = ami.name.strip_prefix(image.ami_name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}
