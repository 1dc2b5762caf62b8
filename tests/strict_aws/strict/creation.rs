//! CreateImage, CopyImage and RegisterImage.
//!
//! moto takes a name twice; ignores the tags of CopyImage and RegisterImage, and CopyImageTags; fails at tags
//! for snapshots; and ignores which snapshots RegisterImage names. The tags are set by calls of the proxy's own.

use std::{collections::BTreeMap, io};

use super::{
    super::{
        call::Call,
        http::{Request, Response},
        moto::{self, Moto},
        xml,
    },
    Strict, not_found, snapshots,
};

type Tags = BTreeMap<String, String>;

pub fn create(strict: &Strict, request: &Request, call: &Call, moto: Moto) -> io::Result<Response> {
    let name = call.parameter("Name").unwrap_or_default();
    let own = moto.own_images(&call.region)?;
    if let Some(holder) = own.iter().find(|image| image.name == name) {
        let message = format!("AMI name {name} is already in use by AMI {}", holder.id);
        return Ok(call.error(400, "InvalidAMIName.Duplicate", &message));
    }
    let mut image_tags = Tags::new();
    if call.is_ec2("CopyImage") {
        let region = call.parameter("SourceRegion").unwrap_or(&call.region);
        let id = call.parameter("SourceImageId").unwrap_or_default();
        let Some(source) = moto.image(region, id)? else {
            return Ok(not_found(call, id));
        };
        if call.parameter("CopyImageTags") == Some("true") {
            // AWS's own tags are not copied (API reference, CopyImage).
            image_tags.extend(
                source
                    .tags
                    .into_iter()
                    .filter(|(key, _)| !key.starts_with("aws:")),
            );
        }
    }
    let from = match call.is_ec2("RegisterImage") {
        true => snapshots::named(call),
        false => Vec::new(),
    };
    for snapshot in &from {
        let known = moto.ec2(
            &call.region,
            "DescribeSnapshots",
            &[("SnapshotId.1", snapshot)],
        )?;
        if !known.is_success() {
            return Ok(known);
        }
    }

    let response = moto.forward(&without_tags(request, call))?;
    let Some(id) = xml::text(&response.text(), "imageId").filter(|_| response.is_success()) else {
        return Ok(response);
    };
    if let Some(first) = from.first() {
        strict.state().registered.add(&id, first);
    }
    image_tags.extend(specified(call, "image"));
    set_tags(moto, call, &[&id], &image_tags)?;
    if call.is_ec2("RegisterImage") {
        // moto's own snapshot of it is not there for AWS.
    } else if let Some(image) = moto.image(&call.region, &id)? {
        let made: Vec<&str> = image.snapshots.iter().map(String::as_str).collect();
        set_tags(moto, call, &made, &specified(call, "snapshot"))?;
    }
    let mut state = strict.state();
    let settings = state.settings;
    state.visibility.created(&id, settings);
    Ok(response)
}

/// The tags that the call specifies for resources of type `resource`.
fn specified(call: &Call, resource: &str) -> Tags {
    (1..)
        .map(|index| format!("TagSpecification.{index}."))
        .map_while(|prefix| Some((call.parameter(&format!("{prefix}ResourceType"))?, prefix)))
        .filter(|(of, _)| *of == resource)
        .flat_map(|(_, prefix)| {
            (1..).map_while(move |index| {
                let key = call.parameter(&format!("{prefix}Tag.{index}.Key"))?;
                let value = call
                    .parameter(&format!("{prefix}Tag.{index}.Value"))
                    .unwrap_or_default();
                Some((key.to_owned(), value.to_owned()))
            })
        })
        .collect()
}

fn without_tags(request: &Request, call: &Call) -> Request {
    let action = [("Action", call.action.as_str())];
    let kept = call
        .parameters
        .iter()
        .filter(|(name, _)| !name.starts_with("TagSpecification."));
    let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    Request {
        body: moto::encode(action.into_iter().chain(kept)),
        ..request.clone()
    }
}

fn set_tags(moto: Moto, call: &Call, resources: &[&str], tags: &Tags) -> io::Result<()> {
    if tags.is_empty() || resources.is_empty() {
        return Ok(());
    }
    let mut fields: Vec<(String, &str)> = Vec::new();
    for (index, id) in (1..).zip(resources) {
        fields.push((format!("ResourceId.{index}"), id));
    }
    for (index, (key, value)) in (1..).zip(tags) {
        fields.push((format!("Tag.{index}.Key"), key));
        fields.push((format!("Tag.{index}.Value"), value));
    }
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    moto.ask(&call.region, "CreateTags", &fields).map(drop)
}
