//! A project whose tools print the canary before they do their work, and the record of every command line.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    sandbox_project::{Project, Ran},
    scan,
    secret::{self, CANARY},
};

const STACK: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
}
credential "canary" {
  env       = "CANARY"
  terraform = "canary"
}
image "web" {
  template    = "packer"
  name        = "web"
  credentials = ["canary"]
  variables   = { canary = credential.canary }
  rotate      = "1"
}
variables = { ami_id = image.web.id }
task "release" {
  when        = "after-apply"
  command     = ["bin/task"]
  credentials = ["canary"]
}
summary = ["leak: ${output.leak}"]
"#;

const TEMPLATE: &str = r#"
variable "canary" {
  type = string
}
source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  communicator  = "none"
}
build {
  sources = ["source.amazon-ebs.web"]
}
"#;

/// Terraform prints it by itself: in a plain output in several encodings, and in a provisioner that dumps its
/// environment.
const ROOT: &str = r#"
variable "canary" {
  type      = string
  sensitive = true
}
variable "ami_id" {
  type = string
}
output "leak" {
  value = nonsensitive(var.canary)
}
output "encoded" {
  value = [
    base64encode(nonsensitive(var.canary)),
    urlencode(nonsensitive(var.canary)),
    jsonencode({ x = nonsensitive(var.canary) }),
  ]
}
resource "terraform_data" "dump" {
  input = var.ami_id
  provisioner "local-exec" {
    command = "env; env | base64 -w 60; env | od -A x -t x1z"
  }
}
"#;

/// A tool that prints, and then is what it is.
const WRAPPER: &str = r#"#!/bin/sh
cat /proc/[0-9]*/cmdline >>'OUTSIDE/cmdlines' 2>/dev/null
printf '%s\0' "$0" "$@" >>'OUTSIDE/cmdlines'
for word; do [ -e "OUTSIDE/NAME.$word.sh" ] && . "OUTSIDE/NAME.$word.sh"; done
exec 'REAL' "$@"
"#;

/// The project; what prints the canary lies outside of it.
pub struct Planted {
    pub project: Project,
    outside: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Planted {
    pub fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        let task = format!("#!/bin/sh\nexec '{}/task'\n", outside.path().display());
        let amiable_home = amiable_home();
        let tools = ["terraform", "packer", "aws"];
        let named: Vec<(String, String)> = tools
            .iter()
            .map(|tool| {
                let program = outside.path().join(tool).display().to_string();
                (format!("AMIABLE_{}", tool.to_uppercase()), program)
            })
            .chain([
                ("CANARY".to_owned(), CANARY.to_owned()),
                ("HOME".to_owned(), home.path().display().to_string()),
                (
                    "AMIABLE_HOME".to_owned(),
                    amiable_home.display().to_string(),
                ),
                ("PYENV_VERSION".to_owned(), String::new()),
            ])
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let named: Vec<(&str, &str)> = named
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let project = Project::new(
            &[
                ("stack.hcl", STACK),
                ("bin/task", &task),
                ("packer/web.pkr.hcl", TEMPLATE),
                ("terraform/main.tf", ROOT),
            ],
            &named,
        );
        let planted = Self {
            project,
            outside,
            home,
        };
        for tool in tools {
            let real = real(tool);
            let script = WRAPPER
                .replace("REAL", &real.display().to_string())
                .replace("NAME", tool)
                .replace("OUTSIDE", &planted.outside.path().display().to_string());
            planted.program(tool, &script);
        }
        for (name, text) in secret::encodings() {
            planted.put(&format!("payload/{name}"), &text);
        }
        planted.program("task", "#!/bin/sh\necho ready\n");
        let task = planted.project.path("bin/task");
        fs::set_permissions(task, fs::Permissions::from_mode(0o755)).unwrap();
        planted
    }

    /// Writes a file outside of the project and gives its path.
    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.outside.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn program(&self, name: &str, script: &str) {
        let path = self.put(name, script);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs `script` when `tool` is called with the word `subcommand`, before the tool itself. `$PAYLOAD` is the
    /// folder with a file for each encoding.
    pub fn before(&self, tool: &str, subcommand: &str, script: &str) {
        let payload = self.outside.path().join("payload");
        let script = format!("PAYLOAD='{}'\n{script}\n", payload.display());
        self.put(&format!("{tool}.{subcommand}.sh"), &script);
    }

    /// Prints `lines` when `tool` is called with `subcommand`.
    pub fn prints(&self, tool: &str, subcommand: &str, lines: &[String], then: &str) {
        let file = self.put(
            &format!("{tool}.{subcommand}.out"),
            &(lines.join("\n") + "\n"),
        );
        self.before(
            tool,
            subcommand,
            &format!("cat '{}'\n{then}", file.display()),
        );
    }

    pub fn run(&self, arguments: &[&str], code: i32) -> Ran {
        self.project.run(arguments).expect(code)
    }

    /// Fails when the canary is anywhere where it must not be. `ran` is what the runs printed.
    #[track_caller]
    pub fn assert_clean(&self, ran: &[&Ran]) {
        self.assert_clean_but_for(ran, &[]);
    }

    /// As [`Planted::assert_clean`], when the user has written the canary into files of these names.
    #[track_caller]
    pub fn assert_clean_but_for(&self, ran: &[&Ran], written_by_user: &[&str]) {
        let may_hold = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy();
            // The stated exception.
            name.contains(".tfstate") || written_by_user.contains(&name.as_ref())
        };
        let mut dirty = scan::files(self.project.root(), may_hold);
        dirty.extend(scan::files(self.home.path(), |_| false));
        for ran in ran {
            for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
                let found = scan::found(text.as_bytes());
                dirty.extend(
                    found
                        .into_iter()
                        .map(|what| format!("{name}: {what}\n{text}")),
                );
            }
        }
        let cmdlines = fs::read(self.outside.path().join("cmdlines")).unwrap();
        let seen = String::from_utf8_lossy(&cmdlines);
        assert!(seen.contains("amiable"), "the driver itself was looked at");
        let found = scan::found(&cmdlines);
        dirty.extend(
            found
                .into_iter()
                .map(|what| format!("a command line: {what}")),
        );
        assert!(dirty.is_empty(), "{}", dirty.join("\n"));
    }

    /// Whether the runs have written `text` anywhere: that something was printed there at all.
    pub fn wrote(&self, text: &str) -> bool {
        let runs = self.project.path(".amiable/runs");
        super::sandbox_project::files(&runs)
            .iter()
            .any(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).contains(text))
    }
}

fn amiable_home() -> PathBuf {
    amiable::tools::locate::home().into()
}

fn real(tool: &str) -> PathBuf {
    if let Some(named) = env::var_os(format!("AMIABLE_{}", tool.to_uppercase())) {
        return named.into();
    }
    let in_home = [
        amiable_home().join("bin").join(tool),
        amiable_home().join("venv/bin").join(tool),
    ];
    in_home
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| which::which(tool).unwrap_or_else(|_| panic!("{tool} is needed")))
}
