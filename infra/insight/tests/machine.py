"""A machine in a folder: insight's programs with real tools, and a fake systemctl."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

TESTS = Path(__file__).resolve().parent
INSIGHT = TESTS.parent
# Everything a shell, libpq, SQL or systemd could stumble over.
PASSWORD = """p'a\\s $HOME `id` %s ; & {x}"""
MESH_SECRET = "a mesh's $HOME `secret`"
# PostgreSQL refuses to run as root.
POSTGRES_USER = "nobody" if os.geteuid() == 0 else __import__("getpass").getuser()


class Machine:
    """One machine's folders. Its programs are installed as an image has them."""

    def __init__(self, root: Path, kind: str, port: int) -> None:
        self.root, self.kind, self.port = root, kind, port
        self.library = root / "lib" / "insight"
        self.etc, self.run_dir, self.data = root / "etc", root / "run", root / "data"
        self.fake = root / "systemctl"
        self.bin = root / "bin"
        self.devices = root / "dev"
        for folder in (self.etc, self.fake, self.bin, self.devices, self.library):
            folder.mkdir(parents=True)
        for part in ("common", kind):
            for name in ("bin", "lib", "sql"):
                source = INSIGHT / "host" / part / name
                if source.is_dir():
                    shutil.copytree(source, self.library / name, dirs_exist_ok=True)
        (self.bin / "systemctl").symlink_to(TESTS / "fakes" / "systemctl")
        # Pauses are a tenth of what a machine takes.
        sleep = self.bin / "sleep"
        sleep.write_text(
            f'#!/bin/sh\nexec {shutil.which("sleep")} "$(printf %s "$1" | sed "s/^/0./")"\n'
        )
        sleep.chmod(0o755)
        # Sockets have short paths, and this one is used by another user.
        self.sockets = Path(tempfile.mkdtemp(prefix="insight-"))
        os.chmod(self.sockets, 0o755)
        for folder in (root, *root.parents):
            if (
                folder.is_relative_to(tempfile.gettempdir())
                and str(folder) != tempfile.gettempdir()
            ):
                folder.chmod(0o755)
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(root),
            "INSIGHT_ETC": str(self.etc),
            "INSIGHT_RUN": str(self.run_dir),
            "INSIGHT_DATA": str(self.data),
            "INSIGHT_DEVICES": str(self.devices),
            "INSIGHT_SOCKETS": str(self.sockets / "s"),
            "INSIGHT_PORT": str(port),
            "INSIGHT_LISTEN": "127.0.0.1",
            "INSIGHT_SHARED_BUFFERS": "16MB",
            "INSIGHT_POSTGRES_USER": POSTGRES_USER,
            "INSIGHT_CONSUL_CONFIG": str(root / "consul.d" / "insight.json"),
            "INSIGHT_BIN": str(self.library / "bin"),
            "FAKE_SYSTEMCTL": str(self.fake),
            "WEB_CIDRS": "127.0.0.1/32",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def settings(self, **values: str) -> None:
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
        (self.etc / "instance.env").write_text("".join(lines), encoding="utf-8")

    def run(
        self, program: str, *args: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [self.library / "bin" / program, *args],
            env={**self.environment, **environment},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
        )
        unexpected = self.fake / "unexpected"
        assert not unexpected.exists(), unexpected.read_text()
        return done

    def succeed(
        self, program: str, *args: str, stdin: str = "", **environment: str
    ) -> str:
        done = self.run(program, *args, stdin=stdin, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def restarted(self) -> list[str]:
        path = self.fake / "restarted"
        return path.read_text().split() if path.exists() else []

    # PostgreSQL on this machine.

    def start_postgres(self) -> None:
        subprocess.run(
            [self.bin / "systemctl", "restart", "insight-postgres.service"],
            env=self.environment,
            check=True,
        )
        self.wait_for_postgres()

    def wait_for_postgres(self) -> None:
        deadline = time.monotonic() + 180
        while subprocess.run(
            ["pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        ).returncode:
            assert time.monotonic() < deadline, self.postgres_log()
            time.sleep(0.1)

    def postgres_pid(self) -> int | None:
        """Of the server that runs; the file goes when it ends, and may do so at any moment."""
        try:
            return int((self.data / "pgdata" / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return None

    def signal_postgres(self, number: int) -> None:
        pid = self.postgres_pid()
        assert pid is not None
        os.kill(pid, number)

    def stop_postgres(self) -> None:
        if self.postgres_pid() is None:
            return
        self.signal_postgres(signal.SIGINT)
        deadline = time.monotonic() + 180
        while self.postgres_pid() is not None:
            assert time.monotonic() < deadline, self.postgres_log()
            time.sleep(0.05)

    def postgres_log(self) -> str:
        path = self.fake / "postgres.log"
        return (
            path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        )

    def connect(
        self, password: str = PASSWORD, **settings: object
    ) -> psycopg.Connection:
        """As the application's role, as a web server connects, unless settings differ."""
        return psycopg.connect(
            **{
                "host": "127.0.0.1",
                "port": self.port,
                "user": "insight",
                "dbname": "insight",
                "password": password,
                "sslmode": "require",
                "connect_timeout": 5,
                "autocommit": True,
                **settings,
            }
        )

    def administer(self, sql: str) -> str:
        """As the machine's own administrator, over the local socket."""
        command = [
            "psql",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]
        command += [
            f"--host={self.sockets / 's'}",
            f"--port={self.port}",
            f"--username={POSTGRES_USER}",
        ]
        if os.geteuid() == 0:
            command = ["runuser", "--user", POSTGRES_USER, "--", *command]
        return subprocess.run(
            [*command, "--dbname=postgres", f"--command={sql}"],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ).stdout.strip()

    def close(self) -> None:
        self.stop_postgres()
        shutil.rmtree(self.sockets)
