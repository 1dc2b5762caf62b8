"""What this machine was told about itself: node.json, written by its user data."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Role(Enum):
    WORKER = "worker"
    MANAGER = "manager"


class BadNode(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True)
class Node:
    """One machine's part in the cluster.

    founder: whether this machine starts the swarm when there is none yet.
    managers: how many managers the cluster has.
    generation: id of the cluster that Terraform made; a later one has another.
    join_secrets: for each role whose token this machine may read, the secret's ARN.
    services: environment for the compose file's variables.
    address: where other nodes reach this one; None to find out.
    """

    role: Role
    founder: bool
    managers: int
    generation: str
    region: str
    join_secrets: dict[Role, str]
    address_pool: str
    services: dict[str, str]
    address: str | None


def parse(text: str) -> Node:
    """Reads node.json's text; raises BadNode with the name of what is wrong."""
    try:
        told = json.loads(text)
        node = Node(
            role=Role(told["role"]),
            founder=told["founder"],
            managers=told["managers"],
            generation=told["generation"],
            region=told["region"],
            join_secrets={
                Role(role): arn for role, arn in told["join_secrets"].items()
            },
            address_pool=told["address_pool"],
            services=dict(told["services"]),
            address=told.get("address"),
        )
    except KeyError as error:
        raise BadNode(f"{error.args[0]} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise BadNode(str(error)) from error
    wanted = set(Role) if node.role is Role.MANAGER else {Role.WORKER}
    if set(node.join_secrets) != wanted:
        raise BadNode("join_secrets names other roles than those this node may see")
    if node.founder and node.role is not Role.MANAGER:
        raise BadNode("only a manager can be the founder")
    return node


def load(path: Path) -> Node:
    """Raises BadNode when the file cannot be read or used."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadNode(
            f"{error.strerror}: the instance's user data writes it"
        ) from error
