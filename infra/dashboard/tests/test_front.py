"""dash-front, against a real dash-back with a real database and against broken ones."""

import json
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import APP, Postgres, free_port
from flask.testing import FlaskClient
from test_back import hardware, load

front = load(APP / "dash-front" / "front.py")


@pytest.fixture
def client() -> FlaskClient:
    return front.create_app().test_client()


@pytest.fixture
def back(
    back_environment: Path,
    serve: Callable[[object], str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    url = serve(hardware.create_app())
    monkeypatch.setenv("DASH_BACK_URL", url)
    return url


def answering(status: str, body: str, **headers: str) -> Callable:
    def app(environ: dict, start_response: Callable) -> Iterable[bytes]:
        start_response(
            status, [(name.replace("_", "-"), value) for name, value in headers.items()]
        )
        return [body.encode()]

    return app


def assert_away(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 503
    assert "The hardware service is away." in page.text
    assert "<td>" not in page.text


def test_shows_the_rows(client: FlaskClient, back: str) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "<h1>hardware</h1>" in page.text
    assert "<tr><td>1</td><td>Amazon</td><td>c5</td></tr>" in page.text
    assert "<tr><td>2</td><td>Azure</td><td>H16mr</td></tr>" in page.text
    assert "away" not in page.text


def test_escapes_what_the_database_holds(
    client: FlaskClient, back: str, database: Postgres
) -> None:
    with database.connect("dashboard") as connection:
        connection.execute(
            "INSERT INTO hardware VALUES (3, '<script>alert(1)</script>', '\"&''')"
        )
    page = client.get("/").text
    assert (
        "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td>&#34;&amp;&#39;</td>" in page
    )
    assert "<script" not in page


def test_an_empty_table(client: FlaskClient, back: str, database: Postgres) -> None:
    with database.connect("dashboard") as connection:
        connection.execute("DELETE FROM hardware")
    page = client.get("/")
    assert (page.status_code, "No hardware is recorded yet." in page.text) == (
        200,
        True,
    )


def test_back_is_dead(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASH_BACK_URL", f"http://127.0.0.1:{free_port()}")
    assert_away(client)


def test_the_name_of_back_is_unknown(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASH_BACK_URL", "http://dash-back.invalid:5001")
    assert_away(client)


def test_the_database_of_back_is_dead(
    client: FlaskClient, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PORT", str(free_port()))
    assert_away(client)


def test_back_takes_the_call_and_never_answers(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "READ_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(
            "DASH_BACK_URL", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        assert_away(client)


@pytest.mark.parametrize(
    "app",
    [
        answering("200 OK", "<html>a captive portal</html>"),
        answering("200 OK", json.dumps({"error": "none"})),
        answering("200 OK", json.dumps([{"id": 1, "provider": "Amazon"}])),
        answering("200 OK", json.dumps([1, 2])),
        answering("200 OK", "null"),
        answering("404 Not Found", "[]"),
        answering("302 Found", "", Location="/elsewhere"),
    ],
    ids=["html", "object", "row-without-name", "numbers", "null", "404", "redirect"],
)
def test_back_answers_nonsense(
    app: Callable,
    client: FlaskClient,
    serve: Callable[[object], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DASH_BACK_URL", serve(app))
    assert_away(client)


def test_a_proxy_of_the_environment_is_not_asked(
    client: FlaskClient, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert client.get("/").status_code == 200


def test_calls_dash_back_by_name(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []

    def get(session: object, url: str, **options: object) -> None:
        called.append((url, options["timeout"]))
        raise front.requests.ConnectionError("not in this test")

    monkeypatch.delenv("DASH_BACK_URL", raising=False)
    monkeypatch.setattr(front.requests.Session, "get", get)
    assert_away(client)
    assert called == [("http://dash-back:5001/hardware/", (2, 8))]


def test_health_needs_no_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASH_BACK_URL", f"http://127.0.0.1:{free_port()}")
    assert client.get("/healthz").status_code == 200


def test_the_page_may_load_its_style_and_nothing_else(
    client: FlaskClient, back: str
) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert client.get("/static/style.css").mimetype == "text/css"
