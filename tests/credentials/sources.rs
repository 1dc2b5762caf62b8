//! The order of sources, commands, the sandbox.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use amiable::credentials::{Outcome, resolve};

use super::setting::{
    Folder, assert_found, command, context, env, hints, missing, pass, resolve_one, sandbox, spec,
};

#[test]
fn the_first_source_that_has_it_wins() {
    let folder = Folder::new();
    let context = context(&folder, &[("SECOND", "hunter2hunter2"), ("EMPTY", "")]);
    let sources = [
        env("FIRST"),
        env("EMPTY"),
        env("SECOND"),
        command(&["false"]),
    ];
    let resolved = resolve_one(spec("db_pass", sources), &context);
    assert_found(&resolved, "hunter2hunter2");
    assert_eq!(resolved.origin(), "environment variable SECOND");
    assert_eq!(resolved.attempts.len(), 3);
    assert_eq!(resolved.warnings, []);
}

#[test]
fn an_error_lists_every_source_with_what_it_said() {
    let folder = Folder::new();
    let sources = [
        env("NOT_SET"),
        command(&["sh", "-c", "exit 3"]),
        pass("aws/db"),
    ];
    let resolved = resolve_one(spec("db_pass", sources), &context(&folder, &[]));
    let text = missing(&resolved);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "credential db_pass was not found");
    assert_eq!(lines[1], "  environment variable NOT_SET: is not set");
    assert_eq!(lines[2], "  command sh -c 'exit 3': ended with exit code 3");
    assert!(
        lines[3].starts_with("  pass entry aws/db: there is no password store at"),
        "{text}"
    );
    assert!(hints(&resolved).contains("export NOT_SET=..."));
}

#[test]
fn a_broken_source_is_a_warning_when_a_later_one_has_it() {
    let folder = Folder::new();
    let context = context(&folder, &[("DB_PASS", "hunter2hunter2")]);
    let sources = [command(&["false"]), pass("aws/db"), env("DB_PASS")];
    let resolved = resolve_one(spec("db_pass", sources), &context);
    assert_found(&resolved, "hunter2hunter2");
    // The absent store is nothing to warn of.
    let warnings: Vec<&str> = resolved
        .warnings
        .iter()
        .map(|warning| warning.text.as_str())
        .collect();
    assert_eq!(
        warnings,
        ["credential db_pass: command false: ended with exit code 1"]
    );
}

#[test]
fn a_command_gives_its_first_line_and_runs_in_the_project_with_the_users_environment() {
    let folder = Folder::new();
    folder.script(
        "print-secret",
        "printf '%s-%s\\r\\nmore\\n' \"$SESSION\" \"$(basename \"$PWD\")\"",
    );
    let context = context(&folder, &[("SESSION", "abc")]);
    let resolved = resolve_one(spec("db_pass", [command(&["./print-secret"])]), &context);
    assert_found(
        &resolved,
        &format!("abc-{}", folder.path().file_name().unwrap()),
    );
}

#[test]
fn what_a_failing_command_printed_is_not_repeated() {
    let folder = Folder::new();
    let words = ["sh", "-c", "echo hunter2 | tee /dev/stderr; exit 1"];
    let resolved = resolve_one(spec("db_pass", [command(&words)]), &context(&folder, &[]));
    let text = missing(&resolved);
    let said = text.lines().last().unwrap().rsplit(": ").next().unwrap();
    assert_eq!(said, "ended with exit code 1");
}

#[test]
fn commands_that_cannot_give_a_secret_are_told_apart() {
    let folder = Folder::new();
    for (words, problem) in [
        (&["no-such-program"][..], "cannot be started"),
        (&["true"], "the first line it printed is empty"),
        (&["sh", "-c", "kill -9 $$"], "was ended by a signal"),
        (&["printf", "a\\0b"], "NUL"),
    ] {
        let resolved = resolve_one(spec("db_pass", [command(words)]), &context(&folder, &[]));
        let text = missing(&resolved);
        assert!(text.contains(problem), "{text}");
    }
}

#[test]
fn a_command_that_never_ends_is_ended_at_the_deadline() {
    let folder = Folder::new();
    let mut context = context(&folder, &[]);
    context.deadline = Duration::from_secs(4);
    let words = ["sh", "-c", "echo $$ > pid; sleep 3600 & wait"];
    let resolved = resolve_one(spec("db_pass", [command(&words)]), &context);
    assert!(missing(&resolved).contains("gave no answer within"));
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let group = format!("/proc/{}/cmdline", pid.trim());
    while std::fs::read(&group).is_ok_and(|command| !command.is_empty()) {
        std::thread::yield_now();
    }
}

#[test]
fn values_that_logs_cannot_be_kept_free_of_are_refused_or_warned_of() {
    let folder = Folder::new();
    let context = context(&folder, &[("SHORT", "abcde"), ("COMMON", "password")]);
    let resolved = resolve_one(spec("db_pass", [env("SHORT")]), &context);
    assert!(missing(&resolved).contains("fewer than 6 characters"));
    assert!(hints(&resolved).contains("at least 6 characters"));
    let resolved = resolve_one(spec("db_pass", [env("COMMON")]), &context);
    assert_found(&resolved, "password");
    assert!(
        resolved.warnings[0].text.contains("ordinary output"),
        "{:?}",
        resolved.warnings
    );
}

#[test]
fn an_optional_credential_is_left_out_unless_a_source_is_broken() {
    let folder = Folder::new();
    let context = context(&folder, &[]);
    let mut optional = spec("token", [env("TOKEN"), pass("token")]);
    optional.optional = true;
    assert_eq!(
        resolve_one(optional.clone(), &context).outcome,
        Outcome::AbsentOptional
    );
    optional.sources.push(command(&["false"]));
    assert!(missing(&resolve_one(optional, &context)).contains("ended with exit code 1"));
}

#[test]
fn the_sandbox_generates_what_is_missing_and_keeps_it() {
    let folder = Folder::new();
    let context = sandbox(&folder, &[]);
    let credential = spec(
        "db_pass",
        [env("DB_PASS"), pass("db"), command(&["touch", "asked"])],
    );
    let first = resolve_one(credential.clone(), &context);
    assert!(
        matches!(first.outcome, Outcome::Generated { is_new: true, .. }),
        "{first:?}"
    );
    let second = resolve_one(credential, &context);
    assert!(
        matches!(second.outcome, Outcome::Generated { is_new: false, .. }),
        "{second:?}"
    );
    assert!(first.secret() == second.secret());
    assert!(!folder.path().join("asked").exists());
    let mode = std::fs::metadata(&context.sandbox_store)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_sandbox_takes_environment_variables_and_leaves_out_optional_credentials() {
    let folder = Folder::new();
    let context = sandbox(&folder, &[("DB_PASS", "abc")]);
    let mut optional = spec("token", [env("TOKEN")]);
    optional.optional = true;
    let resolution = resolve(&[spec("db_pass", [env("DB_PASS")]), optional], &context);
    assert_found(&resolution.credentials[0], "abc");
    assert_eq!(resolution.credentials[1].outcome, Outcome::AbsentOptional);
    assert!(!context.sandbox_store.exists());
}

#[test]
fn a_sandbox_store_that_cannot_be_written_says_so() {
    let folder = Folder::new();
    std::fs::write(folder.path().join(".amiable"), "in the way").unwrap();
    let resolved = resolve_one(spec("db_pass", [env("DB_PASS")]), &sandbox(&folder, &[]));
    let text = missing(&resolved);
    assert!(text.contains("sandbox store"), "{text}");
    assert!(hints(&resolved).contains("make the folder writable"));
}
