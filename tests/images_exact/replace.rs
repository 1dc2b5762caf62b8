//! `amiable image replace`.

use super::project::{NAME, Project, outcome, outcome_of, tag, text};

#[test]
fn one_image_is_built_anew_and_deployed_and_the_others_stay() {
    let project = Project::exact();
    let stack = std::fs::read_to_string(project.path("stack.hcl")).unwrap();
    let other = stack[stack.find("image").unwrap()..]
        .replace("\"web\"", "\"database\"")
        .replace("packer/", "packer/database/")
        .replace("naming = \"exact\"", "");
    project.write("stack.hcl", &format!("{stack}{other}"));
    let template = std::fs::read_to_string(project.path("packer/web.pkr.hcl")).unwrap();
    project.write("packer/database/web.pkr.hcl", &template);
    let first = project.up();
    let db = outcome_of("database", &first);

    // The other one has changed as well, and is not what was asked for.
    let changed = std::fs::read_to_string(project.path("stack.hcl")).unwrap();
    let at = changed.rfind("\"one\"").unwrap();
    project.write(
        "stack.hcl",
        &format!("{}\"two\"{}", &changed[..at], &changed[at + 5..]),
    );

    let replaced = project.amiable(&[
        "image",
        "replace",
        "web",
        "--yes",
        "--json",
        "--no-provision",
    ]);
    let report = replaced.report(0);
    assert_eq!(report["run"]["operation"], "image_replace");
    assert_ne!(outcome(&report), outcome(&first));
    assert_eq!(outcome_of("database", &report), db);
    let holder = project.called(NAME);
    assert_eq!(text(&holder["ImageId"]), outcome(&report));
    assert_eq!(
        tag(&holder, "amiable:run").unwrap(),
        text(&report["run"]["id"])
    );
    assert_eq!(project.deployed(), outcome(&report), "it is deployed");

    let unknown = project.amiable(&["image", "replace", "all"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
}

#[test]
fn without_a_terraform_root_the_name_is_settled() {
    let project = Project::exact();
    let stack = std::fs::read_to_string(project.path("stack.hcl")).unwrap();
    project.write("stack.hcl", &stack.replace("terraform = \"terraform\"", ""));
    for _ in 0..2 {
        let replaced = project.amiable(&["image", "replace", "web", "--json", "--no-provision"]);
        let report = replaced.report(0);
        assert_eq!(text(&project.called(NAME)["ImageId"]), outcome(&report));
    }
    assert_eq!(project.amis().len(), 3, "two builds and the holder");
}
