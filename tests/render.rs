//! Rendered Terraform files, as the real Terraform reads them.

mod nasty;
mod real_tools;

use std::fs;

use amiable::{
    config::Backend,
    render::{
        hcl_literal,
        terraform::{
            OVERRIDE_FILE, ProviderSettings, RootModule, VARIABLES_FILE, override_file, overrides,
            variables_file,
        },
    },
};
use camino::Utf8Path;
use real_tools::{Moto, terraform, terraform_cli_configuration, terraform_values};
use serde_json::{Map, Value, json};

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index}")).collect()
}

fn named(prefix: &str, values: &[Value]) -> Map<String, Value> {
    names(prefix, values.len())
        .into_iter()
        .zip(values.iter().cloned())
        .collect()
}

#[test]
fn values_of_the_variable_file_reach_terraform_unchanged() {
    let values = nasty::values();
    let temporary = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(temporary.path()).unwrap();
    let declarations: String = names("v", values.len())
        .iter()
        .map(|name| format!("variable \"{name}\" {{}}\n"))
        .collect();
    fs::write(folder.join("main.tf"), declarations).unwrap();
    // The user's own file does not win over the stack file.
    fs::write(folder.join("prod.auto.tfvars"), "v0 = \"theirs\"\n").unwrap();
    let text = variables_file(&named("v", &values));
    fs::write(folder.join(VARIABLES_FILE), text).unwrap();
    let read = terraform_values(folder, &names("var.v", values.len()));
    nasty::assert_same(&read, &values);
}

#[test]
fn escaped_literals_of_an_override_file_mean_themselves() {
    let values = nasty::values();
    let temporary = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(temporary.path()).unwrap();
    let locals: String = names("v", values.len())
        .iter()
        .map(|name| format!("  {name} = null\n"))
        .collect();
    fs::write(folder.join("main.tf"), format!("locals {{\n{locals}}}\n")).unwrap();
    let escaped = overrides::literal(&Value::Object(named("v", &values)));
    let text = json!({ "locals": escaped }).to_string();
    fs::write(folder.join(OVERRIDE_FILE), text).unwrap();
    let read = terraform_values(folder, &names("local.v", values.len()));
    nasty::assert_same(&read, &values);
}

#[test]
fn quoted_expressions_mean_themselves_to_terraform() {
    let values = nasty::values();
    let temporary = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(temporary.path()).unwrap();
    let locals: String = names("v", values.len())
        .iter()
        .zip(&values)
        .map(|(name, value)| format!("  {name} = {}\n", hcl_literal::expression(value)))
        .collect();
    fs::write(folder.join("main.tf"), format!("locals {{\n{locals}}}\n")).unwrap();
    let read = terraform_values(folder, &names("local.v", values.len()));
    nasty::assert_same(&read, &values);
}

/// A root with a provider that points to a real account, an alias, and a remote backend.
const ROOT: &str = r#"
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39, < 7"
    }
  }
  backend "s3" {
    bucket = "real"
  }
}

provider "aws" {
  region              = "us-east-1"
  profile             = "production"
  allowed_account_ids = ["999999999999"]
  endpoints {
    ec2 = "http://192.0.2.1"
  }
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

data "aws_availability_zones" "east" {}

data "aws_availability_zones" "west" {
  provider = aws.west
}

output "zones" {
  value = [data.aws_availability_zones.east.names[0], data.aws_availability_zones.west.names[0]]
}
"#;

#[test]
fn backend_and_all_provider_configurations_are_overridden() {
    let moto = Moto::start();
    let temporary = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(temporary.path()).unwrap();
    fs::write(folder.join("main.tf"), ROOT).unwrap();
    terraform_cli_configuration(folder);
    let root = RootModule::read(folder, Utf8Path::new("")).unwrap();
    let state = "state ${x} %{y} $${z}.tfstate";
    let backend = Backend {
        kind: "local".to_owned(),
        attributes: Map::from_iter([("path".to_owned(), json!(state))]),
    };
    let arguments = json!({
        "access_key": "test",
        "secret_key": "test-${not_a_template}",
        "skip_credentials_validation": true,
        "skip_metadata_api_check": true,
        "skip_requesting_account_id": true,
    });
    let settings = ProviderSettings {
        source: "hashicorp/aws".to_owned(),
        arguments: arguments.as_object().unwrap().clone(),
        endpoints: Map::from_iter([("ec2".to_owned(), json!(moto.endpoint))]),
        assume_role_arn: None,
    };
    let text = override_file(&root, Some(&backend), Some(&settings)).unwrap();
    fs::write(folder.join(OVERRIDE_FILE), text).unwrap();

    terraform(folder, &["init", "-input=false"]).expect_success("terraform init");
    terraform(folder, &["apply", "-auto-approve", "-input=false"])
        .expect_success("terraform apply");
    let zones = terraform(folder, &["output", "-json", "zones"]).expect_success("terraform output");
    let zones: Value = serde_json::from_str(&zones.stdout).unwrap();
    assert_eq!(zones, json!(["us-east-1a", "us-west-2a"]));
    assert!(
        folder.join(state).is_file(),
        "the state is not at the backend's path"
    );
}
