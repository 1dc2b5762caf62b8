//! The ways in which AWS's own tools find credentials without being given any.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::context::Context;

/// Why children can talk to AWS without an access key from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsWay {
    /// The sandbox's emulator takes any key.
    Emulator,
    /// A profile of `~/.aws/config` or `~/.aws/credentials`.
    Profile {
        name: String,
        kind: ProfileKind,
        /// The variable that names it; `None` for the default profile.
        variable: Option<&'static str>,
    },
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`, as in CI and Kubernetes.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_*`, as on ECS and CodeBuild.
    Container,
    /// The role of the EC2 instance we run on.
    InstanceRole,
}

/// How a profile gets its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileKind {
    Keys,
    Sso,
    Login,
    Role,
    Process,
    /// It has settings, and AWS's tools look further for credentials.
    SettingsOnly,
}

impl fmt::Display for AwsWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AwsWay::Emulator => f.write_str("the sandbox's emulator takes any key"),
            AwsWay::Profile {
                name,
                kind,
                variable,
            } => {
                write!(f, "AWS profile {name}")?;
                let kind = match kind {
                    ProfileKind::Keys => Some("access key"),
                    ProfileKind::Sso => Some("SSO"),
                    ProfileKind::Login => Some("aws login"),
                    ProfileKind::Role => Some("role"),
                    ProfileKind::Process => Some("credential_process"),
                    ProfileKind::SettingsOnly => None,
                };
                match (*variable, kind) {
                    (Some(variable), Some(kind)) => write!(f, " ({variable}, {kind})"),
                    (Some(text), None) | (None, Some(text)) => write!(f, " ({text})"),
                    (None, None) => Ok(()),
                }
            }
            AwsWay::WebIdentity => f.write_str("web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"),
            AwsWay::Container => f.write_str("container credentials (AWS_CONTAINER_CREDENTIALS_*)"),
            AwsWay::InstanceRole => f.write_str("the role of this EC2 instance"),
        }
    }
}

/// `AWS_PROFILE` names a profile that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProfile {
    pub note: String,
    pub hint: String,
}

/// The way that somebody chose for this process: it goes before our own stores.
///
/// # Errors
///
/// When a variable names a profile that neither file has.
pub fn chosen(context: &Context) -> Result<Option<AwsWay>, UnknownProfile> {
    let variables = &context.variables;
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        let Some(name) = variables.text(variable) else {
            continue;
        };
        let profiles = profiles(context);
        return match profiles.iter().find(|profile| profile.name == name) {
            Some(profile) => Ok(Some(AwsWay::Profile {
                name: name.to_owned(),
                kind: profile.kind,
                variable: Some(variable),
            })),
            None => Err(unknown(variable, name, &profiles)),
        };
    }
    if variables.text("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
        return Ok(Some(AwsWay::WebIdentity));
    }
    let is_container = [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]
    .iter()
    .any(|name| variables.text(name).is_some());
    Ok(is_container.then_some(AwsWay::Container))
}

/// The way that happens to be there: it comes after our own stores.
pub fn found(context: &Context) -> Option<AwsWay> {
    let default = profiles(context)
        .into_iter()
        .find(|profile| profile.name == "default" && profile.kind != ProfileKind::SettingsOnly);
    if let Some(profile) = default {
        return Some(AwsWay::Profile {
            name: profile.name,
            kind: profile.kind,
            variable: None,
        });
    }
    is_ec2(context).then_some(AwsWay::InstanceRole)
}

fn unknown(variable: &str, name: &str, profiles: &[Profile]) -> UnknownProfile {
    let names: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    UnknownProfile {
        note: match names.as_slice() {
            [] => format!("{variable} is {name}, and there are no AWS profiles here"),
            _ => format!(
                "{variable} is {name}, which is none of the AWS profiles: {}",
                names.join(", ")
            ),
        },
        hint: format!(
            "correct or unset {variable}, or make the profile: aws configure --profile {name}"
        ),
    }
}

/// The kernel says who made the machine (EC2 user guide, "Detect whether a host is an EC2 instance").
fn is_ec2(context: &Context) -> bool {
    let disabled = context.variables.text("AWS_EC2_METADATA_DISABLED");
    if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return false;
    }
    let read = |name: &str| std::fs::read_to_string(context.machine.join(name)).unwrap_or_default();
    // Nitro instances name Amazon as the vendor, Xen ones in the version of the BIOS.
    read("sys_vendor").trim() == "Amazon EC2" || read("bios_version").contains("amazon")
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Profile {
    name: String,
    kind: ProfileKind,
}

/// The profiles of both files, each once.
fn profiles(context: &Context) -> Vec<Profile> {
    let file = |variable: &str, name: &str| -> Option<Utf8PathBuf> {
        match context.variables.text(variable) {
            Some(path) => Some(path.into()),
            None => Some(context.home()?.join(".aws").join(name)),
        }
    };
    let read = |path: Option<Utf8PathBuf>| {
        path.and_then(|path: Utf8PathBuf| std::fs::read_to_string(Utf8Path::new(&path)).ok())
            .unwrap_or_default()
    };
    let mut all: Vec<Profile> = Vec::new();
    let config = read(file("AWS_CONFIG_FILE", "config"));
    let credentials = read(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
    for profile in parse(&config, true)
        .into_iter()
        .chain(parse(&credentials, false))
    {
        match all.iter_mut().find(|known| known.name == profile.name) {
            Some(known) if known.kind == ProfileKind::SettingsOnly => known.kind = profile.kind,
            Some(_) => {}
            None => all.push(profile),
        }
    }
    all
}

/// The profiles of one file. In `config`, sections other than the default one are called
/// `profile NAME`, and there are sections of other kinds (AWS CLI user guide, "Configuration and
/// credential file settings").
fn parse(text: &str, is_config: bool) -> Vec<Profile> {
    let mut all: Vec<Profile> = Vec::new();
    let mut in_profile = false;
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            let name = match section.trim().split_once(char::is_whitespace) {
                Some(("profile", name)) if is_config => Some(name.trim()),
                Some(_) => None,
                None if is_config => Some(section.trim()).filter(|name| *name == "default"),
                None => Some(section.trim()),
            };
            in_profile = name.is_some();
            all.extend(name.map(|name| Profile {
                name: name.trim_matches('"').to_owned(),
                kind: ProfileKind::SettingsOnly,
            }));
        } else if in_profile
            && !is_nested
            && let Some((key, _)) = line.split_once('=')
            && let (Some(kind), Some(profile)) = (kind(key.trim()), all.last_mut())
            && profile.kind == ProfileKind::SettingsOnly
        {
            profile.kind = kind;
        }
    }
    all
}

/// What a setting says about where a profile's credentials come from.
fn kind(key: &str) -> Option<ProfileKind> {
    match key {
        "aws_access_key_id" => Some(ProfileKind::Keys),
        "sso_session" | "sso_start_url" => Some(ProfileKind::Sso),
        "login_session" => Some(ProfileKind::Login),
        "role_arn" | "credential_source" => Some(ProfileKind::Role),
        "credential_process" => Some(ProfileKind::Process),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_with_their_kind() {
        let config = "\
            # mine\n\
            [default]\nregion = eu-west-1\n\
            [profile prod]\nsso_session = corp\n\
            [sso-session corp]\nsso_start_url = https://example.awsapps.com/start\n\
            [profile \"with space\"]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = prod\n\
            [services local]\ns3 =\n  endpoint_url = http://localhost\n";
        let found = parse(config, true);
        let found: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.kind)).collect();
        assert_eq!(
            found,
            [
                ("default", ProfileKind::SettingsOnly),
                ("prod", ProfileKind::Sso),
                ("with space", ProfileKind::Role),
            ]
        );
        let credentials =
            "[default]\naws_access_key_id = AKIA\naws_secret_access_key = x\n[other]\n";
        let found = parse(credentials, false);
        let found: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.kind)).collect();
        assert_eq!(
            found,
            [
                ("default", ProfileKind::Keys),
                ("other", ProfileKind::SettingsOnly)
            ]
        );
    }
}
