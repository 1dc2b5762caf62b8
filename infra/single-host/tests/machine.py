"""A machine with an sshd, a Docker engine and nginx of its own, made of namespaces: a Debian on
a disk that is thrown away, installed by the scripts that make the stack's image."""

import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parent
STACK = TESTS.parent
PACKER = STACK.parents[1] / "packer" / "single-host" / "scripts"
ROOTS = Path(os.environ["SINGLE_HOST_TESTS"])
BRIDGE = "br1"
GATEWAY = "10.97.0.1"
VOLUME = "vol-0123456789abcdef0"
INSTANCE = "i-0123456789abcdef0"

# The machine's first process: a root of its own, then the network that it is given.
INIT = """
hostname single-host
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p var/lib/docker
mount --bind "$2/docker" var/lib/docker
mkdir -p old
pivot_root . old
cd /
umount --lazy /old
echo ready
read -r _
ip link set lo up
ip address add "$3/24" dev eth0
ip link set eth0 up
ip route add default via "$4"
echo up
exec sleep infinity
"""


def ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True)


def eventually(what: str, holds: Callable[[], object], seconds: float = 300) -> object:
    """The first true value of `holds`; fails after the seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.1)
    raise AssertionError(f"after {seconds:g} seconds still not: {what}")


class Disk:
    """A volume that outlives machines: a file as a loop device."""

    def __init__(self, file: Path, size: str = "1G") -> None:
        self.file = file
        subprocess.run(["truncate", f"--size={size}", file], check=True)
        self.device = subprocess.run(
            ["losetup", "--find", "--show", file],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ).stdout.strip()

    def close(self) -> None:
        subprocess.run(["losetup", "--detach", self.device], check=True)


class Machine:
    def __init__(
        self, folder: Path, disk: Disk, address: str, aws: dict[str, str]
    ) -> None:
        self.folder = folder
        self.address = address
        self._aws = aws
        self._daemons: list[subprocess.Popen] = []
        for name in ("upper", "work", "root", "docker"):
            (folder / name).mkdir()
        self._init = subprocess.Popen(
            [
                *("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork"),
                *("--kill-child", "--mount-proc", "sh", "-euc", INIT, "init"),
                *(str(ROOTS / "machine"), str(folder), address, GATEWAY),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._expect("ready")
        pid = self._init.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._pid = children[0]
        self.root = Path(f"/proc/{self._pid}/root")
        self._wire = f"veth{self._pid}"
        ends = ("type", "veth", "peer", "eth0", "netns", self._pid)
        ip("link", "add", self._wire, *ends)
        ip("link", "set", self._wire, "master", BRIDGE, "up")
        self._init.stdin.write("wired\n")
        self._init.stdin.flush()
        self._expect("up")
        self._install(disk)
        self._start_servers()

    def _expect(self, line: str) -> None:
        got = self._init.stdout.readline()
        assert got == line + "\n", f"the machine said {got!r} instead of {line}"

    def _install(self, disk: Disk) -> None:
        """As Packer does, with the stack's own scripts."""
        uploaded = self.root / "tmp" / "single-host"
        for part in ("host", "database"):
            shutil.copytree(STACK / part, uploaded / part)
        shutil.copy(STACK / "host" / "docker" / "daemon.json", self.root / "etc/docker")
        script = (PACKER / "install-host.sh").read_text()
        self.succeed("sh", "-c", script)
        (self.root / "devices").mkdir()
        (self.root / "devices" / "xvdf").symlink_to(disk.device)
        # A look-up that nobody answers would take its time.
        (self.root / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")

    def _start_servers(self) -> None:
        self._start_docker()
        self.succeed("nginx")
        key = self.folder / "key"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True
        )
        home = self.root / "root" / ".ssh"
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "authorized_keys").write_text((self.folder / "key.pub").read_text())
        self.succeed("ssh-keygen", "-A")
        self.succeed("mkdir", "-p", "/run/sshd")
        self.succeed("/usr/sbin/sshd", "-o", "UseDNS=no")
        (self.folder / "ssh.conf").write_text(
            f"IdentityFile {key}\nUserKnownHostsFile {self.folder}/known_hosts\n"
        )

    def _start_docker(self) -> None:
        """Starts the engine and waits until it listens."""
        engine = subprocess.Popen(
            self._inside("dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs"),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._daemons.append(engine)
        listens = threading.Event()
        log = self.folder / "dockerd.log"

        def drain(stream: object) -> None:
            with log.open("a") as copy:
                for line in stream:
                    copy.write(line)
                    copy.flush()
                    if "API listen on" in line:
                        listens.set()
            listens.set()

        threading.Thread(target=drain, args=(engine.stderr,), daemon=True).start()
        assert listens.wait(60) and engine.poll() is None, log.read_text()

    def load_images(self) -> None:
        """The base image, and the database's, built by its Dockerfile."""
        with (ROOTS / "image.tar").open("rb") as archive:
            base = (
                "docker",
                "import",
                "--change",
                "ENV LANG=C.UTF-8",
                "-",
                "debian:bookworm-slim",
            )
            self.succeed(*base, stdin=archive)
        self.succeed(
            *("docker", "build", "--tag", "single-host-database"),
            "/tmp/single-host/database",
        )

    def _inside(self, *command: object) -> list[str]:
        enter = ("--mount", "--net", "--uts", "--ipc", "--pid", "--root", "--wd")
        words = (str(word) for word in command)
        return ["nsenter", "--target", self._pid, *enter, *words]

    def run(
        self, *command: object, stdin: object = subprocess.DEVNULL, **environment: str
    ) -> subprocess.CompletedProcess:
        """Runs a command on the machine, as root, past SSH."""
        return subprocess.run(
            self._inside(*command),
            env={"PATH": PATH, "HOME": "/root", **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
        )

    def succeed(self, *command: object, **options: object) -> str:
        done = self.run(*command, **options)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def tell(self, **values: str) -> None:
        """Writes instance.env, as user data does."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
        folder = self.root / "etc" / "single-host"
        folder.mkdir(exist_ok=True)
        (folder / "instance.env").write_text("".join(lines), encoding="utf-8")

    def with_aws(self, *command: object) -> subprocess.CompletedProcess:
        """What systemd starts: with the instance's credentials, and the attached volume."""
        return self.run(
            *command,
            PYTHONPATH="/opt/boto3",
            SINGLE_HOST_DEVICES="/devices",
            **self._aws,
        )

    def boot(self) -> subprocess.CompletedProcess:
        return self.with_aws("single-host", "boot")

    def task(self, name: str, *words: object) -> subprocess.CompletedProcess:
        """One of the stack's tasks, which come by SSH."""
        return subprocess.run(
            [
                STACK / "tasks" / name,
                f"root@{self.address}",
                INSTANCE,
                "eu-west-1",
                *(str(word) for word in words),
            ],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "SINGLE_HOST_SSH_CONFIG": str(self.folder / "ssh.conf"),
                "AMIABLE_ENVIRONMENT": "staging",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
        )

    def sql(self, text: str) -> str:
        """As the database's administrator, past the application."""
        client = ("mariadb", "--batch", "--skip-column-names", "--execute")
        return self.succeed("docker", "exec", "database", *client, text).strip()

    def power_off(self) -> None:
        """Ends everything on the machine at once."""
        self._init.kill()
        self._init.wait()
        for daemon in self._daemons:
            daemon.wait()
        self._init.stdin.close()
        self._init.stdout.close()
        # The wire ends with the namespace, which the kernel clears up a moment later.
        subprocess.run(["ip", "link", "delete", self._wire], capture_output=True)


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
