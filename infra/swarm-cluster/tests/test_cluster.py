"""One manager and two workers: real engines, a real swarm, the real compose file."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import images
import pytest
from cluster import Cluster
from kernel import has_ipvs
from machine import Machine, eventually

SERVICES = ("services_redis", "services_visualizer", "services_web")


@pytest.fixture(scope="module")
def cluster(secrets: object) -> Cluster:
    return Cluster(secrets, managers=1)


@pytest.fixture(scope="module")
def early_worker(
    cluster: Cluster, machines: Callable[..., Machine], image_files: Path
) -> Machine:
    worker = cluster.tell_worker(machines("worker1"))
    images.load(image_files, worker)
    return worker


@pytest.fixture(scope="module")
def manager(
    cluster: Cluster,
    early_worker: Machine,
    machines: Callable[..., Machine],
    image_files: Path,
) -> Machine:
    """The manager, booted after a worker that came first and waited for it."""
    manager = cluster.tell_manager(machines("manager"), founder=True)
    images.load(image_files, manager)
    waiting = early_worker.start_booting()
    first = waiting.stdout.readline()
    assert first == (
        "waiting: no manager has published a token of this generation yet\n"
    )
    done = manager.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    manager.said = done.stdout
    rest, _ = waiting.communicate(timeout=120)
    assert waiting.returncode == 0, rest
    early_worker.said = first + rest
    return manager


@pytest.fixture(scope="module")
def late_worker(
    cluster: Cluster,
    manager: Machine,
    machines: Callable[..., Machine],
    image_files: Path,
) -> Machine:
    worker = cluster.tell_worker(machines("worker2"))
    images.load(image_files, worker)
    done = worker.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    worker.said = done.stdout
    return worker


def page(machine: Machine, port: int) -> str | None:
    try:
        address = f"http://{machine.address}:{port}/"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


def front(manager: Machine, worker: Machine) -> Machine:
    """Where users ask: any node where there is a routing mesh, else one with a replica."""
    return manager if has_ipvs() else worker


def visits(machine: Machine) -> int:
    """The count that a new visit gets; waits for the page."""

    def count() -> int:
        text = page(machine, 80) or ""
        number = text.rpartition("visits :")[2].strip()
        return int(number) if number.isdigit() else 0

    return eventually("the page counts a visit", count)


def running(manager: Machine, service: str) -> list[str]:
    """The nodes that run a healthy task of the service."""
    shown = manager.docker(
        *("service", "ps", service, "--filter", "desired-state=running"),
        *("--format", "{{.Node}}|{{.CurrentState}}"),
    )
    rows = [line.split("|") for line in shown.splitlines()]
    return sorted(node for node, state in rows if state.startswith("Running"))


def test_a_worker_that_comes_first_waits_and_joins(
    early_worker: Machine, manager: Machine
) -> None:
    assert "joining swarm" in early_worker.said
    assert early_worker.swarm()["LocalNodeState"] == "active"
    assert not early_worker.swarm()["ControlAvailable"]


def test_one_manager_and_two_workers(manager: Machine, late_worker: Machine) -> None:
    assert eventually(
        "all nodes are ready",
        lambda: manager.nodes()
        == {
            "manager": ("Ready", "Leader"),
            "worker1": ("Ready", ""),
            "worker2": ("Ready", ""),
        },
    )


def test_tokens_are_in_the_secrets_and_nowhere_else(
    cluster: Cluster, manager: Machine, early_worker: Machine, late_worker: Machine
) -> None:
    tokens = {
        role: manager.docker("swarm", "join-token", "--quiet", role)
        for role in ("worker", "manager")
    }
    for role, token in tokens.items():
        assert cluster.published(role) == {
            "generation": cluster.generation,
            "swarm": manager.swarm()["Cluster"]["ID"],
            "token": token,
            "managers": [f"{manager.address}:2377"],
        }
    for machine in (manager, early_worker, late_worker):
        assert "SWMTKN" not in machine.said
        for path in (machine.folder / "state").iterdir():
            assert "SWMTKN" not in path.read_text()


def test_running_again_changes_nothing(
    cluster: Cluster, manager: Machine, late_worker: Machine
) -> None:
    before = {role: cluster.versions(role) for role in cluster.join_secrets}
    services = manager.docker("service", "ls", "--quiet")
    for machine in (manager, late_worker):
        done = machine.boot()
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].endswith("is in its swarm")
        assert "joining" not in done.stdout and "deploying" not in done.stdout
    assert {role: cluster.versions(role) for role in cluster.join_secrets} == before
    assert manager.docker("service", "ls", "--quiet") == services


def test_a_rotated_token_is_published(cluster: Cluster, manager: Machine) -> None:
    before = {role: cluster.versions(role) for role in cluster.join_secrets}
    token = manager.docker("swarm", "join-token", "--rotate", "--quiet", "worker")
    assert manager.boot().returncode == 0
    assert cluster.published("worker")["token"] == token
    assert cluster.versions("worker") == before["worker"] + 1
    assert cluster.versions("manager") == before["manager"]


def test_the_services_run_where_they_should(
    manager: Machine, late_worker: Machine
) -> None:
    for service, nodes in {
        "services_web": ["worker1", "worker2"],
        "services_visualizer": ["manager"],
        "services_redis": ["manager"],
    }.items():
        eventually(
            f"{service} runs on {nodes}", lambda: running(manager, service) == nodes
        )


def test_the_web_service_answers_and_counts(
    manager: Machine, early_worker: Machine, late_worker: Machine
) -> None:
    first = visits(front(manager, early_worker))
    # Another machine's replica reads the same count over the encrypted network. The replicas' health
    # checks are visits too, and come when they like.
    assert visits(front(manager, late_worker)) > first
    assert page(manager, 8080) == "visualizer\n"


def test_a_restarted_manager_keeps_its_swarm_and_its_data(
    cluster: Cluster, manager: Machine, early_worker: Machine, late_worker: Machine
) -> None:
    before = manager.swarm()
    versions = {role: cluster.versions(role) for role in cluster.join_secrets}
    services = sorted(manager.docker("service", "ls", "--quiet").split())
    count = visits(front(manager, early_worker))
    manager.stop_docker()
    manager.start_docker()
    done = manager.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "founding" not in done.stdout and "deploying" not in done.stdout
    after = manager.swarm()
    assert (after["Cluster"]["ID"], after["NodeID"]) == (
        before["Cluster"]["ID"],
        before["NodeID"],
    )
    assert sorted(manager.docker("service", "ls", "--quiet").split()) == services
    assert {role: cluster.versions(role) for role in cluster.join_secrets} == versions
    eventually(
        "the workers are back",
        lambda: [status for status, _ in manager.nodes().values()] == ["Ready"] * 3,
    )
    assert visits(front(manager, early_worker)) > count


def test_the_data_is_in_a_named_volume(manager: Machine, late_worker: Machine) -> None:
    mounts = json.loads(
        manager.docker(
            *("service", "inspect", "services_redis", "--format"),
            "{{json .Spec.TaskTemplate.ContainerSpec.Mounts}}",
        )
    )
    assert [(mount["Type"], mount["Source"]) for mount in mounts] == [
        ("volume", "services_redis-data")
    ]
    assert "services_redis-data" in manager.docker("volume", "ls", "--quiet")


def test_an_operators_change_is_left_alone(manager: Machine) -> None:
    manager.docker("service", "scale", "--detach", "services_web=1")
    assert manager.boot().returncode == 0
    shown = manager.docker(
        *("service", "inspect", "services_web", "--format"),
        "{{.Spec.Mode.Replicated.Replicas}}",
    )
    assert shown == "1"
    manager.docker("service", "scale", "--detach", "services_web=2")


def test_workers_follow_a_manager_that_lost_its_disk(
    cluster: Cluster,
    manager: Machine,
    early_worker: Machine,
    late_worker: Machine,
    machines: Callable[..., Machine],
    image_files: Path,
) -> None:
    old = manager.swarm()["Cluster"]["ID"]
    manager.power_off()
    # At another address, as a replaced instance. At the same one, what replicas of the
    # old swarm still send teaches its network wrong places, which a bridge forgets after
    # five minutes.
    again = cluster.tell_manager(machines("manager2"), founder=True)
    images.load(image_files, again)
    done = again.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "founding a swarm" in done.stdout
    new = again.swarm()["Cluster"]["ID"]
    assert new != old and cluster.published("worker")["swarm"] == new
    # An engine that comes up and finds no manager stays between two states.
    late_worker.stop_docker()
    late_worker.start_docker()
    assert late_worker.swarm()["LocalNodeState"] == "pending"
    for worker in (early_worker, late_worker):
        done = worker.boot()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "leaving a swarm" in done.stdout
    assert {name for name, _ in again.nodes().items()} == {
        "manager2",
        "worker1",
        "worker2",
    }
    assert visits(front(again, early_worker)) > 0
