//! [`events::Removal`] to and from [`model::Removal`].

use super::{ReadError, model, read};
use crate::events;

pub fn write(removal: &events::Removal) -> model::Removal {
    let events::Removal { thing, result } = removal;
    let (result, because) = match result {
        events::RemovalResult::Proposed => (model::RemovalResult::Proposed, None),
        events::RemovalResult::Removed => (model::RemovalResult::Removed, None),
        events::RemovalResult::Gone => (model::RemovalResult::Gone, None),
        events::RemovalResult::Stays { because } => (model::RemovalResult::Stays, Some(because)),
        events::RemovalResult::Failed { because } => (model::RemovalResult::Failed, Some(because)),
    };
    model::Removal {
        kind: match thing.kind {
            events::ThingKind::Ami => model::ThingKind::Ami,
            events::ThingKind::Snapshot => model::ThingKind::Snapshot,
            events::ThingKind::Instance => model::ThingKind::Instance,
            events::ThingKind::Volume => model::ThingKind::Volume,
            events::ThingKind::SecurityGroup => model::ThingKind::SecurityGroup,
            events::ThingKind::KeyPair => model::ThingKind::KeyPair,
            events::ThingKind::Container => model::ThingKind::Container,
        },
        id: thing.id.clone(),
        name: thing.name.clone(),
        region: thing.region.clone(),
        run: thing.run.as_ref().map(ToString::to_string),
        result,
        because: because.cloned(),
    }
}

pub fn read(removal: model::Removal) -> Result<events::Removal, ReadError> {
    let because = removal.because.unwrap_or_default();
    Ok(events::Removal {
        thing: events::Thing {
            kind: match removal.kind {
                model::ThingKind::Ami => events::ThingKind::Ami,
                model::ThingKind::Snapshot => events::ThingKind::Snapshot,
                model::ThingKind::Instance => events::ThingKind::Instance,
                model::ThingKind::Volume => events::ThingKind::Volume,
                model::ThingKind::SecurityGroup => events::ThingKind::SecurityGroup,
                model::ThingKind::KeyPair => events::ThingKind::KeyPair,
                model::ThingKind::Container => events::ThingKind::Container,
            },
            id: removal.id,
            name: removal.name,
            region: removal.region,
            run: removal.run.as_deref().map(read::run_id).transpose()?,
        },
        result: match removal.result {
            model::RemovalResult::Proposed => events::RemovalResult::Proposed,
            model::RemovalResult::Removed => events::RemovalResult::Removed,
            model::RemovalResult::Gone => events::RemovalResult::Gone,
            model::RemovalResult::Stays => events::RemovalResult::Stays { because },
            model::RemovalResult::Failed => events::RemovalResult::Failed { because },
        },
    })
}
