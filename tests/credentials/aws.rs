//! AWS credentials: keys of our own, or the ways of AWS's own tools.

use amiable::{
    command::EnvValue,
    config::CredentialSpec,
    credentials::{AwsVariable, AwsWay, Context, Outcome, Resolution, aws_environment, resolve},
    secret::Secret,
};

use super::setting::{
    Folder, assert_found, command, context, env, hints, missing, pass, sandbox, spec,
};

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The three credentials, each from its variable and then from `pass`.
fn keys() -> Vec<CredentialSpec> {
    [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ]
    .into_iter()
    .map(|name| {
        let mut spec = spec(name, [env(&name.to_uppercase()), pass(name)]);
        spec.optional = name == "aws_session_token";
        spec
    })
    .collect()
}

fn way(resolution: &Resolution, name: &str) -> Option<AwsWay> {
    match &resolution.get(name).unwrap().outcome {
        Outcome::LeftToAws { how } => Some(how.clone()),
        _ => None,
    }
}

fn write(folder: &Folder, name: &str, text: &str) {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn variables(resolution: &Resolution, context: &Context) -> Vec<AwsVariable> {
    aws_environment(resolution, context, "eu-west-1")
}

fn plain<'v>(variables: &'v [AwsVariable], name: &str) -> Option<&'v str> {
    variables
        .iter()
        .find(|variable| variable.name == name)
        .map(|variable| match &variable.value {
            EnvValue::Plain(text) => text.as_str(),
            EnvValue::Secret(_) => panic!("{name} is a secret"),
        })
}

fn has_secret(variables: &[AwsVariable], name: &str, text: &str) -> bool {
    variables
        .iter()
        .filter_map(AwsVariable::secret)
        .any(|(known, secret)| known == name && *secret == Secret::new(text))
}

#[test]
fn keys_of_the_environment_are_found_with_their_token() {
    let folder = Folder::new();
    let context = context(
        &folder,
        &[
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDExample"),
            ("AWS_PROFILE", "not-there"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000"),
        ],
    );
    let resolution = resolve(&keys(), &context);
    resolution.check().unwrap();
    assert_found(&resolution.credentials[0], ACCESS_KEY);
    let variables = variables(&resolution, &context);
    assert!(has_secret(&variables, "AWS_ACCESS_KEY_ID", ACCESS_KEY));
    assert!(has_secret(&variables, "AWS_SECRET_ACCESS_KEY", SECRET_KEY));
    assert!(has_secret(
        &variables,
        "AWS_SESSION_TOKEN",
        "FwoGZXIvYXdzEBYaDExample"
    ));
    assert_eq!(plain(&variables, "AWS_REGION"), Some("eu-west-1"));
    assert_eq!(plain(&variables, "AWS_PROFILE"), None);
    assert_eq!(plain(&variables, "AWS_ENDPOINT_URL"), None);
    assert!(variables.iter().all(|variable| !variable.reason.is_empty()));
}

#[test]
fn keys_that_no_stack_declares_reach_children_all_the_same() {
    let folder = Folder::new();
    let context = context(
        &folder,
        &[
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ],
    );
    let variables = variables(&Resolution::default(), &context);
    assert_eq!(plain(&variables, "AWS_ACCESS_KEY_ID"), Some(ACCESS_KEY));
    assert!(has_secret(&variables, "AWS_SECRET_ACCESS_KEY", SECRET_KEY));
}

#[test]
fn a_chosen_profile_means_that_no_store_is_asked() {
    let folder = Folder::new();
    write(
        &folder,
        ".aws/config",
        "[profile prod]\nsso_session = corp\n",
    );
    let context = context(&folder, &[("AWS_PROFILE", "prod")]);
    let mut keys = keys();
    for key in &mut keys {
        key.sources.push(command(&["touch", "asked"]));
    }
    let resolution = resolve(&keys, &context);
    resolution.check().unwrap();
    let how = way(&resolution, "aws_access_key_id").unwrap();
    assert_eq!(how.to_string(), "AWS profile prod (AWS_PROFILE, SSO)");
    assert!(!folder.path().join("asked").exists());
    let variables = variables(&resolution, &context);
    assert_eq!(plain(&variables, "AWS_PROFILE"), Some("prod"));
    assert_eq!(plain(&variables, "AWS_SDK_LOAD_CONFIG"), Some("1"));
}

#[test]
fn a_chosen_profile_that_is_not_there_is_an_error() {
    let folder = Folder::new();
    write(
        &folder,
        ".aws/credentials",
        "[staging]\naws_access_key_id = x\n",
    );
    let context = context(&folder, &[("AWS_PROFILE", "prod")]);
    let resolution = resolve(&keys(), &context);
    let text = missing(&resolution.credentials[0]);
    assert!(
        text.contains("AWS_PROFILE is prod, which is none of the AWS profiles: staging"),
        "{text}"
    );
    assert!(hints(&resolution.credentials[0]).contains("unset AWS_PROFILE"));
}

#[test]
fn web_identities_containers_default_profiles_and_instances_are_recognised() {
    let folder = Folder::new();
    let found = |variables: &[(&str, &str)]| {
        let mut context = context(&folder, variables);
        context.machine = folder.path().join("machine");
        let resolution = resolve(&keys(), &context);
        way(&resolution, "aws_secret_access_key").map(|how| how.to_string())
    };
    assert_eq!(found(&[]), None);
    let token = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/token");
    assert!(found(&[token]).unwrap().contains("web identity"));
    let uri = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x");
    assert!(found(&[uri]).unwrap().contains("container"));

    write(&folder, "machine/sys_vendor", "Amazon EC2\n");
    assert!(found(&[]).unwrap().contains("role of this EC2 instance"));
    assert_eq!(found(&[("AWS_EC2_METADATA_DISABLED", "true")]), None);
    write(&folder, ".aws/config", "[default]\nregion = eu-west-1\n");
    assert!(found(&[]).unwrap().contains("role of this EC2 instance"));
    write(
        &folder,
        ".aws/credentials",
        "[default]\naws_access_key_id = x\n",
    );
    assert_eq!(found(&[]).unwrap(), "AWS profile default (access key)");
}

#[test]
fn a_store_that_cannot_be_read_is_not_covered_up_by_a_default_profile() {
    let folder = Folder::new();
    write(
        &folder,
        ".aws/credentials",
        "[default]\naws_access_key_id = x\n",
    );
    let mut keys = keys();
    keys[1].sources.push(command(&["false"]));
    let resolution = resolve(&keys, &context(&folder, &[]));
    let text = missing(&resolution.credentials[1]);
    assert!(text.contains("may be another account"), "{text}");
    assert!(hints(&resolution.credentials[1]).contains("export AWS_PROFILE=default"));
}

#[test]
fn half_a_key_pair_is_an_error_even_beside_a_profile() {
    let folder = Folder::new();
    write(
        &folder,
        ".aws/credentials",
        "[default]\naws_access_key_id = x\n",
    );
    let resolution = resolve(
        &keys(),
        &context(&folder, &[("AWS_ACCESS_KEY_ID", ACCESS_KEY)]),
    );
    let text = missing(resolution.get("aws_secret_access_key").unwrap());
    assert!(text.contains("aws_access_key_id was found"), "{text}");
}

#[test]
fn a_session_token_of_other_keys_is_left_out() {
    let folder = Folder::new();
    let mut keys = keys();
    keys[0].sources = vec![command(&["echo", ACCESS_KEY])];
    keys[1].sources = vec![command(&["echo", SECRET_KEY])];
    let context = context(
        &folder,
        &[("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDExample")],
    );
    let resolution = resolve(&keys, &context);
    let token = resolution.get("aws_session_token").unwrap();
    assert_eq!(token.outcome, Outcome::AbsentOptional);
    assert!(
        token.warnings[0].text.contains("is left out"),
        "{:?}",
        token.warnings
    );
    let variables = variables(&resolution, &context);
    assert!(has_secret(&variables, "AWS_SECRET_ACCESS_KEY", SECRET_KEY));
    assert!(
        !variables
            .iter()
            .any(|variable| variable.name == "AWS_SESSION_TOKEN")
    );
}

#[test]
fn the_sandbox_asks_for_no_keys() {
    let folder = Folder::new();
    write(
        &folder,
        ".aws/credentials",
        "[default]\naws_access_key_id = x\n",
    );
    let context = sandbox(
        &folder,
        &[
            ("AWS_PROFILE", "default"),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDExample"),
        ],
    );
    let resolution = resolve(&keys(), &context);
    resolution.check().unwrap();
    assert_eq!(
        way(&resolution, "aws_access_key_id"),
        Some(AwsWay::Emulator)
    );
    assert_eq!(resolution.secrets().count(), 0);
}
