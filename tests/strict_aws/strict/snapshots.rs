//! The snapshots of AMIs that were registered from snapshots: moto forgets which these were and makes one of
//! its own.

use std::{collections::BTreeMap, io};

use super::{
    super::{
        call::Call,
        http::{Request, Response},
        moto::{Image, Moto},
        xml,
    },
    Strict,
};

/// The snapshot of the first device of each AMI that RegisterImage made.
#[derive(Debug, Default)]
pub struct Registered {
    snapshots: BTreeMap<String, String>,
}

impl Registered {
    pub fn add(&mut self, image: &str, snapshot: &str) {
        self.snapshots.insert(image.to_owned(), snapshot.to_owned());
    }

    /// An answer to DescribeImages with the snapshots that the AMIs were registered from.
    pub fn show(&self, answer: &str) -> String {
        let mut shown = answer.to_owned();
        for range in xml::items(answer, "imagesSet").into_iter().rev() {
            let item = &answer[range.clone()];
            let Some(image) = Image::read(item) else {
                continue;
            };
            if let (Some(right), [motos, ..]) =
                (self.snapshots.get(&image.id), image.snapshots.as_slice())
            {
                shown.replace_range(range, &item.replacen(motos.as_str(), right, 1));
            }
        }
        shown
    }

    fn made_from(&self, snapshot: &str) -> Vec<String> {
        let made = self.snapshots.iter().filter(|(_, of)| *of == snapshot);
        made.map(|(image, _)| image.clone()).collect()
    }
}

/// The snapshots that RegisterImage names.
pub fn named(call: &Call) -> Vec<&str> {
    (1..)
        .map(|index| format!("BlockDeviceMapping.{index}."))
        .take_while(|prefix| {
            call.parameters
                .keys()
                .any(|name| name.starts_with(prefix.as_str()))
        })
        .filter_map(|prefix| call.parameter(&format!("{prefix}Ebs.SnapshotId")))
        .collect()
}

/// DeleteSnapshot: `InvalidSnapshot.InUse` while a registered AMI uses it.
pub fn delete(strict: &Strict, request: &Request, call: &Call, moto: Moto) -> io::Result<Response> {
    let snapshot = call.parameter("SnapshotId").unwrap_or_default();
    let made = strict.state().registered.made_from(snapshot);
    for image in made {
        if moto.image(&call.region, &image)?.is_some() {
            let message = format!("The snapshot {snapshot} is currently in use by {image}");
            return Ok(call.error(400, "InvalidSnapshot.InUse", &message));
        }
    }
    moto.forward(request)
}
