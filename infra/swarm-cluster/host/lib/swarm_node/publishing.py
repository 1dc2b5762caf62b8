"""Handing out what it takes to join: the leader keeps the join secrets up to date."""

from collections.abc import Callable

from .engine import Engine
from .memory import Memory
from .membership import FOUNDED
from .node import Node, Role
from .record import Record
from .secrets import Secrets

PUBLISHED = "published"


def reachable_managers(nodes: list[dict]) -> tuple[str, ...]:
    """ADDRESS:PORT of the managers that can be reached, sorted."""
    statuses = [node.get("ManagerStatus") or {} for node in nodes]
    return tuple(
        sorted(s["Addr"] for s in statuses if s.get("Reachability") == "reachable")
    )


def leads(nodes: list[dict], node_id: str) -> bool:
    return any(
        node["ID"] == node_id and (node.get("ManagerStatus") or {}).get("Leader", False)
        for node in nodes
    )


def records(generation: str, swarm: dict, nodes: list[dict]) -> dict[Role, Record]:
    tokens = {
        Role.WORKER: swarm["JoinTokens"]["Worker"],
        Role.MANAGER: swarm["JoinTokens"]["Manager"],
    }
    managers = reachable_managers(nodes)
    return {
        role: Record(generation, swarm["ID"], token, managers)
        for role, token in tokens.items()
    }


def publish(
    node: Node,
    engine: Engine,
    secrets: Secrets,
    memory: Memory,
    say: Callable[[str], None],
) -> None:
    """Upserts both join secrets when this manager leads.

    Another generation's record is replaced by the founder's first one and by nothing
    else: managers that are on their way out must not take the secrets back.
    """
    nodes = engine.nodes()
    if not leads(nodes, engine.node_id()):
        return
    swarm = engine.swarm()
    may_replace = (
        memory.recall(FOUNDED) == swarm["ID"]
        and memory.recall(PUBLISHED) != swarm["ID"]
    )
    for role, record in records(node.generation, swarm, nodes).items():
        arn = node.join_secrets[role]
        current = secrets.read(arn)
        foreign = current is not None and current.generation != node.generation
        if foreign and not may_replace:
            say(f"leaving {arn} alone: it is another generation's now")
        elif secrets.upsert(arn, record):
            say(f"published what a {role.value} needs to join")
    memory.remember(PUBLISHED, swarm["ID"])
