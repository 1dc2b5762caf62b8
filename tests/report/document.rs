//! `report.json` against its schema.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{player, scripts};

fn schema() -> Value {
    let text = include_str!("../../schemas/report/v1.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

fn validator() -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema())
        .expect("the schema is a schema")
}

fn report(script: fn() -> Vec<amiable::events::Event>) -> Value {
    serde_json::from_str(&player::files(&script()).0).expect("a report is JSON")
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_way_out_gives_a_valid_report() {
    let validator = validator();
    let cut_short: scripts::Named = ("cut_short", scripts::cut_short);
    for (name, script) in scripts::ALL.into_iter().chain([cut_short]) {
        let report = report(script);
        let problems: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:#?}");
    }
}

#[test]
fn the_scripts_use_every_value_of_every_enumeration() {
    // Otherwise a value that the schema lacks could go unseen.
    fn collect(value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Value::String(text) = value {
                        found.push((name.clone(), text.clone()));
                    }
                    collect(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (_, script) in scripts::ALL {
        collect(&report(script), &mut found);
    }
    let has = |name: &str, text: &str| found.contains(&(name.to_owned(), text.to_owned()));
    let expected = [
        (
            "result",
            "succeeded degraded unverified failed check_failed declined refused interrupted \
             skipped not_run done unknown",
        ),
        (
            "kind",
            "first_build changed added removed variables_changed source_ami_changed \
             packer_changed forced details_unknown not_provisioned",
        ),
        (
            "action",
            "create update replace destroy read forget build reuse keep roll_back",
        ),
        ("origin", "built reused not_provisioned kept rolled_back"),
        ("operation", "up plan destroy image_build image_rollback"),
        ("signal", "interrupt hang_up"),
    ];
    for (name, values) in expected {
        for value in values.split_whitespace() {
            assert!(has(name, value), "no script has {name} = {value}");
        }
    }
}

#[test]
fn the_schema_refuses_what_no_report_says() {
    let validator = validator();
    let good = report(scripts::ALL[0].1);
    assert!(validator.is_valid(&good));
    let changes: [(&str, Value); 8] = [
        ("/result", json!("fine")),
        ("/schema_version", json!("2.0")),
        ("/run/id", json!("../x")),
        ("/run/started_at", json!("yesterday")),
        ("/steps/0/result", json!("passed")),
        (
            "/steps/0/failure",
            json!({"message": "x", "excerpt": [], "hints": [], "log": null}),
        ),
        ("/outputs/db_password/value", json!("hunter2")),
        ("/images/0/outcome/origin", json!("bought")),
    ];
    for (pointer, value) in changes {
        let mut report = good.clone();
        *report.pointer_mut(pointer).expect(pointer) = value;
        assert!(!validator.is_valid(&report), "{pointer}");
    }
    let mut report = good;
    report["extra"] = json!(1);
    assert!(!validator.is_valid(&report), "additional properties");
}

#[test]
fn a_run_that_never_ended_is_incomplete() {
    let report = report(scripts::cut_short);
    assert_eq!(report["result"], "incomplete");
    let results: Vec<_> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["result"].as_str().unwrap())
        .collect();
    assert_eq!(
        results[..4],
        ["succeeded", "succeeded", "unfinished", "unfinished"]
    );
    assert!(results[4..].iter().all(|result| *result == "not_run"));
}
