"""The cluster's services: the compose file, deployed by the founder."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from .memory import Memory

STACK = "services"
# Services whose data is on the founder's disk are placed there by it.
FOUNDER_LABEL = "swarm-cluster.founder"
DEPLOYED = "deployed"


class DeployError(Exception):
    """docker refused the compose file; the text is its own."""


def fingerprint(compose: str, variables: dict[str, str], swarm: str) -> str:
    """What a deployment was made from, and where."""
    text = json.dumps([compose, variables, swarm], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def deploy_once(
    compose: Path,
    variables: dict[str, str],
    swarm: str,
    memory: Memory,
    say: Callable[[str], None],
) -> None:
    """Deploys the file unless this swarm has had it: what operators deploy later stays."""
    wanted = fingerprint(compose.read_text(encoding="utf-8"), variables, swarm)
    if memory.recall(DEPLOYED) == wanted:
        return
    say(f"deploying {compose} as the stack {STACK}")
    done = subprocess.run(
        ["docker", "stack", "deploy", "--compose-file", str(compose), STACK],
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise DeployError(f"cannot deploy {compose}: {done.stderr.strip()}")
    memory.remember(DEPLOYED, wanted)
