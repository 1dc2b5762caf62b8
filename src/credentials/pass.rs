//! The password store, through the program `pass` (<https://www.passwordstore.org>).

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    context::{Context, DriverEnvironment},
    error::StoreError,
    pass_diagnosis::diagnose,
    pinentry::Prompts,
    source::Trouble,
    value::{self, Value},
};
use crate::{
    command::ToolCommand,
    events::Warning,
    process::{self, Captured, ProcessError},
    secret::Secret,
};

/// What gpg is told besides what the user tells it: to say on standard error in a form for programs
/// what it does (gpg's doc/DETAILS).
const REPORT: &str = "--status-fd 2";

/// Fail at once instead of starting a pinentry that nobody sees; a passphrase that the agent still
/// knows is used all the same (gpg 2.2.40).
const NEVER_ASK: &str = "--batch --no-tty --pinentry-mode error";

/// Variables of the user that `pass` and gpg read, besides those every child gets.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "GNUPGHOME",
    "PASSWORD_STORE_DIR",
    "PASSWORD_STORE_KEY",
    "PASSWORD_STORE_SIGNING_KEY",
    "PASSWORD_STORE_UMASK",
    "PASSWORD_STORE_ENABLE_EXTENSIONS",
    "PASSWORD_STORE_EXTENSIONS_DIR",
];

/// What a pinentry needs to appear in front of the user.
const FOR_PROMPTS: &[&str] = &["TERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];

/// The first line of `entry`.
///
/// # Errors
///
/// When there is no `pass`, no store, no such entry (a folder is none), the entry cannot be
/// decrypted by `deadline`, or its first line is no secret.
pub fn look_up(entry: &str, deadline: Instant, context: &Context) -> Result<Value, Trouble> {
    let captured = show(entry, deadline, context)?;
    value::first_line(&captured).map_err(|unusable| {
        Trouble::broken(unusable.problem("its first line"))
            .mend(format!("edit it: pass edit {entry}"))
    })
}

/// Makes `secret` the first line of `entry`. The lines below it stay. Returns what went wrong
/// although it is stored.
///
/// # Errors
///
/// When the secret has several lines, or the store does not take it.
pub fn set(entry: &str, secret: &Secret, context: &Context) -> Result<Option<Warning>, StoreError> {
    if secret.expose().contains('\n') {
        return Err(StoreError::new(
            "the secret has several lines, and only the first line of a pass entry is read",
        )
        .hint("store it in the keyring instead, or encode it"));
    }
    let deadline = Instant::now() + context.deadline;
    let notes = match show(entry, deadline, context) {
        Ok(old) => notes(&old),
        Err(trouble) if is_new(entry, context) => {
            // Whatever keeps pass from answering keeps it from storing too.
            if program(context).is_err() || store(context).is_err() {
                return Err(refused(entry, &trouble));
            }
            String::new()
        }
        Err(trouble) => {
            return Err(refused(entry, &trouble).hint(format!(
                "remove the entry first, notes and all: pass rm {entry}"
            )));
        }
    };
    let text = Secret::new(format!("{}\n{notes}", secret.expose()));
    let command = pass(context, &["insert", "--multiline", "--force", "--", entry])
        .map_err(|trouble| refused(entry, &trouble))?
        .stdin(text);
    let captured =
        run(entry, &command, deadline, context).map_err(|trouble| refused(entry, &trouble))?;
    Ok(not_committed(&captured))
}

/// `pass insert` succeeds when git refuses the commit (pass 1.7.4).
fn not_committed(captured: &Captured) -> Option<Warning> {
    let words = captured.stderr_text();
    let said = words.lines().find(|line| line.starts_with("fatal: "))?;
    Some(Warning {
        text: format!("stored, but the password store's git did not commit it: {said}"),
        hint: Some("commit it: pass git commit".to_owned()),
    })
}

/// Removes `entry`.
///
/// # Errors
///
/// When there is no such entry or the store does not let go of it.
pub fn remove(entry: &str, context: &Context) -> Result<(), StoreError> {
    let refused = |trouble: Trouble| refused_with("remove", entry, &trouble);
    leaf(entry, context).map_err(refused)?;
    let command = pass(context, &["rm", "--force", "--", entry]).map_err(refused)?;
    run(entry, &command, Instant::now() + context.deadline, context).map_err(refused)?;
    Ok(())
}

fn refused(entry: &str, trouble: &Trouble) -> StoreError {
    refused_with("write", entry, trouble)
}

fn refused_with(verb: &str, entry: &str, trouble: &Trouble) -> StoreError {
    let error = StoreError::new(format!(
        "failed to {verb} pass entry {entry}: {}",
        trouble.problem
    ));
    match &trouble.mend {
        Some(mend) => error.hint(mend),
        None => error,
    }
}

/// Everything below the first line.
fn notes(entry: &[u8]) -> String {
    let text = String::from_utf8_lossy(entry);
    text.split_once('\n')
        .map_or(String::new(), |(_, notes)| notes.to_owned())
}

/// The whole decrypted entry.
fn show(entry: &str, deadline: Instant, context: &Context) -> Result<Vec<u8>, Trouble> {
    program(context)?;
    leaf(entry, context)?;
    let captured = run(
        entry,
        &pass(context, &["show", "--", entry])?,
        deadline,
        context,
    )?;
    Ok(captured.stdout)
}

/// Runs `command` and makes trouble of everything but success.
fn run(
    entry: &str,
    command: &ToolCommand,
    deadline: Instant,
    context: &Context,
) -> Result<Captured, Trouble> {
    let prompts = Prompts::now(&context.variables);
    let left = deadline.saturating_duration_since(Instant::now());
    match process::capture_unless(command, left, || context.unwanted.now()) {
        Ok(captured) => match diagnose(entry, &captured) {
            None => Ok(captured),
            Some(trouble) => Err(trouble),
        },
        Err(ProcessError::Deadline { after, .. }) => {
            prompts.end_newer(&context.variables);
            Err(too_late(entry, after))
        }
        Err(error @ ProcessError::Ended { .. }) => {
            prompts.end_newer(&context.variables);
            Err(Trouble::broken(error.to_string()))
        }
        Err(error @ (ProcessError::Start { .. } | ProcessError::Wait { .. })) => {
            Err(Trouble::broken(error.to_string()))
        }
    }
}

fn too_late(entry: &str, after: Duration) -> Trouble {
    Trouble::broken(format!(
        "pass gave no answer within {} s and was ended; gpg-agent may be waiting for a prompt",
        after.as_secs()
    ))
    .mend(format!(
        "close open passphrase prompts (gpgconf --kill gpg-agent ends them), then unlock the key: pass show {entry}"
    ))
}

/// `pass` with `arguments`, its environment, and what it tells gpg.
fn pass(context: &Context, arguments: &[&str]) -> Result<ToolCommand, Trouble> {
    let variables = &context.variables;
    let mut command = ToolCommand::new(program(context)?).args(arguments.iter().copied());
    let mut pass_on = |names: &[&str]| {
        for name in names {
            if let Some(value) = variables.text(name) {
                command = command.clone().env(*name, value);
            }
        }
    };
    pass_on(PASSED_ON);
    let mut options = vec![
        variables
            .text("PASSWORD_STORE_GPG_OPTS")
            .unwrap_or_default(),
        REPORT,
    ];
    if context.interactive {
        pass_on(FOR_PROMPTS);
        if let Some(terminal) = terminal(variables) {
            command = command.env("GPG_TTY", terminal);
        }
    } else {
        options.push(NEVER_ASK);
        // The words of gpg and git that are looked at are English then.
        command = command.env("LC_ALL", "C");
    }
    Ok(command.env("PASSWORD_STORE_GPG_OPTS", options.join(" ").trim()))
}

/// The terminal on which a passphrase can be typed. Standard input of `pass` is closed, so it
/// cannot find out by itself.
fn terminal(variables: &DriverEnvironment) -> Option<String> {
    if let Some(known) = variables.text("GPG_TTY") {
        return Some(known.to_owned());
    }
    let name = if io::stdin().is_terminal() {
        rustix::termios::ttyname(io::stdin(), Vec::new())
    } else if io::stderr().is_terminal() {
        rustix::termios::ttyname(io::stderr(), Vec::new())
    } else {
        return None;
    };
    name.ok()?.into_string().ok()
}

/// The path of `pass`.
fn program(context: &Context) -> Result<Utf8PathBuf, Trouble> {
    let missing = || {
        Trouble::unavailable(format!("{} is not installed", context.pass))
            .mend("install pass (Debian: apt install pass; macOS: brew install pass)")
    };
    let path = context.variables.get("PATH");
    let folder = std::env::current_dir().unwrap_or_default();
    let found = which::which_in(context.pass.as_str(), path, folder).map_err(|_| missing())?;
    Utf8PathBuf::from_path_buf(found).map_err(|_| missing())
}

/// The folder of the password store.
fn store(context: &Context) -> Result<Utf8PathBuf, Trouble> {
    let folder = match (context.variables.text("PASSWORD_STORE_DIR"), context.home()) {
        (Some(folder), _) => Utf8PathBuf::from(folder),
        (None, Some(home)) => home.join(".password-store"),
        (None, None) => {
            return Err(Trouble::unavailable(
                "HOME is not set, so there is no password store",
            ));
        }
    };
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(
            Trouble::unavailable(format!("there is no password store at {folder}"))
                .mend("make one: pass init YOUR-GPG-ID, or set PASSWORD_STORE_DIR"),
        )
    }
}

/// The file of `entry`. `pass show FOLDER` succeeds and prints the folder's tree (pass 1.7.4), so
/// an entry has to be a file.
fn leaf(entry: &str, context: &Context) -> Result<Utf8PathBuf, Trouble> {
    check_name(entry)?;
    let store = store(context)?;
    let file = store.join(format!("{entry}.gpg"));
    if file.is_file() {
        return Ok(file);
    }
    let folder = store.join(entry);
    if folder.is_dir() {
        let entries = entries(&folder);
        let inside = match entries.as_slice() {
            [] => "an empty folder".to_owned(),
            some => format!("a folder with {}", some.join(", ")),
        };
        return Err(
            Trouble::broken(format!("is {inside} in {store}, not an entry"))
                .mend("name an entry of it in the stack file"),
        );
    }
    Err(Trouble::absent(format!("is not in {store}")))
}

/// Whether `entry` is well named and there is nothing by that name yet.
fn is_new(entry: &str, context: &Context) -> bool {
    let Ok(store) = store(context) else {
        return true;
    };
    check_name(entry).is_ok() && !store.join(format!("{entry}.gpg")).exists()
}

fn check_name(entry: &str) -> Result<(), Trouble> {
    let parts = Utf8Path::new(entry).components();
    let plain = parts.clone().count() > 0
        && parts
            .into_iter()
            .all(|part| matches!(part, camino::Utf8Component::Normal(_)));
    if plain && !entry.ends_with('/') && !entry.contains(['\n', '\0']) {
        Ok(())
    } else {
        Err(Trouble::broken("is not a path inside the password store")
            .mend("write it as pass does: folder/entry, without .gpg"))
    }
}

/// Names of the first few entries of a folder.
fn entries(folder: &Utf8Path) -> Vec<String> {
    const SHOWN: usize = 5;
    let Ok(all) = folder.read_dir_utf8() else {
        return Vec::new();
    };
    let mut names: Vec<String> = all
        .flatten()
        .map(|entry| entry.file_name().trim_end_matches(".gpg").to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    if names.len() > SHOWN {
        names.truncate(SHOWN);
        names.push("...".to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_paths_inside_the_store() {
        for good in ["a", "aws/vpc/aws_db_pass", "-f", "a b/c.d", "..a"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "/etc/x", "../x", "a/../../x", "a/", ".", "a\nb"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_lines_below_the_secret_are_notes() {
        assert_eq!(notes(b"secret\nuser: me\nurl: x\n"), "user: me\nurl: x\n");
        assert_eq!(notes(b"secret\n"), "");
        assert_eq!(notes(b"secret"), "");
    }
}
