"""The application against PostgreSQL with the generated configuration."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from conftest import free_port, insight
from flask.testing import FlaskClient
from machine import Machine

HOST = socket.gethostname()


@pytest.fixture
def page(app_environment: Path) -> FlaskClient:
    return insight.create_app().test_client()


def test_an_empty_book(page: FlaskClient, database: Machine) -> None:
    answer = page.get("/")
    assert answer.status_code == 200
    assert "No note has been written yet." in answer.text


def test_says_which_host_and_which_database_answered(
    page: FlaskClient, database: Machine
) -> None:
    text = page.get("/").text
    assert f'<dd id="host">{HOST}</dd>' in text
    version = database.administer("SHOW server_version")
    assert (
        f"insight on insight@{HOST} (127.0.0.1), PostgreSQL {version}, running since"
        in text
    )


def test_writes_and_reads(page: FlaskClient, database: Machine) -> None:
    for text in ("first", "  second  "):
        answer = page.post("/notes", data={"text": text})
        assert (answer.status_code, answer.location) == (303, "/")
    with database.connect() as connection:
        rows = connection.execute("SELECT host, text FROM notes ORDER BY id").fetchall()
    assert rows == [(HOST, "first"), (HOST, "second")]
    text = page.get("/").text
    assert text.index(f"<td>{HOST}</td><td>second</td>") < text.index(
        f"<td>{HOST}</td><td>first</td>"
    )


def test_shows_the_newest_only(page: FlaskClient, database: Machine) -> None:
    page.get("/")
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO notes (host, text) SELECT 'h', 'note ' || n FROM generate_series(1, 25) n"
        )
    text = page.get("/").text
    assert text.count("<td>h</td>") == 20
    assert "<td>note 25</td>" in text and "<td>note 5</td>" not in text


def test_escapes_what_the_database_holds(page: FlaskClient) -> None:
    page.post("/notes", data={"text": "<script>alert('1')</script> & \"x\""})
    text = page.get("/").text
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &#34;x&#34;" in text


def test_what_is_no_note(page: FlaskClient, database: Machine) -> None:
    for text, status in (
        ("", 400),
        ("   ", 400),
        ("x" * 201, 400),
        ("a\x00b", 400),
        ("x" * 200, 303),
        ("ü" * 200, 303),
    ):
        assert page.post("/notes", data={"text": text}).status_code == status
    assert page.post("/notes", data={"text": "x" * 70000}).status_code == 413
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (2,)


def test_sql_in_a_note_is_text(page: FlaskClient, database: Machine) -> None:
    page.post("/notes", data={"text": "'); DROP TABLE notes; --"})
    with database.connect() as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [
            ("'); DROP TABLE notes; --",)
        ]


def test_another_sites_form_is_refused(page: FlaskClient, database: Machine) -> None:
    answer = page.post(
        "/notes", data={"text": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, "another site" in answer.text) == (403, True)
    assert (
        page.post(
            "/notes", data={"text": "x"}, headers={"Origin": "http://localhost"}
        ).status_code
        == 303
    )
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1,)


def test_many_web_servers_find_the_table_missing_at_once(
    page: FlaskClient, database: Machine
) -> None:
    app = insight.create_app()
    answers = []

    def ask() -> None:
        answers.append(app.test_client().post("/notes", data={"text": "x"}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 8
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (8,)


def test_comes_back_with_the_database(page: FlaskClient, database: Machine) -> None:
    page.post("/notes", data={"text": "before"})
    database.stop_postgres()
    answer = page.get("/")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert "before" not in answer.text
    answer = page.post("/notes", data={"text": "lost"})
    assert (answer.status_code, "The note was not kept." in answer.text) == (503, True)
    database.start_postgres()
    answer = page.get("/")
    assert (answer.status_code, "<td>before</td>" in answer.text) == (200, True)
    assert "lost" not in answer.text


def test_survives_a_database_that_is_killed(
    page: FlaskClient, database: Machine
) -> None:
    page.post("/notes", data={"text": "kept"})
    (backend,) = database.administer(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    ).split()
    os.kill(int(backend), signal.SIGKILL)
    # Once PostgreSQL has noticed, it ends all its processes and recovers by itself; until then it
    # answers as ever.
    while Path(f"/proc/{backend}").exists():
        time.sleep(0.01)
    database.wait_for_postgres()
    answer = page.get("/")
    while answer.status_code == 503:
        answer = page.get("/")
    assert "<td>kept</td>" in answer.text


@pytest.mark.parametrize(
    "name, value",
    [
        ("DB_HOST", "postgres.service.invalid"),
        ("DB_PORT", ""),
        ("DB_PASSWORD_FILE", "/nonexistent"),
        ("DB_USER", "nobody"),
    ],
)
def test_says_nothing_of_what_is_wrong(
    page: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value or str(free_port()))
    answer = page.get("/")
    assert answer.status_code == 503
    assert "does not answer; reload in a moment" in answer.text
    assert f'<dd id="host">{HOST}</dd>' in answer.text
    assert value == "" or value not in answer.text.replace("/static", "")


def test_another_password_needs_no_restart(
    page: FlaskClient, app_environment: Path
) -> None:
    right = app_environment.read_text()
    app_environment.write_text("wrong")
    assert page.get("/").status_code == 503
    app_environment.write_text(right)
    assert page.get("/").status_code == 200


def test_health_needs_no_database(
    page: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PORT", str(free_port()))
    answer = page.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "host": HOST})


def test_the_page_may_load_its_style_and_nothing_else(page: FlaskClient) -> None:
    headers = page.get("/").headers
    assert headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'self';"
    )
    assert headers["Cache-Control"] == "no-store"
    assert page.get("/static/style.css").mimetype == "text/css"
