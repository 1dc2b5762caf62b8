"""A machine with a Docker engine of its own, made of namespaces."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CLUSTER = TESTS.parent
HOST = CLUSTER / "host"
BRIDGE = "br0"
GATEWAY = "10.99.0.1"

# The machine's first process: its own /run and disk, then the network that it is given.
INIT = """
hostname "$1"
mount -t tmpfs tmpfs /run
mount --bind "$2/docker" /var/lib/docker
mount --bind "$2/resolv.conf" /etc/resolv.conf
echo ready
read -r _
ip link set lo up
ip address add "$3/24" dev eth0
ip link set eth0 up
ip route add default via "$4"
echo up
exec sleep infinity
"""


def eventually(what: str, holds: Callable[[], object], seconds: float = 600) -> object:
    """The first true value of `holds`; fails after the seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.2)
    raise AssertionError(f"after {seconds:g} seconds still not: {what}")


def ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True)


class Machine:
    """One machine. Its disk, `folder`, can outlive it and be given to another."""

    def __init__(self, folder: Path, name: str, address: str, aws: str) -> None:
        self.folder = folder
        self.name = name
        self.address = address
        self._aws = aws
        self._engine: subprocess.Popen | None = None
        (folder / "docker").mkdir(parents=True, exist_ok=True)
        # No name server: a look-up that nobody answers would take its time.
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self._init = subprocess.Popen(
            [
                *("unshare", "--mount", "--net", "--uts", "--pid", "--fork"),
                *("--kill-child", "--mount-proc", "sh", "-euc", INIT, "init"),
                *(name, str(folder), address, GATEWAY),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._expect("ready")
        pid = self._init.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._pid = children[0]
        self._wire = f"veth{self._pid}"
        ip(
            "link",
            "add",
            self._wire,
            "type",
            "veth",
            "peer",
            "eth0",
            "netns",
            self._pid,
        )
        ip("link", "set", self._wire, "master", BRIDGE, "up")
        self._init.stdin.write("wired\n")
        self._init.stdin.flush()
        self._expect("up")
        self.start_docker()

    def _expect(self, line: str) -> None:
        got = self._init.stdout.readline()
        assert got == line + "\n", f"{self.name} said {got!r} instead of {line}"

    def _inside(self, *command: object) -> list[str]:
        enter = ("nsenter", "--target", self._pid, "--mount", "--net", "--uts", "--pid")
        return [*enter, *(str(word) for word in command)]

    def run(self, *command: object, **options: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            self._inside(*command),
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            **options,
        )

    def docker(self, *args: object) -> str:
        done = self.run("docker", *args)
        assert done.returncode == 0, f"docker {args[0]}: {done.stderr}"
        return done.stdout.strip()

    def start_docker(self) -> None:
        """Starts the engine and waits until it listens."""
        self._engine = subprocess.Popen(
            self._inside(
                *("dockerd", "--config-file", HOST / "docker" / "daemon.json"),
                *("--host", "unix:///run/docker.sock"),
                *("--exec-opt", "native.cgroupdriver=cgroupfs"),
            ),
            env=os.environ | {"DOCKER_SERVICE_PREFER_OFFLINE_IMAGE": "1"},
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        listens = threading.Event()
        log = self.folder / "dockerd.log"

        def drain(stream: object) -> None:
            with log.open("a") as copy:
                for line in stream:
                    copy.write(line)
                    if "API listen on" in line:
                        listens.set()
            listens.set()

        threading.Thread(target=drain, args=(self._engine.stderr,), daemon=True).start()
        assert listens.wait(60) and self._engine.poll() is None, log.read_text()

    def stop_docker(self) -> None:
        self.run("sh", "-c", 'kill "$(cat /run/docker.pid)"')
        self._engine.wait(60)

    def tell(self, **node: object) -> None:
        """Writes node.json, as user data does."""
        text = json.dumps(node | {"region": "us-east-1"})
        (self.folder / "node.json").write_text(text, encoding="utf-8")

    def _node_command(self) -> tuple[list[str], dict[str, str]]:
        environment = os.environ | {
            "AWS_ENDPOINT_URL": self._aws,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SWARM_NODE_FILE": str(self.folder / "node.json"),
            "SWARM_NODE_STATE": str(self.folder / "state"),
            "SWARM_NODE_COMPOSE": str(self.folder / "docker-compose.yml"),
            "SWARM_NODE_PATIENCE": "120",
            "SWARM_NODE_LONGEST_PAUSE": "0.2",
        }
        return self._inside(sys.executable, HOST / "bin" / "swarm-node"), environment

    def boot(self, **environment: str) -> subprocess.CompletedProcess:
        """Runs swarm-node to its end."""
        command, inherited = self._node_command()
        return subprocess.run(
            command,
            env=inherited | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )

    def start_booting(self) -> subprocess.Popen:
        command, environment = self._node_command()
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def swarm(self) -> dict:
        return json.loads(self.docker("info", "--format", "{{json .Swarm}}"))

    def nodes(self) -> dict[str, tuple[str, str]]:
        """Host name => (status, manager's status) of the swarm's nodes."""
        shown = self.docker(
            "node", "ls", "--format", "{{.Hostname}}|{{.Status}}|{{.ManagerStatus}}"
        )
        rows = [line.split("|") for line in shown.splitlines()]
        return {name: (status, manager) for name, status, manager in rows}

    def power_off(self) -> None:
        """Ends everything on the machine at once."""
        self._init.kill()
        self._init.wait()
        if self._engine:
            self._engine.wait()
        self._init.stdin.close()
        self._init.stdout.close()
        # The wire ends with the namespace, which the kernel clears up a moment later.
        subprocess.run(["ip", "link", "delete", self._wire], capture_output=True)
