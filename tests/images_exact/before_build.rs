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

    let template = std::fs::read_to_string(project.path("packer/web.pkr.hcl")).unwrap();
    project.write(
        "packer/web.pkr.hcl",
        &template.replace("\"t3.micro\"", "\"no such type\""),
    );
    let failed = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(
        failed
            .stderr
            .contains("until that is done there is no image"),
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
