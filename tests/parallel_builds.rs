//! Several images of a stack build at the same time, and one failure does not spoil the others.

mod sandbox_project;

use std::fs;

use sandbox_project::Project;
use serde_json::Value;

const STACK: &str = r#"
stack "fleet" {
  region    = "us-east-1"
  terraform = "infra"
}
image "api" { template = "packer/api.pkr.hcl" }
image "web" { template = "packer/web.pkr.hcl" }
image "db" { template = "packer/db.pkr.hcl" }
variables = { images = [image.api.id, image.web.id, image.db.id] }
"#;

const ROOT: &str = r#"
variable "images" {
  type = list(string)
}
output "images" {
  value = var.images
}
"#;

/// The emulator knows no such AMI, so that Packer fails soon after it has begun.
const NO_SOURCE: &str = "source_ami    = \"ami-0123456789abcdef0\"";

fn template(name: &str, more: &str) -> String {
    format!(
        r#"source "amazon-ebs" "{name}" {{
  region        = "us-east-1"
  ami_name      = "{name}"
  instance_type = "t3.micro"
  communicator  = "none"
  {more}
  source_ami_filter {{
    filters     = {{ name = "debian-12-amd64-*" }}
    owners      = ["136693071363"]
    most_recent = true
  }}
}}

build {{
  sources = ["source.amazon-ebs.{name}"]
}}
"#
    )
}

fn project(db: &str) -> Project {
    Project::new(
        &[
            ("stack.hcl", STACK),
            ("infra/main.tf", ROOT),
            ("packer/api.pkr.hcl", &template("api", "")),
            ("packer/web.pkr.hcl", &template("web", "")),
            ("packer/db.pkr.hcl", &template("db", db)),
        ],
        &[],
    )
}

/// Result of a step in a report.
fn result<'r>(report: &'r Value, step: &str) -> &'r Value {
    let mut steps = report["steps"].as_array().expect("steps").iter();
    let found = steps.find(|found| found["id"] == step);
    &found.unwrap_or_else(|| panic!("{step} in {report}"))["result"]
}

/// Number of the first line of the newest run's journal that has all of `texts`.
fn line_of(project: &Project, texts: &[&str]) -> usize {
    let journal = fs::read_to_string(project.last_run().join("journal.jsonl")).expect("a journal");
    let found = journal
        .lines()
        .position(|line| texts.iter().all(|text| line.contains(text)));
    found.unwrap_or_else(|| panic!("{texts:?} in {journal}"))
}

#[test]
fn one_failure_lets_the_others_finish_and_the_next_run_builds_the_rest_alone() {
    let project = project(NO_SOURCE);
    let report = project.json(&["up", "--yes", "--parallel", "3"], 1);
    for image in ["api", "web"] {
        assert_eq!(result(&report, &format!("image.{image}")), "succeeded");
        let log = project.last_run().join(format!("logs/image.{image}.log"));
        let log = fs::read_to_string(log).expect("a log of its own");
        assert!(
            log.contains(&format!("amazon-ebs.{image}: ")) || log.contains("AMI"),
            "{log}"
        );
        assert!(!log.contains("amazon-ebs.db"), "{log}");
    }
    assert_eq!(result(&report, "image.db"), "failed");
    assert_eq!(result(&report, "terraform.plan"), "not_run");

    // All three, and terraform init, were at work before the first of them had ended.
    let starts = ["image.api", "image.web", "image.db", "terraform.init"];
    let last_start = starts.map(|step| line_of(&project, &["step-started", step]));
    let first_end = starts.map(|step| line_of(&project, &["step-ended", step]));
    assert!(last_start.iter().max() < first_end.iter().min());

    project.write("packer/db.pkr.hcl", &template("db", ""));
    let report = project.json(&["up", "--yes"], 0);
    let origins = report["images"].as_array().expect("images").iter();
    let origins: Vec<[&Value; 2]> = origins
        .map(|image| [&image["name"], &image["outcome"]["origin"]])
        .collect();
    let expected = [["api", "reused"], ["db", "built"], ["web", "reused"]];
    assert_eq!(origins, expected, "{report}");
}

#[test]
fn parallel_bounds_how_many_build_at_once() {
    let project = project("");
    project
        .run(&["image", "build", "--parallel", "1"])
        .expect(0);
    let line = |record: &str, image: &str| line_of(&project, &[record, &format!("image.{image}")]);
    let mut spans =
        ["api", "web", "db"].map(|image| (line("step-started", image), line("step-ended", image)));
    spans.sort_unstable();
    for pair in spans.windows(2) {
        assert!(pair[0].1 < pair[1].0, "{spans:?}");
    }
}

#[test]
fn images_that_share_a_template_do_not_get_in_each_others_way() {
    let stack = r#"
stack "fleet" { region = "us-east-1" }
image "api" {
  template = "packer"
  source   = "amazon-ebs.api"
}
image "web" {
  template = "packer"
  source   = "amazon-ebs.web"
}
"#;
    let files = [
        ("stack.hcl", stack),
        ("packer/api.pkr.hcl", &template("api", "")),
        ("packer/web.pkr.hcl", &template("web", "")),
    ];
    let project = Project::new(&files, &[]);
    let report = project.json(&["image", "build", "--parallel", "2"], 0);
    assert_eq!(report["result"], "succeeded", "{report}");
    let outcomes = report["images"].as_array().expect("images").iter();
    let names: Vec<(&Value, bool)> = outcomes
        .map(|image| {
            let name = image["name"].as_str().expect("a name");
            let ami_name = image["outcome"]["ami_name"]
                .as_str()
                .expect("an AMI's name");
            (
                &image["name"],
                ami_name.starts_with(&format!("fleet-{name}-")),
            )
        })
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|(_, fits)| *fits), "{names:?}");
    let plan = project.json(&["plan"], 0);
    let decisions = plan["images"].as_array().expect("images").iter();
    for image in decisions {
        assert_eq!(image["decision"]["action"], "reuse", "{image}");
    }
}
