"""What the tests share: machines in folders, an emulated AWS, servers on free ports."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from machine import INSIGHT, PASSWORD, Machine
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    # Flask asks there where its templates are.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


insight = load(INSIGHT / "app" / "insight.py")


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address, port = server.get_host_and_port()
    yield f"http://{address}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def aws_environment(aws: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def client(aws: str) -> Callable[[str], object]:
    return lambda service: boto3.client(
        service,
        endpoint_url=aws,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def secret(client: Callable[[str], object]) -> Callable[[str], str]:
    """Keeps a text in Secrets Manager and returns its ARN."""
    manager = client("secretsmanager")
    counter = iter(range(1000))

    def keep(text: str) -> str:
        name = f"test-{threading.get_ident()}-{free_port()}-{next(counter)}"
        return manager.create_secret(Name=name, SecretString=text)["ARN"]

    return keep


@pytest.fixture
def machine(
    tmp_path: Path,
) -> Iterator[Callable[[str], Machine]]:
    """Makes machines of a kind, httpd or postgres."""
    made: list[Machine] = []

    def make(kind: str) -> Machine:
        made.append(Machine(tmp_path / f"machine-{len(made)}", kind, free_port()))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def running_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    host = Machine(
        tmp_path_factory.mktemp("database") / "machine", "postgres", free_port()
    )
    try:
        host.succeed("insight-postgres-prepare")
        host.start_postgres()
        host.succeed("insight-postgres-accounts", "insight", "insight", stdin=PASSWORD)
        yield host
    finally:
        host.close()


@pytest.fixture
def database(running_database: Machine) -> Machine:
    """A machine with the generated configuration, its role, and an empty database."""
    if running_database.postgres_pid() is None:
        running_database.start_postgres()
    with running_database.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS notes")
    return running_database


@pytest.fixture
def app_environment(
    database: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The application's environment; returns the file that holds the password."""
    file = tmp_path / "db-password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    for name, value in {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(database.port),
        "DB_NAME": "insight",
        "DB_USER": "insight",
        "DB_PASSWORD_FILE": str(file),
    }.items():
        monkeypatch.setenv(name, value)
    return file


@pytest.fixture
def serve() -> Iterator[Callable[[object], int]]:
    """Serves WSGI applications on free ports of loopback, until the test ends."""
    servers = []

    def start(app: object) -> int:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return server.port

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()
