"""MariaDB, in a container with its data on the data volume, reachable from loopback and from
the application's containers."""

import gzip
import re
import shutil
import subprocess
import time
import zlib
from datetime import datetime, timezone
from pathlib import Path

from . import engine
from .problem import Problem
from .settings import DATA, NETWORK

CONTAINER = "database"
IMAGE = "single-host-database"
USER = "app"
PORT = 3306
BACKUPS = DATA / "backups"
KEPT_BACKUPS = 14
# Seconds: after a power cut MariaDB first mends its files.
START_SECONDS = 600


def quoted(text: str) -> str:
    """A string literal of MariaDB's."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def accounts(database: str, password: str) -> str:
    """SQL that makes the application's account, which may do everything in its own database,
    also make it, and nothing elsewhere."""
    # In GRANT these two are wildcards.
    pattern = re.sub(r"([_%])", r"\\\1", database)
    return f"""
CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY {quoted(password)};
ALTER USER {USER}@'%' IDENTIFIED BY {quoted(password)};
GRANT ALL PRIVILEGES ON `{pattern}`.* TO {USER}@'%';
"""


class Database:
    def __init__(self, name: str) -> None:
        self.name = name

    def start(self) -> None:
        if not engine.is_running(CONTAINER):
            engine.remove(CONTAINER)
            data = DATA / "mysql"
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            engine.call(
                *("run", "--detach", "--name", CONTAINER, "--network", NETWORK),
                *("--publish", f"127.0.0.1:{PORT}:{PORT}"),
                *("--volume", f"{data}:/var/lib/mysql"),
                *("--restart", "on-failure", "--stop-timeout", 120, IMAGE),
                problem="the database's container does not start",
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not engine.is_running(CONTAINER) or time.monotonic() > deadline:
                said = engine.log_of(CONTAINER)
                raise Problem(f"MariaDB does not start; it said:\n{said}")
            time.sleep(0.5)

    def provide_account(self, password: str) -> None:
        self._sql(accounts(self.name, password), "the application's account")

    def exists(self) -> bool:
        names = self._sql("SHOW DATABASES", "the list of databases").split("\n")
        return self.name in names

    def backup(self, label: str = "") -> str:
        """Copies the database into a file on the data volume while it is used; its name."""
        if not self.exists():
            raise Problem(f"there is no database {self.name} to copy")
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
        name = f"{now}-{label}" if label else now
        BACKUPS.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = BACKUPS / f"{name}.new"
        try:
            self._dump(new)
            new.rename(BACKUPS / f"{name}.sql.gz")
        finally:
            new.unlink(missing_ok=True)
        for old in self.backups()[:-KEPT_BACKUPS]:
            path_of(old).unlink()
        return name

    def backups(self) -> list[str]:
        """Names, the oldest first."""
        files = BACKUPS.glob("*.sql.gz")
        return sorted(file.name.removesuffix(".sql.gz") for file in files)

    def restore(self, name: str) -> None:
        """Makes the database what it was at the time of the copy, and nothing else."""
        refuse_damaged(name)
        with gzip.open(path_of(name)) as text:
            client = self._client(subprocess.PIPE)
            try:
                shutil.copyfileobj(text, client.stdin)
                client.stdin.close()
            except BrokenPipeError:
                pass
            said = client.stdout.read().decode(errors="replace")
            if client.wait() != 0:
                raise Problem(f"the copy {name} cannot be restored: {said.strip()}")

    def choose(self, name: str | None) -> str:
        """The copy meant; without a name, the newest that was not made by the way."""
        known = self.backups()
        if name is None:
            meant = [one for one in known if "-before-" not in one]
            if not meant:
                raise Problem("there is no copy yet: make one with backup")
            return meant[-1]
        if name not in known:
            raise Problem(
                f"there is no copy {name}; copies: {', '.join(known) or 'none'}"
            )
        return name

    def _answers(self) -> bool:
        asked = subprocess.run(
            ["docker", "exec", CONTAINER, "mariadb-admin", "--silent", "ping"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return asked.returncode == 0

    def _dump(self, file: Path) -> None:
        command = [
            *("docker", "exec", CONTAINER, "mariadb-dump", "--single-transaction"),
            *("--routines", "--triggers", "--events", "--add-drop-database"),
            *("--default-character-set=utf8mb4", "--databases", self.name),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as dump:
            with gzip.open(file, "wb", compresslevel=6) as copy:
                shutil.copyfileobj(dump.stdout, copy)
            said = dump.stderr.read().decode(errors="replace")
        if dump.returncode != 0:
            raise Problem(f"the database cannot be copied: {said.strip()}")
        file.chmod(0o600)

    def _client(self, stdin: int) -> subprocess.Popen:
        return subprocess.Popen(
            [
                *("docker", "exec", "--interactive", CONTAINER, "mariadb"),
                *("--batch", "--skip-column-names", "--default-character-set=utf8mb4"),
            ],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _sql(self, text: str, what: str) -> str:
        # Over the local socket and standard input: a password is in no argument.
        client = self._client(subprocess.PIPE)
        said, _ = client.communicate(text.encode())
        answer = said.decode(errors="replace").strip()
        if client.returncode != 0:
            raise Problem(f"MariaDB refuses {what}: {answer}")
        return answer


def refuse_damaged(name: str) -> None:
    """Reads the copy whole, before anything is dropped: its checksum is at its end."""
    try:
        with gzip.open(path_of(name)) as text:
            while text.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise Problem(f"the copy {name} is damaged: {error}") from error


def path_of(name: str) -> Path:
    return BACKUPS / f"{name}.sql.gz"
