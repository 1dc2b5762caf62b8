//! AWS says no, or the driver dies, in the middle of passing the name on.

use super::project::{NAME, Project, outcome, tag, text};

#[test]
fn when_the_copy_fails_the_old_content_gets_its_name_back() {
    let project = Project::exact();
    let first = outcome(&project.up());
    let first_build = tag(&project.called(NAME), "amiable:copy-of").unwrap();

    // Only the content that has the name already can be copied.
    project.before_aws(&format!(
        "case \"$*\" in *copy-image*'--source-image-id {first_build}'*) ;;\n\
         *copy-image*) echo 'An error occurred (InternalError) when calling the CopyImage operation: no' >&2; exit 254 ;;\nesac"
    ));
    project.configure("naming = \"exact\"", "two");
    let failed = project.amiable(&["up", "--yes", "--no-provision"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(failed.stderr.contains("InternalError"), "{}", failed.stderr);
    assert!(
        failed
            .stderr
            .contains("the content before is back under web"),
        "{}",
        failed.stderr
    );
    let holder = project.called(NAME);
    assert_eq!(tag(&holder, "amiable:copy-of"), Some(first_build));
    assert_eq!(tag(&holder, "Motd").as_deref(), Some("one."));
    assert_ne!(text(&holder["ImageId"]), first);

    // The build is still there: nothing is built twice.
    project.aws_is_well();
    let report = project.up();
    assert_eq!(tag(&project.called(NAME), "Motd").as_deref(), Some("two."));
    assert_eq!(project.amis().len(), 3);
    assert_eq!(project.deployed(), outcome(&report));
}

/// Kills the driver once, at a call that matches `pattern`, before or after the call is made.
fn kill_at(project: &Project, pattern: &str, after: bool) {
    let call = if after {
        "\"$REAL\" \"$@\" >/dev/null; "
    } else {
        ""
    };
    project.before_aws(&format!(
        "case \"$*\" in *{pattern}*)\n  if mkdir \"$KEEP/killed\" 2>/dev/null; then {call}kill -KILL $PPID; exit 1; fi ;;\nesac"
    ));
}

#[test]
fn a_run_that_dies_between_two_calls_is_continued_by_the_next() {
    // The calls of a change from one content to the next, in their order.
    let moments = [
        ("ec2*deregister-image", false),
        ("ec2*deregister-image", true),
        ("ec2*copy-image", false),
        ("ec2*copy-image", true),
        ("ec2*delete-snapshot", false),
    ];
    let project = Project::exact();
    project.up();
    for (number, (pattern, after)) in moments.into_iter().enumerate() {
        kill_at(&project, pattern, after);
        let motd = format!("content {number}");
        project.configure("naming = \"exact\"", &motd);
        let killed = project.amiable(&["up", "--yes", "--no-provision"]);
        assert_eq!(killed.code, None, "killed at {pattern}: {}", killed.stderr);
        assert!(!project.amis().is_empty());
        project.aws_is_well();
        std::fs::remove_dir(project.path("killed")).unwrap();

        let report = project.up();
        let holder = project.called(NAME);
        assert_eq!(
            text(&holder["ImageId"]),
            outcome(&report),
            "killed at {pattern}"
        );
        assert_eq!(
            tag(&holder, "Motd"),
            Some(format!("{motd}.")),
            "killed at {pattern}"
        );
        assert_eq!(project.deployed(), outcome(&report));
        let build = tag(&holder, "amiable:copy-of").expect("a copy");
        let builds: Vec<_> = project
            .amis()
            .into_iter()
            .filter(|ami| tag(ami, "Motd") == Some(format!("{motd}.")))
            .map(|ami| text(&ami["ImageId"]))
            .filter(|id| *id != text(&holder["ImageId"]))
            .collect();
        // The emulator copies without tags: a copy that nobody came to tag is kept like one made by hand.
        assert!(builds.contains(&build), "killed at {pattern}: {builds:?}");
    }
    let left = project.unused_snapshots();
    assert!(left.is_empty(), "snapshots without an AMI: {left:?}");
}

#[test]
fn a_reply_that_is_lost_makes_no_second_copy() {
    let project = Project::exact();
    project.before_aws(
        "case \"$*\" in *copy-image*)\n  if mkdir \"$KEEP/lost\" 2>/dev/null; then \"$REAL\" \"$@\" >/dev/null; echo 'Could not connect to the endpoint URL' >&2; exit 255; fi ;;\nesac",
    );
    let deployed = outcome(&project.up());
    assert!(project.path("lost").exists());
    assert_eq!(text(&project.called(NAME)["ImageId"]), deployed);
}
