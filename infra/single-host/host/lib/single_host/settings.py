"""Where things are on this machine, and what user data says about it."""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from .problem import Problem

INSTANCE = Path("/etc/single-host/instance.env")
# The mounted data volume: all that has to outlive the machine.
DATA = Path("/var/lib/single-host")
# Secrets are here alone, in memory.
RUN = Path("/run/single-host")
APP_ENV = RUN / "app.env"
READY = RUN / "ready"
LIBRARY = Path(__file__).resolve().parents[2]

NETWORK = "single-host"
# In the container, as $PORT.
APP_PORT = 8000


@dataclass(frozen=True)
class Instance:
    """What user data told this machine."""

    region: str
    volume: str
    database: str
    mysql_secret: str
    key_secret: str
    # CloudWatch namespace; empty where nothing is measured.
    metrics_namespace: str


def parse(text: str) -> dict[str, str]:
    """The NAME='value' lines that user data writes: each value is one word to a shell."""
    values = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        words = shlex.split(value)
        if not re.fullmatch(r"[A-Z_]+", name) or len(words) > 1:
            raise Problem(f"{INSTANCE}: not understood: {line}")
        values[name] = "".join(words)
    return values


def load(path: Path = INSTANCE) -> Instance:
    try:
        values = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem(f"{path} is not there: the instance's user data writes it")

    def needed(name: str) -> str:
        if not values.get(name):
            raise Problem(f"{name} is missing in {path}")
        return values[name]

    return Instance(
        region=needed("AWS_DEFAULT_REGION"),
        volume=needed("DATA_VOLUME"),
        database=needed("DATABASE"),
        mysql_secret=needed("MYSQL_SECRET_ARN"),
        key_secret=needed("SECRET_KEY_ARN"),
        metrics_namespace=values.get("METRICS_NAMESPACE", ""),
    )


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file that is there whole or not at all."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
