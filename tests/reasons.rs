//! Why an image is built, also where the build before ran on another machine.

mod sandbox_project;

use std::fs;

use sandbox_project::Project;

const STACK: &str = r#"
stack "site" {
  region = "us-east-1"
}
image "web" {
  template = "packer"
  inputs   = ["app/**"]
}
"#;

/// Nothing to provision, so that no machine and no Docker is needed.
const TEMPLATE: &str = r#"source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  communicator  = "none"
  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }
}

build {
  sources = ["source.amazon-ebs.web"]
}
"#;

fn project() -> Project {
    let files = [
        ("stack.hcl", STACK),
        ("packer/web.pkr.hcl", TEMPLATE),
        ("app/index.html", "one"),
        ("app/old.html", "old"),
    ];
    Project::new(&files, &[("AMIABLE_DOCKER", "no-such-docker")])
}

fn plan(project: &Project) -> String {
    project.run(&["plan"]).expect(0).stderr
}

#[test]
fn the_reason_is_the_file_also_on_a_machine_that_did_not_build_it() {
    let project = project();
    let report = project.json(&["image", "build"], 0);
    assert_eq!(
        report["result"], "succeeded",
        "no Docker is needed: {report}"
    );
    assert!(plan(&project).contains("unchanged"), "nothing has changed");

    // What this machine recorded of its builds is gone; the AMI's tags are not.
    fs::remove_dir_all(project.path(".amiable/state")).expect("records of builds");
    assert!(plan(&project).contains("unchanged"), "nothing has changed");
    project.write("app/index.html", "two");
    project.write("app/new.html", "new");
    fs::remove_file(project.path("app/old.html")).expect("a file");
    let told = plan(&project);
    for reason in [
        "changed: app/index.html",
        "added: app/new.html",
        "1 file removed",
    ] {
        assert!(told.contains(reason), "{reason} in {told}");
    }
}
