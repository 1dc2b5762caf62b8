"""wait_for_stack.py: when a deployment is done, and when it will never be."""

import os
import subprocess
import sys

import pytest
from machine import DASHBOARD, Machine

SINCE = "2000-01-01T00:00:00"


def wait(host: Machine, since: str = SINCE, seconds: int = 600) -> tuple[int, str]:
    program = DASHBOARD / "host" / "lib" / "wait_for_stack.py"
    done = subprocess.run(
        [sys.executable, program, "dashboard", since, str(seconds), "0"],
        env={
            "PATH": f"{host.bin}:{os.environ['PATH']}",
            "FAKE_DOCKER": str(host.fake),
        },
        capture_output=True,
        encoding="utf-8",
    )
    return done.returncode, done.stderr


def spec(image: str) -> dict:
    return {"ContainerSpec": {"Image": image}}


def task(
    image: str, state: str = "running", desired: str = "running", **status: str
) -> dict:
    return {
        "ID": f"{image}-{state}",
        "CreatedAt": "2020-01-01T00:00:00Z",
        "Spec": spec(image),
        "Status": {"State": state, **status},
        "DesiredState": desired,
    }


def swarm(
    host: Machine, *tasks: dict, status: str | None = None, replicas: int = 1
) -> None:
    service = {
        "spec": spec("app:2"),
        "replicas": replicas,
        "status": {"State": status, "Message": status} if status else None,
        "tasks": list(tasks),
    }
    host.set_docker(services={"app": service})


@pytest.mark.parametrize("status", [None, "completed"])
def test_done(host: Machine, status: str | None) -> None:
    swarm(host, task("app:2"), task("app:1", "shutdown", "shutdown"), status=status)
    assert wait(host) == (0, "")


def test_done_is_looked_at_more_than_once(host: Machine) -> None:
    swarm(host, task("app:2"))
    assert wait(host)[0] == 0
    assert len(host.calls("service", "ls")) == 3


def test_done_without_replicas(host: Machine) -> None:
    swarm(host, replicas=0)
    assert wait(host) == (0, "")


@pytest.mark.parametrize(
    ("tasks", "status"),
    [
        # The update has not begun: there is no status yet.
        ([task("app:1")], None),
        ([task("app:2", "starting")], None),
        ([task("app:2"), task("app:1")], None),
        ([], None),
        ([task("app:2")], "updating"),
        ([task("app:2")], "rollback_started"),
    ],
    ids=["old", "starting", "old-and-new", "none", "updating", "rolling-back"],
)
def test_not_done_yet(host: Machine, tasks: list[dict], status: str | None) -> None:
    swarm(host, *tasks, status=status)
    # Ends what would otherwise go on until the deadline.
    host.set_docker(pause_after=8)
    assert wait(host) == (1, "dashboard_app: paused\n")
    assert len(host.calls("service", "ls")) == 8


def test_the_deadline(host: Machine) -> None:
    swarm(host, task("app:1"))
    code, output = wait(host, seconds=0)
    assert code == 1
    assert output == (
        "dashboard_app: not running\nthe stack dashboard is not up after 0 seconds\n"
    )


@pytest.mark.parametrize("status", ["paused", "rollback_paused", "rollback_completed"])
def test_never_done(host: Machine, status: str) -> None:
    ended = task("app:2", "failed", "shutdown", Err="task: non-zero exit (3)")
    swarm(host, task("app:1"), ended, status=status)
    code, output = wait(host)
    assert code == 1
    assert output == f"dashboard_app: {status}\napp:2: task: non-zero exit (3)\n"


def test_errors_of_earlier_deployments_are_not_shown(host: Machine) -> None:
    ended = task("app:0", "failed", "shutdown", Err="task: non-zero exit (3)")
    swarm(host, task("app:1"), ended, status="paused")
    assert wait(host, since="2021-01-01T00:00:00") == (1, "dashboard_app: paused\n")


def test_a_server_that_was_told_to_end(host: Machine) -> None:
    swarm(host, task("app:1"), task("app:2", "complete", "shutdown"), status="paused")
    assert "or because its health check failed" in wait(host)[1]


def test_no_services(host: Machine) -> None:
    code, output = wait(host, seconds=0)
    assert (code, output) == (1, "the stack dashboard is not up after 0 seconds\n")
