//! What the driver makes of a Terraform that misbehaves, with scripted ones for what the real one
//! cannot be made to do at will.

mod support;

use std::{
    io::{BufRead, BufReader},
    process::Command,
};

use support::{
    APPLY_DONE, APPLY_START, APPLY_SUMMARY, PLAN_SUMMARY, PLANNED, Project, Ran, STACK, Terraform,
    VERSION, lines, wait_for,
};

const UP: &[&str] = &["up", "--env", "staging", "--yes"];

fn project(terraform: &Terraform) -> Project {
    let project = Project::new(STACK);
    terraform.install(&project);
    project
}

fn called(project: &Project, subcommand: &str) -> bool {
    project
        .calls("terraform")
        .iter()
        .any(|call| call.starts_with(subcommand))
}

#[test]
fn a_deployment_applies_exactly_the_saved_plan_and_keeps_the_outputs() {
    let project = project(&Terraform::default());
    let ran = project.run(UP).expect(0);
    let calls = project.calls("terraform");
    let saved = calls
        .iter()
        .find_map(|call| call.split("-out=").nth(1))
        .expect("the plan is saved")
        .to_owned();
    assert!(
        calls
            .iter()
            .any(|call| call.starts_with("apply") && call.ends_with(&saved)),
        "{calls:?}"
    );
    assert!(
        ran.stderr.contains("url: http://web.example.com/"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        project
            .run(&["output", "url", "--env", "staging"])
            .expect(0)
            .stdout,
        "http://web.example.com/\n"
    );
    let sensitive = project.run(&["output", "password", "--env", "staging"]);
    assert_ne!(sensitive.code, Some(0));
    assert!(!sensitive.stdout.contains("hunter2") && !sensitive.stderr.contains("hunter2"));
}

#[test]
fn without_changes_nothing_is_applied_and_nobody_is_asked() {
    let project = project(&Terraform::unchanged());
    let ran = project.run(&["up", "--env", "staging"]).expect(0);
    assert!(ran.stderr.contains("no changes"), "{}", ran.stderr);
    assert!(!called(&project, "apply"));
}

#[test]
fn with_nobody_to_ask_a_plan_with_changes_is_declined() {
    let project = project(&Terraform::default());
    let ran = project
        .run(&["up", "--env", "staging", "--non-interactive"])
        .expect(6);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(!called(&project, "apply"));
    assert_eq!(project.report()["result"], "declined");
}

#[test]
fn plan_changes_nothing() {
    let project = project(&Terraform::default());
    let ran = project.run(&["plan", "--env", "staging"]).expect(0);
    assert!(ran.stderr.contains("1 to add"), "{}", ran.stderr);
    assert!(!called(&project, "apply"));
}

#[test]
fn an_interrupted_plan_that_wrote_its_file_all_the_same_is_not_applied() {
    let errored = r#"{"format_version":"1.2","applyable":false,"complete":false,"errored":true}"#;
    let project = project(&Terraform {
        show: lines(&[errored], 0),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(1);
    assert!(ran.stderr.contains("not complete"), "{}", ran.stderr);
    assert!(!called(&project, "apply"));
}

#[test]
fn exit_code_two_without_a_summary_is_a_crash_and_not_changes() {
    let project = project(&Terraform {
        plan: "echo 'fatal error: all goroutines are asleep' >&2; exit 2".to_owned(),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(1);
    assert!(
        ran.stderr.contains("without its final summary"),
        "{}",
        ran.stderr
    );
    assert!(!called(&project, "apply"));
}

#[test]
fn an_apply_that_ends_well_and_says_nothing_is_unverified() {
    let project = project(&Terraform {
        apply: "exit 0".to_owned(),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(10);
    assert_eq!(project.report()["result"], "unverified", "{}", ran.stderr);
}

#[test]
fn a_resource_that_was_started_and_never_ended_is_reported_as_unknown() {
    let project = project(&Terraform {
        apply: format!("{}\n", lines(&[VERSION, APPLY_START], 1)),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(1);
    assert!(ran.stderr.contains("aws_vpc.main"), "{}", ran.stderr);
    let report = project.report();
    assert_eq!(report["result"], "failed");
    assert!(report.to_string().contains(r#""unknown""#), "{report}");
}

#[test]
fn an_error_of_aws_comes_with_its_place_and_the_mend() {
    let denied = r#"{"type":"diagnostic","@level":"error","diagnostic":{"severity":"error","summary":"creating EC2 VPC: UnauthorizedOperation: You are not authorized","detail":"","address":"aws_vpc.main","range":{"filename":"main.tf","start":{"line":7}}}}"#;
    let project = project(&Terraform {
        apply: lines(&[VERSION, APPLY_START, denied], 1),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(1);
    assert!(ran.stderr.contains("main.tf:7"), "{}", ran.stderr);
    assert!(ran.stderr.contains("may not do this"), "{}", ran.stderr);
}

#[test]
fn a_database_is_not_replaced_without_being_named() {
    let replaced = r#"{"format_version":"1.2","applyable":true,"complete":true,"errored":false,"resource_changes":[{"address":"aws_db_instance.main","mode":"managed","type":"aws_db_instance","change":{"actions":["delete","create"],"replace_paths":[["storage_encrypted"]]}}]}"#;
    let start = APPLY_START.replace("aws_vpc", "aws_db_instance");
    let done = APPLY_DONE.replace("aws_vpc", "aws_db_instance");
    let project = project(&Terraform {
        show: lines(&[replaced], 0),
        apply: lines(&[VERSION, &start, &done, APPLY_SUMMARY], 0),
        ..Terraform::default()
    });
    let ran = project.run(UP).expect(7);
    assert!(
        ran.stderr
            .contains("--allow-destroy 'aws_db_instance.main'"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("storage_encrypted"), "{}", ran.stderr);
    assert!(!called(&project, "apply"));
    let allowed = [UP, &["--allow-destroy", "aws_db_instance.main"]].concat();
    project.run(&allowed).expect(0);
    assert!(called(&project, "apply"));
}

#[test]
fn the_users_terraform_variables_and_debug_settings_stay_behind() {
    let project = project(&Terraform {
        plan: format!(
            "env | grep -E '^(TF_CLI_ARGS|TF_LOG|TF_VAR_foreign|PACKER_LOG|GITHUB_TOKEN)' && exit 1\n{}",
            lines(&[VERSION, PLANNED, PLAN_SUMMARY], 2)
        ),
        ..Terraform::default()
    });
    let mut command = project.command(UP);
    for name in [
        "TF_CLI_ARGS_plan",
        "TF_LOG",
        "TF_VAR_foreign",
        "PACKER_LOG",
        "GITHUB_TOKEN",
    ] {
        command.env(name, "-destroy");
    }
    Ran::from(command.output().unwrap()).expect(0);
}

#[test]
fn an_empty_state_file_stops_the_run_before_it_plans() {
    let project = project(&Terraform::default());
    project.write(".amiable/state/web/staging/terraform.tfstate", "");
    let ran = project.run(UP).expect(7);
    assert!(
        ran.stderr.contains("terraform.tfstate.backup"),
        "{}",
        ran.stderr
    );
    assert!(!called(&project, "plan"));
}

#[test]
fn a_state_beside_the_root_module_is_not_ignored() {
    let project = project(&Terraform::default());
    project.write("infra/terraform.tfstate", r#"{"version":4}"#);
    let ran = project.run(UP).expect(7);
    assert!(ran.stderr.contains("backend \"local\""), "{}", ran.stderr);
    assert!(!called(&project, "plan"));
}

#[test]
fn a_second_run_is_told_who_works_and_exits_9() {
    let project = project(&Terraform::default());
    let (started, go_on) = (project.path("started"), project.path("go-on"));
    Terraform {
        plan: format!(
            "touch {}; while ! [ -e {} ]; do sleep 0.02; done\n{}",
            started.display(),
            go_on.display(),
            Terraform::unchanged().plan
        ),
        ..Terraform::default()
    }
    .install(&project);
    let first = project.start(UP);
    wait_for(&started);

    let run = project.last_run();
    let run = run.file_name().unwrap().to_string_lossy();

    let second = project.run(UP).expect(9);
    assert!(second.stderr.contains(&*run), "{}", second.stderr);

    // A third one waits when it is asked to, and says for whom.
    let mut third = project.start(&[UP, &["--wait"]].concat());
    let mut said = BufReader::new(third.stderr.take().unwrap()).lines();
    let waiting = said.next().unwrap().unwrap();
    assert!(waiting.starts_with("waiting: another run"), "{waiting}");
    assert!(waiting.contains(&*run), "{waiting}");

    std::fs::write(&go_on, "").unwrap();
    Ran::from(first.wait_with_output().unwrap()).expect(0);
    said.for_each(drop);
    assert_eq!(third.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_reaches_terraform_once_and_is_reported() {
    let project = project(&Terraform::default());
    let started = project.path("started");
    Terraform {
        apply: format!(
            "trap 'echo int >>{0}.signals' INT; printf '%s\\n' '{APPLY_START}'; touch {0}\n\
             while ! [ -e {0}.signals ]; do sleep 0.02; done\n\
             printf '%s\\n' '{APPLY_DONE}'; exit 1",
            started.display()
        ),
        ..Terraform::default()
    }
    .install(&project);
    let child = project.start(UP);
    wait_for(&started);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(project.read("started.signals"), "int\n");
    assert_eq!(project.report()["result"], "interrupted", "{}", ran.stderr);
}

#[test]
fn what_is_missing_or_wrong_has_its_own_exit_code() {
    let project = project(&Terraform::default());
    let mut command = project.command(UP);
    command.env("AMIABLE_TERRAFORM", "no-such-terraform");
    let ran = Ran::from(command.output().unwrap()).expect(5);
    assert!(ran.stderr.contains("no-such-terraform"), "{}", ran.stderr);
    for step in project.report()["steps"].as_array().unwrap().iter().skip(1) {
        assert_eq!(step["result"], "not_run", "{step}");
    }

    project.write(
        "stack.hcl",
        &format!("{STACK}\ncredential \"token\" {{\n  env = \"WEB_TOKEN\"\n}}\n"),
    );
    let ran = project.run(UP).expect(4);
    assert!(ran.stderr.contains("WEB_TOKEN"), "{}", ran.stderr);

    project.write("stack.hcl", &format!("{STACK}\nnonsense = 1\n"));
    let ran = project.run(UP).expect(3);
    assert!(ran.stderr.contains("stack.hcl:10:1"), "{}", ran.stderr);

    project.run(&["up", "--no-such-flag"]).expect(2);
}

#[test]
fn json_output_is_one_document_and_nothing_else() {
    let project = project(&Terraform::default());
    let arguments = [UP, &["--json"]].concat();
    let ran = project.run(&arguments).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(document["result"], "succeeded");
}

#[test]
fn nothing_is_written_into_the_source_tree_and_no_plan_is_left() {
    let project = project(&Terraform {
        ..Terraform::default()
    });
    project.run(UP).expect(0);
    let infra: Vec<_> = std::fs::read_dir(project.path("infra"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(infra, ["main.tf"]);
    let left: Vec<_> = std::fs::read_dir(project.last_run().join("spool"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
