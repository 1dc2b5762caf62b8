"""What managers publish for those who want to join: the content of a join secret."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Record:
    """A join token with the cluster it is for.

    generation: the cluster that Terraform made.
    swarm: Docker's id of the swarm; a founder that lost its disk makes another.
    managers: ADDRESS:PORT of the managers that can be reached, sorted.
    """

    generation: str
    swarm: str
    token: str
    managers: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Record(generation={self.generation!r}, swarm={self.swarm!r})"


def parse(text: str) -> Record | None:
    """None for text that no manager has written."""
    try:
        told = json.loads(text)
        record = Record(**(told | {"managers": tuple(told["managers"])}))
    except (KeyError, TypeError, ValueError):
        return None
    return record if record.token and record.managers else None


def dump(record: Record) -> str:
    return json.dumps(asdict(record), sort_keys=True)
