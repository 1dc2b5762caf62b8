//! The password store: real `pass`, real gpg.

use std::time::Duration;

use amiable::{
    credentials::{Context, WritableStore, set},
    secret::Secret,
};

use super::{
    pass_store::PassStore,
    setting::{Folder, assert_found, context, hints, missing, pass, resolve_one, spec},
};

fn look_up(entry: &str, context: &Context) -> amiable::credentials::Resolved {
    resolve_one(spec("db_pass", [pass(entry)]), context)
}

#[test]
fn the_first_line_of_an_entry_is_the_secret() {
    let store = PassStore::unlocked();
    for (entry, bytes) in [
        ("aws/one", "hunter2hunter2\n"),
        ("aws/bare", "hunter2hunter2"),
        ("aws/notes", "hunter2hunter2\nuser: me\nurl: x\n"),
        ("aws/crlf", "hunter2hunter2\r\nuser: me\r\n"),
        ("-dash", "hunter2hunter2\n"),
    ] {
        store.insert(entry, bytes.as_bytes());
        let resolved = look_up(entry, &store.context());
        assert_found(&resolved, "hunter2hunter2");
        assert_eq!(resolved.origin(), format!("pass entry {entry}"));
    }
}

#[test]
fn entries_without_a_usable_first_line_are_refused() {
    let store = PassStore::unlocked();
    for (entry, bytes, problem) in [
        ("empty", &b""[..], "its first line is empty"),
        ("blank", b"\nuser: me\n", "its first line is empty"),
        ("nul", b"hunter2\0hunter2\n", "NUL"),
        ("latin1", b"hunter\xE9hunter\n", "UTF-8"),
        ("short", b"abc\n", "fewer than 6 characters"),
    ] {
        store.insert(entry, bytes);
        let text = missing(&look_up(entry, &store.context()));
        assert!(text.contains(problem), "{entry}: {text}");
    }
}

#[test]
fn a_folder_is_no_entry() {
    let store = PassStore::unlocked();
    store.insert("aws/vpc/db", b"hunter2hunter2\n");
    store.insert("aws/other", b"hunter2hunter2\n");
    let text = missing(&look_up("aws", &store.context()));
    assert!(text.contains("is a folder with other, vpc in"), "{text}");
}

#[test]
fn an_entry_beside_a_folder_of_its_name_is_found() {
    let store = PassStore::unlocked();
    store.insert("aws/db", b"not this one\n");
    store.insert("aws", b"hunter2hunter2\n");
    assert_found(&look_up("aws", &store.context()), "hunter2hunter2");
}

#[test]
fn a_missing_entry_is_named_with_the_command_that_stores_it() {
    let store = PassStore::unlocked();
    let resolved = look_up("aws/nope", &store.context());
    let text = missing(&resolved);
    assert!(text.contains("pass entry aws/nope: is not in"), "{text}");
    let hints = hints(&resolved);
    assert!(
        hints.contains("amiable creds set db_pass --stack dashboard --env prod"),
        "{hints}"
    );
}

#[test]
fn paths_out_of_the_store_are_refused() {
    let store = PassStore::unlocked();
    std::fs::copy(
        store.store().join(".gpg-id"),
        store.folder.path().join("outside.gpg"),
    )
    .unwrap();
    let text = missing(&look_up("../outside", &store.context()));
    assert!(
        text.contains("not a path inside the password store"),
        "{text}"
    );
}

#[test]
fn damaged_entries_are_told_from_locked_ones() {
    let store = PassStore::unlocked();
    store.insert("good", b"hunter2hunter2\n");
    let good = std::fs::read(store.file("good")).unwrap();
    let mut flipped = good.clone();
    let at = flipped.len() - 8;
    flipped[at] ^= 0xFF;
    for (entry, bytes) in [
        ("garbage", &b"garbage"[..]),
        ("nothing", b""),
        ("cut_in_the_key", &good[..60]),
        ("cut_in_the_text", &good[..good.len() - 5]),
        ("flipped", &flipped),
    ] {
        std::fs::write(store.file(entry), bytes).unwrap();
        let text = missing(&look_up(entry, &store.context()));
        assert!(text.contains("its file is damaged"), "{entry}: {text}");
    }
}

#[test]
fn a_machine_without_pass_or_store_says_so() {
    let folder = Folder::new();
    let mut without_pass = context(&folder, &[]);
    without_pass.pass = "pass-that-is-not-there".into();
    let resolved = look_up("aws/db", &without_pass);
    assert!(missing(&resolved).contains("pass-that-is-not-there is not installed"));
    assert!(hints(&resolved).contains("apt install pass"));

    let resolved = look_up("aws/db", &context(&folder, &[]));
    let text = missing(&resolved);
    assert!(
        text.contains(&format!("there is no password store at {}", folder.path())),
        "{text}"
    );
    assert!(hints(&resolved).contains("pass init"));
}

#[test]
fn a_machine_without_gpg_says_so() {
    let store = PassStore::unlocked();
    store.insert("aws/db", b"hunter2hunter2\n");
    let programs = store.folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    for program in ["pass", "bash", "getopt", "base64", "tty", "which"] {
        let path = which::which(program).expect("a program that pass needs");
        std::os::unix::fs::symlink(path, programs.join(program)).unwrap();
    }
    let (home, folder) = (store.home(), store.store());
    let variables = [
        ("PATH", programs.as_str()),
        ("GNUPGHOME", home.as_str()),
        ("PASSWORD_STORE_DIR", folder.as_str()),
    ];
    let resolved = look_up("aws/db", &context(&store.folder, &variables));
    let text = missing(&resolved);
    assert!(text.contains("pass found no gpg"), "{text}");
}

#[test]
fn an_entry_for_somebody_elses_key_says_so() {
    let (store, theirs) = (PassStore::unlocked(), PassStore::unlocked());
    theirs.insert("aws/db", b"hunter2hunter2\n");
    std::fs::create_dir_all(store.store().join("aws")).unwrap();
    std::fs::copy(theirs.file("aws/db"), store.file("aws/db")).unwrap();
    let text = missing(&look_up("aws/db", &store.context()));
    assert!(text.contains("no secret key to decrypt it"), "{text}");
}

#[test]
fn a_locked_key_is_an_error_and_leaves_no_prompt_behind() {
    let store = PassStore::locked();
    store.insert("aws/db", b"hunter2hunter2\n");
    let resolved = look_up("aws/db", &store.context());
    let text = missing(&resolved);
    assert!(text.contains("its GPG key is locked"), "{text}");
    assert!(hints(&resolved).contains("pass show aws/db"));
    assert_eq!(store.processes(), [""; 0]);
}

#[test]
fn a_passphrase_that_the_agent_knows_is_used() {
    let store = PassStore::locked();
    store.insert("aws/db", b"hunter2hunter2\n");
    store.unlock("aws/db");
    assert_found(&look_up("aws/db", &store.context()), "hunter2hunter2");
}

#[test]
fn a_prompt_that_is_never_answered_is_ended_at_the_deadline() {
    let store = PassStore::locked();
    store.insert("aws/db", b"hunter2hunter2\n");
    let prompt = store.folder.script(
        "prompt",
        "echo OK; while read -r line; do case $line in GETPIN*) sleep 3600 ;; *) echo OK ;; esac; done",
    );
    let settings = format!("pinentry-program {prompt}\n");
    std::fs::write(store.agent_settings(), settings).unwrap();
    store.end_agent();

    let mut patient = store.context();
    patient.interactive = true;
    patient.deadline = Duration::from_secs(2);
    let text = missing(&look_up("aws/db", &patient));
    assert!(text.contains("pass gave no answer within"), "{text}");

    while !store.processes().is_empty() {
        std::thread::yield_now();
    }
    // The agent is free again: it asks one question at a time.
    let text = missing(&look_up("aws/db", &store.context()));
    assert!(text.contains("its GPG key is locked"), "{text}");
}

#[test]
fn a_new_entry_is_stored_and_read_back() {
    let store = PassStore::unlocked();
    let arguments = store.folder.path().join("arguments");
    let mut context = store.context();
    context.pass = store.folder.script(
        "pass",
        &format!("printf '%s\\n' \"$@\" >> '{arguments}'\nexec pass \"$@\""),
    );
    let credential = spec("db_pass", [pass("aws/vpc/db")]);
    let stored = set(&credential, None, b"hunter2hunter2\n", &context).unwrap();
    assert_eq!(stored.source.to_string(), "pass entry aws/vpc/db");
    assert_eq!(stored.warnings, []);
    assert_eq!(store.show("aws/vpc/db"), "hunter2hunter2\n");
    let arguments = std::fs::read_to_string(arguments).unwrap();
    assert!(
        arguments.contains("insert") && !arguments.contains("hunter2"),
        "{arguments}"
    );
}

#[test]
fn the_notes_of_an_entry_survive_a_new_secret() {
    let store = PassStore::unlocked();
    store.insert("db", b"old secret\nuser: me\nurl: x\n");
    let credential = spec("db_pass", [pass("db")]);
    set(
        &credential,
        Some(WritableStore::Pass),
        b"hunter2hunter2",
        &store.context(),
    )
    .unwrap();
    assert_eq!(store.show("db"), "hunter2hunter2\nuser: me\nurl: x\n");
}

#[test]
fn an_entry_that_cannot_be_read_is_not_overwritten() {
    let store = PassStore::locked();
    store.insert("db", b"old secret\nuser: me\n");
    let before = std::fs::read(store.file("db")).unwrap();
    let credential = spec("db_pass", [pass("db")]);
    let error = set(&credential, None, b"hunter2hunter2", &store.context()).unwrap_err();
    assert!(error.problem.contains("its GPG key is locked"), "{error}");
    assert_eq!(std::fs::read(store.file("db")).unwrap(), before);
}

#[test]
fn a_new_entry_of_a_locked_key_is_stored_with_a_warning() {
    let store = PassStore::locked();
    let credential = spec("db_pass", [pass("db")]);
    let stored = set(&credential, None, b"hunter2hunter2", &store.context()).unwrap();
    assert!(
        stored.warnings[0].text.contains("could not be read back"),
        "{stored:?}"
    );
    store.unlock("db");
    assert_found(&look_up("db", &store.context()), "hunter2hunter2");
}

#[test]
fn a_store_in_git_gets_a_commit_and_a_failing_commit_is_told() {
    let store = PassStore::unlocked();
    store.pass(&["git", "init", "--quiet"], b"");
    store.pass(&["git", "config", "user.email", "me@example.org"], b"");
    store.pass(&["git", "config", "user.name", "me"], b"");
    let credential = spec("db_pass", [pass("db")]);
    set(&credential, None, b"hunter2hunter2", &store.context()).unwrap();
    let log = store.pass(&["git", "log", "--oneline", "--", "db.gpg"], b"");
    assert_eq!(String::from_utf8(log.stdout).unwrap().lines().count(), 1);

    store.pass(&["git", "config", "user.useConfigOnly", "true"], b"");
    store.pass(&["git", "config", "--unset", "user.email"], b"");
    let stored = set(&credential, None, b"swordfish-2", &store.context()).unwrap();
    assert!(
        stored.warnings[0].text.contains("did not commit"),
        "{stored:?}"
    );
    assert_found(&look_up("db", &store.context()), "swordfish-2");
}

#[test]
fn secrets_that_an_entry_cannot_hold_are_refused() {
    let store = PassStore::unlocked();
    let credential = spec("db_pass", [pass("db")]);
    for (value, problem) in [
        (&b"two\nlines of it"[..], "several lines"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"nul\0nul", "NUL"),
        (b"short", "fewer than 6 characters"),
    ] {
        let error = set(&credential, None, value, &store.context()).unwrap_err();
        assert!(error.problem.contains(problem), "{error}");
    }
    assert!(!store.file("db").exists());
}

#[test]
fn an_entry_is_removed_once() {
    let store = PassStore::unlocked();
    store.insert("aws/db", b"hunter2hunter2\n");
    let credential = spec("db_pass", [pass("aws/db")]);
    let source = amiable::credentials::remove(&credential, None, &store.context()).unwrap();
    assert_eq!(source.to_string(), "pass entry aws/db");
    assert!(!store.file("aws/db").exists());
    let error = amiable::credentials::remove(&credential, None, &store.context()).unwrap_err();
    assert!(error.problem.contains("is not in"), "{error}");
}

#[test]
fn several_entries_are_looked_up_at_the_same_time() {
    let store = PassStore::unlocked();
    let specs: Vec<_> = (0..6)
        .map(|n| {
            store.insert(&format!("e{n}"), format!("secret number {n}\n").as_bytes());
            spec(&format!("c{n}"), [pass(&format!("e{n}"))])
        })
        .collect();
    let resolution = amiable::credentials::resolve(&specs, &store.context());
    resolution.check().unwrap();
    for (n, (name, secret)) in resolution.secrets().enumerate() {
        assert_eq!(name, format!("c{n}"));
        assert!(*secret == Secret::new(format!("secret number {n}")));
    }
}
