//! One builder machine: a container that Packer takes for the instance it has just launched.

use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use camino::Utf8PathBuf;

use super::{
    BuilderError,
    docker::{Docker, last_lines, said},
};
use crate::command::ToolCommand;

/// What the container is allowed beyond the default, so that a Docker engine of its own runs in it: mounts
/// and namespaces, its networks, looking into its containers, their device nodes. Never `--privileged`,
/// which would give it the host's devices, and never the host's engine.
const CAPABILITIES: [&str; 4] = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD"];
const SECURITY_OPTIONS: [&str; 3] = [
    "seccomp=unconfined",
    "apparmor=unconfined",
    "systempaths=unconfined",
];
/// A runaway script is stopped before it takes the host with it.
const MOST_PROCESSES: &str = "8192";
const MOST_MEMORY: &str = "4g";

/// The image is there, so this is the engine's own work.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Also for an engine that is busy with something else.
const REMOVE_PATIENCE: Duration = Duration::from_secs(60);
/// From container to sshd's greeting; half a second is usual.
const SSH_DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

pub(super) const LABEL_CHECKOUT: &str = "amiable.checkout";
pub(super) const LABEL_RUN: &str = "amiable.run";
pub(super) const LABEL_IMAGE: &str = "amiable.image";

/// What decides how a container is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specification {
    pub(super) machine_image: String,
    pub(super) checkout: String,
    pub(super) run: String,
    pub(super) image: String,
    pub(super) users: Vec<String>,
    pub(super) public_key: String,
    /// Names of variables of the driver's environment that the machine gets, and their values.
    pub(super) proxies: Vec<(String, String)>,
    /// Files of the host, and where the machine finds them, read-only.
    pub(super) files: Vec<(Utf8PathBuf, &'static str)>,
}

impl Specification {
    pub(super) fn command(&self, docker: &Docker) -> ToolCommand {
        let mut command = ToolCommand::new(docker.program()).args(["run", "--detach"]);
        for (name, value) in [
            (LABEL_CHECKOUT, &self.checkout),
            (LABEL_RUN, &self.run),
            (LABEL_IMAGE, &self.image),
        ] {
            command = command.args(["--label", &format!("{name}={value}")]);
        }
        for capability in CAPABILITIES {
            command = command.args(["--cap-add", capability]);
        }
        for option in SECURITY_OPTIONS {
            command = command.args(["--security-opt", option]);
        }
        command = command
            .args(["--pids-limit", MOST_PROCESSES, "--memory", MOST_MEMORY])
            .args(["--publish", "127.0.0.1::22"])
            .args(["--volume", "/var/lib/docker"])
            .args(["--volume", "/sys/fs/cgroup:/sys/fs/cgroup"]);
        for (source, target) in &self.files {
            command = command.args([
                "--mount",
                &format!("type=bind,source={source},target={target},readonly"),
            ]);
        }
        command = command
            .args(["--env", &format!("AMIABLE_USERS={}", self.users.join(" "))])
            .args(["--env", &format!("AMIABLE_PUBLIC_KEY={}", self.public_key)]);
        // By name alone: a proxy's address may hold a password.
        for (name, value) in &self.proxies {
            command = command.args(["--env", name]).env(name, value);
        }
        command.arg(&self.machine_image)
    }
}

/// Whether Linux takes `name` for a user (useradd(8)); it ends up in a file for sudo.
pub(super) fn is_user_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= 32
        && characters
            .next()
            .is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

/// Starts the container and returns its id.
pub(super) fn start(
    docker: &Docker,
    specification: &Specification,
) -> Result<String, BuilderError> {
    let done = docker.attempt(&specification.command(docker), START_PATIENCE)?;
    let output = done.stdout_text();
    let id = output.lines().last().unwrap_or_default().trim().to_owned();
    let is_id = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if done.success() && is_id {
        return Ok(id);
    }
    if is_id {
        // Made but not started: it would stay behind.
        remove(&docker.in_any_case(), &id)?;
    }
    Err(BuilderError::Start {
        message: said(&done),
    })
}

/// The port of 127.0.0.1 that leads to the machine's sshd.
pub(super) fn port(docker: &Docker, id: &str) -> Result<u16, BuilderError> {
    let output = docker.call(["port", id, "22/tcp"])?;
    output
        .lines()
        .find_map(|line| line.strip_prefix("127.0.0.1:")?.trim().parse().ok())
        .ok_or_else(|| BuilderError::Start {
            message: format!("docker published no port on 127.0.0.1, but {output:?}"),
        })
}

/// Waits until sshd sends its greeting.
pub(super) fn wait_for_ssh(docker: &Docker, id: &str, port: u16) -> Result<(), BuilderError> {
    let deadline = Instant::now() + SSH_DEADLINE;
    while Instant::now() < deadline {
        if greets(port) {
            return Ok(());
        }
        std::thread::sleep(POLL);
        if docker.call(["inspect", "--format", "{{.State.Running}}", id])? != "true" {
            return Err(BuilderError::Start {
                message: format!("it ended at once\n{}", log(docker, id)),
            });
        }
    }
    Err(BuilderError::Silent {
        port,
        seconds: SSH_DEADLINE.as_secs(),
        log: log(docker, id),
    })
}

/// The engine's own proxy accepts connections before sshd does, so only the greeting counts (RFC 4253, 4.2).
fn greets(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(5)) else {
        return false;
    };
    let mut start = [0; 4];
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .is_ok()
        && stream.read_exact(&mut start).is_ok()
        && &start == b"SSH-"
}

fn log(docker: &Docker, id: &str) -> String {
    let command = ToolCommand::new(docker.program()).args(["logs", "--tail", "15", id]);
    match docker.attempt(&command, START_PATIENCE) {
        Ok(done) => last_lines(
            &format!("{}\n{}", done.stdout_text(), done.stderr_text()),
            15,
        ),
        Err(error) => error.to_string(),
    }
}

/// Removes the container `id`, running or not, with its volumes. One that is gone is fine.
pub(super) fn remove(docker: &Docker, id: &str) -> Result<(), BuilderError> {
    let command = ToolCommand::new(docker.program()).args(["rm", "--force", "--volumes", id]);
    let done = docker.attempt(&command, REMOVE_PATIENCE)?;
    let message = said(&done);
    if done.success() || message.to_ascii_lowercase().contains("no such container") {
        Ok(())
    } else {
        Err(BuilderError::Docker {
            command: "docker rm".to_owned(),
            message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_gets_what_it_needs_and_no_more() {
        let specification = Specification {
            machine_image: "amiable-builder:1".to_owned(),
            checkout: "c".to_owned(),
            run: "r".to_owned(),
            image: "dashboard".to_owned(),
            users: vec!["admin".to_owned(), "ubuntu".to_owned()],
            public_key: "ssh-ed25519 AAAA x".to_owned(),
            proxies: vec![("http_proxy".to_owned(), "http://u:secret@p:1".to_owned())],
            files: vec![(
                "/home/me/rootfs.tar".into(),
                "/usr/share/amiable/base-image.tar",
            )],
        };
        let command = specification.command(&Docker::new("docker"));
        assert_eq!(
            command.display(),
            "docker run --detach --label amiable.checkout=c --label amiable.run=r \
             --label amiable.image=dashboard --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE \
             --cap-add MKNOD --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
             --security-opt systempaths=unconfined --pids-limit 8192 --memory 4g --publish 127.0.0.1::22 \
             --volume /var/lib/docker --volume /sys/fs/cgroup:/sys/fs/cgroup \
             --mount type=bind,source=/home/me/rootfs.tar,target=/usr/share/amiable/base-image.tar,readonly \
             --env 'AMIABLE_USERS=admin ubuntu' --env 'AMIABLE_PUBLIC_KEY=ssh-ed25519 AAAA x' \
             --env http_proxy amiable-builder:1"
        );
    }

    #[test]
    fn names_that_would_change_sudos_rules_are_refused() {
        for name in ["admin", "ec2-user", "_apt", "user1"] {
            assert!(is_user_name(name), "{name}");
        }
        for name in [
            "",
            "1user",
            "Admin",
            "a b",
            "a\nb",
            "all,root",
            "-x",
            &"a".repeat(33),
        ] {
            assert!(!is_user_name(name), "{name:?}");
        }
    }
}
