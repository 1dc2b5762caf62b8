//! Which snapshots go with the AMIs that are removed. Pure.

use std::collections::BTreeSet;

use crate::tools::aws::images::Ami;

/// The snapshots of `removed` that no AMI of `kept` uses.
pub fn snapshots_to_delete(removed: &[Ami], kept: &[Ami]) -> BTreeSet<String> {
    let used: BTreeSet<&String> = kept.iter().flat_map(|ami| &ami.snapshots).collect();
    removed
        .iter()
        .flat_map(|ami| &ami.snapshots)
        .filter(|snapshot| !used.contains(snapshot))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ami(id: &str, snapshots: &[&str]) -> Ami {
        Ami {
            id: id.into(),
            name: id.into(),
            state: "available".into(),
            snapshots: snapshots.iter().map(|&snapshot| snapshot.into()).collect(),
            ..Ami::default()
        }
    }

    #[test]
    fn a_snapshot_that_another_image_uses_stays() {
        let removed = [ami("ami-1", &["snap-a", "snap-shared"])];
        let kept = [ami("ami-2", &["snap-shared"])];
        let delete = snapshots_to_delete(&removed, &kept);
        assert_eq!(delete, BTreeSet::from(["snap-a".to_owned()]));
    }
}
