"""The mesh: the configuration of the agents, and a lookup by DNS through the STAND-IN for Consul.

Consul itself is not part of these tests: they show that what insight writes is consistent, not
that Consul takes it.
"""

import json
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import free_port, load
from machine import INSIGHT, MESH_SECRET, Machine

STAND_IN = INSIGHT / "stand-in" / "consul"
consul_config = load(INSIGHT / "host/common/lib/consul_config.py")


def test_the_server() -> None:
    config = consul_config.configuration("server", "insight-test", "", "db", "secret")
    assert config["retry_join"] == [] and not config["bind_addr"].startswith("127.")
    assert config["server"] and config["bootstrap_expect"] == 1
    # Its next machine has its address: members go on looking for a server that failed.
    assert not config["leave_on_terminate"] and config["skip_leave_on_interrupt"]
    (service,) = config["services"]
    assert (service["name"], service["port"], service["check"]["tcp"]) == (
        "postgres",
        5432,
        "127.0.0.1:5432",
    )


def test_a_client() -> None:
    config = consul_config.configuration(
        "client", "insight-test", "127.0.0.1", "web", "secret"
    )
    assert not config["server"] and "bootstrap_expect" not in config
    assert config["retry_join"] == ["127.0.0.1"] and config["leave_on_terminate"]
    (service,) = config["services"]
    assert (service["name"], service["port"], service["check"]["http"]) == (
        "httpd",
        80,
        "http://127.0.0.1/healthz",
    )


def test_agents_listen_on_loopback_and_run_no_scripts() -> None:
    for role in ("server", "client"):
        config = consul_config.configuration(role, "d", "127.0.0.1", "n", "secret")
        assert (config["client_addr"], config["enable_script_checks"]) == (
            "127.0.0.1",
            False,
        )
        assert config["bind_addr"] != "0.0.0.0"


def test_every_member_makes_the_same_key_of_the_secret() -> None:
    key = consul_config.gossip_key(MESH_SECRET)
    assert (
        key
        == consul_config.gossip_key(MESH_SECRET)
        != consul_config.gossip_key("another")
    )
    import base64

    assert len(base64.b64decode(key)) == 32


def test_the_secret_is_no_argument() -> None:
    done = subprocess.run(
        [sys.executable, consul_config.__file__, "client", "d", "127.0.0.1", "n"],
        input="\n",
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (1, "the secret of the mesh is empty\n")


class Member:
    """An agent on loopback addresses and ports of its own, with a configuration as a machine has it."""

    def __init__(
        self,
        folder: Path,
        role: str,
        node: str,
        server_port: int,
        service_port: int,
        secret: str = MESH_SECRET,
    ) -> None:
        config = consul_config.configuration(
            role, "insight-test", "127.0.0.1", node, secret
        )
        self.http, self.dns = free_port(), free_port()
        config["ports"] = {"http": self.http, "dns": self.dns, "server": server_port}
        check = config["services"][0]["check"]
        check["interval"] = "50ms"
        for kind in ("tcp", "http"):
            if kind in check:
                check[kind] = {
                    "tcp": f"127.0.0.1:{service_port}",
                    "http": f"http://127.0.0.1:{service_port}/healthz",
                }[kind]
        folder.mkdir()
        (folder / "insight.json").write_text(json.dumps(config))
        self.process = subprocess.Popen(
            [sys.executable, STAND_IN, "agent", f"-config-dir={folder}"],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert "runs" in self.process.stdout.readline()

    def lookup(self, name: str) -> tuple[int, list[str]]:
        """Response code and addresses, asked as a resolver asks."""
        question = (
            b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
            + b"\0"
        )
        packet = (
            struct.pack("!HHHHHH", 4711, 0x0100, 1, 0, 0, 0)
            + question
            + struct.pack("!HH", 1, 1)
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(5)
            asker.sendto(packet, ("127.0.0.1", self.dns))
            answer = asker.recv(4096)
        number, flags, _, count, _, _ = struct.unpack("!HHHHHH", answer[:12])
        assert number == 4711
        records = answer[len(packet) :]
        return flags & 15, [
            socket.inet_ntoa(records[at + 12 : at + 16])
            for at in range(0, 16 * count, 16)
        ]

    def wait_for(self, name: str, expected: list[str]) -> None:
        deadline = time.monotonic() + 120
        while self.lookup(name)[1] != expected:
            assert time.monotonic() < deadline, self.lookup(name)
            time.sleep(0.05)

    def passing(self, service: str) -> list[str]:
        url = f"http://127.0.0.1:{self.http}/v1/health/service/{service}?passing"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return sorted(one["Node"] for one in json.load(answer))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture
def member(tmp_path: Path) -> Iterator[Callable[..., Member]]:
    made: list[Member] = []

    def make(role: str, node: str, *rest: object, **more: object) -> Member:
        made.append(Member(tmp_path / f"{node}-{len(made)}", role, node, *rest, **more))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.stop()


def test_a_web_server_finds_the_database_by_name_while_it_works(
    member: Callable[..., Member], database: Machine, serve: Callable[[object], int]
) -> None:
    port = free_port()
    server = member("server", "db", port, database.port)
    from conftest import insight

    web = member("client", "web", port, serve(insight.create_app()))
    web.wait_for("postgres.service.consul", ["127.0.0.1"])
    (address,) = web.lookup("postgres.service.consul")[1]
    with database.connect(host=address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.wait_for("httpd.service.consul", ["127.0.0.1"])
    assert server.passing("httpd") == ["web"] and web.passing("postgres") == ["db"]

    database.stop_postgres()
    web.wait_for("postgres.service.consul", [])
    assert web.lookup("postgres.service.consul") == (3, [])
    database.start_postgres()
    web.wait_for("postgres.service.consul", ["127.0.0.1"])


def test_the_next_server_is_found_again(
    member: Callable[..., Member], database: Machine, serve: Callable[[object], int]
) -> None:
    port = free_port()
    from conftest import insight

    first = member("server", "db", port, database.port)
    web = member("client", "web", port, serve(insight.create_app()))
    web.wait_for("postgres.service.consul", ["127.0.0.1"])
    first.stop()
    second = member("server", "db", port, database.port)
    second.wait_for("httpd.service.consul", ["127.0.0.1"])


def test_a_web_server_takes_its_leave(
    member: Callable[..., Member], database: Machine, serve: Callable[[object], int]
) -> None:
    port = free_port()
    from conftest import insight

    server = member("server", "db", port, database.port)
    web = member("client", "web", port, serve(insight.create_app()))
    server.wait_for("httpd.service.consul", ["127.0.0.1"])
    web.stop()
    server.wait_for("httpd.service.consul", [])


def test_another_key_is_no_member(
    member: Callable[..., Member], database: Machine
) -> None:
    port = free_port()
    server = member("server", "db", port, database.port)
    server.wait_for("postgres.service.consul", ["127.0.0.1"])
    stranger = member(
        "client", "stranger", port, database.port, secret="another secret of 16"
    )
    assert "does not answer" in stranger.process.stdout.readline()
    assert stranger.lookup("postgres.service.consul") == (3, [])


def test_the_stand_in_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    config = consul_config.configuration("client", "d", "127.0.0.1", "n", "secret")
    file = tmp_path / "insight.json"

    def validate(**changes: object) -> subprocess.CompletedProcess:
        file.write_text(json.dumps(config | changes))
        return subprocess.run(
            [sys.executable, STAND_IN, "validate", tmp_path],
            capture_output=True,
            encoding="utf-8",
        )

    assert validate().returncode == 0
    assert "invalid or unknown: retry_joins" in validate(retry_joins=[]).stderr
    assert "invalid or unknown: server" in validate(server="yes").stderr
    assert "not 32 bytes" in validate(encrypt="short").stderr


def test_the_stand_in_says_what_it_is() -> None:
    done = subprocess.run(
        [sys.executable, STAND_IN, "version"], capture_output=True, encoding="utf-8"
    )
    assert done.stdout == "Consul stand-in (not Consul)\n"
