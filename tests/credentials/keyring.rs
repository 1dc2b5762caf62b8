//! The OS keyring: a real Secret Service on a D-Bus session of its own.
//!
//! A process has one keyring, so each situation is a process of its own: this test program again,
//! inside the session, with one of the ignored tests below.

use std::{
    process::{Command, Output, Stdio},
    time::Duration,
};

use amiable::{
    config::CredentialSpec,
    credentials::{Context, remove, set},
};
use camino::Utf8PathBuf;

use super::setting::{
    Folder, assert_found, context, env, hints, keyring, missing, resolve_one, spec,
};

/// The login keyring's password, as `gnome-keyring-daemon --unlock` reads it.
const UNLOCKED: &str =
    r#"printf 'test\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@""#;
/// Started without a password, with a keyring that has one.
const LOCKED: &str =
    r#"gnome-keyring-daemon --start --components=secrets </dev/null >/dev/null; exec "$@""#;

/// A fresh home for sessions that come one after another.
struct Home(Folder);

impl Home {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;

        let folder = Folder::new();
        let runtime = folder.path().join("run");
        std::fs::create_dir(&runtime).unwrap();
        std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self(folder)
    }

    /// A bus that starts nothing by itself but, perhaps, one service.
    fn bus(&self, secret_service: Option<&str>) -> Utf8PathBuf {
        let services = self.0.path().join("services");
        std::fs::create_dir_all(&services).unwrap();
        if let Some(program) = secret_service {
            let service =
                format!("[D-BUS Service]\nName=org.freedesktop.secrets\nExec={program}\n");
            std::fs::write(services.join("org.freedesktop.secrets.service"), service).unwrap();
        }
        let path = self.0.path().join("bus.conf");
        let config = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
              "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:tmpdir={}</listen>
              <servicedir>{services}</servicedir>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
              </policy>
            </busconfig>"#,
            self.0.path()
        );
        std::fs::write(&path, config).unwrap();
        path
    }

    /// Runs the ignored test `inside` with this home, behind the words `session`.
    fn run(&self, session: &[&str], inside: &str) {
        let program = std::env::current_exe().unwrap();
        let mut words: Vec<&str> = session.to_vec();
        let inside = format!("keyring::{inside}");
        words.extend([
            program.to_str().unwrap(),
            "--ignored",
            "--exact",
            inside.as_str(),
            "--nocapture",
        ]);
        let output = Command::new(words[0])
            .args(&words[1..])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path().join("run"))
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{} has to be installed: {error}", words[0]));
        assert_passed(&output);
    }

    fn run_in_session(&self, daemon: &str, inside: &str) {
        self.run(
            &["dbus-run-session", "--", "sh", "-c", daemon, "sh"],
            inside,
        );
    }
}

fn assert_passed(output: &Output) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(passed, "inside the session:\n{stdout}\n{stderr}");
}

/// What the tests inside look up.
fn credential() -> CredentialSpec {
    spec("db_pass", [keyring("db_pass"), env("FALLBACK")])
}

/// The context inside, whose keyring depends on the process's own environment.
fn inside() -> (Folder, Context) {
    let folder = Folder::new();
    let context = context(&folder, &[]);
    (folder, context)
}

fn secret_tool(arguments: &[&str], stdin: &str) -> String {
    let mut child = Command::new("secret-tool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("secret-tool has to be installed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_unlocked_keyring_stores_finds_and_forgets() {
    Home::new().run_in_session(UNLOCKED, "inside_an_unlocked_session");
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_an_unlocked_session() {
    let (_folder, context) = inside();
    let resolved = resolve_one(credential(), &context);
    assert!(
        missing(&resolved)
            .contains("keyring entry db_pass of amiable/dashboard/prod: has no such entry")
    );
    assert!(hints(&resolved).contains("amiable creds set db_pass"));

    let stored = set(&credential(), None, b"hunter2hunter2\n", &context).unwrap();
    assert_eq!(stored.warnings, []);
    assert_found(&resolve_one(credential(), &context), "hunter2hunter2");
    let entry = ["service", "amiable/dashboard/prod", "username", "db_pass"];
    let look_up: Vec<&str> = ["lookup"].into_iter().chain(entry).collect();
    assert_eq!(secret_tool(&look_up, ""), "hunter2hunter2");

    // Another environment of the same stack has its own.
    let mut staging = context.clone();
    staging.environment = "staging".to_owned();
    missing(&resolve_one(credential(), &staging));

    let store: Vec<&str> = ["store", "--label=x"].into_iter().chain(entry).collect();
    secret_tool(&store, "another secret");
    assert_found(&resolve_one(credential(), &context), "another secret");
    secret_tool(&store, "");
    assert!(missing(&resolve_one(credential(), &context)).contains("its value is empty"));

    let lines = b"-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG\n-----END KEY-----\n";
    set(&credential(), None, lines, &context).unwrap();
    assert_found(
        &resolve_one(credential(), &context),
        "-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG\n-----END KEY-----",
    );

    remove(&credential(), None, &context).unwrap();
    let error = remove(&credential(), None, &context).unwrap_err();
    assert!(error.problem.contains("has no such entry"), "{error}");
}

#[test]
fn several_entries_are_looked_up_at_the_same_time() {
    Home::new().run_in_session(UNLOCKED, "inside_with_several_entries");
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_with_several_entries() {
    let (_folder, context) = inside();
    let specs: Vec<CredentialSpec> = (0..8)
        .map(|n| {
            let spec = spec(&format!("c{n}"), [keyring(&format!("c{n}"))]);
            set(
                &spec,
                None,
                format!("secret number {n}").as_bytes(),
                &context,
            )
            .unwrap();
            spec
        })
        .collect();
    let resolution = amiable::credentials::resolve(&specs, &context);
    resolution.check().unwrap();
    for (n, resolved) in resolution.credentials.iter().enumerate() {
        assert_found(resolved, &format!("secret number {n}"));
    }
}

#[test]
fn a_locked_keyring_is_an_error_or_a_warning() {
    let home = Home::new();
    home.run_in_session(UNLOCKED, "inside_to_store_one");
    home.run_in_session(LOCKED, "inside_a_locked_session");
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_to_store_one() {
    let (_folder, context) = inside();
    set(&credential(), None, b"hunter2hunter2", &context).unwrap();
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_a_locked_session() {
    let (folder, locked) = inside();
    let resolved = resolve_one(credential(), &locked);
    let text = missing(&resolved);
    assert!(text.contains("the keyring is locked"), "{text}");
    assert!(hints(&resolved).contains("unlock the keyring"));

    let error = set(&credential(), None, b"hunter2hunter2", &locked).unwrap_err();
    assert!(error.problem.contains("the keyring is locked"), "{error}");

    let with_fallback = context(&folder, &[("FALLBACK", "hunter2hunter2")]);
    let resolved = resolve_one(credential(), &with_fallback);
    assert_found(&resolved, "hunter2hunter2");
    assert!(
        resolved.warnings[0].text.contains("the keyring is locked"),
        "{:?}",
        resolved.warnings
    );
}

#[test]
fn a_machine_without_a_session_bus_says_so() {
    Home::new().run(&["env"], "inside_without_a_keyring");
}

#[test]
fn a_session_without_a_secret_service_says_so() {
    let home = Home::new();
    let bus = format!("--config-file={}", home.bus(None));
    home.run(
        &["dbus-run-session", &bus, "--"],
        "inside_without_a_keyring",
    );
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_without_a_keyring() {
    let (folder, headless) = inside();
    let resolved = resolve_one(credential(), &headless);
    let text = missing(&resolved);
    assert!(text.contains("no keyring answers here"), "{text}");
    assert!(hints(&resolved).contains("use pass or an environment variable"));
    assert!(
        !hints(&resolved).contains("creds set"),
        "it could not be stored there"
    );

    let error = set(&credential(), None, b"hunter2hunter2", &headless).unwrap_err();
    assert!(error.problem.contains("no keyring answers here"), "{error}");

    // A keyring that is not there is nothing to warn of when the next source has it.
    let with_fallback = context(&folder, &[("FALLBACK", "hunter2hunter2")]);
    let resolved = resolve_one(credential(), &with_fallback);
    assert_found(&resolved, "hunter2hunter2");
    assert_eq!(resolved.warnings, []);
}

#[test]
fn a_keyring_that_never_answers_is_given_up_at_the_deadline() {
    let home = Home::new();
    // Connects to the bus, never takes the name it was started for, and ends with the bus.
    let silent = home.0.script("silent", "exec dbus-monitor >/dev/null 2>&1");
    let bus = home.bus(Some(silent.as_str()));
    let bus = format!("--config-file={bus}");
    home.run(
        &["dbus-run-session", &bus, "--"],
        "inside_with_a_hanging_keyring",
    );
}

#[test]
#[ignore = "run by another test, inside a session of its own"]
fn inside_with_a_hanging_keyring() {
    let (_folder, mut context) = inside();
    context.deadline = Duration::from_secs(1);
    let specs = [credential(), spec("other", [keyring("other")])];
    let resolution = amiable::credentials::resolve(&specs, &context);
    for resolved in &resolution.credentials {
        let text = missing(resolved);
        assert!(text.contains("the keyring gave no answer within"), "{text}");
    }
}
