//! `amiable creds`, in a process of its own: its environment, standard input, exit code.

use std::{
    io::{IsTerminal, Read, Write},
    process::{Command, Stdio},
};

use amiable::{cli::creds::CredsArgs, credentials::Context};
use camino::Utf8PathBuf;
use clap::Parser;
use serde_json::Value;

use super::{
    pass_store::PassStore,
    setting::{self, Folder},
};

/// Comes before the output of the command and after what the test harness says.
const MARK: &str = "--- output ---\n";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    creds: CredsArgs,
    #[arg(long, global = true)]
    json: bool,
}

/// What the command left.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    pid: u32,
}

/// `amiable creds WORDS` for `environment`, with nothing else in its environment.
fn command(
    folder: &Folder,
    environment: &str,
    variables: &[(&str, &str)],
    words: &[&str],
    wrapper: &[&str],
) -> Command {
    let program = std::env::current_exe().unwrap();
    let arguments = [
        "--ignored",
        "--exact",
        "creds::inside_the_command",
        "--nocapture",
    ];
    let mut command = match wrapper {
        [] => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        [wrapper, options @ ..] => {
            let mut command = Command::new(wrapper);
            let line = format!("{} {}", program.display(), arguments.join(" "));
            command.args(options).args([line.as_str(), "/dev/null"]);
            command
        }
    };
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder.path())
        .env("TERM", "xterm")
        .env("TEST_ENVIRONMENT", environment)
        .env("TEST_WORDS", serde_json::to_string(words).unwrap())
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn creds(
    folder: &Folder,
    environment: &str,
    variables: &[(&str, &str)],
    words: &[&str],
    stdin: &str,
) -> Ended {
    let mut child = command(folder, environment, variables, words, &[])
        .spawn()
        .unwrap();
    let pid = child.id();
    // A command that reads nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let stdout = text(output.stdout);
    let (_, stdout) = stdout.split_once(MARK).expect("the command was run");
    Ended {
        code: output.status.code(),
        stdout: stdout.to_owned(),
        stderr: text(output.stderr),
        pid,
    }
}

/// What to type when a question appears.
struct Reply {
    question: &'static str,
    keys: &'static str,
    /// Type only once the terminal has stopped to echo: what is typed before is thrown away.
    is_hidden: bool,
}

fn reply(question: &'static str, keys: &'static str) -> Reply {
    Reply {
        question,
        keys,
        is_hidden: false,
    }
}

fn hidden(question: &'static str, keys: &'static str) -> Reply {
    Reply {
        question,
        keys,
        is_hidden: true,
    }
}

/// Runs the command on a terminal of its own and returns the exit code and what was on the terminal.
fn on_terminal(
    folder: &Folder,
    variables: &[(&str, &str)],
    words: &[&str],
    replies: &[Reply],
) -> (Option<i32>, String) {
    let script = ["script", "--quiet", "--return", "--command"];
    let mut child = command(folder, "prod", variables, words, &script)
        .spawn()
        .expect("script (bsdutils) has to be installed");
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut shown = String::new();
    let mut seen = 0;
    let mut replies = replies.iter();
    let mut next = replies.next();
    let mut bytes = [0; 4096];
    loop {
        let asked = next.and_then(|reply| Some((reply, shown[seen..].find(reply.question)?)));
        if let Some((reply, at)) = asked {
            seen += at + reply.question.len();
            while reply.is_hidden && echoes(child.id()) {
                std::thread::yield_now();
            }
            keyboard.write_all(reply.keys.as_bytes()).unwrap();
            next = replies.next();
            continue;
        }
        match screen.read(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(read) => shown.push_str(&String::from_utf8_lossy(&bytes[..read])),
        }
    }
    let code = child.wait().unwrap().code();
    assert!(
        next.is_none(),
        "never asked {:?}: {shown}",
        next.map(|reply| reply.question)
    );
    (code, shown)
}

/// Whether the terminal that `script` made shows what is typed.
fn echoes(script: u32) -> bool {
    use rustix::termios::{LocalModes, tcgetattr};

    let children = std::fs::read_to_string(format!("/proc/{script}/task/{script}/children"));
    let child = children.unwrap_or_default().trim().to_owned();
    let Ok(terminal) = std::fs::File::open(format!("/proc/{child}/fd/0")) else {
        return true;
    };
    tcgetattr(terminal).is_ok_and(|modes| modes.local_modes.contains(LocalModes::ECHO))
}

#[test]
#[ignore = "run by other tests, as the command"]
fn inside_the_command() {
    let environment = std::env::var("TEST_ENVIRONMENT").unwrap();
    let words: Vec<String> = serde_json::from_str(&std::env::var("TEST_WORDS").unwrap()).unwrap();
    let root = Utf8PathBuf::from(std::env::var("HOME").unwrap());
    let mut no_variable = setting::spec("no_variable", [setting::env("NO_VARIABLE")]);
    no_variable.env = None;
    no_variable.optional = true;
    let mut token = setting::spec("api_token", [setting::env("API_TOKEN")]);
    token.optional = true;
    let db_pass = setting::spec(
        "db_pass",
        [setting::env("DB_PASS"), setting::pass("aws/db")],
    );
    let stack = setting::stack(&environment, vec![db_pass, token, no_variable]);
    let interactive = std::io::stdin().is_terminal();
    let context = Context::of_process(&stack, &root, interactive);

    print!("{MARK}");
    let cli = match Cli::try_parse_from(["creds".to_owned()].into_iter().chain(words)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let code = match cli.creds.run_for(&stack, &context, cli.json, false) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: {error}");
            for hint in error.hints() {
                eprintln!("  hint: {hint}");
            }
            error.exit().code()
        }
    };
    std::process::exit(i32::from(code));
}

fn with_pass(store: &PassStore) -> [(&'static str, String); 2] {
    [
        ("GNUPGHOME", store.home().into_string()),
        ("PASSWORD_STORE_DIR", store.store().into_string()),
    ]
}

#[test]
fn check_says_where_each_credential_comes_from_and_never_its_value() {
    let folder = Folder::new();
    let variables = [("DB_PASS", "hunter2hunter2")];
    let ended = creds(&folder, "prod", &variables, &["check"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "db_pass      ok        environment variable DB_PASS\n\
         api_token    left out  not there, and optional\n\
         no_variable  left out  not there, and optional\n"
    );
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn check_explains_a_missing_credential_and_exits_4() {
    let folder = Folder::new();
    let ended = creds(&folder, "prod", &[], &["check"], "");
    assert_eq!(ended.code, Some(4));
    assert!(
        ended.stdout.starts_with("db_pass      missing   missing\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stderr.contains(
            "credential db_pass was not found\n  environment variable DB_PASS: is not set\n"
        ),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("hint: or set it for this run: export DB_PASS=..."),
        "{}",
        ended.stderr
    );
}

#[test]
fn check_prints_one_json_document() {
    let folder = Folder::new();
    let variables = [("API_TOKEN", "hunter2hunter2")];
    let ended = creds(&folder, "prod", &variables, &["check", "--json"], "");
    assert_eq!(ended.code, Some(4));
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["complete"], false);
    assert_eq!(document["credentials"][0]["outcome"], "missing");
    assert_eq!(
        document["credentials"][0]["attempts"][0]["answer"],
        "trouble"
    );
    assert_eq!(document["credentials"][0]["attempts"][1]["kind"], "pass");
    assert_eq!(document["credentials"][1]["outcome"], "found");
    assert_eq!(
        document["credentials"][1]["origin"],
        "environment variable API_TOKEN"
    );

    let ended = creds(&folder, "sandbox", &[], &["--json", "check"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["complete"], true);
    assert_eq!(document["credentials"][0]["outcome"], "generated");
}

#[test]
fn what_set_reads_from_standard_input_is_found_until_rm() {
    let store = PassStore::unlocked();
    let variables = with_pass(&store);
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let run = |words: &[&str], stdin: &str| creds(&store.folder, "prod", &variables, words, stdin);

    let ended = run(&["set", "db_pass"], "hunter2hunter2\n");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr, "stored db_pass in pass entry aws/db\n");
    assert_eq!(store.show("aws/db"), "hunter2hunter2\n");
    let ended = run(&["check"], "");
    assert!(
        ended
            .stdout
            .starts_with("db_pass      ok        pass entry aws/db\n"),
        "{}",
        ended.stdout
    );

    let ended = run(&["rm", "db_pass"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(run(&["check"], "").code, Some(4));
    assert_eq!(run(&["rm", "db_pass"], "").code, Some(1));
}

#[test]
fn set_says_when_a_variable_comes_first() {
    let store = PassStore::unlocked();
    let variables = with_pass(&store);
    let mut variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()))
        .to_vec();
    variables.push(("DB_PASS", "another value"));
    let ended = creds(
        &store.folder,
        "prod",
        &variables,
        &["set", "db_pass"],
        "hunter2hunter2\n",
    );
    assert!(
        ended
            .stderr
            .contains("environment variable DB_PASS is set and comes first"),
        "{}",
        ended.stderr
    );
}

#[test]
fn set_refuses_what_is_no_secret() {
    let folder = Folder::new();
    for (words, stdin, code, problem) in [
        (
            &["set", "db_pass"][..],
            "",
            1,
            "nothing was stored: the value is empty",
        ),
        (&["set", "db_pass"], "abc\n", 1, "fewer than 6 characters"),
        (
            &["set", "nope"],
            "hunter2hunter2",
            2,
            "has no credential nope; it has db_pass, api_token",
        ),
        (
            &["set", "api_token"],
            "hunter2hunter2",
            1,
            "has no source that can be written",
        ),
        (
            &["set", "db_pass", "--store", "keyring"],
            "hunter2hunter2",
            1,
            "has no keyring in",
        ),
    ] {
        let ended = creds(&folder, "prod", &[], words, stdin);
        assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(problem),
            "{words:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn the_sandbox_keeps_what_is_set_for_it_in_its_own_file() {
    let folder = Folder::new();
    let run = |words: &[&str], stdin: &str| creds(&folder, "sandbox", &[], words, stdin);
    let ended = run(&["set", "db_pass"], "hunter2hunter2\n");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let print = [
        "exec",
        "db_pass",
        "--",
        "sh",
        "-c",
        "printf %s \"$DB_PASS\"",
    ];
    assert_eq!(run(&print, "").stdout, "hunter2hunter2");
    assert_eq!(run(&["rm", "db_pass"], "").code, Some(0));
    assert_eq!(run(&print, "").stdout.len(), 24);
    let ended = run(&["set", "db_pass", "--store", "keyring"], "hunter2hunter2");
    assert!(
        ended
            .stderr
            .contains("the sandbox reads nothing from the keyring"),
        "{}",
        ended.stderr
    );
}

#[test]
fn exec_becomes_the_command() {
    let folder = Folder::new();
    let script = "echo $$ $DB_PASS $API_TOKEN $OTHER $AWS_REGION $AWS_PROFILE; cat; exit 7";
    let variables = [
        ("DB_PASS", "hunter2hunter2"),
        ("OTHER", "kept"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("AWS_PROFILE", "contradiction"),
    ];
    let ended = creds(
        &folder,
        "prod",
        &variables,
        &["exec", "--", "sh", "-c", script],
        "its input",
    );
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        format!("{} hunter2hunter2 kept us-east-1\nits input", ended.pid)
    );
}

#[test]
fn exec_without_its_credential_or_command_does_not_start() {
    let folder = Folder::new();
    for (words, code, problem) in [
        (
            &["exec", "db_pass", "--", "touch", "started"][..],
            4,
            "credential db_pass was not found",
        ),
        (
            &["exec", "no_variable", "--", "touch", "started"],
            2,
            "no_variable has no env",
        ),
        (
            &["exec", "api_token", "--", "no-such-program"],
            5,
            "failed to start no-such-program",
        ),
        (&["exec", "db_pass"], 2, "COMMAND"),
    ] {
        let ended = creds(&folder, "prod", &[], words, "");
        assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(problem),
            "{words:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_passphrase_typed_into_the_pinentry_unlocks_the_entry() {
    let store = PassStore::locked();
    store.insert("aws/db", b"hunter2hunter2\n");
    store.end_agent();
    let settings = "pinentry-program /usr/bin/pinentry-curses\ns2k-count 65536\n";
    std::fs::write(store.agent_settings(), settings).unwrap();
    let variables = with_pass(&store);
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let replies = [hidden("assphrase", "open sesame\r")];
    let (code, shown) = on_terminal(&store.folder, &variables, &["check"], &replies);
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("db_pass      ok        pass entry aws/db"),
        "{shown}"
    );
}

#[test]
fn set_asks_twice_and_echoes_nothing() {
    let store = PassStore::unlocked();
    let variables = with_pass(&store);
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let replies = [
        hidden("value of db_pass", "hunter2hunter2\n"),
        hidden("again", "hunter2hunter3\n"),
        reply("the two differ", ""),
        hidden("value of db_pass", "hunter2hunter2\n"),
        hidden("again", "hunter2hunter2\n"),
    ];
    let (code, shown) = on_terminal(&store.folder, &variables, &["set", "db_pass"], &replies);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(store.show("aws/db"), "hunter2hunter2\n");
}

#[test]
fn rm_asks_on_a_terminal() {
    let store = PassStore::unlocked();
    store.insert("aws/db", b"hunter2hunter2\n");
    let variables = with_pass(&store);
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let replies = [reply("remove the stored value of db_pass for good?", "n")];
    let (code, shown) = on_terminal(&store.folder, &variables, &["rm", "db_pass"], &replies);
    assert_eq!(code, Some(6), "{shown}");
    assert!(store.file("aws/db").exists());
}
