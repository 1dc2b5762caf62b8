//! Every AMI of a stack in its environment, with what it is for and who uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::{failure::Failure, past::Known, query::Query, side_by_side::side_by_side, usage};
use crate::{
    config::Stack,
    images::{
        retention::{Stays, other_regions},
        retire, tag,
        usage::{Usage, User},
    },
    tools::aws::images::{self as ami, Ami},
};

/// An AMI and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Name of the image in the stack file.
    pub image: String,
    pub region: String,
    pub ami: Ami,
    /// Why it stays; `None` when it is beyond what is kept. Copies stay and go with their build.
    pub stays: Option<Stays>,
    pub users: Vec<User>,
}

/// The AMIs, and what could not be looked at.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Image by image in the order of the stack file, home first, then newest first.
    pub amis: Vec<Listed>,
    pub unknown: BTreeSet<String>,
}

/// Looks everything up.
///
/// # Errors
///
/// When AWS refuses to say which AMIs there are, or who uses them.
pub fn look(query: &Query, stack: &Stack) -> Result<Listing, Failure> {
    let known = Known::read(stack, None).map_err(|error| {
        Failure::new(format!(
            "failed to read the records of earlier runs: {error}"
        ))
    })?;
    let home = of_region(query, stack, &stack.region)?;
    let others: BTreeSet<String> = home
        .iter()
        .flat_map(other_regions)
        .map(str::to_owned)
        .collect();
    let others: Vec<String> = others
        .into_iter()
        .filter(|region| *region != stack.region)
        .collect();
    let copies = side_by_side(others.iter(), |region| of_region(query, stack, region));
    let mut regions = vec![(stack.region.clone(), home)];
    for (region, amis) in others.iter().zip(copies) {
        regions.push((region.clone(), amis?));
    }

    let ids: usage::InRegions = regions
        .iter()
        .map(|(region, amis)| {
            let ids = amis.iter().map(|ami| ami.id.clone());
            (region.clone(), ids.collect())
        })
        .collect();
    let usage = usage::look(query, stack, &ids)?;
    let mut listing = Listing {
        amis: Vec::new(),
        unknown: usage.unknown.clone(),
    };
    for image in images(stack, &regions) {
        listing
            .amis
            .extend(of_image(stack, &known, &image, &regions, &usage));
    }
    Ok(listing)
}

/// Names of images: those of the stack file, then others that there are AMIs of.
fn images(stack: &Stack, regions: &[(String, Vec<Ami>)]) -> Vec<String> {
    let mut names: Vec<String> = stack
        .images
        .iter()
        .map(|image| image.name.clone())
        .collect();
    let tags: BTreeSet<&str> = regions
        .iter()
        .flat_map(|(_, amis)| amis)
        .filter_map(|ami| ami.tag(tag::IMAGE))
        .collect();
    for name in tags {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn of_image(
    stack: &Stack,
    known: &Known,
    image: &str,
    regions: &[(String, Vec<Ami>)],
    usage: &Usage,
) -> Vec<Listed> {
    let keep = stack.images.iter().find(|spec| spec.name == image);
    let keep = keep.map_or(usize::MAX, |spec| spec.keep);
    // Copies have the fate of their build, which is found by its run.
    let mut fates: BTreeMap<String, Option<Stays>> = BTreeMap::new();
    let mut listed = Vec::new();
    for (index, (region, amis)) in regions.iter().enumerate() {
        let of_it = amis.iter().filter(|ami| ami.tag(tag::IMAGE) == Some(image));
        let of_it: Vec<Ami> = of_it.cloned().collect();
        let stays = match index {
            0 => retire::stays(image, &of_it, keep, &known.living),
            _ => of_it
                .iter()
                .map(|ami| fates.get(ami.tag(tag::RUN)?).cloned().flatten())
                .collect(),
        };
        for (ami, stays) in of_it.into_iter().zip(stays) {
            if let (0, Some(run)) = (index, ami.tag(tag::RUN)) {
                fates.insert(run.to_owned(), stays.clone());
            }
            listed.push(Listed {
                image: image.to_owned(),
                region: region.clone(),
                users: usage.of(&ami.id),
                ami,
                stays,
            });
        }
    }
    listed
}

fn of_region(query: &Query, stack: &Stack, region: &str) -> Result<Vec<Ami>, Failure> {
    let query = query.in_region(region);
    let tags = [
        (tag::STACK, stack.name.as_str()),
        (tag::ENVIRONMENT, stack.environment.name.as_str()),
    ];
    query.read(&ami::own_images(&query.aws, &tags), ami::decode)
}
