//! Where the canary is printed.

use serde_json::json;

use super::{
    project::Planted,
    secret::{CANARY, encodings},
    web::Web,
};

/// A line of Packer for each line of each encoding, as `-machine-readable` writes it (packer 1.6.6): commas and line
/// ends are written in words.
fn packer_lines(mark: &str) -> Vec<String> {
    let escape = |text: &str| text.replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n");
    let mut lines = Vec::new();
    for (name, text) in encodings() {
        for level in ["say", "message", "error"] {
            let text = escape(&text);
            lines.push(format!(
                "1,,ui,{level},==> amazon-ebs.web: {mark} {name}: {text}"
            ));
        }
        // As it prints what a script writes in several lines.
        for line in text.lines() {
            lines.push(format!(
                "1,,ui,message,    amazon-ebs.web: {}",
                escape(line)
            ));
        }
        // What is not Packer's own format.
        lines.extend(text.lines().map(escape));
    }
    lines
}

/// A diagnostic of Terraform for each encoding.
fn diagnostics(severity: &str, mark: &str) -> Vec<String> {
    encodings()
        .into_iter()
        .map(|(name, text)| {
            json!({
                "type": "diagnostic",
                "@level": severity,
                "@message": format!("{mark} {name}: {text}"),
                "diagnostic": {
                    "severity": severity,
                    "summary": format!("{mark} {name}: {text}"),
                    "detail": format!("the value is:\n{text}\n"),
                    "address": "terraform_data.dump",
                    "snippet": { "code": format!("  x = \"{text}\""), "values": [] },
                }
            })
            .to_string()
        })
        .collect()
}

fn plain_lines(mark: &str) -> Vec<String> {
    encodings()
        .into_iter()
        .map(|(name, text)| format!("{mark} {name}:\n{text}"))
        .collect()
}

/// Prints everything on standard error.
const ON_STDERR: &str = "for file in \"$PAYLOAD\"/*; do echo \"MARK ${file##*/}:\" >&2; cat \"$file\" >&2; echo >&2; done";

#[test]
fn nothing_of_a_run_that_succeeds_holds_it() {
    let planted = Planted::new();
    planted.prints("packer", "build", &packer_lines("mark-packer"), "");
    planted.prints("terraform", "init", &plain_lines("mark-init"), "");
    let mut said = diagnostics("warning", "mark-diagnostic");
    said.extend(plain_lines("mark-plain"));
    planted.prints(
        "terraform",
        "plan",
        &said,
        &ON_STDERR.replace("MARK", "mark-plan-stderr"),
    );
    planted.prints("terraform", "apply", &said, "");
    let dump = "env; env | base64; ".to_owned() + &ON_STDERR.replace("MARK", "mark-task");
    planted.before("task", "all", "");
    planted.program(
        "task",
        &format!(
            "#!/bin/sh\nPAYLOAD='{}'\n{dump}\n",
            planted.put("payload/.here", "").parent().unwrap().display()
        ),
    );
    // An error line of a build that succeeds makes it degraded.
    let up = planted.run(&["up", "--yes", "-vv"], 11);
    for mark in [
        "mark-packer",
        "mark-init",
        "mark-diagnostic",
        "mark-plain",
        "mark-plan-stderr",
        "mark-task",
    ] {
        assert!(planted.wrote(mark), "{mark} was not printed: {}", up.stderr);
    }
    assert!(planted.wrote("[REDACTED"));

    let json = planted.run(&["up", "--yes", "--json"], 0);
    let output = planted.run(&["output", "--json"], 0);
    let shown = planted.run(&["report", "show", "last"], 0);
    planted.assert_clean(&[&up, &json, &output, &shown]);
}

#[test]
fn nothing_of_a_failed_build_holds_it() {
    let planted = Planted::new();
    let mut lines = packer_lines("mark-build");
    // As Packer shows a line of a variable file or a template that it cannot read.
    lines.push(format!(
        "1,,ui,error,Error: Unsupported argument\\n\\n  on amiable.pkrvars.json line 1:\\n   1: {{\"canary\": {}}}",
        json!(CANARY).to_string().replace(',', "%!(PACKER_COMMA)")
    ));
    lines.push(format!("1,amazon-ebs.web,error,mark-builder {CANARY}"));
    planted.prints("packer", "build", &lines, "exit 1");
    let up = planted.run(&["up", "--yes"], 1);
    assert!(up.stderr.contains("mark-builder"), "{}", up.stderr);
    let json = planted.run(&["up", "--yes", "--json"], 1);
    planted.assert_clean(&[&up, &json]);
}

#[test]
fn nothing_of_a_failed_plan_or_init_holds_it() {
    let planted = Planted::new();
    let mut said = diagnostics("error", "mark-error");
    said.extend(plain_lines("mark-plain"));
    planted.prints("terraform", "plan", &said, "exit 1");
    let plan = planted.run(&["up", "--yes"], 1);
    assert!(plan.stderr.contains("mark-error"), "{}", plan.stderr);
    // A crash: no diagnostic, the last words alone.
    planted.before(
        "terraform",
        "plan",
        &format!("{}\nexit 2", ON_STDERR.replace("MARK", "mark-crash")),
    );
    let crash = planted.run(&["up", "--yes"], 1);
    assert!(planted.wrote("mark-crash"), "{}", crash.stderr);

    std::fs::remove_dir_all(planted.project.path(".amiable/work")).unwrap();
    planted.before(
        "terraform",
        "init",
        &format!("{}\nexit 1", ON_STDERR.replace("MARK", "Error: mark-init")),
    );
    let init = planted.run(&["up", "--yes"], 1);
    assert!(init.stderr.contains("mark-init"), "{}", init.stderr);
    planted.assert_clean(&[&plan, &crash, &init]);
}

/// The real provider quotes what it does not accept.
#[test]
fn nothing_of_a_providers_error_holds_it() {
    let planted = Planted::new();
    planted.project.write(
        "terraform/main.tf",
        r#"
variable "canary" { type = string }
variable "ami_id" { type = string }
provider "aws" { region = "us-east-1" }
resource "aws_vpc" "main" {
  cidr_block = var.canary
}
output "leak" { value = "none" }
"#,
    );
    let up = planted.run(&["up", "--yes"], 1);
    assert!(up.stderr.contains("CIDR"), "{}", up.stderr);
    planted.assert_clean(&[&up]);
}

/// The user has written it into a file in which something is wrong. The driver, which reads first, and the real tools show
/// the line.
#[track_caller]
fn a_parse_error_holds_nothing(file: &str, text: &str, code: i32, says: &str) {
    let planted = Planted::new();
    planted.project.write(file, text);
    let up = planted.run(&["up", "--yes"], code);
    assert!(up.stderr.contains(says), "{file}: {}", up.stderr);
    let name = file.rsplit('/').next().unwrap();
    planted.assert_clean_but_for(&[&up], &[name]);
}

fn quoted() -> String {
    json!(CANARY).to_string()
}

fn template(argument: &str) -> String {
    format!(
        r#"
variable "canary" {{ type = string }}
source "amazon-ebs" "web" {{
  region        = "us-east-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
  {argument}
}}
build {{ sources = ["source.amazon-ebs.web"] }}
"#
    )
}

#[test]
fn nothing_of_a_template_that_packer_does_not_take_holds_it() {
    let unknown = template(&format!("mark = {}", quoted()));
    a_parse_error_holds_nothing("packer/web.pkr.hcl", &unknown, 1, "named \"mark\" is not");
}

#[test]
fn nothing_of_a_template_that_nobody_can_read_holds_it() {
    let torn = template(&format!("mark = {0} {0}", quoted()));
    a_parse_error_holds_nothing("packer/web.pkr.hcl", &torn, 3, "web.pkr.hcl:9");
}

#[test]
fn nothing_of_variables_that_nobody_can_read_holds_it() {
    let torn = format!("mark = {0} {0}\n", quoted());
    let json = format!("{{\"mark\": {0} {0}}}\n", quoted());
    for (file, text) in [
        ("packer/mark.auto.pkrvars.hcl", &torn),
        ("packer/mark.auto.pkrvars.json", &json),
        ("terraform/mark.auto.tfvars", &torn),
        ("terraform/mark.auto.tfvars.json", &json),
    ] {
        a_parse_error_holds_nothing(file, text, 3, &format!("failed to parse {file}:1:"));
    }
}

#[test]
fn nothing_of_a_root_module_that_nobody_can_read_holds_it() {
    let torn = format!("output \"mark\" {{\n  value = {0} {0}\n}}\n", quoted());
    a_parse_error_holds_nothing("terraform/mark.tf", &torn, 3, "mark.tf:2");
}

#[test]
fn nothing_of_a_root_module_that_terraform_does_not_take_holds_it() {
    let unknown = format!(
        "output \"leak_too\" {{\n  value = \"x\"\n  mark = {}\n}}\n",
        quoted()
    );
    a_parse_error_holds_nothing("terraform/mark.tf", &unknown, 1, "\"mark\" is not expected");
}

/// Real curl against a server that says it wherever an answer can, and sends on to a host of its name.
#[test]
fn nothing_of_what_a_check_is_answered_holds_it() {
    let web = Web::start();
    let planted = Planted::new();
    let checks = ["said", "moved"].map(|path| {
        format!(
            "check \"{path}\" {{\n  url = \"{}/{path}\"\n  contains = \"hardware\"\n  timeout = \"1s\"\n}}\n",
            web.url()
        )
    });
    let stack = std::fs::read_to_string(planted.project.path("stack.hcl")).unwrap();
    planted
        .project
        .write("stack.hcl", &(stack + &checks.concat()));
    let up = planted.run(&["up", "--yes"], 8);
    assert!(up.stderr.contains("status 500"), "{}", up.stderr);
    assert!(
        up.stderr.contains("Could not resolve host"),
        "{}",
        up.stderr
    );
    assert_eq!(web.asked(), ["/moved", "/said"]);
    let shown = planted.run(&["report", "show", "last"], 0);
    planted.assert_clean(&[&up, &shown]);
}

#[test]
fn nothing_of_what_aws_complains_of_holds_it() {
    let planted = Planted::new();
    planted.before(
        "aws",
        "describe-images",
        &format!("{}\nexit 254", ON_STDERR.replace("MARK", "mark-aws")),
    );
    let up = planted.run(&["up", "--yes"], 1);
    assert!(up.stderr.contains("mark-aws"), "{}", up.stderr);
    planted.assert_clean(&[&up]);
}

#[test]
fn nothing_of_a_failed_task_holds_it() {
    let planted = Planted::new();
    planted.program(
        "task",
        &format!(
            "#!/bin/sh\nPAYLOAD='{}'\n{}\nenv | od -A x -t x1z\nexit 3\n",
            planted.put("payload/.here", "").parent().unwrap().display(),
            ON_STDERR.replace("MARK", "mark-task"),
        ),
    );
    let up = planted.run(&["up", "--yes"], 1);
    assert!(
        up.stderr.contains("ended with exit code 3"),
        "{}",
        up.stderr
    );
    assert!(planted.wrote("mark-task"));
    let shown = planted.run(&["report", "show", "last"], 0);
    planted.assert_clean(&[&up, &shown]);
}
