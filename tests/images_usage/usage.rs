//! Who uses an AMI, by launch templates and auto scaling groups.

use serde_json::Value;

use crate::project::Project;

fn users(listing: &Value, ami: &str) -> Vec<String> {
    let listed = listing.as_array().unwrap();
    let found = listed.iter().find(|one| one["ami"] == ami);
    let users = found.expect("the AMI is listed")["used_by"].as_array();
    let users = users.unwrap().iter();
    users
        .map(|user| user.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn templates_groups_and_configurations_are_users() {
    let project = Project::new();
    let [first, second, third, fourth] = ["1", "2", "3", "4"].map(|content| project.build(content));
    let data = |ami: &str| format!(r#"{{"ImageId":"{ami}","InstanceType":"t3.micro"}}"#);
    let data = [&first, &second, &third].map(|ami| data(ami));
    project.aws(&[
        "ec2",
        "create-launch-template",
        "--launch-template-name",
        "shop",
        "--launch-template-data",
        &data[0],
    ]);
    for data in &data[1..] {
        project.aws(&[
            "ec2",
            "create-launch-template-version",
            "--launch-template-name",
            "shop",
            "--launch-template-data",
            data,
        ]);
    }
    project.aws(&[
        "ec2",
        "create-launch-template",
        "--launch-template-name",
        "golden",
        "--launch-template-data",
        r#"{"ImageId":"resolve:ssm:/golden"}"#,
    ]);
    project.aws(&[
        "autoscaling",
        "create-launch-configuration",
        "--launch-configuration-name",
        "old",
        "--image-id",
        &fourth,
        "--instance-type",
        "t3.micro",
    ]);
    let group = |name: &str, rest: &[&str]| {
        let common = [
            "autoscaling",
            "create-auto-scaling-group",
            "--auto-scaling-group-name",
            name,
            "--min-size",
            "0",
            "--max-size",
            "0",
            "--availability-zones",
            "us-east-1a",
        ];
        project.aws(&[&common, rest].concat());
    };
    group(
        "green",
        &["--launch-template", "LaunchTemplateName=shop,Version=2"],
    );
    group("legacy", &["--launch-configuration-name", "old"]);

    let listing = project.json("1", &["image", "list"]);
    assert_eq!(
        users(&listing, &first),
        ["launch template shop (version 1, $Default)"]
    );
    assert_eq!(
        users(&listing, &second),
        [
            "launch template shop (version 2)",
            "auto scaling group green"
        ]
    );
    assert_eq!(
        users(&listing, &third),
        ["launch template shop (version 3, $Latest)"]
    );
    assert_eq!(users(&listing, &fourth), ["auto scaling group legacy"]);

    let table = project.run("1", &["image", "list"]).expect(0).stdout;
    assert!(
        table.contains("not looked at: launch template golden"),
        "{table}"
    );
    assert!(table.contains("auto scaling group green"), "{table}");
    let widest = table
        .lines()
        .filter(|line| !line.starts_with("not looked at"));
    for line in widest {
        assert!(line.chars().count() <= 80, "{line}");
    }

    // All of them stay, whatever is kept.
    let pruned = project
        .run("1", &["image", "prune", "--keep", "0", "--yes"])
        .expect(0);
    assert!(
        pruned.stderr.contains("nothing to remove"),
        "{}",
        pruned.stderr
    );
    assert_eq!(project.amis().len(), 4);
}

#[test]
fn an_image_list_needs_no_sandbox() {
    let project = Project::new();
    let listed = project.run("1", &["image", "list"]).expect(0);
    assert_eq!(
        listed.stdout,
        "the sandbox is not running, so there are no images\n"
    );
    assert_eq!(project.json("1", &["image", "list"]), serde_json::json!([]));
    assert!(
        !project.path(".amiable/runs").exists(),
        "a question leaves no run"
    );
}
