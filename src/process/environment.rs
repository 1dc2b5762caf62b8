//! The environment of children: built from nothing, one reason per variable.

use std::{env, ffi::OsString};

use crate::command::{EnvValue, ToolCommand};

/// Variables that pass through to every child, each with what breaks without it.
///
/// Nothing else does. In particular `TF_CLI_ARGS*` (one `-destroy` in it and a plan destroys
/// everything), `TF_LOG*`, `PACKER_LOG*` (both write secrets to files), foreign `TF_VAR_*` and
/// credentials that the child has no use for stay behind.
const PASSED_ON: &[&str] = &[
    // Programs are looked up in it, by us and by the tools (plugins, ssh, git, gpg).
    "PATH",
    // ~/.aws, ~/.terraform.d, ~/.gnupg, ~/.password-store.
    "HOME",
    "USER",
    "LOGNAME",
    // XDG: the tools' own settings and caches, the runtime folder with gpg-agent's and D-Bus's sockets.
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    // Without a UTF-8 locale Python-based tools refuse non-ASCII names.
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    // Company networks: proxies and their certificate authorities.
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    // Where Docker's engine is, for tools that talk to it.
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    // Git over SSH in Terraform module sources.
    "SSH_AUTH_SOCK",
    // Terraform's own configuration: registries, mirrors, plugin cache.
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
    // Packer's plugins.
    "PACKER_CONFIG_DIR",
    "PACKER_PLUGIN_PATH",
    // Keyring and pass: which bus, which store, which GPG home.
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
    "PASSWORD_STORE_DIR",
];

/// The whole environment of the child of `command`: what passes through, then the command's own.
pub(super) fn of(command: &ToolCommand) -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> = PASSED_ON
        .iter()
        .filter_map(|name| env::var_os(name).map(|value| (OsString::from(name), value)))
        .collect();
    for (name, value) in &command.env {
        let value = match value {
            EnvValue::Plain(text) => OsString::from(text),
            EnvValue::Secret(secret) => OsString::from(secret.expose()),
        };
        all.retain(|(known, _)| known.as_os_str() != name.as_str());
        all.push((OsString::from(name), value));
    }
    all
}
