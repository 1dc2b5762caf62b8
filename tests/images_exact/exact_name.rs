//! The exact name passes from content to content.

use super::project::{NAME, Project, outcome, tag, text};

#[test]
fn the_name_follows_the_newest_content_and_the_one_before_stays() {
    let project = Project::exact();

    let first = outcome(&project.up());
    let holder = project.called(NAME);
    assert_eq!(text(&holder["ImageId"]), first);
    assert_eq!(project.deployed(), first);
    let first_build = tag(&holder, "amiable:copy-of").expect("a copy");
    assert_ne!(first_build, first);

    // Nothing has changed: AWS is asked once and told nothing.
    project.before_aws("echo \"$*\" >>\"$KEEP/calls\"");
    assert_eq!(outcome(&project.up()), first);
    let calls = std::fs::read_to_string(project.path("calls")).unwrap();
    let calls: Vec<&str> = calls
        .lines()
        .filter(|line| line.starts_with("ec2 "))
        .collect();
    assert_eq!(calls.len(), 1, "{calls:#?}");
    project.aws_is_well();

    project.configure("naming = \"exact\"", "two");
    let second = outcome(&project.up());
    let holder = project.called(NAME);
    assert_eq!(text(&holder["ImageId"]), second);
    assert_ne!(second, first);
    assert_eq!(
        project.deployed(),
        second,
        "the launch template has the new id"
    );
    assert_eq!(
        tag(&holder, "Motd").as_deref(),
        Some("two."),
        "the template's own tags are there"
    );
    let ids: Vec<String> = project
        .amis()
        .iter()
        .map(|ami| text(&ami["ImageId"]))
        .collect();
    assert!(
        ids.contains(&first_build),
        "the content before stays: {ids:?}"
    );
    assert!(!ids.contains(&first), "its holder is gone: {ids:?}");
    assert_eq!(ids.len(), 3, "{ids:?}");

    assert!(project.unused_snapshots().is_empty());

    // Back to the content before: its build is reused, and the name goes to it again.
    project.configure("naming = \"exact\"", "one");
    let plan = project.amiable(&["plan", "--no-provision"]);
    assert!(
        plan.stderr.contains("gives it the name web"),
        "{}",
        plan.stderr
    );
    assert_eq!(
        text(&project.called(NAME)["ImageId"]),
        second,
        "plan changes nothing"
    );
    let report = project.up();
    let third = outcome(&report);
    assert_eq!(
        tag(&project.called(NAME), "amiable:copy-of"),
        Some(first_build)
    );
    assert_eq!(project.deployed(), third);

    let terraform_only = project.amiable(&["up", "--only", "terraform", "--yes", "--json"]);
    assert_eq!(outcome(&terraform_only.report(0)), third);
}

#[test]
fn an_ami_made_by_hand_is_kept_before_its_name_is_taken() {
    let project = Project::exact();
    let foreign = project.foreign_ami(NAME);
    project.aws(&[
        "ec2",
        "modify-image-attribute",
        "--image-id",
        &foreign,
        "--launch-permission",
        r#"{"Add":[{"UserId":"111122223333"}]}"#,
    ]);
    let deployed = outcome(&project.up());
    assert_eq!(text(&project.called(NAME)["ImageId"]), deployed);
    let kept = project.called(&format!("{NAME}-before-{foreign}"));
    assert_eq!(tag(&kept, "amiable:image").as_deref(), Some("web"));
    assert_eq!(
        tag(&kept, "amiable:copy-of"),
        None,
        "it is a build like others"
    );
    let permissions = project.aws(&[
        "ec2",
        "describe-image-attribute",
        "--attribute",
        "launchPermission",
        "--image-id",
        &text(&kept["ImageId"]),
    ]);
    assert_eq!(
        permissions["LaunchPermissions"][0]["UserId"],
        "111122223333"
    );
    assert!(
        !project
            .amis()
            .iter()
            .any(|ami| ami["ImageId"] == foreign.as_str())
    );
}

#[test]
fn an_image_that_others_use_is_not_taken_away() {
    let project = Project::exact();
    let first = outcome(&project.up());
    let data = format!(r#"{{"ImageId":"{first}"}}"#);
    project.aws(&[
        "ec2",
        "create-launch-template",
        "--launch-template-name",
        "of-others",
        "--launch-template-data",
        &data,
    ]);
    project.configure("naming = \"exact\"", "two");
    let refused = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("launch template of-others"),
        "{}",
        refused.stderr
    );
    assert!(
        !refused.stderr.contains("launch template web-"),
        "its own is not in the way: {}",
        refused.stderr
    );
    assert_eq!(
        text(&project.called(NAME)["ImageId"]),
        first,
        "nothing was changed"
    );
    assert_eq!(project.deployed(), first);

    let allowed = project.amiable(&[
        "up",
        "--yes",
        "--json",
        "--no-provision",
        "--allow-in-use",
        &first,
    ]);
    let second = outcome(&allowed.report(0));
    assert_eq!(text(&project.called(NAME)["ImageId"]), second);
}

#[test]
fn the_name_of_another_environment_is_left_alone() {
    let project = Project::exact();
    let foreign = project.foreign_ami(NAME);
    let tags = [
        "Key=amiable:stack,Value=web",
        "Key=amiable:environment,Value=prod",
        "Key=amiable:image,Value=web",
    ];
    project.aws(
        &[
            &["ec2", "create-tags", "--resources", &foreign, "--tags"],
            &tags[..],
        ]
        .concat(),
    );
    let refused = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("image web of stack web in prod"),
        "{}",
        refused.stderr
    );
    assert_eq!(text(&project.called(NAME)["ImageId"]), foreign);
}

#[test]
fn a_template_that_copies_to_other_regions_is_refused() {
    let project = Project::exact();
    let template = std::fs::read_to_string(project.path("packer/web.pkr.hcl")).unwrap();
    let template = template.replace(
        "communicator  = \"none\"",
        "communicator  = \"none\"\n  ami_regions = [\"us-east-1\", \"eu-west-1\"]",
    );
    project.write("packer/web.pkr.hcl", &template);
    let refused = project.amiable(&["image", "build", "--no-provision"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("ami_regions"), "{}", refused.stderr);
}
