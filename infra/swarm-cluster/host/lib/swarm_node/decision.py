"""What a node does next, from what it was told, what docker says and what is published."""

from enum import Enum

from .node import Node, Role
from .record import Record


class Action(Enum):
    STAY = "stay"
    FOUND = "found"
    JOIN = "join"
    REJOIN = "rejoin"
    WAIT = "wait"
    GIVE_UP = "give up"


def decide(
    node: Node, state: str, joined: str | None, published: Record | None
) -> Action:
    """The next step towards being in the swarm of this node's generation.

    state: docker's LocalNodeState.
    joined: id of the swarm that this node joined last, if it joined one.
    """
    ours = published is not None and published.generation == node.generation
    if node.role is Role.WORKER:
        # A worker holds nothing that it could lose by leaving. One that was restarted
        # while its manager is gone for good stays pending.
        if state in ("active", "pending"):
            if ours and joined is not None and published.swarm != joined:
                return Action.REJOIN
            return Action.STAY if state == "active" else Action.WAIT
        if state == "inactive":
            return Action.JOIN if ours else Action.WAIT
        return Action.REJOIN if ours else Action.WAIT
    if state == "pending":
        return Action.WAIT
    if state == "active":
        return Action.STAY
    if state != "inactive":
        return Action.GIVE_UP
    if not ours:
        return Action.FOUND if node.founder else Action.WAIT
    # The only manager's swarm went with its disk. One of several finds it with the others.
    return Action.FOUND if node.founder and node.managers == 1 else Action.JOIN
