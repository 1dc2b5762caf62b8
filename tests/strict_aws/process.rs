//! The process that the driver starts in place of moto's server: it starts the real one on a port of its own
//! and is the proxy in front of it.
//!
//! It is the test binary itself: [`write_script`] writes the program that `AMIABLE_MOTO_SERVER` names, and that
//! runs [`as_the_emulator`] alone.

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
};

use rustix::process::{Signal, set_parent_process_death_signal};

use super::{client::StrictAws, moto::Moto, proxy::Proxy, strict::Settings};

const PORT: &str = "STRICT_AWS_PORT";
const SETTINGS: &str = "STRICT_AWS_SETTINGS";
const MOTO_SERVER: &str = "STRICT_AWS_MOTO_SERVER";

/// Writes a program that takes moto_server's arguments, as the driver gives them, and returns its path.
pub fn write_script(folder: &Path, settings: Settings) -> PathBuf {
    let this = env::current_exe().expect("the path of this test binary");
    let (_, module) = module_path!()
        .split_once("::")
        .expect("a module of the test binary");
    let settings = serde_json::to_string(&settings).expect("settings in JSON");
    let script = format!(
        "#!/bin/sh\n\
         # -H ADDRESS -p PORT\n\
         [ \"$1 $2 $3\" = '-H 127.0.0.1 -p' ] || {{ echo \"unexpected arguments: $*\" >&2; exit 99; }}\n\
         export {PORT}=\"$4\" {SETTINGS}='{settings}' {MOTO_SERVER}='{moto}'\n\
         exec '{this}' --exact {module}::as_the_emulator --ignored --nocapture\n",
        moto = moto_server().display(),
        this = this.display(),
    );
    let path = folder.join("strict_aws");
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}

/// Writes a program that is Packer and does not wait long, and returns its path: 1.6 looks at a pending AMI every
/// 15 s, and the driver builds its environment from nothing.
pub fn write_packer(folder: &Path) -> PathBuf {
    let packer = env::var_os("AMIABLE_PACKER").unwrap_or("packer".into());
    let packer = which::which(packer).expect("scripts/bootstrap installs packer");
    let path = folder.join("packer");
    let script = format!(
        "#!/bin/sh\nAWS_POLL_DELAY_SECONDS=0 exec '{}' \"$@\"\n",
        packer.display()
    );
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}

/// Not a test: what the script of [`write_script`] runs.
#[test]
#[ignore = "started by the driver under test, as the emulator"]
fn as_the_emulator() {
    let variable = |name| env::var(name).expect("set by the script that starts this");
    let port: u16 = variable(PORT).parse().expect("a port");
    let settings = serde_json::from_str(&variable(SETTINGS)).expect("settings");
    // Bound first: a port that is taken has to end this process at once.
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => listener,
        Err(error) => panic!("Address already in use: {port}: {error}"),
    };
    let (_moto, moto_port) = start_moto(&variable(MOTO_SERVER)).expect("moto's server starts");
    let proxy = Arc::new(Proxy::new(Moto { port: moto_port }, settings));
    // Asked for port 0, the system chose one.
    let port = listener.local_addr().expect("an address").port();
    // In the words of moto's own web server, which the driver waits for.
    println!(" * Running on http://127.0.0.1:{port}");
    proxy.serve(&listener).expect("connections");
}

/// The same without a driver, on a port that the system chooses; ends when dropped.
#[derive(Debug)]
pub struct Standalone {
    pub aws: StrictAws,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Standalone {
    pub fn start(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Read by a shell rather than executed: another thread of the tests may have handed the file, open for
        // writing, to a child that it starts, and until that has executed its program this would be "busy".
        let mut child = Command::new("sh")
            .arg(write_script(folder.path(), settings))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the proxy starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| listening_on(&line));
        Self {
            aws: StrictAws {
                port: port.expect("the proxy listens"),
            },
            child,
            _folder: folder,
        }
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts moto's server, which ends when this process does, however that ends.
fn start_moto(program: &str) -> io::Result<(Child, u16)> {
    let mut command = Command::new(program);
    command
        .args(["-H", "127.0.0.1", "-p", "0"])
        // The driver asks for AWS's own policies. No test attaches one to a role, and loading them is a fifth of
        // what a start of moto takes.
        .env_remove("MOTO_IAM_LOAD_MANAGED_POLICIES")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    // SAFETY: the closure runs between fork and exec and makes one prctl(2) call, which is
    // async-signal-safe; an error is built from the errno alone.
    unsafe {
        command.pre_exec(|| {
            set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from)
        });
    }
    let mut child = command.spawn()?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut lines = BufReader::new(stderr).lines();
    let port = loop {
        let line = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        eprintln!("{line}");
        if let Some(port) = listening_on(&line) {
            break port;
        }
    };
    // Its log has to go somewhere, or it would stop when the pipe is full.
    thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .for_each(|line| eprintln!("{line}"))
    });
    Ok((child, port))
}

fn listening_on(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("Running on http://127.0.0.1:")?;
    port.trim().parse().ok()
}

/// The real program, found as the driver finds it.
fn moto_server() -> PathBuf {
    if let Some(program) = env::var_os("AMIABLE_MOTO_SERVER") {
        return which::which(program).expect("AMIABLE_MOTO_SERVER names a program");
    }
    let in_home = amiable::tools::locate::home().join("venv/bin/moto_server");
    match in_home.exists() {
        true => in_home.into(),
        false => which::which("moto_server").expect("scripts/bootstrap installs moto_server"),
    }
}
