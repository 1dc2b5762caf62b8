//! A tool is asked for its version once, and again as soon as it is another one.

mod support;

use std::fs;

use support::{Project, Terraform};

const UP: &[&str] = &["up", "--env", "staging", "--yes"];

const STACK: &str = r#"
stack "web" {
  region    = "eu-central-1"
  terraform = "infra"
}
variables = { greeting = "hello" }
environment "staging" {}
"#;

/// A project with a real Terraform of its own.
fn project() -> Project {
    let project = Project::new(STACK);
    put_terraform(&project);
    project
}

/// As an installer does it: a new file in the place of the old one.
fn put_terraform(project: &Project) {
    let real = which::which("terraform").expect("terraform is installed");
    let new = project.path("bin/terraform.new");
    fs::copy(real, &new).expect("a copy");
    fs::rename(new, project.path("bin/terraform")).expect("the new program");
}

/// The version of Terraform that preflight found.
fn found(project: &Project) -> String {
    let report = project.report();
    let steps = report["steps"].as_array().expect("steps");
    let detail = steps[0]["detail"].as_str().expect("a detail");
    detail.to_owned()
}

#[test]
fn a_remembered_version_is_taken_until_the_program_is_replaced() {
    let project = project();
    project.run(UP).expect(0);
    let real = found(&project);
    let number = real.strip_prefix("Terraform ").expect("a version");

    // Only memory can say so.
    let known = project.read(".amiable/tools.json");
    assert!(known.contains(&format!("\"{number}\"")), "{known}");
    project.write(".amiable/tools.json", &known.replace(number, "1.99.0"));
    let ran = project.run(UP).expect(0);
    assert_eq!(found(&project), "Terraform 1.99.0");

    // The plan says what is true, which ends the error.
    let doubt = format!("as version {number}, and preflight found 1.99.0");
    assert!(ran.stderr.contains(&doubt), "{}", ran.stderr);
    project.run(UP).expect(0);
    assert_eq!(found(&project), real);

    project.write(".amiable/tools.json", &known.replace(number, "1.99.0"));
    put_terraform(&project);
    project.run(UP).expect(0);
    assert_eq!(found(&project), real);
}

#[test]
fn a_remembered_version_that_is_too_old_is_refused_like_any_other() {
    let project = project();
    project.run(UP).expect(0);
    let number = found(&project).replace("Terraform ", "");
    let known = project.read(".amiable/tools.json");
    project.write(".amiable/tools.json", &known.replace(&number, "1.4.0"));
    let ran = project.run(UP).expect(5);
    assert!(ran.stderr.contains("1.4.0"), "{}", ran.stderr);
}

#[test]
fn a_script_is_asked_each_time() {
    let project = Project::new(STACK);
    Terraform::unchanged().install(&project);
    for _ in 0..2 {
        project.run(UP).expect(0);
    }
    let asked = |tool: &str, question: &str| {
        let calls = project.calls(tool);
        calls.iter().filter(|call| *call == question).count()
    };
    assert_eq!(asked("terraform", "version -json"), 2);
    assert_eq!(asked("aws", "--version"), 2);
    assert!(!project.path(".amiable/tools.json").exists());
}
