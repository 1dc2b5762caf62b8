"""The parts of swarm-node that need no swarm."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from swarm_node import publishing, record
from swarm_node.engine import Engine, EngineError
from swarm_node.membership import remotes
from swarm_node.memory import Memory
from swarm_node.node import BadNode, Role, load, parse
from swarm_node.pauses import pauses
from swarm_node.record import Record
from swarm_node.secrets import Secrets, SecretsError
from swarm_node.services import fingerprint

TOLD = {
    "role": "worker",
    "founder": False,
    "managers": 1,
    "generation": "now",
    "region": "us-east-1",
    "join_secrets": {"worker": "arn:worker"},
    "address_pool": "198.18.0.0/16",
    "services": {},
}
OURS = Record("now", "swarm", "SWMTKN-1-x", ("10.0.0.1:2377", "10.0.0.2:2377"))


def test_a_node_is_what_it_is_told() -> None:
    node = parse(json.dumps(TOLD))
    assert (node.role, node.founder, node.address) == (Role.WORKER, False, None)
    assert node.join_secrets == {Role.WORKER: "arn:worker"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"role": "king"}, "'king' is not a valid Role"),
        ({"founder": True}, "only a manager can be the founder"),
        ({"join_secrets": {}}, "join_secrets names other roles"),
        (
            {"join_secrets": {"worker": "a", "manager": "b"}},
            "join_secrets names other roles",
        ),
        ({"role": "manager"}, "join_secrets names other roles"),
        ({"join_secrets": []}, "has no attribute"),
        ({"services": 1}, "not iterable"),
    ],
)
def test_a_node_that_is_told_nonsense(changes: dict, complaint: str) -> None:
    with pytest.raises(BadNode, match=complaint):
        parse(json.dumps(TOLD | changes))


@pytest.mark.parametrize("name", sorted(TOLD))
def test_a_node_that_is_told_too_little(name: str) -> None:
    told = {key: value for key, value in TOLD.items() if key != name}
    with pytest.raises(BadNode, match=f"{name} is missing"):
        parse(json.dumps(told))


@pytest.mark.parametrize("text", ["", "[]", "{", "1"])
def test_a_node_that_is_told_no_json_object(text: str) -> None:
    with pytest.raises(BadNode):
        parse(text)


def test_a_node_that_is_told_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadNode, match="the instance's user data writes it"):
        load(tmp_path / "node.json")


def test_records_survive_their_way() -> None:
    assert record.parse(record.dump(OURS)) == OURS
    assert "SWMTKN" not in repr(OURS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SWMTKN-1-x",
        "[]",
        "{}",
        '{"token": "x"}',
        record.dump(replace(OURS, token="")),
        record.dump(replace(OURS, managers=())),
        json.dumps(json.loads(record.dump(OURS)) | {"more": 1}),
    ],
)
def test_what_no_manager_wrote_is_no_record(text: str) -> None:
    assert record.parse(text) is None


def test_pauses_grow_and_end() -> None:
    now = 0.0

    def clock() -> float:
        return now

    seen = []
    for pause in pauses(patience=100, longest=30, clock=clock, chance=lambda: 0.0):
        seen.append(pause)
        now += pause
    assert seen == [1, 2, 4, 8, 16, 30, 30, 9]


def test_pauses_are_shortened_by_chance() -> None:
    jittered = pauses(100, 30, clock=lambda: 0.0, chance=lambda: 1.0)
    assert list(islice(jittered, 4)) == [0.5, 1, 2, 4]


def test_no_patience_is_no_pause() -> None:
    assert list(pauses(0, 30, clock=lambda: 5.0)) == []


NODES = [
    {
        "ID": "b",
        "ManagerStatus": {"Addr": "10.0.0.2:2377", "Reachability": "reachable"},
    },
    {
        "ID": "a",
        "ManagerStatus": {
            "Addr": "10.0.0.1:2377",
            "Reachability": "reachable",
            "Leader": True,
        },
    },
    {
        "ID": "c",
        "ManagerStatus": {"Addr": "10.0.0.3:2377", "Reachability": "unreachable"},
    },
    {"ID": "d"},
]


def test_records_name_the_managers_that_can_be_reached() -> None:
    swarm = {"ID": "swarm", "JoinTokens": {"Worker": "w", "Manager": "m"}}
    both = publishing.records("now", swarm, NODES)
    assert both[Role.WORKER] == replace(OURS, token="w")
    assert both[Role.MANAGER] == replace(OURS, token="m")


def test_one_node_leads() -> None:
    leaders = [node["ID"] for node in NODES if publishing.leads(NODES, node["ID"])]
    assert leaders == ["a"]


def test_joining_asks_every_other_manager_in_turn() -> None:
    managers = ("10.0.0.1:2377", "10.0.0.11:2377", "10.0.0.2:2377")
    firsts = [remotes(managers, "10.0.0.1", attempt)[0] for attempt in range(3)]
    assert firsts == ["10.0.0.11:2377", "10.0.0.2:2377", "10.0.0.11:2377"]
    assert remotes(managers[:1], "10.0.0.1", 5) == managers[:1]


def test_memory_lasts(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert Memory(folder).recall("joined") is None
    Memory(folder).remember("joined", "one")
    Memory(folder).remember("joined", "two")
    assert Memory(folder).recall("joined") == "two"
    assert [path.name for path in folder.iterdir()] == ["joined"]
    assert folder.stat().st_mode & 0o077 == 0


def test_a_deployment_is_its_file_its_variables_and_its_swarm() -> None:
    all_four = {
        fingerprint(*made)
        for made in [
            ("a", {}, "s"),
            ("b", {}, "s"),
            ("a", {"X": "1"}, "s"),
            ("a", {}, "t"),
        ]
    }
    assert len(all_four) == 4
    assert fingerprint("a", {"X": "1", "Y": "2"}, "s") == fingerprint(
        "a", {"Y": "2", "X": "1"}, "s"
    )


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="docker does not answer"):
        Engine(tmp_path / "docker.sock").swarm_state()


def test_a_secret_without_value_and_then_with_one(
    aws: str, empty_secret: Callable[[], str]
) -> None:
    secrets = Secrets("us-east-1")
    arn = empty_secret()
    assert secrets.read(arn) is None
    assert secrets.upsert(arn, OURS) is True
    assert secrets.read(arn) == OURS
    assert secrets.upsert(arn, OURS) is False
    changed = replace(OURS, token="SWMTKN-1-y")
    assert secrets.upsert(arn, changed) is True
    assert secrets.read(arn) == changed


def test_a_secret_that_is_not_there_cannot_be_written(aws: str) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none"
    with pytest.raises(SecretsError, match=f"cannot write {arn}"):
        Secrets("us-east-1").upsert(arn, OURS)


def test_aws_that_is_not_there(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 9 of loopback: nothing listens there in a network of its own.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SecretsError, match="cannot read arn:x"):
        Secrets("us-east-1").read("arn:x")
