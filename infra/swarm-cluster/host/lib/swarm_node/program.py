"""swarm-node: brings this machine into its swarm. It finds out what is there already, so it
runs at every boot and every few minutes after, and repairs what has changed in between.
"""

import fcntl
import os
import sys
from pathlib import Path

from .engine import Engine, EngineError
from .memory import Memory
from .membership import Membership, NotInSwarm
from .node import BadNode, Node, Role, load
from .pauses import pauses
from .publishing import publish
from .secrets import Secrets, SecretsError
from .services import FOUNDER_LABEL, DeployError, deploy_once

NODE = Path(os.environ.get("SWARM_NODE_FILE", "/etc/swarm-cluster/node.json"))
STATE = Path(os.environ.get("SWARM_NODE_STATE", "/var/lib/swarm-cluster"))
COMPOSE = Path(
    os.environ.get("SWARM_NODE_COMPOSE", "/opt/swarm-cluster/docker-compose.yml")
)
SOCKET = Path(os.environ.get("SWARM_NODE_SOCKET", "/var/run/docker.sock"))
# Seconds: managers and NAT gateway may come long after this machine.
PATIENCE = float(os.environ.get("SWARM_NODE_PATIENCE", "900"))
LONGEST_PAUSE = float(os.environ.get("SWARM_NODE_LONGEST_PAUSE", "30"))


def say(text: str) -> None:
    print(text, flush=True)


def run(node: Node) -> None:
    engine = Engine(SOCKET)
    secrets = Secrets(node.region)
    memory = Memory(STATE)
    membership = Membership(node, engine, secrets, memory, say)
    membership.secure(pauses(PATIENCE, LONGEST_PAUSE))
    if node.role is Role.MANAGER:
        publish(node, engine, secrets, memory, say)
    if node.founder:
        engine.label_node(engine.node_id(), FOUNDER_LABEL, "true")
        deploy_once(COMPOSE, node.services, engine.swarm()["ID"], memory, say)
    say(f"this {node.role.value} is in its swarm")


def main() -> int:
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            run(load(NODE))
        except BadNode as error:
            print(f"{NODE}: {error}", file=sys.stderr)
            return 1
        except (NotInSwarm, EngineError, SecretsError, DeployError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0
