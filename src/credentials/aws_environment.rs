//! The `AWS_*` variables of children that talk to AWS.

use super::{
    context::Context,
    resolution::{Outcome, Resolution},
    source::SourceName,
};
use crate::{command::EnvValue, secret::Secret};

pub(super) const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
pub(super) const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
pub(super) const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Every variable that says who we are to AWS. One that is left over contradicts the others.
pub const IDENTITY: [&str; 12] = [
    ACCESS_KEY,
    SECRET_KEY,
    SESSION_TOKEN,
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// One variable of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsVariable {
    pub name: &'static str,
    pub value: EnvValue,
    /// What breaks without it.
    pub reason: &'static str,
}

impl AwsVariable {
    /// The value, if it has to be kept out of everything that is written.
    pub fn secret(&self) -> Option<(&str, &Secret)> {
        match &self.value {
            EnvValue::Secret(secret) => Some((self.name, secret)),
            EnvValue::Plain(_) => None,
        }
    }
}

impl From<AwsVariable> for (String, EnvValue) {
    fn from(variable: AwsVariable) -> Self {
        (variable.name.to_owned(), variable.value)
    }
}

/// Variables that are handed on when the way to AWS is not a key pair, with what breaks without them.
const WAYS: &[(&str, &str)] = &[
    ("AWS_PROFILE", "the profile that was chosen"),
    (
        "AWS_DEFAULT_PROFILE",
        "the profile that was chosen, in the AWS CLI's spelling",
    ),
    ("AWS_ROLE_ARN", "the role that a web identity token is for"),
    (
        "AWS_ROLE_SESSION_NAME",
        "how CloudTrail names the session of that role",
    ),
    (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "where the web identity token is",
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "where a container gets credentials (ECS)",
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "where a container gets credentials (EKS, CodeBuild)",
    ),
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "what a container shows to get them",
    ),
    (
        "AWS_EC2_METADATA_DISABLED",
        "keeps tools from waiting for an instance role",
    ),
    (
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "where the instance role's credentials are",
    ),
    (
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "whether they are asked for over IPv6",
    ),
    (
        "AWS_METADATA_SERVICE_TIMEOUT",
        "how long to wait for the instance role",
    ),
    (
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        "how often to ask for the instance role",
    ),
];

/// Settings that are handed on whatever the way to AWS is, with what breaks without them.
const SETTINGS: &[(&str, &str)] = &[
    ("AWS_CONFIG_FILE", "where the profiles are"),
    (
        "AWS_SHARED_CREDENTIALS_FILE",
        "where the profiles' keys are",
    ),
    (
        "AWS_STS_REGIONAL_ENDPOINTS",
        "networks that reach only the regional STS",
    ),
    (
        "AWS_USE_FIPS_ENDPOINT",
        "accounts that allow only FIPS endpoints",
    ),
    ("AWS_USE_DUALSTACK_ENDPOINT", "networks with IPv6 only"),
    ("AWS_RETRY_MODE", "accounts that are throttled a lot"),
    ("AWS_MAX_ATTEMPTS", "accounts that are throttled a lot"),
];

/// Whether AWS's own tools take a part of the access key from the variable `name`.
pub fn is_aws_key(name: &str) -> bool {
    [ACCESS_KEY, SECRET_KEY, SESSION_TOKEN].contains(&name)
}

/// The variables for children that talk to AWS itself in `region`. The sandbox has others.
///
/// They are the key pair of `resolution` or of the driver's environment, or else what leads AWS's
/// own tools to credentials. Endpoint overrides (`AWS_ENDPOINT_URL*`) stay behind: one that was left
/// from trying an emulator would send a deployment there.
pub fn aws_environment(
    resolution: &Resolution,
    context: &Context,
    region: &str,
) -> Vec<AwsVariable> {
    let mut all = vec![
        plain(
            "AWS_REGION",
            region,
            "the stack's region, whatever the user's default is",
        ),
        plain(
            "AWS_DEFAULT_REGION",
            region,
            "the same, for older tools and the AWS CLI",
        ),
        plain(
            "AWS_PAGER",
            "",
            "the AWS CLI waits in a pager on a terminal",
        ),
    ];
    let variables = &context.variables;
    let handed_on = |list: &'static [(&'static str, &'static str)]| {
        list.iter().filter_map(|(name, reason)| {
            let value = variables.text(name)?;
            Some(plain(name, value, reason))
        })
    };
    all.extend(handed_on(SETTINGS));
    let keys = keys(resolution, context);
    if keys.is_empty() {
        all.extend(handed_on(WAYS));
        if let Some(token) = variables.text("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            all.push(AwsVariable {
                name: "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                value: EnvValue::Secret(Secret::new(token)),
                reason: "what a container shows to get credentials",
            });
        }
        let load = "older SDKs read roles and SSO from ~/.aws/config only then (Packer before 1.7, provider 3)";
        all.push(plain("AWS_SDK_LOAD_CONFIG", "1", load));
    }
    all.extend(keys);
    all
}

fn plain(name: &'static str, value: &str, reason: &'static str) -> AwsVariable {
    AwsVariable {
        name,
        value: EnvValue::Plain(value.to_owned()),
        reason,
    }
}

/// The key pair, with its session token: the stack's credentials, or else the user's own variables.
fn keys(resolution: &Resolution, context: &Context) -> Vec<AwsVariable> {
    let variables = &context.variables;
    let secret = |name: &'static str, secret: Secret| AwsVariable {
        name,
        value: EnvValue::Secret(secret),
        reason: "who we are to AWS",
    };
    let resolved = |name: &str| {
        let resolved = resolution.by_env(name)?;
        match &resolved.outcome {
            Outcome::Found { secret, source } => Some((secret.clone(), source)),
            _ => None,
        }
    };
    let from_variables = |name: &str| variables.text(name).map(Secret::new);

    let is_declared = resolution.by_env(ACCESS_KEY).is_some();
    let (access, secret_key, of_variables) = if is_declared {
        let (Some((access, source)), Some((secret_key, _))) =
            (resolved(ACCESS_KEY), resolved(SECRET_KEY))
        else {
            return Vec::new();
        };
        let is_variable = matches!(source, SourceName::Env(_));
        (
            secret(ACCESS_KEY, access),
            secret(SECRET_KEY, secret_key),
            is_variable,
        )
    } else {
        let (Some(access), Some(secret_key)) =
            (variables.text(ACCESS_KEY), from_variables(SECRET_KEY))
        else {
            return Vec::new();
        };
        (
            plain(ACCESS_KEY, access, "who we are to AWS"),
            secret(SECRET_KEY, secret_key),
            true,
        )
    };
    // A token in the environment belongs to the keys in the environment.
    let token = match resolved(SESSION_TOKEN) {
        Some((token, _)) => Some(token),
        None if of_variables => from_variables(SESSION_TOKEN),
        None => None,
    };
    let token = token.map(|token| secret(SESSION_TOKEN, token));
    [access, secret_key].into_iter().chain(token).collect()
}
