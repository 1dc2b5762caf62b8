"""dash-back against a real PostgreSQL."""

import importlib.util
import sys
from pathlib import Path

import pytest
from conftest import APP, Postgres, free_port
from flask.testing import FlaskClient


def load(path: Path) -> object:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    # Flask finds an app's templates by its module.
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


hardware = load(APP / "dash-back" / "hardware.py")


@pytest.fixture
def client() -> FlaskClient:
    return hardware.create_app().test_client()


def test_answers_with_the_rows(client: FlaskClient, back_environment: Path) -> None:
    answer = client.get("/hardware/")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == [
        {"id": 1, "provider": "Amazon", "name": "c5"},
        {"id": 2, "provider": "Azure", "name": "H16mr"},
    ]


def test_defaults_name_the_secret_that_docker_mounts(
    client: FlaskClient, back_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.delenv("DB_PASSWORD_FILE")
    monkeypatch.setattr(
        Path, "read_text", lambda path, **_: opened.append(str(path)) or "wrong"
    )
    assert client.get("/hardware/").status_code == 503
    assert opened == ["/run/secrets/aws_db"]


def test_takes_a_changed_password_up(
    client: FlaskClient, back_environment: Path, database: Postgres
) -> None:
    assert client.get("/hardware/").status_code == 200
    with database.connect() as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'first'")
        connection.execute("GRANT pg_read_all_data TO reader")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DB_USER", "reader")
            back_environment.write_text("other")
            assert client.get("/hardware/").status_code == 503
            back_environment.write_text("first\n")
            assert client.get("/hardware/").status_code == 200
    finally:
        with database.connect() as connection:
            connection.execute("DROP ROLE reader")


@pytest.mark.parametrize("broken", ["password", "secret", "address", "table"])
def test_a_database_that_does_not_answer(
    broken: str,
    client: FlaskClient,
    back_environment: Path,
    database: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if broken == "password":
        back_environment.write_text("hunter2")
    elif broken == "secret":
        back_environment.unlink()
    elif broken == "address":
        monkeypatch.setenv("DB_PORT", str(free_port()))
    else:
        with database.connect("dashboard") as connection:
            connection.execute("DROP TABLE hardware")

    answer = client.get("/hardware/")
    assert answer.status_code == 503
    assert answer.json == {"error": "the database does not answer"}
    assert "failed to read the hardware table" in caplog.text
    assert "hunter2" not in caplog.text + answer.text
    assert client.get("/healthz").status_code == 200


def test_a_statement_that_never_ends_is_cut_off(
    client: FlaskClient, back_environment: Path, database: Postgres
) -> None:
    with database.connect("dashboard") as connection:
        with connection.transaction():
            connection.execute("LOCK TABLE hardware")
            assert client.get("/hardware/").status_code == 503
    assert client.get("/hardware/").status_code == 200


def test_health_needs_no_database(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
