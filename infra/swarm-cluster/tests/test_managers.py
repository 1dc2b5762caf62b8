"""Three managers: who founds, who joins, and what a failure changes."""

from collections.abc import Callable

import pytest
from cluster import Cluster
from machine import Machine, eventually


@pytest.fixture(scope="module")
def cluster(secrets: object) -> Cluster:
    return Cluster(secrets, managers=3)


@pytest.fixture(scope="module")
def three(cluster: Cluster, machines: Callable[..., Machine]) -> list[Machine]:
    """The founder and two others; one of them came before the founder."""
    names = ("founder", "second", "third")
    all_three = [machines(name) for name in names]
    founder, second, third = all_three
    cluster.tell_manager(founder, founder=True)
    cluster.tell_manager(second)
    cluster.tell_manager(third)
    early = third.start_booting()
    assert early.stdout.readline().startswith("waiting: no manager has published")
    for machine in (founder, second):
        done = machine.boot()
        assert done.returncode == 0, done.stdout + done.stderr
    said, _ = early.communicate(timeout=120)
    assert early.returncode == 0, said
    return all_three


def test_three_managers_are_one_swarm(three: list[Machine]) -> None:
    founder = three[0]
    assert eventually(
        "all are reachable",
        lambda: founder.nodes()
        == {
            "founder": ("Ready", "Leader"),
            "second": ("Ready", "Reachable"),
            "third": ("Ready", "Reachable"),
        },
    )
    assert len({machine.swarm()["Cluster"]["ID"] for machine in three}) == 1


def test_the_leader_alone_publishes_all_managers(
    cluster: Cluster, three: list[Machine]
) -> None:
    founder, second, third = three
    before = cluster.versions("worker")
    for machine in (second, third):
        assert machine.boot().returncode == 0
    assert cluster.versions("worker") == before
    assert founder.boot().returncode == 0
    assert cluster.published("worker")["managers"] == sorted(
        f"{machine.address}:2377" for machine in three
    )


def test_a_founder_that_lost_its_disk_joins_the_others(
    cluster: Cluster, three: list[Machine], machines: Callable[..., Machine]
) -> None:
    founder, second, _ = three
    swarm = second.swarm()["Cluster"]["ID"]
    founder.power_off()
    eventually("another leads", lambda: ("Ready", "Leader") in statuses(second))
    again = cluster.tell_manager(machines("founder2", founder.address), founder=True)
    done = again.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "joining swarm" in done.stdout and "founding" not in done.stdout
    assert again.swarm()["Cluster"]["ID"] == swarm
    assert "founder2" in second.nodes()


def statuses(machine: Machine) -> list[tuple[str, str]]:
    """Of the nodes, or none while the managers have no leader."""
    done = machine.run(
        "docker", "node", "ls", "--format", "{{.Status}}|{{.ManagerStatus}}"
    )
    return [tuple(line.split("|")) for line in done.stdout.splitlines()]


def test_managers_of_an_earlier_generation_do_not_take_the_secrets_back(
    cluster: Cluster, three: list[Machine], machines: Callable[..., Machine]
) -> None:
    renewed = cluster
    generation, renewed.generation = renewed.generation, "2" * 8
    newcomer = renewed.tell_manager(machines("renewed"), founder=True)
    done = newcomer.boot()
    assert done.returncode == 0, done.stdout + done.stderr
    swarm = newcomer.swarm()["Cluster"]["ID"]
    for role in ("worker", "manager"):
        record = cluster.published(role)
        assert (record["generation"], record["swarm"]) == ("2" * 8, swarm)
    versions = cluster.versions("worker")
    # One of these leads since the founder's end.
    said = ""
    for machine in three[1:]:
        done = machine.boot()
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    assert "it is another generation's now" in said
    assert cluster.versions("worker") == versions

    # And whoever belongs to the earlier one does not follow.
    renewed.generation = generation
    latecomer = cluster.tell_worker(machines("latecomer"))
    done = latecomer.boot(SWARM_NODE_PATIENCE="1")
    assert done.returncode == 1
    assert "no manager has published a token of this generation yet" in done.stderr
    assert latecomer.swarm()["LocalNodeState"] == "inactive"
