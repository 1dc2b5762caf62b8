"""The Docker engine of this machine, through its own command."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from .problem import Problem
from .settings import APP_ENV, APP_PORT, NETWORK
from .records import Release

# Containers of releases, each with the port of loopback that it is published on. There is
# always one to start the next release in.
SLOTS = {"app-a": 8001, "app-b": 8002}
# Seconds that a container has to end what it has begun.
STOP_SECONDS = 30
VERSION_LABEL = "single-host.version"


def other(slot: str | None) -> str:
    """The slot that the next container starts in."""
    return "app-b" if slot == "app-a" else "app-a"


def call(*words: object, problem: str, stdin: BinaryIO | None = None) -> str:
    """What docker prints; a Problem with its last lines when it fails."""
    done = subprocess.run(
        ["docker", *(str(word) for word in words)],
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0:
        raise Problem(f"{problem}:\n{last_lines(said)}")
    return said


def last_lines(text: str, count: int = 20) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines()[-count:])


def shown(*words: object, stdin: BinaryIO | None = None) -> int:
    """Runs docker with its output going where this program's goes."""
    command = ["docker", *(str(word) for word in words)]
    return subprocess.run(
        command, stdin=stdin or subprocess.DEVNULL, stderr=subprocess.STDOUT
    ).returncode


def has(kind: str, name: str) -> bool:
    asked = subprocess.run(
        ["docker", kind, "inspect", name],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return asked.returncode == 0


def provide_network() -> None:
    if not has("network", NETWORK):
        call("network", "create", NETWORK, problem=f"cannot make the network {NETWORK}")


def build(release: Release, source: Path) -> None:
    with source.open("rb") as archive:
        # Straight through: a build takes long, and people watch it.
        if shown("build", "--force-rm", "--tag", release.image, "-", stdin=archive):
            raise Problem(f"the image of version {release.version} cannot be built")


def remove_image(release: Release) -> None:
    subprocess.run(
        ["docker", "image", "rm", "--force", release.image],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def remove(container: str) -> None:
    subprocess.run(
        ["docker", "rm", "--force", container],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def in_app(release: Release) -> list[str]:
    """Options that give a container the application's environment."""
    return [
        *("--network", NETWORK, "--env-file", str(APP_ENV), "--init"),
        *("--env", f"APP_VERSION={release.version}", "--env", f"PORT={APP_PORT}"),
        *("--security-opt", "no-new-privileges"),
    ]


def command(
    release: Release, words: Iterable[str], stdin: BinaryIO | None = None
) -> int:
    """Runs a command in a container of its own beside those that serve."""
    name = f"command-{os.getpid()}"
    interactive = ["--interactive"] if stdin else []
    try:
        return shown(
            *("run", "--rm", "--name", name, *interactive, *in_app(release)),
            *(release.image, *words),
            stdin=stdin,
        )
    except BaseException:
        # Whoever asked for it is gone; the container would go on.
        remove(name)
        raise


def start(release: Release, slot: str) -> None:
    remove(slot)
    call(
        *("run", "--detach", "--name", slot, *in_app(release)),
        *("--label", f"{VERSION_LABEL}={release.version}"),
        *("--publish", f"127.0.0.1:{SLOTS[slot]}:{APP_PORT}", release.image),
        problem=f"the container of version {release.version} does not start",
    )


def keep_running(container: str) -> None:
    """From now on a crash restarts it. A trial must not be hidden by restarts; a boot starts
    what it needs itself, once the data volume is there."""
    call(
        *("update", "--restart", "on-failure", container),
        problem=f"cannot have {container} restarted after a crash",
    )


def is_running(container: str) -> bool:
    asked = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Running}}", container],
        capture_output=True,
        encoding="utf-8",
    )
    return asked.stdout.strip() == "true"


def log_of(container: str) -> str:
    asked = subprocess.run(
        ["docker", "logs", "--tail", "20", container],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return last_lines(asked.stdout.decode(errors="replace"))


def stop(container: str) -> None:
    """Lets it end what it has begun. It stays, with its log."""
    if has("container", container):
        call(
            *("stop", "--time", STOP_SECONDS, container),
            problem=f"{container} does not stop",
        )


def container_of(version: int) -> str:
    """The container, running or not, of a version."""
    label = f"label={VERSION_LABEL}={version}"
    found = call(
        *("ps", "--all", "--filter", label, "--format", "{{.Names}}"),
        problem="docker does not say which containers there are",
    ).split()
    if not found:
        raise Problem(f"no container of version {version} is left")
    return found[0]
