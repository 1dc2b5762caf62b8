//! Where each tool's program is: an override variable, PATH, or amiable's own folder.

use std::{env, ffi::OsString};

use camino::Utf8PathBuf;
use thiserror::Error;

/// Folders of amiable's own, below [`home`].
const PROGRAMS: &str = "bin";
const PYTHON_TOOLS: &str = "venv/bin";

/// A program that amiable starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    Terraform,
    Packer,
    Aws,
    Docker,
    Pass,
    Curl,
    MotoServer,
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Tool::Terraform => "terraform",
            Tool::Packer => "packer",
            Tool::Aws => "aws",
            Tool::Docker => "docker",
            Tool::Pass => "pass",
            Tool::Curl => "curl",
            Tool::MotoServer => "moto_server",
        }
    }

    /// The environment variable that names another program or path for it.
    pub fn variable(self) -> &'static str {
        match self {
            Tool::Terraform => "AMIABLE_TERRAFORM",
            Tool::Packer => "AMIABLE_PACKER",
            Tool::Aws => "AMIABLE_AWS",
            Tool::Docker => "AMIABLE_DOCKER",
            Tool::Pass => "AMIABLE_PASS",
            Tool::Curl => "AMIABLE_CURL",
            Tool::MotoServer => "AMIABLE_MOTO_SERVER",
        }
    }

    /// How to get it.
    pub fn mend(self) -> &'static str {
        match self {
            Tool::Terraform => {
                "install Terraform 1.5 or later (or set AMIABLE_TERRAFORM=tofu for OpenTofu); in a checkout `./run` does it"
            }
            Tool::Packer => "install Packer 1.6 or later; in a checkout `./run` does it",
            Tool::Aws => "install the AWS command line interface; in a checkout `./run` does it",
            Tool::Docker => {
                "install Docker (Debian: `apt-get install docker.io`), or take --no-provision to make images without running their provisioners"
            }
            Tool::Pass => "install pass (Debian: `apt-get install pass`)",
            Tool::Curl => "install curl (Debian: `apt-get install curl`)",
            Tool::MotoServer => {
                "install the emulator with `pip install 'moto[server]'`; in a checkout `./run` does it"
            }
        }
    }

    /// Folders of amiable's own that may hold it, below [`home`].
    fn own_folder(self) -> &'static str {
        match self {
            Tool::Aws | Tool::MotoServer => PYTHON_TOOLS,
            Tool::Terraform | Tool::Packer | Tool::Docker | Tool::Pass | Tool::Curl => PROGRAMS,
        }
    }
}

/// A tool that is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} is not installed: there is no `{wanted}` on PATH nor in {own}", .tool.name())]
pub struct NotFound {
    pub tool: Tool,
    wanted: String,
    own: Utf8PathBuf,
}

/// The machine-wide folder of amiable: `AMIABLE_HOME`, by default `amiable` in the user's data folder
/// (XDG base directory specification).
pub fn home() -> Utf8PathBuf {
    let path = |name: &str| {
        let value = env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(Utf8PathBuf::from(value))
    };
    path("AMIABLE_HOME")
        .or_else(|| path("XDG_DATA_HOME").map(|data| data.join("amiable")))
        .or_else(|| path("HOME").map(|home| home.join(".local/share/amiable")))
        .unwrap_or_else(|| Utf8PathBuf::from("/var/lib/amiable"))
}

/// The program of `tool`.
///
/// # Errors
///
/// When it is neither where the override variable says, nor on PATH, nor in [`home`].
pub fn locate(tool: Tool) -> Result<Utf8PathBuf, NotFound> {
    let own = home().join(tool.own_folder());
    let wanted = env::var(tool.variable())
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| tool.name().to_owned());
    // The emulator's own environment comes first: a moto that some other project put on PATH may
    // be of any version.
    let places: [Option<OsString>; 2] = match tool {
        Tool::MotoServer => [Some(own.clone().into()), env::var_os("PATH")],
        _ => [env::var_os("PATH"), Some(own.clone().into())],
    };
    for place in places.into_iter().flatten() {
        let found = which::which_in(&wanted, Some(place), ".");
        if let Some(path) = found
            .ok()
            .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        {
            return Ok(path);
        }
    }
    Err(NotFound { tool, wanted, own })
}

/// The `PATH` of a stack's own commands: the caller's, and after it amiable's own folders, so that they find the
/// tools that [`locate`] finds. None when it cannot be written down; the caller's is the one then.
pub fn search_path() -> Option<String> {
    let callers = env::var_os("PATH").filter(|path| !path.is_empty());
    let callers = callers.iter().flat_map(env::split_paths);
    let home = home();
    let own = [PROGRAMS, PYTHON_TOOLS].map(|folder| home.join(folder).into_std_path_buf());
    let all = env::join_paths(callers.chain(own)).ok()?;
    all.into_string().ok()
}
