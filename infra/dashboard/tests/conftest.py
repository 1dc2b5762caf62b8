"""What the tests share: a real PostgreSQL, the apps on free ports, and a machine in a folder."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from werkzeug.serving import make_server

import machine

DASHBOARD = Path(__file__).resolve().parent.parent
APP = DASHBOARD / "app"
# Everything a shell, libpq, SQL or YAML could stumble over.
PASSWORD = """p'a"s\\s $HOME `id` %s ; & é"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres(NamedTuple):
    port: int
    password: str

    def connect(self, dbname: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname=dbname,
            autocommit=True,
        )

    def rows(self, dbname: str = "dashboard") -> list[tuple]:
        with self.connect(dbname) as connection:
            return connection.execute(
                "SELECT id, provider, name FROM hardware ORDER BY id"
            ).fetchall()

    def psql_command(self, **variables: str) -> list[str]:
        settings = [f"--set={name}={value}" for name, value in variables.items()]
        return [
            *(
                "psql",
                "--no-psqlrc",
                "--no-password",
                "--host=127.0.0.1",
                f"--port={self.port}",
            ),
            *("--username=postgres", "--dbname=postgres", *settings),
            f"--file={APP / 'database.sql'}",
        ]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PGPASSWORD": self.password}

    def apply(self, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.psql_command(**variables),
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
        )


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    home = tmp_path_factory.mktemp("postgres")
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        for folder in (home, *home.parents[:2]):
            folder.chmod(0o755)
        shutil.chown(home, user)

    def run(*command: object) -> None:
        subprocess.run(
            [str(word) for word in command],
            user=user,
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"},
            check=True,
            stdout=subprocess.DEVNULL,
        )

    password_file = home / "password"
    password_file.write_text(PASSWORD, encoding="utf-8")
    data = home / "data"
    port = free_port()
    run(
        *(
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
        ),
        *("--encoding=UTF8", "--no-sync"),
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-D", data, "-l", home / "log", "-o", options, "-w", "start")
    yield Postgres(port, PASSWORD)
    run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """The server, with none of the databases that an earlier test made."""
    with postgres_server.connect() as connection:
        names = connection.execute(
            "SELECT quote_ident(datname) FROM pg_database"
            " WHERE datname NOT IN ('postgres', 'template0', 'template1')"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    return postgres_server


@pytest.fixture
def database(postgres: Postgres) -> Postgres:
    done = postgres.apply()
    assert done.returncode == 0, done.stderr
    return postgres


@pytest.fixture
def serve() -> Iterator[Callable[[object], str]]:
    """Serves WSGI apps on free ports of loopback, until the test ends."""
    servers = []

    def start(app: object) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def back_environment(
    database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """dash-back's environment; returns the file that holds the password."""
    secret = tmp_path / "aws_db"
    secret.write_text(database.password + "\n", encoding="utf-8")
    for name, value in {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(database.port),
        "DB_NAME": "dashboard",
        "DB_USER": "postgres",
        "DB_PASSWORD_FILE": str(secret),
    }.items():
        monkeypatch.setenv(name, value)
    return secret


@pytest.fixture
def host(tmp_path: Path) -> machine.Machine:
    return machine.Machine(tmp_path / "machine")
