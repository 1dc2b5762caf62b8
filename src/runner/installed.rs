//! Which tools are installed, and whether they are new enough.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{failure::Failure, known_tools::KnownTools};
use crate::{
    command::ToolCommand,
    errors::Exit,
    process::{self, Unwanted},
    tools::{
        aws, docker,
        evidence::Evidence,
        locate::{Tool, locate},
        packer::{command::Packer, version::PackerVersion},
        pyenv, terraform,
    },
};

/// Printing a version; Python-based tools take most of a second.
const DEADLINE: Duration = Duration::from_secs(20);

/// A tool that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A tool that was found, and what is worth remembering of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub installed: Installed,
    /// What made it the version it says it is, when it had to be asked and its files decide.
    pub new_evidence: Option<Evidence>,
}

/// Finds `tool` and asks for its version. Blocks.
///
/// # Errors
///
/// With exit code 5 when it is not there, does not answer, or is too old.
pub fn find(tool: Tool) -> Result<Installed, Failure> {
    let found = find_unless_known(tool, &KnownTools::default(), &Unwanted::never())?;
    Ok(found.installed)
}

/// Finds `tool`, and asks for its version unless that is known already or becomes `unwanted`. Blocks.
///
/// # Errors
///
/// As [`find`].
pub fn find_unless_known(
    tool: Tool,
    known: &KnownTools,
    unwanted: &Unwanted,
) -> Result<Found, Failure> {
    let program = behind_shim(path(tool)?, unwanted);
    let Some(probe) = probe(tool) else {
        let version = Version::new(0, 0, 0);
        return Ok(Found {
            installed: Installed { program, version },
            new_evidence: None,
        });
    };
    // Before the question: what changes while the tool answers is noticed the next time.
    let evidence = match tool {
        // The version is its engine's, which is another process.
        Tool::Docker => None,
        _ => Evidence::of(tool, &program),
    };
    let remembered = evidence
        .as_ref()
        .and_then(|evidence| known.version(tool, &program, evidence));
    let (version, new_evidence) = match remembered {
        Some(version) => (version.clone(), None),
        None => (ask(tool, &probe, &program, unwanted)?, evidence),
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
    Ok(Found {
        installed: Installed { program, version },
        new_evidence,
    })
}

fn ask(
    tool: Tool,
    probe: &Probe,
    program: &Utf8Path,
    unwanted: &Unwanted,
) -> Result<Version, Failure> {
    let question = (probe.command)(program.to_owned());
    let answer = process::capture_unless(&question, DEADLINE, || unwanted.now())
        .map_err(|error| Failure::of(Exit::MissingTool, error.to_string()).hint(tool.mend()))?;
    (probe.decode)(&answer.stdout)
        .filter(|_| answer.success())
        .ok_or_else(|| {
            Failure::of(
                Exit::MissingTool,
                format!(
                    "{program} does not say which version of {} it is",
                    tool.name()
                ),
            )
            .excerpt(answer.stderr_text().lines().take(5).map(str::to_owned))
            .hint(tool.mend())
        })
}

/// The program that a shim of pyenv would start; any other stays as it is.
fn behind_shim(program: Utf8PathBuf, unwanted: &Unwanted) -> Utf8PathBuf {
    let Some(question) = pyenv::which(&program) else {
        return program;
    };
    let real = process::capture_unless(&question, DEADLINE, || unwanted.now())
        .ok()
        .filter(process::Captured::success)
        .map(|answer| Utf8PathBuf::from(answer.stdout_text()))
        .filter(|real| real.is_file());
    // The shim says best itself what is wrong with it.
    real.unwrap_or(program)
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
