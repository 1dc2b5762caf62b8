//! What a stack file gives, for each environment, and how a project and its stacks are found.

use amiable::config::{
    Approve, Expr, ImageFacts, Naming, Project, Reference, ReplaceOrder, RunFacts, SourceSpec,
    TaskTime, VariableValue, load,
};
use camino::Utf8Path;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::Fixture;

/// A file with everything in it.
pub const WHOLE: &str = r#"
stack "dashboard" {
  description = "Flask dashboard on Docker Swarm"
  region      = "us-east-1"
  terraform   = "terraform/stacks/dashboard"
}

env "CI_COMMIT" { default = "none" }

credential "aws_db_pass" {
  pass      = "aws/vpc/aws_db_pass"
  env       = "AWS_DB_PASS"
  keyring   = "aws_db_pass"
  command   = ["vault", "read", "-field=value", "secret/db"]
  terraform = "db_password"
}

credential "token" {
  env      = "TOKEN"
  optional = true
}

image "dashboard" {
  template    = "packer/dashboard"
  name        = "rescale-dashboard-ami-${environment.name}"
  naming      = "exact"
  replace     = "before-build"
  keep        = 2
  inputs      = ["./infra/dashboard/app/**", "*.py"]
  variables   = { instance_type = "t3.micro", api_token = credential.token }
  credentials = ["token", credential.aws_db_pass]
  rotate      = "2024-01"
  source      = "amazon-ebs.dashboard"
}

image "worker" {
  template = "packer/dashboard/dashboard.pkr.hcl"
}

variables = {
  ami_id   = image.dashboard.id
  commit   = env.CI_COMMIT
  size     = 1
  "quoted" = "${environment.region}/${run.id}"
  token    = (credential.token)
}

check "front" {
  url      = output.dashboard_url
  contains = "hardware"
  status   = 200
  timeout  = "1m30s"
}

task "trigger-pipeline" {
  description = "start the pipeline"
  when        = "after-apply"
  command     = ["bin/release", output.pipeline_name, "--commit=${run.git_commit}"]
  credentials = ["token"]
}

task "logs" { command = ["docker", "logs"] }

summary = [
  "dashboard: ${output.dashboard_url}",
  "image:     ${image.dashboard.id}",
]

environment "staging" {
  region = "eu-west-1"
}

environment "prod" {
  approve = "auto"
  backend "s3" {
    bucket = "state-${stack.name}"
    key    = "${environment.name}.tfstate"
    nested = { lock = true }
    unset  = null
  }
  variables = { size = 3, extra = "only here" }

  image "dashboard" {
    keep      = 5
    variables = { instance_type = "m5.large", disk = 100 }
  }
}
"#;

pub fn whole() -> Fixture {
    let fixture = Fixture::new(WHOLE);
    fixture.write("bin/release", "#!/bin/sh\n");
    let path = fixture.root().join("bin/release");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("an executable file");
    fixture
}

fn value_of(variables: &amiable::config::Variables, name: &str) -> Option<Expr> {
    variables.0.iter().find_map(|(known, value)| match value {
        VariableValue::Expr(expr) if known == name => Some(expr.clone()),
        _ => None,
    })
}

#[test]
fn a_file_with_everything_in_it() {
    let stack = whole().load(None).expect("a stack");
    assert_eq!(stack.name, "dashboard");
    assert_eq!(
        stack.description.as_deref(),
        Some("Flask dashboard on Docker Swarm")
    );
    assert_eq!(stack.region, "us-east-1");
    assert_eq!(stack.file, "infra/dashboard/stack.hcl");
    assert_eq!(
        stack.terraform.as_deref(),
        Some(Utf8Path::new("terraform/stacks/dashboard"))
    );
    assert_eq!(stack.environments, ["sandbox", "staging", "prod"]);
    assert_eq!(stack.environment.name, "sandbox");
    assert_eq!(stack.environment.approve, Approve::Auto);
    assert_eq!(stack.environment.backend, None);

    let [db, token] = stack.credentials.as_slice() else {
        panic!("{:?}", stack.credentials);
    };
    assert_eq!(
        db.sources,
        [
            SourceSpec::Pass("aws/vpc/aws_db_pass".into()),
            SourceSpec::Env("AWS_DB_PASS".into()),
            SourceSpec::Keyring("aws_db_pass".into()),
            SourceSpec::Command(
                ["vault", "read", "-field=value", "secret/db"]
                    .map(String::from)
                    .to_vec()
            ),
        ]
    );
    assert_eq!(db.env.as_deref(), Some("AWS_DB_PASS"));
    assert_eq!(db.terraform.as_deref(), Some("db_password"));
    assert!(!db.optional && token.optional);
    assert_eq!((db.place.line, db.place.column), (10, 12));

    let [image, worker] = stack.images.as_slice() else {
        panic!("{:?}", stack.images);
    };
    assert_eq!(image.template, "packer/dashboard");
    assert_eq!(image.ami_name, "rescale-dashboard-ami-sandbox");
    assert_eq!(image.naming, Naming::Exact);
    assert_eq!(image.replace, ReplaceOrder::BeforeBuild);
    assert_eq!(image.keep, 2);
    assert_eq!(image.inputs, ["infra/dashboard/app/**", "*.py"]);
    assert_eq!(image.credentials, ["token", "aws_db_pass"]);
    assert_eq!(image.rotate.as_deref(), Some("2024-01"));
    assert_eq!(image.source.as_deref(), Some("amazon-ebs.dashboard"));
    assert!(matches!(
        &image.variables.0[1],
        (name, VariableValue::Credential { name: credential, .. })
            if name == "api_token" && credential == "token"
    ));
    assert_eq!(worker.ami_name, "dashboard-worker");
    assert_eq!((worker.naming, worker.keep), (Naming::Unique, 1));
    assert_eq!(worker.replace, ReplaceOrder::AfterApply);

    let names: Vec<&str> = stack
        .variables
        .0
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["ami_id", "commit", "size", "quoted", "token"]);

    let [check] = stack.checks.as_slice() else {
        panic!("{:?}", stack.checks);
    };
    assert_eq!((check.name.as_str(), check.status), ("front", Some(200)));
    assert_eq!(check.contains.as_deref(), Some("hardware"));
    assert_eq!(check.timeout, Duration::from_secs(90));

    let [pipeline, logs] = stack.tasks.as_slice() else {
        panic!("{:?}", stack.tasks);
    };
    assert_eq!(pipeline.when, TaskTime::AfterApply);
    assert_eq!(pipeline.command.len(), 3);
    assert_eq!(pipeline.credentials, ["token"]);
    assert_eq!(logs.when, TaskTime::Manual);
    assert_eq!(stack.summary.len(), 2);
}

#[test]
fn environments_change_what_they_name_and_nothing_else() {
    let fixture = whole();
    let prod = fixture.load(Some("prod")).expect("a stack");
    assert_eq!(prod.environment.approve, Approve::Auto);
    let backend = prod.environment.backend.as_ref().expect("a backend");
    assert_eq!(backend.kind, "s3");
    assert_eq!(
        Value::Object(backend.attributes.clone()),
        json!({"bucket": "state-dashboard", "key": "prod.tfstate", "nested": {"lock": true}})
    );
    let value = |name: &str| {
        let expr = value_of(&prod.variables, name).expect(name);
        expr.evaluate(&prod.scope()).expect(name)
    };
    assert_eq!(
        (value("size"), value("extra")),
        (json!(3), json!("only here"))
    );
    assert_eq!(value("commit"), json!("none"));
    let image = &prod.images[0];
    assert_eq!(
        (image.keep, image.ami_name.as_str()),
        (5, "rescale-dashboard-ami-prod")
    );
    let names: Vec<&str> = image
        .variables
        .0
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["instance_type", "api_token", "disk"]);
    let kind = value_of(&image.variables, "instance_type").expect("a value");
    assert_eq!(
        kind.evaluate(&prod.scope()).expect("a value"),
        json!("m5.large")
    );

    let staging = fixture.load(Some("staging")).expect("a stack");
    assert_eq!(staging.region, "eu-west-1");
    assert_eq!(staging.environment.approve, Approve::Prompt);
    assert_eq!(staging.images[0].keep, 2);
}

#[test]
fn expressions_are_evaluated_with_what_is_known() {
    let fixture = whole();
    let stack = fixture
        .load_with(None, &[("CI_COMMIT", "abc")])
        .expect("a stack");
    let mut scope = stack.scope();
    let ami = value_of(&stack.variables, "ami_id").expect("a variable");
    assert_eq!(ami.references(), [Reference::ImageId("dashboard".into())]);
    let unknown = ami.evaluate(&scope).expect_err("not built yet").to_string();
    assert!(
        unknown.starts_with("`image.dashboard.id` is not known yet\n"),
        "{unknown}"
    );
    assert!(
        unknown.contains("infra/dashboard/stack.hcl:41:14"),
        "{unknown}"
    );

    scope.images.insert(
        "dashboard".into(),
        ImageFacts {
            id: Some("ami-1".into()),
            fingerprint: None,
        },
    );
    scope.run = Some(RunFacts {
        id: "20010909-014640-ff0001".into(),
        git_commit: None,
        git_branch: None,
    });
    assert_eq!(ami.evaluate(&scope).expect("a value"), json!("ami-1"));
    let commit = value_of(&stack.variables, "commit").expect("a variable");
    assert_eq!(commit.evaluate(&scope).expect("a value"), json!("abc"));
    let quoted = value_of(&stack.variables, "quoted").expect("a variable");
    assert_eq!(
        quoted.evaluate_string(&scope).expect("text"),
        "us-east-1/20010909-014640-ff0001"
    );

    let summary = &stack.summary[0];
    let early = summary
        .evaluate(&scope)
        .expect_err("no outputs yet")
        .to_string();
    assert!(
        early.contains("outputs are known after the apply"),
        "{early}"
    );
    scope.outputs = Some([("dashboard_uri".to_owned(), json!("http://x"))].into());
    let missing = summary
        .evaluate(&scope)
        .expect_err("another name")
        .to_string();
    assert!(
        missing.contains("did you mean `dashboard_uri`?"),
        "{missing}"
    );
    scope.sensitive.insert("dashboard_url".into());
    let secret = summary.evaluate(&scope).expect_err("sensitive").to_string();
    assert!(
        secret.starts_with("the output `dashboard_url` is sensitive"),
        "{secret}"
    );
    scope.sensitive.clear();
    scope.outputs = Some([("dashboard_url".to_owned(), json!("http://x"))].into());
    assert_eq!(
        summary.evaluate_string(&scope).expect("text"),
        "dashboard: http://x"
    );

    // Outside of a git checkout the commit is null, which is no text.
    let command = &stack.tasks[0].command[2];
    let null = command.evaluate(&scope).expect_err("null").to_string();
    assert!(null.contains("coalesce(VALUE, DEFAULT)"), "{null}");
}

#[test]
fn references_are_found_in_every_corner_and_local_names_are_none() {
    let expr = Expr::parse(
        r#"[for image in [output.a] : { (stack.name) = "%{ for run in [env.X] }${run}%{ endfor }${image}" } if run.id != "" && image != ""][0][image["web"].fingerprint]"#,
    )
    .expect("an expression");
    assert_eq!(
        expr.references(),
        [
            Reference::Output("a".into()),
            Reference::StackName,
            Reference::Env("X".into()),
            Reference::RunId,
            Reference::ImageFingerprint("web".into()),
        ]
    );
}

#[test]
fn byte_order_marks_and_windows_line_ends_change_nothing() {
    let text = "stack \"dashboard\" {\n  region = \"us-east-1\"\n  terraform = \"terraform/stacks/dashboard\"\n}\n\nvariables = {\n  text = <<-EOT\n    one\n    two\n  EOT\n}\n";
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    for file in [text, &windows] {
        let stack = Fixture::new(file).load(None).expect("a stack");
        let value = value_of(&stack.variables, "text").expect("a variable");
        assert_eq!(
            value.evaluate(&stack.scope()).expect("a value"),
            json!("one\ntwo\n")
        );
    }
    let wrong = Fixture::new(windows.replace("us-east-1", "nowhere")).load(None);
    let text = wrong.expect_err("a wrong region").to_string();
    assert!(
        text.contains(":2:12\n  |\n2 |   region = \"nowhere\"\n"),
        "{text:?}"
    );
}

#[test]
fn files_that_are_no_text_are_refused() {
    let latin = Fixture::new(b"stack \"dashboard\" {\n  region = \"caf\xe9\"\n}\n");
    assert_eq!(
        latin.load(None).expect_err("Latin-1").to_string(),
        "infra/dashboard/stack.hcl is not UTF-8 text\n --> infra/dashboard/stack.hcl:2:16\n  |\n2 |   region = \"caf�\"\n  |                ^\nhint: save the file as UTF-8"
    );
    let large = Fixture::new("#\n".repeat(128 * 1024 + 1));
    let text = large.load(None).expect_err("too large").to_string();
    assert!(text.contains("larger than 256 KiB"), "{text}");
    let wide = Fixture::new(format!("\n#{}\n", " ".repeat(16 * 1024)));
    let text = wide.load(None).expect_err("too wide").to_string();
    assert!(
        text.starts_with("line 2 of infra/dashboard/stack.hcl is longer than 16 KiB\n"),
        "{text}"
    );
}

#[test]
fn projects_are_found_from_any_folder_in_them() {
    let fixture = whole();
    for folder in ["", "infra", "infra/dashboard", "terraform/stacks/dashboard"] {
        let project = Project::find(&fixture.root().join(folder)).expect(folder);
        assert_eq!(project.root, fixture.root(), "{folder}");
        assert_eq!(project.stacks.len(), 1);
    }
}

#[test]
fn a_short_file_at_the_top_of_a_repository_is_enough() {
    let fixture = Fixture::empty();
    fixture.write("main.tf", "");
    fixture.write("webworker-dashboard.json", "{}");
    fixture.write(
        "stack.hcl",
        "stack \"mine\" {\n  region = \"us-east-1\"\n  terraform = \".\"\n}\n\nimage \"web\" {\n  template = \"webworker-dashboard.json\"\n}\n",
    );
    fixture.write("deep/er/x", "");
    let project = Project::find(&fixture.root().join("deep/er")).expect("a project");
    let stack = load(&project, None, None, &|_| None).expect("a stack");
    assert_eq!(stack.terraform.as_deref(), Some(Utf8Path::new(".")));
    assert_eq!(stack.file, "stack.hcl");
}

fn named(name: &str, more: &str) -> String {
    format!("stack \"{name}\" {{\n  region = \"us-east-1\"\n  terraform = \"tf\"\n  {more}\n}}\n")
}

#[test]
fn the_default_stack_is_the_only_one_or_the_marked_one() {
    let fixture = Fixture::empty();
    fixture.write("tf/main.tf", "");
    fixture.write("infra/a/stack.hcl", named("alpha", ""));
    assert_eq!(
        fixture.project().default_stack().expect("the only one"),
        "alpha"
    );

    fixture.write("infra/b/stack.hcl", named("beta", ""));
    let error = fixture.project().default_stack().expect_err("two");
    assert_eq!(
        error.to_string(),
        "there are several stacks here, and none is the default\nhint: name one of alpha, beta, or write `default = true` into its `stack` block"
    );
    fixture.write("infra/b/stack.hcl", named("beta", "default = true"));
    assert_eq!(
        fixture.project().default_stack().expect("the marked one"),
        "beta"
    );
    fixture.write("infra/a/stack.hcl", named("alpha", "default = true"));
    let error = fixture.project().default_stack().expect_err("both marked");
    assert!(
        error
            .to_string()
            .starts_with("several stacks are marked as the default: alpha, beta\n")
    );

    let error = fixture
        .project()
        .stack(Some("bta"))
        .expect_err("no such stack");
    assert_eq!(
        error.to_string(),
        "there is no stack `bta`\nhint: did you mean `beta`?"
    );

    fixture.write("infra/a/stack.hcl", named("beta", ""));
    let error = Project::find(&fixture.root()).expect_err("the same name twice");
    assert!(
        error
            .to_string()
            .contains("infra/a/stack.hcl and infra/b/stack.hcl"),
        "{error}"
    );
}

#[test]
fn a_broken_stack_does_not_hide_the_others() {
    let fixture = Fixture::empty();
    fixture.write("tf/main.tf", "");
    fixture.write("infra/a/stack.hcl", named("alpha", ""));
    fixture.write("infra/b/stack.hcl", "stack \"beta\" {\n");
    let project = fixture.project();
    assert_eq!(project.stacks.keys().collect::<Vec<_>>(), ["alpha", "beta"]);
    assert!(load(&project, Some("alpha"), None, &|_| None).is_ok());
    assert!(load(&project, Some("beta"), None, &|_| None).is_err());
}

#[test]
fn without_a_stack_file_the_way_to_one_is_said() {
    let fixture = Fixture::empty();
    let error = Project::find(&fixture.root())
        .expect_err("nothing there")
        .to_string();
    assert!(error.contains("no stack file in "), "{error}");
    assert!(error.contains("`amiable stack new NAME`"), "{error}");
}

#[test]
fn environments_that_are_not_declared_are_named() {
    let fixture = whole();
    let error = fixture.load(Some("prd")).expect_err("no such environment");
    assert_eq!(
        error.to_string(),
        "there is no environment `prd`\nhint: did you mean `prod`?"
    );
    let error = fixture.load(Some("qa")).expect_err("no such environment");
    assert_eq!(
        error.to_string(),
        "there is no environment `qa`\nhint: the environments of this stack are: sandbox, staging, prod; another is declared by an `environment \"qa\"` block"
    );
}

#[test]
fn mistakes_in_one_environment_are_found_in_every_other() {
    let text = WHOLE.replace("size = 3,", "size = 3 + \"x\",");
    let fixture = whole();
    fixture.write("infra/dashboard/stack.hcl", text);
    let error = fixture
        .load(None)
        .expect_err("a mistake in prod")
        .to_string();
    assert!(error.starts_with("a number is needed here"), "{error}");
}

#[test]
fn files_are_read_inside_the_project_only() {
    let fixture = whole();
    fixture.write("infra/dashboard/motd", "hello ${x}\n");
    let read = |path: &str| {
        let text = WHOLE.replace("\"only here\"", &format!("file(\"{path}\")"));
        fixture.write("infra/dashboard/stack.hcl", text);
        fixture.load(Some("prod")).map(|stack| {
            let value = value_of(&stack.variables, "extra").expect("a variable");
            value.evaluate(&stack.scope()).expect("a value")
        })
    };
    assert_eq!(
        read("infra/dashboard/motd").expect("a value"),
        json!("hello ${x}\n")
    );
    for (path, says) in [
        (
            "infra/dashboard/none",
            "there is no file `infra/dashboard/none`",
        ),
        ("infra", "`infra` is not a file"),
        ("../x", "`../x` leaves the project"),
        ("/etc/hostname", "`/etc/hostname` is an absolute path"),
    ] {
        let text = read(path).expect_err(path).to_string();
        assert!(text.starts_with(&format!("file: {says}\n")), "{text}");
        assert!(text.contains(&format!("\"{path}\"")), "{text}");
    }
}
