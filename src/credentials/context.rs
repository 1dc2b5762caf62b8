//! What a look-up depends on besides the credential itself.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fmt,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{config::Stack, process::Unwanted};

/// Where and how credentials are looked up.
#[derive(Debug, Clone)]
pub struct Context {
    pub stack: String,
    pub environment: String,
    /// The environment is the emulator: no store is asked, missing credentials are generated.
    pub sandbox: bool,
    /// File with the credentials generated for the sandbox, readable by its owner alone.
    pub sandbox_store: Utf8PathBuf,
    /// The project's root, in which commands of the stack file run.
    pub root: Utf8PathBuf,
    pub variables: DriverEnvironment,
    /// Name or path of the password store's program.
    pub pass: Utf8PathBuf,
    /// Somebody can be asked for a passphrase.
    pub interactive: bool,
    /// When all look-ups together have to be over.
    pub deadline: Duration,
    /// Whether they are still wanted.
    pub unwanted: Unwanted,
    /// Folder in which the kernel shows who made the machine; tells an EC2 instance.
    pub machine: Utf8PathBuf,
}

impl Context {
    /// Nobody types anything, so whatever waits longer waits for a prompt that nobody sees.
    pub const DEADLINE: Duration = Duration::from_secs(15);
    /// Long enough to find and type a passphrase.
    pub const INTERACTIVE_DEADLINE: Duration = Duration::from_secs(120);

    /// The context of this process for `stack` in the project at `root`.
    pub fn of_process(stack: &Stack, root: &Utf8Path, interactive: bool) -> Self {
        let variables = DriverEnvironment::of_process();
        Self {
            stack: stack.name.clone(),
            environment: stack.environment.name.clone(),
            sandbox: stack.environment.is_sandbox(),
            sandbox_store: root.join(".amiable/sandbox/credentials.json"),
            root: root.to_owned(),
            pass: variables.text("AMIABLE_PASS").unwrap_or("pass").into(),
            variables,
            interactive,
            deadline: match interactive {
                true => Self::INTERACTIVE_DEADLINE,
                false => Self::DEADLINE,
            },
            unwanted: Unwanted::never(),
            machine: "/sys/class/dmi/id".into(),
        }
    }

    /// Name under which the OS keyring keeps this stack's credentials for this environment.
    pub fn keyring_service(&self) -> String {
        format!("amiable/{}/{}", self.stack, self.environment)
    }

    /// The user's home folder.
    pub(super) fn home(&self) -> Option<&Utf8Path> {
        self.variables.text("HOME").map(Utf8Path::new)
    }
}

/// The variables the driver was started with. Many hold secrets, so its `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DriverEnvironment(BTreeMap<OsString, OsString>);

impl DriverEnvironment {
    pub fn of_process() -> Self {
        Self(env::vars_os().collect())
    }

    /// The value of `name`, when it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// As [`Self::get`], when it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// Whether `name` is set, be it to nothing.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.contains_key(OsStr::new(name))
    }

    /// All variables whose name and value are text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for DriverEnvironment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for DriverEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_names_only() {
        let variables = DriverEnvironment::from_iter([("DB_PASS", "hunter2hunter2")]);
        assert_eq!(format!("{variables:?}"), r#"{"DB_PASS"}"#);
    }

    #[test]
    fn an_empty_variable_is_set_and_has_no_value() {
        let variables = DriverEnvironment::from_iter([("A", "")]);
        assert!(variables.is_set("A"));
        assert_eq!(variables.text("A"), None);
    }
}
