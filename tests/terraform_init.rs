//! `terraform init` runs when something that it depends on has changed, and not otherwise.

mod support;

use std::fs;

use support::{NO_CHANGES, Project, STACK, VERSION, lines};

const UP: &[&str] = &["up", "--env", "staging"];

const MODULES: &str = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"net","Source":"../net","Dir":"../net"}]}"#;

/// A Terraform of `version` whose init records a module beside the root.
fn install(project: &Project, version: &str, plan: &str) {
    let init =
        format!("mkdir -p .terraform/modules\necho '{MODULES}' >.terraform/modules/modules.json");
    let answer = format!("echo '{{\"terraform_version\":\"{version}\"}}'");
    project.tool(
        "terraform",
        &[
            ("version -json", &answer),
            ("init ", &init),
            ("plan ", plan),
            ("output ", "echo '{}'"),
        ],
    );
}

fn project() -> Project {
    let project = Project::new(&STACK.replace("summary = [\"url: ${output.url}\"]", ""));
    project.write("net/main.tf", "# a module\n");
    install(&project, "1.11.4", &lines(&[VERSION, NO_CHANGES], 0));
    project
}

/// Whether an `up` that ends with `code` initialises.
fn initialises(project: &Project, code: i32) -> bool {
    let count = |project: &Project| {
        let calls = project.calls("terraform");
        calls
            .iter()
            .filter(|call| call.starts_with("init "))
            .count()
    };
    let before = count(project);
    project.run(UP).expect(code);
    count(project) > before
}

#[test]
fn a_change_of_what_init_depends_on_makes_it_run_again() {
    let project = project();
    assert!(initialises(&project, 0), "there was none before");
    assert!(!initialises(&project, 0), "nothing has changed");
    project.write("notes.txt", "of no interest to Terraform");
    assert!(!initialises(&project, 0));

    project.write("infra/versions.tf", "terraform {}\n");
    assert!(initialises(&project, 0), "a file of the root");
    project.write("net/main.tf", "# another provider\n");
    assert!(initialises(&project, 0), "a file of a module");
    project.write("infra/.terraform.lock.hcl", "# locked\n");
    assert!(initialises(&project, 0), "the lock file");
    let backend = "environment \"staging\" {\n  backend \"s3\" { bucket = \"states\" }\n}";
    let stack = project.read("stack.hcl");
    project.write(
        "stack.hcl",
        &stack.replace("environment \"staging\" {}", backend),
    );
    assert!(initialises(&project, 0), "the backend");
    install(&project, "1.12.0", &lines(&[NO_CHANGES], 0));
    assert!(initialises(&project, 0), "the version");
    fs::remove_dir_all(project.path(".amiable/work")).expect("the workspace is gone");
    assert!(initialises(&project, 0), "the workspace");
    assert!(!initialises(&project, 0));
}

#[test]
fn a_plan_that_misses_what_init_brings_makes_it_run_again() {
    let project = project();
    assert!(initialises(&project, 0));
    let missing = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Required plugins are not installed","detail":"run:\n  terraform init"}}"#;
    install(&project, "1.11.4", &lines(&[VERSION, missing], 1));
    assert!(!initialises(&project, 1), "the plan is the first to notice");
    install(&project, "1.11.4", &lines(&[VERSION, NO_CHANGES], 0));
    assert!(initialises(&project, 0));
}
