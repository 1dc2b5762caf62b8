"""Which releases there are and which one serves: a file on the data volume, so that a machine
that replaces this one knows it too."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .problem import Problem
from .settings import write

# The release that serves, and those before it that a rollback can reach.
KEEP = 3


@dataclass(frozen=True)
class Release:
    version: int
    health_path: str = "/healthz"
    # Seconds that a new container has to become healthy.
    health_seconds: int = 60
    create: tuple[str, ...] = ("rake", "db:create")
    migrate: tuple[str, ...] = ("rake", "db:migrate")

    @property
    def image(self) -> str:
        return f"app:v{self.version}"


@dataclass(frozen=True)
class Records:
    """Releases in the order in which they came; `current` serves in `slot`."""

    releases: tuple[Release, ...] = ()
    current: int | None = None
    previous: int | None = None
    slot: str | None = None
    highest: int = 0
    dropped: tuple[int, ...] = field(default=(), compare=False)

    def find(self, version: int | None) -> Release:
        for release in self.releases:
            if release.version == version:
                return release
        kept = ", ".join(str(release.version) for release in self.releases) or "none"
        raise Problem(f"there is no version {version} to go to; kept versions: {kept}")

    def refuse(self, version: int) -> None:
        """Versions only grow: one number never means two things."""
        if version <= self.highest:
            raise Problem(
                f"version {version} cannot be released: {self.highest} was already;"
                f" release {self.highest + 1} or higher"
            )

    def serving(self, release: Release, slot: str) -> "Records":
        """What is true once the release serves; `dropped` are the versions beyond KEEP."""
        others = [one for one in self.releases if one.version != release.version]
        known = sorted([*others, release], key=lambda one: one.version)
        previous = self.previous if release.version == self.current else self.current
        needed = {release.version, previous}
        extra = [one.version for one in known if one.version not in needed]
        dropped = extra[: max(0, len(known) - KEEP)]
        return Records(
            releases=tuple(one for one in known if one.version not in dropped),
            current=release.version,
            previous=previous,
            slot=slot,
            highest=max(self.highest, release.version),
            dropped=tuple(dropped),
        )


def load(path: Path) -> Records:
    if not path.exists():
        return Records()
    document = json.loads(path.read_text(encoding="utf-8"))
    releases = tuple(
        Release(
            version=one["version"],
            health_path=one["health_path"],
            health_seconds=one["health_seconds"],
            create=tuple(one["create"]),
            migrate=tuple(one["migrate"]),
        )
        for one in document["releases"]
    )
    names = ("current", "previous", "slot", "highest")
    return Records(releases=releases, **{name: document[name] for name in names})


def save(path: Path, records: Records) -> None:
    document = asdict(records)
    del document["dropped"]
    write(path, json.dumps(document, indent=2) + "\n", 0o644)
