"""single-host COMMAND: what is done on this machine, by hand or by the stack's tasks."""

import argparse
import contextlib
import fcntl
import os
import shlex
import signal
import sys
from collections.abc import Iterator

from . import boot, engine, metrics, settings
from .database import Database
from .problem import Problem
from .records import Release
from .releases import Releases

# Under systemd and by hand alike, one at a time.
LOCK = settings.RUN / "lock"


def say(text: str) -> None:
    # Whoever watched may be gone; what was begun goes on.
    with contextlib.suppress(OSError):
        print(text, flush=True)


@contextlib.contextmanager
def alone(wait: bool = False) -> Iterator[None]:
    """Nothing else changes this machine meanwhile."""
    settings.RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Problem("a release, rollback, backup or restore is going on already")
        yield


def version(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**9:
        raise argparse.ArgumentTypeError("a version is a whole number from 1 on")
    return int(text)


def words(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text))


def parser() -> argparse.ArgumentParser:
    usual = Release(1)
    top = argparse.ArgumentParser(prog="single-host", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("boot", help="bring this machine up")
    one = commands.add_parser("release", help="build and start the app on stdin (tar)")
    one.add_argument("--version", type=version, required=True)
    one.add_argument("--health-path", default=usual.health_path)
    one.add_argument("--health-seconds", type=int, default=usual.health_seconds)
    one.add_argument("--create", type=words, default=usual.create)
    one.add_argument("--migrate", type=words, default=usual.migrate)
    one = commands.add_parser("rollback", help="have a version before serve again")
    one.add_argument("--version", type=version)
    one = commands.add_parser("logs", help="what the app has printed")
    one.add_argument("--version", type=version)
    one.add_argument("--lines", type=int, default=200)
    one.add_argument("--follow", action="store_true")
    one = commands.add_parser("console", help="a command in the app's environment")
    one.add_argument("words", nargs="+")
    commands.add_parser("backup", help="copy the database")
    commands.add_parser("backups", help="name the copies of the database")
    one = commands.add_parser("restore", help="make the database what it was")
    one.add_argument("--backup")
    commands.add_parser("status", help="what serves")
    commands.add_parser("metrics", help="publish this machine's measurements")
    return top


def restore(database: Database, releases: Releases, name: str | None) -> None:
    chosen = database.choose(name)
    if database.exists():
        say(f"the data of now is copied: {database.backup('before-restore')}")
    say(f"restoring {chosen}")
    database.restore(chosen)
    if releases.records.current is not None:
        # Connections of before know nothing of the database that is there now.
        releases.renew()
    say(f"the database is that of {chosen}")


def run(asked: argparse.Namespace) -> int:
    instance = settings.load()
    database = Database(instance.database)
    releases = Releases(database, say)
    match asked.command:
        case "boot":
            with alone(wait=True):
                boot.boot(instance, say)
        case "release":
            release = Release(
                version=asked.version,
                health_path=asked.health_path,
                health_seconds=asked.health_seconds,
                create=asked.create,
                migrate=asked.migrate,
            )
            with alone():
                releases.release(release, sys.stdin.buffer)
        case "rollback":
            with alone():
                releases.rollback(asked.version)
        case "logs":
            chosen = asked.version or releases.current().version
            follow = ["--follow"] if asked.follow else []
            container = engine.container_of(chosen)
            return engine.shown("logs", "--tail", asked.lines, *follow, container)
        case "console":
            return engine.command(releases.current(), asked.words, sys.stdin.buffer)
        case "backup":
            with alone():
                say(database.backup())
        case "backups":
            say("\n".join(database.backups()) or "none")
        case "restore":
            with alone():
                restore(database, releases, asked.backup)
        case "status":
            known = releases.records
            kept = ", ".join(str(release.version) for release in known.releases)
            say(f"serves: {known.current or 'nothing'}\nkept: {kept or 'none'}")
        case "metrics":
            if instance.metrics_namespace:
                metrics.publish(instance, metrics.measure(releases.records))
    return 0


def stopped(number: int, _frame: object) -> None:
    raise Problem(f"stopped by {signal.Signals(number).name}")


def main() -> int:
    asked = parser().parse_args()
    # What was begun is cleared up.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stopped)
    os.umask(0o022)
    try:
        return run(asked)
    except Problem as problem:
        with contextlib.suppress(OSError):
            print(problem, file=sys.stderr, flush=True)
        return 1
