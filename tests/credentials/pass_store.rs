//! A password store with a throw-away GPG home.

use std::{
    ffi::OsStr,
    io::Write,
    process::{Command, Output, Stdio},
};

use amiable::credentials::Context;
use camino::Utf8PathBuf;

use super::setting::{self, Folder};

pub const PASSPHRASE: &str = "open sesame";

pub struct PassStore {
    pub folder: Folder,
}

impl PassStore {
    /// With a key without passphrase.
    pub fn unlocked() -> Self {
        Self::with_key("")
    }

    /// With a key whose passphrase no agent knows.
    pub fn locked() -> Self {
        let store = Self::with_key(PASSPHRASE);
        store.end_agent();
        store
    }

    fn with_key(passphrase: &str) -> Self {
        let store = Self {
            folder: Folder::new(),
        };
        std::fs::create_dir(store.home()).unwrap();
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(store.home(), std::fs::Permissions::from_mode(0o700)).unwrap();
        // By default the agent measures for seconds how slow it can make the passphrase.
        std::fs::write(store.agent_settings(), "s2k-count 65536\n").unwrap();
        let generate = [
            "--batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            passphrase,
        ];
        store.gpg(
            generate
                .iter()
                .chain(&["--quick-generate-key", "me@example.org", "ed25519"]),
            b"",
        );
        let keys = store.gpg(["--batch", "--list-keys", "--with-colons"].iter(), b"");
        let keys = String::from_utf8(keys.stdout).unwrap();
        let fingerprint = keys
            .lines()
            .find_map(|line| line.strip_prefix("fpr:"))
            .and_then(|line| line.split(':').rfind(|field| !field.is_empty()))
            .expect("gpg lists the fingerprint of its key");
        store.gpg(
            generate
                .iter()
                .chain(&["--quick-add-key", fingerprint, "cv25519", "encr", "never"]),
            b"",
        );
        store.pass(&["init", "me@example.org"], b"");
        store
    }

    pub fn home(&self) -> Utf8PathBuf {
        self.folder.path().join("gpg")
    }

    pub fn agent_settings(&self) -> Utf8PathBuf {
        self.home().join("gpg-agent.conf")
    }

    pub fn store(&self) -> Utf8PathBuf {
        self.folder.path().join("store")
    }

    pub fn file(&self, entry: &str) -> Utf8PathBuf {
        self.store().join(format!("{entry}.gpg"))
    }

    pub fn context(&self) -> Context {
        let (home, store) = (self.home(), self.store());
        setting::context(
            &self.folder,
            &[
                ("GNUPGHOME", home.as_str()),
                ("PASSWORD_STORE_DIR", store.as_str()),
            ],
        )
    }

    /// Makes an entry with exactly these bytes.
    pub fn insert(&self, entry: &str, bytes: &[u8]) {
        self.pass(&["insert", "--multiline", "--force", "--", entry], bytes);
    }

    /// The whole entry, as `pass` shows it.
    pub fn show(&self, entry: &str) -> String {
        String::from_utf8(self.pass(&["show", "--", entry], b"").stdout).unwrap()
    }

    pub fn pass(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        self.run("pass", arguments.iter(), stdin)
    }

    pub fn gpg<'a>(&self, arguments: impl Iterator<Item = &'a &'a str>, stdin: &[u8]) -> Output {
        self.run("gpg", arguments, stdin)
    }

    fn run<'a>(
        &self,
        program: &str,
        arguments: impl Iterator<Item = &'a &'a str>,
        stdin: &[u8],
    ) -> Output {
        let mut child = Command::new(program)
            .args(arguments.map(|argument| OsStr::new(*argument)))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GNUPGHOME", self.home())
            .env("PASSWORD_STORE_DIR", self.store())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} has to be installed: {error}"));
        let mut input = child.stdin.take().expect("stdin is piped");
        // A program that reads nothing may have closed it.
        let _ = input.write_all(stdin);
        drop(input);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {stderr}");
        output
    }

    /// Lets gpg's agent forget every passphrase, by ending it.
    pub fn end_agent(&self) {
        let ended = Command::new("gpgconf")
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.home())
            .status();
        assert!(
            ended.is_ok_and(|status| status.success()),
            "gpgconf has to be installed"
        );
    }

    /// Lets gpg's agent know the passphrase.
    pub fn unlock(&self, entry: &str) {
        let file = self.file(entry);
        let words = [
            "--batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase-fd",
            "0",
            "--decrypt",
            file.as_str(),
        ];
        self.gpg(words.iter(), format!("{PASSPHRASE}\n").as_bytes());
    }

    /// Commands of the living processes of this GPG home, but for the agent's own.
    pub fn processes(&self) -> Vec<String> {
        let wanted = format!("GNUPGHOME={}", self.home());
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
            let environment = read("environ");
            let is_ours = environment
                .split(|&byte| byte == 0)
                .any(|pair| pair == wanted.as_bytes());
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            if is_ours && !command.starts_with("gpg-agent") && !command.is_empty() {
                found.push(command);
            }
        }
        found
    }
}

impl Drop for PassStore {
    fn drop(&mut self) {
        // Not end_agent, whose panic would abort a test that is failing already.
        let _ = Command::new("gpgconf")
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.home())
            .status();
    }
}
