//! Which tools are installed, and whether they are new enough.

use std::time::Duration;

use camino::Utf8PathBuf;
use semver::Version;

use super::failure::Failure;
use crate::{
    command::ToolCommand,
    errors::Exit,
    process,
    tools::{
        aws, docker,
        locate::{Tool, locate},
        packer::{command::Packer, version::PackerVersion},
        terraform,
    },
};

/// Printing a version; Python-based tools take most of a second.
const DEADLINE: Duration = Duration::from_secs(20);

/// A tool that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub program: Utf8PathBuf,
    pub version: Version,
}

/// How a tool is asked for its version, and which is the oldest that will do.
struct Probe {
    command: fn(Utf8PathBuf) -> ToolCommand,
    decode: fn(&[u8]) -> Option<Version>,
    minimum: Version,
}

fn probe(tool: Tool) -> Option<Probe> {
    match tool {
        Tool::Terraform => Some(Probe {
            command: terraform::version::command,
            decode: terraform::version::decode,
            minimum: terraform::version::MINIMUM,
        }),
        Tool::Packer => Some(Probe {
            command: |program| Packer::new(program).version(),
            decode: |stdout| PackerVersion::parse(&String::from_utf8_lossy(stdout)).map(Into::into),
            minimum: PackerVersion::OLDEST.into(),
        }),
        Tool::Aws => Some(Probe {
            command: aws::version::command,
            decode: aws::version::decode,
            minimum: aws::version::MINIMUM,
        }),
        Tool::Docker => Some(Probe {
            command: docker::version_command,
            decode: docker::decode_version,
            minimum: docker::MINIMUM,
        }),
        Tool::Pass | Tool::Curl | Tool::MotoServer => None,
    }
}

/// Finds `tool` and asks for its version. Blocks.
///
/// # Errors
///
/// With exit code 5 when it is not there, does not answer, or is too old.
pub fn find(tool: Tool) -> Result<Installed, Failure> {
    let program = path(tool)?;
    let Some(probe) = probe(tool) else {
        return Ok(Installed {
            program,
            version: Version::new(0, 0, 0),
        });
    };
    let answer = process::capture(&(probe.command)(program.clone()), DEADLINE)
        .map_err(|error| Failure::of(Exit::MissingTool, error.to_string()).hint(tool.mend()))?;
    let Some(version) = (probe.decode)(&answer.stdout).filter(|_| answer.success()) else {
        return Err(Failure::of(
            Exit::MissingTool,
            format!(
                "{program} does not say which version of {} it is",
                tool.name()
            ),
        )
        .excerpt(answer.stderr_text().lines().take(5).map(str::to_owned))
        .hint(tool.mend()));
    };
    if version < probe.minimum {
        return Err(Failure::of(
            Exit::MissingTool,
            format!(
                "{program} is {} {version}, and {} or later is needed",
                tool.name(),
                probe.minimum
            ),
        )
        .hint(tool.mend()));
    }
    Ok(Installed { program, version })
}

/// Finds `tool` without asking for its version.
///
/// # Errors
///
/// With exit code 5 when it is not there.
pub fn path(tool: Tool) -> Result<Utf8PathBuf, Failure> {
    locate(tool).map_err(|error| {
        Failure::of(Exit::MissingTool, error.to_string())
            .hint(tool.mend())
            .hint(format!("or name it with {}", tool.variable()))
    })
}
