//! The life of one image: deployed, replaced, rolled back, kept, brought back, fixed.

use crate::project::{Project, run_of, step};

#[test]
fn a_rollback_holds_until_it_is_undone_or_a_fix_is_there() {
    let project = Project::new(&["web"]);
    let first = project.up(&[]);
    let ami_1 = project.deployed("web");
    assert_eq!(step(&first, "deployed")["detail"], ami_1.as_str());

    let again = project.up(&[]);
    assert_eq!(step(&again, "deployed")["result"], "skipped", "{again:#}");

    let calls = project.path("calls");
    let note = format!("echo \"$*\" >>'{}'", calls.display());
    let up = ["up", "--yes", "--no-provision"];
    project.run_with_aws(&up, "ec2", &note).expect(0);
    let calls = std::fs::read_to_string(calls).unwrap();
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(calls.contains("describe-images"), "{calls}");

    project
        .run(&["image", "rollback", "--yes"])
        .expect(7)
        .says(&["nothing to roll back to", &run_of(&first), &ami_1]);

    project.write("web.version", "2");
    let second = project.up(&[]);
    let ami_2 = project.deployed("web");
    assert_ne!(ami_1, ami_2);

    // Said before it is done.
    let dry = project.report(&["image", "rollback", "--dry-run"]);
    assert_eq!(dry["changes"]["planned"]["change"], 1, "{dry:#}");
    assert_eq!(project.deployed("web"), ami_2);

    // A template that has become unreadable is no obstacle.
    let template = std::fs::read_to_string(project.path("packer/web/web.pkr.hcl")).unwrap();
    project.write("packer/web/web.pkr.hcl", "source {");
    let back = project.report(&["image", "rollback"]);
    project.write("packer/web/web.pkr.hcl", &template);
    assert_eq!(project.deployed("web"), ami_1);
    assert_eq!(back["run"]["operation"], "image_rollback");
    assert_eq!(back["images"][0]["decision"]["from"], ami_2.as_str());
    assert_eq!(back["images"][0]["outcome"]["origin"], "rolled_back");

    let history = project.history();
    let runs: Vec<_> = (0..3)
        .map(|n| history[n]["run"].as_str().unwrap())
        .collect();
    assert_eq!(runs, [run_of(&back), run_of(&second), run_of(&first)]);
    assert_eq!(history[0]["images"][0]["ami"], ami_1.as_str());
    assert_eq!(
        history[1]["images"][0]["rolled_back_by"],
        run_of(&back).as_str()
    );
    let shown = project.run(&["image", "history"]).expect(0).stdout;
    assert!(shown.contains("current"), "{shown}");
    assert!(shown.contains(&format!("rolled back by {}", run_of(&back))));

    // Everything is as it was, and `up` leaves it so and says why.
    let kept = project.up(&[]);
    assert_eq!(project.deployed("web"), ami_1);
    assert_eq!(kept["images"][0]["decision"]["action"], "keep");
    assert_eq!(step(&kept, "deployed")["result"], "skipped");
    let why = format!("{ami_1} kept: {} rolled back from {ami_2}", run_of(&back));
    for command in [&["plan"][..], &["up", "--yes"], &["image", "build"]] {
        let command = [command, &["--no-provision"]].concat();
        project
            .run(&command)
            .expect(0)
            .says(&[&why, "--undo-rollback"]);
    }
    let terraform_only = project.up(&["--only", "terraform"]);
    assert_eq!(
        terraform_only["images"][0]["outcome"]["ami"],
        ami_1.as_str()
    );

    // Back to the newest, and the tag is gone with it.
    let undone = project.up(&["--undo-rollback"]);
    assert_eq!(project.deployed("web"), ami_2, "{undone:#}");
    assert_eq!(project.history()[0]["images"][0]["rolled_back"], false);
    assert_eq!(project.up(&[])["images"][0]["decision"]["action"], "reuse");

    // Rolled back once more, and ended by a fix.
    let back = project.report(&["image", "rollback", &ami_1]);
    project.write("web.version", "3");
    let ends = format!("ends the rollback of {}", run_of(&back));
    project
        .run(&["plan", "--no-provision"])
        .expect(0)
        .says(&[&ends]);
    let fixed = project.up(&[]);
    assert_eq!(fixed["images"][0]["outcome"]["origin"], "built");
    assert!(fixed["warnings"].to_string().contains(&ends), "{fixed:#}");
    let ami_3 = project.deployed("web");
    assert!(ami_3 != ami_1 && ami_3 != ami_2);

    // To a run, by the beginning of its id.
    let (beginning, _) = run_of(&second)
        .rsplit_once('-')
        .map(|(a, b)| (a.to_owned(), b.len()))
        .unwrap();
    project.report(&["image", "rollback", "--to", &beginning]);
    assert_eq!(project.deployed("web"), ami_2);
    assert_eq!(project.history()[0]["images"][0]["rolled_back"], false);
}

#[test]
fn refusals_name_what_there_is() {
    let project = Project::new(&["web"]);
    project
        .run(&["image", "history"])
        .expect(0)
        .says(&["the sandbox is not running"]);
    let first = project.up(&[]);
    let ami_1 = project.deployed("web");
    project.write("web.version", "2");
    project.up(&[]);
    let ami_2 = project.deployed("web");

    let rollback = |arguments: &[&str]| {
        let arguments = [&["image", "rollback", "--yes"], arguments].concat();
        project.run(&arguments)
    };
    rollback(&["20260101"]).expect(2).says(&["--to"]);
    rollback(&[&ami_1, "--to", "2026"]).expect(2);
    let listed = format!("{}: web {ami_1}", run_of(&first));
    rollback(&["--to", "1999"])
        .expect(7)
        .says(&["\"1999\"", &listed]);
    rollback(&["--to", "2"]).expect(7).says(&["may be any of"]);
    rollback(&[&ami_2]).expect(7).says(&["deployed already"]);
    rollback(&["ami-0123456789abcdef0"])
        .expect(7)
        .says(&["there is no AMI ami-0123456789abcdef0", &listed]);
    // One of Canonical, and one whose tags say another environment.
    rollback(&["ami-785db401"])
        .expect(7)
        .says(&["is not an image of shop in sandbox"]);
    let tag = |value: &str| {
        let tag = format!("Key=amiable:environment,Value={value}");
        project.aws(&["ec2", "create-tags", "--resources", &ami_1, "--tags", &tag]);
    };
    tag("prod");
    rollback(&[&ami_1])
        .expect(7)
        .says(&["is an image of shop in prod, not of shop in sandbox"]);
    tag("sandbox");
    assert_eq!(project.deployed("web"), ami_2);

    // An AMI that is gone is not in the history, and this machine remembers that it was there.
    project.aws(&["ec2", "deregister-image", "--image-id", &ami_1]);
    rollback(&[]).expect(7).says(&["nothing to roll back to"]);
    project
        .run(&["image", "history"])
        .expect(0)
        .says(&["1 AMI that runs of this machine deployed is not listed"]);

    let no_terraform = std::fs::read_to_string(project.path("stack.hcl"))
        .unwrap()
        .replace("terraform = \"terraform\"", "");
    let no_terraform = no_terraform.split("variables =").next().unwrap();
    project.write("stack.hcl", no_terraform);
    rollback(&[]).expect(7).says(&["has no Terraform root"]);
}

#[test]
fn another_machine_sees_the_same_and_rolls_back() {
    let project = Project::new(&["web"]);
    project.up(&[]);
    let ami_1 = project.deployed("web");
    project.write("web.version", "2");
    project.up(&[]);
    let here = project.history();

    let other = project.elsewhere();
    assert!(!other.path(".amiable/runs").exists());
    assert_eq!(other.history(), here);
    other.report(&["image", "rollback"]);
    assert_eq!(other.deployed("web"), ami_1);
    assert_eq!(project.history()[0]["images"][0]["ami"], ami_1.as_str());
    assert_eq!(project.history(), other.history());
    let plan = project.report(&["plan", "--no-provision"]);
    assert_eq!(plan["images"][0]["decision"]["action"], "keep", "{plan:#}");
}
