//! What `up`, `image prune` and `destroy --images` remove, and what stays.

use serde_json::Value;

use crate::project::{Project, sorted};

fn step<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("no step {id} in {report}"))
}

/// What became of things, by their ids.
fn removals(report: &Value) -> Vec<(&str, &str)> {
    let removals = report["removals"].as_array().unwrap();
    removals
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["result"].as_str().unwrap()))
        .collect()
}

fn start_instance(project: &Project, ami: &str) -> String {
    let arguments = ["ec2", "run-instances", "--image-id", ami, "--count", "1"];
    let answer = project.aws(&arguments);
    let id = answer["Instances"][0]["InstanceId"].as_str();
    id.expect("an instance").to_owned()
}

#[test]
fn the_third_up_removes_the_first_image_with_its_snapshots() {
    let project = Project::new();
    let (first, report) = project.up("1", &[]);
    assert_eq!(step(&report, "prune")["result"], "skipped");
    let (second, _) = project.up("2", &[]);
    let snapshots = project.snapshots_of("us-east-1", &first);
    assert_eq!(snapshots.len(), 1);

    let (third, report) = project.up("3", &["--no-prune"]);
    assert_eq!(project.amis().len(), 3, "{report}");
    // Nothing was changed, but what is beyond was not looked at yet.
    let (_, report) = project.up("3", &[]);
    assert_eq!(project.amis(), sorted(vec![second, third]));
    assert!(!project.has_snapshot("us-east-1", &snapshots[0]));
    assert_eq!(step(&report, "prune")["result"], "succeeded");
    assert_eq!(
        removals(&report),
        [
            (first.as_str(), "removed"),
            (snapshots[0].as_str(), "removed")
        ]
    );

    // Nothing is beyond what is kept, which the survey shows without another call.
    project.wrap_aws("*describe-instances*) exit 99 ;;\n*groups*) exit 99 ;;");
    let (_, report) = project.up("3", &[]);
    assert_eq!(
        step(&report, "prune")["detail"],
        "nothing beyond what is kept"
    );
}

#[test]
fn what_is_in_use_stays_with_its_user_named() {
    let project = Project::new();
    let first = project.build("1");
    let second = project.build("2");
    let instance = start_instance(&project, &first);
    let state = format!(
        r#"{{"version":4,"resources":[{{"mode":"managed","type":"aws_instance","name":"pet","instances":[{{"attributes":{{"ami":"{second}"}}}}]}}]}}"#
    );
    project.write("elsewhere/staging.tfstate", &state);
    let (third, report) = project.up("3", &["--parallel", "2"]);
    assert_eq!(report["result"], "succeeded", "{report}");
    let detail = step(&report, "prune")["detail"].as_str().unwrap();
    let user = format!("{first} used by instance {instance} (running)");
    assert!(detail.contains(&user), "{detail}");
    assert_eq!(removals(&report), [(first.as_str(), "stays")]);

    // What is known to be in use is not asked about again as long as nothing changes.
    let (_, report) = project.up("3", &[]);
    let detail = step(&report, "prune")["detail"].as_str().unwrap();
    assert!(detail.contains("was in use"), "{detail}");

    let shown = project.run("3", &["image", "prune", "--keep", "0", "--dry-run"]);
    let shown = shown.expect(0).stderr;
    let by_state = "used by Terraform state of web/staging: aws_instance.pet";
    assert!(shown.contains(by_state), "{shown}");

    project.aws(&["ec2", "terminate-instances", "--instance-ids", &instance]);
    let declined = project.run("3", &["image", "prune"]).expect(6).stderr;
    assert!(declined.contains("--yes"), "{declined}");
    assert!(
        declined.contains(&first),
        "what would go is shown: {declined}"
    );
    assert_eq!(project.amis().len(), 3);
    let report = project.json("3", &["image", "prune", "--keep", "0", "--yes"]);
    assert_eq!(report["run"]["operation"], "image_prune");
    assert_eq!(project.amis(), sorted(vec![second.clone(), third]));

    // A destroy takes all but what others use.
    let ran = project.run("3", &["destroy", "--images", "--yes", "--json"]);
    let report: Value = serde_json::from_str(&ran.expect(11).stdout).unwrap();
    assert_eq!(report["result"], "degraded", "{report}");
    assert_eq!(project.amis(), [second.as_str()]);
    let detail = step(&report, "prune")["detail"].as_str().unwrap();
    assert!(detail.contains(by_state), "{detail}");
}

#[test]
fn copies_in_other_regions_go_as_well() {
    let project = Project::with_copies();
    project.build("1");
    let second = project.build("2");
    assert_eq!(project.amis_in("eu-west-1").len(), 2);
    let answer = project.aws(&["ec2", "describe-images", "--image-ids", &second]);
    let tags = answer["Images"][0]["Tags"].to_string();
    assert!(tags.contains("eu-west-1"), "{tags}");

    let report = project.json("2", &["image", "prune", "--keep", "0", "--yes"]);
    let removed = removals(&report);
    assert_eq!(
        removed.len(),
        4,
        "two AMIs and their snapshots: {removed:?}"
    );
    assert_eq!(project.amis(), [second.as_str()]);
    assert_eq!(project.amis_in("eu-west-1").len(), 1);
    for removal in report["removals"].as_array().unwrap() {
        let (region, id) = (&removal["region"], &removal["id"]);
        let (region, id) = (region.as_str().unwrap(), id.as_str().unwrap());
        if removal["kind"] == "snapshot" {
            assert!(!project.has_snapshot(region, id), "{region} {id}");
        }
    }
}

#[test]
fn a_snapshot_that_another_image_uses_stays() {
    let project = Project::new();
    let first = project.build("1");
    project.build("2");
    let shared = project.snapshots_of("us-east-1", &first).remove(0);
    // The emulator gives a registered image a snapshot of its own: what AWS would say is put in its place.
    let mapping = format!("DeviceName=/dev/sda1,Ebs={{SnapshotId={shared}}}");
    let arguments = [
        "ec2",
        "register-image",
        "--name",
        "foreign",
        "--root-device-name",
        "/dev/sda1",
        "--block-device-mappings",
        &mapping,
    ];
    let answer = project.aws(&arguments);
    let foreign = answer["ImageId"].as_str().unwrap();
    let own = project.snapshots_of("us-east-1", foreign).remove(0);
    project.wrap_aws(&format!(
        "*describe-images*) \"$real\" \"$@\" | sed 's/{own}/{shared}/'; exit ;;"
    ));

    let report = project.json("2", &["image", "prune", "--keep", "0", "--yes"]);
    assert_eq!(removals(&report), [(first.as_str(), "removed")]);
    assert!(project.has_snapshot("us-east-1", &shared));
}

#[test]
fn a_killed_prune_is_finished_by_the_next() {
    let project = Project::new();
    let first = project.build("1");
    let second = project.build("2");
    let snapshot = project.snapshots_of("us-east-1", &first).remove(0);
    project.wrap_aws("*delete-snapshot*) kill -9 $PPID; exit 1 ;;");
    let killed = project.run("2", &["image", "prune", "--keep", "0", "--yes"]);
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!(project.amis(), [second.as_str()]);
    assert!(project.has_snapshot("us-east-1", &snapshot));

    // Without its tags only the journal knows it.
    let tags = ["ec2", "delete-tags", "--resources", &snapshot];
    project.aws(&tags);
    project.wrap_aws("");
    let (_, report) = project.up("2", &[]);
    assert_eq!(removals(&report), [(snapshot.as_str(), "removed")]);
    assert!(!project.has_snapshot("us-east-1", &snapshot));
    let (_, report) = project.up("2", &[]);
    assert_eq!(step(&report, "prune")["result"], "skipped");
}

#[test]
fn what_is_protected_or_gone_fails_nothing() {
    let project = Project::new();
    let first = project.build("1");
    let second = project.build("2");
    project.build("3");
    let refuse = |code: &str| {
        format!(
            "echo 'An error occurred ({code}) when calling the DeregisterImage operation: x' >&2; exit 254 ;;"
        )
    };
    project.wrap_aws(&format!(
        "*deregister-image*{first}*) {}\n*deregister-image*{second}*) {}",
        refuse("OperationNotPermitted"),
        refuse("InvalidAMIID.Unavailable")
    ));
    let report = project.json("3", &["image", "prune", "--keep", "0", "--yes"]);
    assert_eq!(report["result"], "succeeded", "{report}");
    let removals = removals(&report);
    assert!(
        removals.contains(&(first.as_str(), "stays")),
        "{removals:?}"
    );
    assert!(
        removals.contains(&(second.as_str(), "gone")),
        "{removals:?}"
    );
    let detail = step(&report, "prune")["detail"].as_str().unwrap();
    assert!(detail.contains("protected"), "{detail}");
}
