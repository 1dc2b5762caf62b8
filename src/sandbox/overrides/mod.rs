//! What the sandbox environment changes for the tools, as data. `render` turns it into text.
//!
//! Everything that could reach the real AWS is taken away first: credentials are dummies, configuration files are
//! out of sight, every service's address is the emulator's.

mod endpoints;

use semver::Version;

use crate::command::EnvValue;

/// Access key and secret key alike. moto gives every key it does not know its default account.
pub const DUMMY_KEY: &str = "test";

/// The account that everything in the emulator belongs to.
pub const ACCOUNT: &str = "123456789012";

/// A value of an argument in HCL or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Text(String),
    Flag(bool),
    /// HCL's `null`: as if the argument had not been given.
    Null,
}

fn text(value: impl Into<String>) -> Setting {
    Setting::Text(value.into())
}

/// Variables of every child that talks to AWS. `url` is the emulator's, when it is running; `no_proxy` is what the
/// driver's own environment has.
pub fn child_environment(
    url: Option<&str>,
    region: &str,
    no_proxy: Option<&str>,
) -> Vec<(String, EnvValue)> {
    // botocore would send even this machine's own address to a proxy.
    let no_proxy = match no_proxy.filter(|hosts| !hosts.is_empty()) {
        Some(hosts) => format!("{hosts},127.0.0.1"),
        None => "127.0.0.1".to_owned(),
    };
    // The AWS CLI, boto3, and the newer SDKs: Terraform's AWS provider 5 and later, Packer's plugin.
    let address = url.map(|url| ("AWS_ENDPOINT_URL", url));
    let others = [
        ("AWS_ACCESS_KEY_ID", DUMMY_KEY),
        ("AWS_SECRET_ACCESS_KEY", DUMMY_KEY),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        // Otherwise SDKs look for an instance's role on 169.254.169.254.
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // A profile of the user could name another account, region or endpoint.
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        // Without it the AWS CLI hands longer answers to a pager.
        ("AWS_PAGER", ""),
        ("NO_PROXY", &no_proxy),
        ("no_proxy", &no_proxy),
    ];
    let all = address.into_iter().chain(others);
    all.map(|(name, value)| (name.to_owned(), EnvValue::Plain(value.to_owned())))
        .collect()
}

/// What an override of a `provider "aws"` block has to say. Each configuration of the provider needs it, those
/// with an `alias` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderOverride {
    pub arguments: Vec<(&'static str, Setting)>,
    /// Arguments of the `endpoints` block.
    pub endpoints: Vec<(&'static str, String)>,
    /// Value for `role_arn` of an `assume_role` block, to be written only where the block that is overridden
    /// has one: an override cannot remove a block, and the role's account would be another than the images'.
    pub assume_role_arn: String,
}

/// The override for a version of the AWS provider, `url` being the emulator's.
///
/// Checked against the schema of 3.39 and the arguments that the bindings of 4.x, 5.99 and 6.62 have.
pub fn provider(version: &Version, url: &str) -> ProviderOverride {
    let mut arguments = vec![
        ("access_key", text(DUMMY_KEY)),
        ("secret_key", text(DUMMY_KEY)),
        ("token", Setting::Null),
        ("profile", Setting::Null),
        // IAM has nothing to say about dummies.
        ("skip_credentials_validation", Setting::Flag(true)),
        ("skip_metadata_api_check", Setting::Flag(true)),
        // The emulator knows its account; without the number the provider composes wrong ARNs.
        ("skip_requesting_account_id", Setting::Flag(false)),
        // A project may guard itself against foreign accounts.
        ("allowed_account_ids", Setting::Null),
        ("forbidden_account_ids", Setting::Null),
    ];
    if version.major <= 3 {
        arguments.push(("shared_credentials_file", Setting::Null));
        arguments.push(("skip_get_ec2_platforms", Setting::Flag(true)));
        // Bucket names cannot be host names below 127.0.0.1.
        arguments.push(("s3_force_path_style", Setting::Flag(true)));
    } else {
        arguments.push(("shared_config_files", Setting::Null));
        arguments.push(("shared_credentials_files", Setting::Null));
        arguments.push(("s3_use_path_style", Setting::Flag(true)));
    }
    ProviderOverride {
        arguments,
        endpoints: endpoints::names(version)
            .into_iter()
            .map(|name| (name, url.to_owned()))
            .collect(),
        assume_role_arn: format!("arn:aws:iam::{ACCOUNT}:role/sandbox"),
    }
}

/// The version of `hashicorp/aws` in the text of a `.terraform.lock.hcl`, whatever the registry.
pub fn locked_provider_version(lock_file: &str) -> Option<Version> {
    let mut in_block = false;
    for line in lock_file.lines() {
        if let Some(rest) = line.strip_prefix("provider ") {
            let source = rest.trim_end_matches(['{', ' ']).trim_matches('"');
            in_block = source.ends_with("/hashicorp/aws");
        } else if in_block
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "version"
        {
            return Version::parse(value.trim().trim_matches('"')).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:4566";

    fn of(version: &str) -> ProviderOverride {
        provider(&Version::parse(version).unwrap(), URL)
    }

    fn has(settings: &[(&str, Setting)], name: &str) -> bool {
        settings.iter().any(|(known, _)| *known == name)
    }

    #[test]
    fn children_see_neither_the_users_profile_nor_the_real_aws() {
        let environment = child_environment(Some(URL), "eu-west-1", Some(".example"));
        let value = |name: &str| {
            environment
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        };
        let plain = |text: &str| Some(EnvValue::Plain(text.to_owned()));
        assert_eq!(value("AWS_CONFIG_FILE"), plain("/dev/null"));
        assert_eq!(value("AWS_SHARED_CREDENTIALS_FILE"), plain("/dev/null"));
        assert_eq!(value("AWS_ENDPOINT_URL"), plain(URL));
        assert_eq!(value("AWS_REGION"), plain("eu-west-1"));
        assert_eq!(value("NO_PROXY"), plain(".example,127.0.0.1"));
    }

    #[test]
    fn each_major_version_gets_the_arguments_it_knows() {
        let three = of("3.39.0").arguments;
        assert!(has(&three, "s3_force_path_style") && has(&three, "skip_get_ec2_platforms"));
        assert!(!has(&three, "s3_use_path_style"));
        for version in ["4.0.0", "5.0.0", "6.0.0"] {
            let later = of(version).arguments;
            assert!(has(&later, "s3_use_path_style"), "{version}");
            assert!(!has(&later, "s3_force_path_style"), "{version}");
            assert!(!has(&later, "skip_get_ec2_platforms"), "{version}");
        }
    }

    #[test]
    fn every_endpoint_is_the_emulator() {
        let endpoints = of("6.2.0").endpoints;
        assert!(endpoints.iter().all(|(_, url)| url == URL));
        assert!(endpoints.iter().any(|(name, _)| *name == "ec2"));
    }

    #[test]
    fn the_lock_file_names_the_version() {
        let text = "# comment\n\nprovider \"registry.terraform.io/hashicorp/random\" {\n  version = \"3.1.0\"\n}\n\n\
                    provider \"registry.opentofu.org/hashicorp/aws\" {\n  version     = \"5.31.0\"\n  constraints = \">= 3.39.0\"\n}\n";
        assert_eq!(locked_provider_version(text), Some(Version::new(5, 31, 0)));
        assert_eq!(locked_provider_version(""), None);
    }
}
