//! A run that finds nothing to change reads the outputs beside the plan, and still tells the right ones.

mod support;

use support::{NO_CHANGES, Project, STACK, Terraform, VERSION, lines};

const UP: &[&str] = &["up", "--env", "staging"];

const STATE: &str = ".amiable/state/web/staging/terraform.tfstate";

const REFRESH: &str =
    r#"{"type":"refresh_start","hook":{"resource":{"addr":"aws_vpc.main"},"id_key":"id"}}"#;

fn outputs(url: &str) -> String {
    format!(r#"{{"url":{{"sensitive":false,"type":"string","value":"{url}"}}}}"#)
}

/// `terraform output` prints what `outputs.json` holds, and leaves `read` behind.
fn terraform(project: &Project, plan: &str) {
    let terraform = Terraform {
        plan: plan.to_owned(),
        output: format!(
            "cat '{}'; touch '{}'",
            project.path("outputs.json").display(),
            project.path("read").display()
        ),
        ..Terraform::unchanged()
    };
    terraform.install(project);
    project.write("outputs.json", &outputs("http://before/"));
}

/// A piece of a script: goes on once the outputs have been read.
fn once_read(project: &Project) -> String {
    let read = project.path("read");
    format!("until [ -e '{}' ]; do sleep 0.01; done\n", read.display())
}

fn output_calls(project: &Project) -> usize {
    let calls = project.calls("terraform");
    let is_output = |call: &&String| call.starts_with("output ");
    calls.iter().filter(is_output).count()
}

fn url(project: &Project) -> String {
    let ran = project
        .run(&["output", "url", "--env", "staging"])
        .expect(0);
    ran.stdout.trim_end().to_owned()
}

#[test]
fn the_outputs_of_a_local_state_are_read_beside_the_plan() {
    let project = Project::new(STACK);
    let unchanged = lines(&[VERSION, NO_CHANGES], 0);
    // The plan would wait for ever if they were read after it.
    terraform(&project, &(once_read(&project) + &unchanged));
    project.write(STATE, "{}");
    project.run(UP).expect(0);
    assert_eq!(url(&project), "http://before/");
    assert_eq!(output_calls(&project), 1);
}

#[test]
fn outputs_of_a_state_that_changes_before_the_plan_has_it_are_read_again() {
    let project = Project::new(STACK);
    let change = format!(
        "printf '%s' '{}' >'{}'\nprintf x >>'{}'\n",
        outputs("http://after/"),
        project.path("outputs.json").display(),
        project.path(STATE).display()
    );
    let unchanged = lines(&[VERSION, NO_CHANGES], 0);
    terraform(&project, &(once_read(&project) + &change + &unchanged));
    project.write(STATE, "{}");
    project.run(UP).expect(0);
    assert_eq!(url(&project), "http://after/");
    assert_eq!(output_calls(&project), 2);
}

#[test]
fn the_outputs_of_a_remote_state_are_read_once_the_plan_holds_its_lock() {
    let backend = "environment \"staging\" {\n  backend \"s3\" { bucket = \"states\" }\n}";
    let project = Project::new(&STACK.replace("environment \"staging\" {}", backend));
    let locked = format!("printf '%s\\n' '{REFRESH}'\n");
    // Nothing is read while another run may still hold the lock.
    let too_early = format!(
        "printf '%s\\n' '{VERSION}'\n[ ! -e '{}' ] || exit 98\n",
        project.path("read").display()
    );
    let unchanged = lines(&[NO_CHANGES], 0);
    terraform(
        &project,
        &(too_early + &locked + &once_read(&project) + &unchanged),
    );
    project.run(UP).expect(0);
    assert_eq!(url(&project), "http://before/");
    assert_eq!(output_calls(&project), 1);
}

#[test]
fn without_a_sign_of_the_lock_the_outputs_are_read_after_the_plan() {
    let project = Project::new(STACK);
    terraform(&project, &lines(&[VERSION, NO_CHANGES], 0));
    project.run(UP).expect(0);
    assert_eq!(url(&project), "http://before/");
    assert_eq!(output_calls(&project), 1);
}
