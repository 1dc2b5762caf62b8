"""Every case of what a node does next."""

from dataclasses import replace

import pytest
from swarm_node.decision import Action, decide
from swarm_node.node import Node, Role
from swarm_node.record import Record

WORKER = Node(
    role=Role.WORKER,
    founder=False,
    managers=3,
    generation="now",
    region="us-east-1",
    join_secrets={Role.WORKER: "arn:worker"},
    address_pool="198.18.0.0/16",
    services={},
    address=None,
)
MANAGER = replace(WORKER, role=Role.MANAGER)
FOUNDER = replace(MANAGER, founder=True)
ONLY = replace(FOUNDER, managers=1)
OURS = Record("now", "swarm", "token", ("10.0.0.1:2377",))
OTHER = replace(OURS, generation="before")


@pytest.mark.parametrize(
    ("node", "state", "joined", "published", "action"),
    [
        (WORKER, "inactive", None, None, Action.WAIT),
        (WORKER, "inactive", None, OTHER, Action.WAIT),
        (WORKER, "inactive", None, OURS, Action.JOIN),
        (WORKER, "inactive", "swarm", OURS, Action.JOIN),
        (WORKER, "pending", None, OURS, Action.WAIT),
        (WORKER, "pending", "swarm", OURS, Action.WAIT),
        (WORKER, "pending", "earlier", OURS, Action.REJOIN),
        (WORKER, "pending", "earlier", OTHER, Action.WAIT),
        (WORKER, "active", "swarm", OURS, Action.STAY),
        (WORKER, "active", "earlier", OURS, Action.REJOIN),
        (WORKER, "active", "earlier", OTHER, Action.STAY),
        (WORKER, "active", "swarm", None, Action.STAY),
        (WORKER, "active", None, OURS, Action.STAY),
        (WORKER, "error", "swarm", OURS, Action.REJOIN),
        (WORKER, "error", "swarm", None, Action.WAIT),
        (WORKER, "locked", "swarm", OURS, Action.REJOIN),
        (MANAGER, "inactive", None, None, Action.WAIT),
        (MANAGER, "inactive", None, OTHER, Action.WAIT),
        (MANAGER, "inactive", None, OURS, Action.JOIN),
        (FOUNDER, "inactive", None, None, Action.FOUND),
        (FOUNDER, "inactive", None, OTHER, Action.FOUND),
        (FOUNDER, "inactive", None, OURS, Action.JOIN),
        (ONLY, "inactive", None, OURS, Action.FOUND),
        (MANAGER, "active", "earlier", OURS, Action.STAY),
        (FOUNDER, "active", None, OTHER, Action.STAY),
        (FOUNDER, "pending", None, None, Action.WAIT),
        (MANAGER, "error", None, OURS, Action.GIVE_UP),
        (ONLY, "locked", None, OURS, Action.GIVE_UP),
    ],
)
def test_decide(
    node: Node,
    state: str,
    joined: str | None,
    published: Record | None,
    action: Action,
) -> None:
    assert decide(node, state, joined, published) is action
