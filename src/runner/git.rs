//! Which commit is being deployed, as far as git knows.

use std::time::Duration;

use camino::Utf8Path;

use super::context::Git;
use crate::{command::ToolCommand, process};

/// A look at a local repository; far more than it ever takes.
const DEADLINE: Duration = Duration::from_secs(10);

/// Looks at the repository around `folder`. Without git, or outside a repository, nothing is known.
pub fn look(folder: &Utf8Path) -> Git {
    let Some(status) = git(
        folder,
        &[
            "status",
            "--porcelain=v2",
            "--branch",
            "--untracked-files=no",
        ],
    ) else {
        return Git::default();
    };
    parse(&status)
}

fn git(folder: &Utf8Path, arguments: &[&str]) -> Option<String> {
    let command = ToolCommand::new("git")
        .args(["--no-optional-locks", "-C", folder.as_str()])
        .args(arguments.iter().copied());
    let captured = process::capture(&command, DEADLINE).ok()?;
    captured.success().then(|| captured.stdout_text())
}

/// Reads the "porcelain v2" format of git status (git-status(1)).
fn parse(status: &str) -> Git {
    let header = |name: &str| {
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(name))?
            .trim();
        (!value.starts_with('(')).then(|| value.to_owned())
    };
    Git {
        commit: header("# branch.oid "),
        branch: header("# branch.head "),
        dirty: status.lines().any(|line| !line.starts_with('#')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_branch_and_changes_are_read() {
        let clean = parse("# branch.oid 0123abc\n# branch.head main\n");
        assert_eq!(
            clean,
            Git {
                commit: Some("0123abc".into()),
                branch: Some("main".into()),
                dirty: false
            }
        );
        let fresh = parse("# branch.oid (initial)\n# branch.head (detached)\n1 A. N... x");
        assert_eq!(
            fresh,
            Git {
                commit: None,
                branch: None,
                dirty: true
            }
        );
    }
}
