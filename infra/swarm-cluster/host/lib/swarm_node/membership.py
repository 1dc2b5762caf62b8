"""Getting into the swarm: looks, decides and acts until this node is in it."""

import time
from collections.abc import Callable, Iterable

from .address import primary_address
from .decision import Action, decide
from .engine import Engine, EngineError
from .memory import Memory
from .node import Node
from .record import Record
from .secrets import Secrets, SecretsError

JOINED = "joined"
FOUNDED = "founded"

REASONS = {
    Action.WAIT: "no manager has published a token of this generation yet",
    Action.FOUND: "the swarm was only just founded",
    Action.JOIN: "the swarm was only just joined",
    Action.REJOIN: "the earlier swarm was only just left",
}


def remotes(managers: tuple[str, ...], own: str, attempt: int) -> tuple[str, ...]:
    """The managers to join by: never this node itself, which may have had the address of
    one before, and at each attempt another one first, as docker asks no second one."""
    others = [m for m in managers if m.rpartition(":")[0] != own] or list(managers)
    start = attempt % len(others)
    return tuple(others[start:] + others[:start])


class NotInSwarm(Exception):
    """This node is not in its swarm; the text says why."""


class Membership:
    def __init__(
        self,
        node: Node,
        engine: Engine,
        secrets: Secrets,
        memory: Memory,
        say: Callable[[str], None],
    ) -> None:
        self._node = node
        self._engine = engine
        self._secrets = secrets
        self._memory = memory
        self._say = say
        self._joins = 0

    def secure(self, pauses: Iterable[float]) -> None:
        """Returns once this node is in its swarm; raises NotInSwarm when the pauses end."""
        said = None
        for pause in pauses:
            try:
                reason = self._step()
            except (EngineError, SecretsError, OSError) as error:
                reason = str(error)
            if reason is None:
                return
            if reason != said:
                self._say(f"waiting: {reason}")
                said = reason
            time.sleep(pause)
        raise NotInSwarm(said or "there was no time to try")

    def _step(self) -> str | None:
        """One look and what follows from it; None when there is nothing left to do."""
        state = self._engine.swarm_state()
        joined = self._memory.recall(JOINED)
        published = self._published(state)
        action = decide(self._node, state, joined, published)
        if action is Action.STAY:
            return None
        if action is Action.GIVE_UP:
            raise NotInSwarm(
                f"docker's swarm is in state '{state}': {self._engine.swarm_error()}"
            )
        self._act(action, published)
        return REASONS[action]

    def _published(self, state: str) -> Record | None:
        try:
            return self._secrets.read(self._node.join_secrets[self._node.role])
        except SecretsError as error:
            if state != "active":
                raise
            # Who is in a swarm stays in it while AWS is away.
            self._say(f"going on as before: {error}")
            return None

    def _act(self, action: Action, published: Record | None) -> None:
        if action is Action.REJOIN:
            self._say("leaving a swarm that is no longer this cluster's")
            self._engine.leave_swarm()
        elif action is Action.JOIN:
            self._say(f"joining swarm {published.swarm} as {self._node.role.value}")
            # Before it happens: a swarm that was joined and not noted is never left.
            self._memory.remember(JOINED, published.swarm)
            own = self._address()
            managers = remotes(published.managers, own, self._joins)
            self._joins += 1
            self._engine.join_swarm(own, managers, published.token)
        elif action is Action.FOUND:
            self._say("founding a swarm")
            self._engine.found_swarm(self._address(), self._node.address_pool)
            self._memory.remember(FOUNDED, self._engine.swarm()["ID"])

    def _address(self) -> str:
        return self._node.address or primary_address()
