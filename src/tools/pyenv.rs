//! pyenv's shims: scripts that choose among Python's versions and start the program that is meant.
//!
//! One costs about 0.1 s each time (pyenv 2.x), and which program it starts depends on the folder and the
//! environment. pyenv itself says which it would be.

use std::fs;

use camino::Utf8Path;

use crate::command::ToolCommand;

/// The question which program the shim `program` would start, when it is one.
pub fn which(program: &Utf8Path) -> Option<ToolCommand> {
    let folder = program.parent()?;
    if folder.file_name()? != "shims" {
        return None;
    }
    let script = fs::read_to_string(program).ok()?;
    let pyenv = pyenv_of(&script)?;
    Some(
        ToolCommand::new(pyenv)
            .args(["which", program.file_name()?])
            .env("PYENV_ROOT", folder.parent()?.as_str()),
    )
}

/// The pyenv that a shim hands over to, from its last line: `exec "/path/of/pyenv" exec "$program" "$@"`.
fn pyenv_of(script: &str) -> Option<&str> {
    let line = script.lines().rev().find(|line| !line.trim().is_empty())?;
    let (pyenv, rest) = line.strip_prefix("exec \"")?.split_once('"')?;
    (rest.starts_with(" exec ") && pyenv.ends_with("/pyenv")).then_some(pyenv)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIM: &str = "#!/usr/bin/env bash\nset -e\n\nprogram=\"${0##*/}\"\n\nexport PYENV_ROOT=\"/u/.pyenv\"\n\
                        exec \"/opt/pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n";

    #[test]
    fn a_shims_pyenv_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir(root.join("shims")).unwrap();
        let shim = root.join("shims/aws");
        fs::write(&shim, SHIM).unwrap();
        let question = which(&shim).unwrap();
        assert_eq!(question.display(), "/opt/pyenv/libexec/pyenv which aws");

        fs::write(&shim, "#!/bin/sh\nexec \"/usr/bin/other\" exec \"$@\"\n").unwrap();
        assert_eq!(which(&shim), None);
    }

    #[test]
    fn other_programs_are_none_of_pyenvs() {
        assert_eq!(which(Utf8Path::new("/usr/bin/env")), None);
        assert_eq!(pyenv_of(""), None);
    }
}
