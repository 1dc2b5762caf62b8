//! `replace = "before-build"`.

use super::project::{NAME, Project, outcome, text};

const EXACT: &str = "naming = \"exact\"\n  replace = \"before-build\"";

#[test]
fn the_image_before_goes_first_and_a_failed_build_says_so() {
    let project = Project::with(EXACT);
    project.up();
    let again = project.up();
    assert_eq!(
        project.amis().len(),
        2,
        "without a build nothing goes: {again}"
    );

    project.configure(EXACT, "two");
    let plan = project.amiable(&["plan", "--no-provision"]);
    assert!(plan.stderr.contains("is deregistered"), "{}", plan.stderr);
    let second = outcome(&project.up());
    assert_eq!(project.amis().len(), 2, "the one before is gone");
    assert_eq!(text(&project.called(NAME)["ImageId"]), second);
    assert_eq!(project.deployed(), second);

    project.configure(EXACT, "three");
    project.instead_of_packer_build("echo 'no instance can be had' >&2\nexit 1");
    let failed = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("until it is done there is no image"),
        "{}",
        failed.stderr
    );
    assert!(
        failed.stderr.contains("no image web is left"),
        "{}",
        failed.stderr
    );
    assert!(project.amis().is_empty());
}

#[test]
fn an_image_that_others_use_stays() {
    let project = Project::with(EXACT);
    let first = outcome(&project.up());
    project.aws(&["ec2", "run-instances", "--image-id", &first]);
    project.configure(EXACT, "two");
    let refused = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(refused.stderr.contains("instance i-"), "{}", refused.stderr);
    assert_eq!(project.amis().len(), 2);
}
