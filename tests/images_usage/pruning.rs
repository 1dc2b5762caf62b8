//! What `up`, `image prune` and `destroy --images` remove, and what stays.

use serde_json::Value;

use crate::project::{Project, sorted};

fn step<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("no step {id} in {report}"))
}

#[test]
fn the_third_up_removes_the_first_image_with_its_snapshots() {
    let project = Project::new();
    let (first, report) = project.up("1", &[]);
    assert_eq!(step(&report, "prune")["result"], "skipped");
    let (second, _) = project.up("2", &[]);
    assert_eq!(project.amis(), sorted(vec![first.clone(), second.clone()]));
    let snapshots = project.snapshots_of("us-east-1", &first);
    assert_eq!(snapshots.len(), 1);

    let (third, report) = project.up("3", &[]);
    assert_eq!(project.amis(), sorted(vec![second.clone(), third.clone()]));
    assert!(!project.has_snapshot("us-east-1", &snapshots[0]));
    assert_eq!(step(&report, "prune")["result"], "succeeded");
    let removals = report["removals"].as_array().unwrap();
    let removed: Vec<(&str, &str)> = removals
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        removed,
        [
            (first.as_str(), "removed"),
            (snapshots[0].as_str(), "removed")
        ]
    );

    // Nothing is beyond what is kept, which the survey shows without another call.
    let (_, report) = project.up("3", &[]);
    assert_eq!(
        step(&report, "prune")["detail"],
        "nothing beyond what is kept"
    );
}
