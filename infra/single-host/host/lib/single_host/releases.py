"""Releases without downtime: a container starts beside the one that serves, proves itself, and
gets the requests. Until then, whatever fails leaves the one that serves alone."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from . import engine, proxy, records
from .database import Database
from .problem import Problem
from .records import Records, Release
from .settings import DATA

Say = Callable[[str], None]

RECORDS = DATA / "releases.json"
SOURCES = DATA / "releases"


class Releases:
    def __init__(self, database: Database, say: Say) -> None:
        self._database = database
        self._say = say

    @property
    def records(self) -> Records:
        return records.load(RECORDS)

    def current(self) -> Release:
        known = self.records
        if known.current is None:
            raise Problem("no version is released yet")
        return known.find(known.current)

    def release(self, release: Release, source: BinaryIO) -> None:
        """Builds the source, a tar archive, and puts it in the place of what serves."""
        known = self.records
        known.refuse(release.version)
        archive = keep_source(release, source)
        try:
            self._say(f"building version {release.version}")
            engine.build(release, archive)
            self._prepare_database(known, release)
            slot = self._start(known, release)
            old = self._switch(known, release, slot)
        except BaseException as error:
            engine.remove_image(release)
            archive.unlink(missing_ok=True)
            raise still_serving(error, known) from error
        self._retire(known, old)
        self._forget(self.records)

    def rollback(self, version: int | None) -> None:
        """Has a version serve again that served before. The database stays as it is."""
        known = self.records
        self.current()
        if version is None and known.previous is None:
            raise Problem("there is no version before the current one")
        target = known.find(known.previous if version is None else version)
        if target.version == known.current:
            raise Problem(f"version {target.version} serves already")
        self._replace(known, target)

    def renew(self) -> None:
        """The current version in a fresh container, without a gap."""
        self._replace(self.records, self.current())

    def resume(self) -> None:
        """After a boot: what served before, also on a machine that replaces another."""
        known = self.records
        if known.current is None:
            proxy.close()
            return
        release = known.find(known.current)
        if engine.has("container", known.slot) and engine.is_running(known.slot):
            self._point(known, release)
            return
        for slot in engine.SLOTS:
            engine.remove(slot)
        self._provide_image(release)
        engine.start(release, known.slot)
        self._prove(release, known.slot)
        self._point(known, release)
        self._say(f"version {release.version} serves")

    def _replace(self, known: Records, release: Release) -> None:
        try:
            self._provide_image(release)
            slot = self._start(known, release)
            old = self._switch(known, release, slot)
        except BaseException as error:
            raise still_serving(error, known) from error
        self._retire(known, old)

    def _provide_image(self, release: Release) -> None:
        if not engine.has("image", release.image):
            self._say(f"building version {release.version} from its kept source")
            engine.build(release, source_of(release))

    def _prepare_database(self, known: Records, release: Release) -> None:
        if known.current is None:
            self._say("making the database: " + " ".join(release.create))
            if engine.command(release, release.create):
                raise Problem("the database cannot be made")
        else:
            name = self._database.backup(f"before-v{release.version}")
            self._say(f"the data is copied: {name}")
        self._say("migrating: " + " ".join(release.migrate))
        if engine.command(release, release.migrate):
            raise Problem(f"the migration of version {release.version} failed")

    def _start(self, known: Records, release: Release) -> str:
        slot = engine.other(known.slot)
        self._say(f"starting version {release.version} in {slot}")
        try:
            engine.start(release, slot)
            self._prove(release, slot)
        except BaseException:
            engine.remove(slot)
            raise
        return slot

    def _prove(self, release: Release, slot: str) -> None:
        url = f"http://127.0.0.1:{engine.SLOTS[slot]}{release.health_path}"
        deadline = time.monotonic() + release.health_seconds
        status = 0
        while status != 200:
            if not engine.is_running(slot):
                raise unhealthy(release, slot, "its container has ended")
            if time.monotonic() > deadline:
                answer = f"answers {status}" if status else "does not answer"
                raise unhealthy(release, slot, f"{release.health_path} {answer}")
            time.sleep(0.2)
            status, _ = proxy.answered(url)
        engine.keep_running(slot)

    def _switch(self, known: Records, release: Release, slot: str) -> set[int]:
        with undisturbed():
            try:
                old = proxy.switch(release.version, engine.SLOTS[slot])
            except BaseException:
                engine.remove(slot)
                raise
            records.save(RECORDS, known.serving(release, slot))
        self._say(f"version {release.version} serves")
        return old

    def _point(self, known: Records, release: Release) -> None:
        proxy.switch(release.version, engine.SLOTS[known.slot])

    def _retire(self, before: Records, old: set[int]) -> None:
        proxy.drain(old)
        if before.current is None:
            return
        engine.stop(before.slot)
        if before.current != self.records.current:
            self._say(f"version {before.current} has ended what it had begun")

    def _forget(self, known: Records) -> None:
        kept = {release.version for release in known.releases}
        for archive in SOURCES.glob("v*.tar"):
            version = int(archive.stem.removeprefix("v"))
            if version not in kept:
                engine.remove_image(Release(version))
                archive.unlink()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Requests to stop wait: what nginx does and what is written down belong together."""
    wanted = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def source_of(release: Release) -> Path:
    return SOURCES / f"v{release.version}.tar"


def keep_source(release: Release, source: BinaryIO) -> Path:
    """On the data volume, from which a machine that replaces this one can build it."""
    SOURCES.mkdir(mode=0o700, parents=True, exist_ok=True)
    archive = source_of(release)
    new = archive.with_suffix(".new")
    with new.open("wb") as file:
        while block := source.read(1 << 20):
            file.write(block)
    if new.stat().st_size == 0:
        new.unlink()
        raise Problem("nothing came on standard input: it has to be the app as a tar")
    return new.rename(archive)


def unhealthy(release: Release, slot: str, why: str) -> Problem:
    said = engine.log_of(slot)
    return Problem(f"version {release.version} is not healthy: {why}; it said:\n{said}")


def still_serving(error: BaseException, known: Records) -> BaseException:
    """The error, with what became of the requests."""
    if not isinstance(error, Problem):
        return error
    if known.current is None:
        return Problem(f"{error}\nno version is released")
    return Problem(f"{error}\nversion {known.current} goes on serving")
