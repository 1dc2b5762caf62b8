"""httpd, really run with insight's site, in front of the application with its database."""

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import free_port, insight
from machine import INSIGHT, Machine

SITE = INSIGHT / "host" / "httpd" / "apache" / "insight.conf"
# What Debian's package enables by default, and what install-httpd.sh adds.
MODULES = ("mpm_event", "authz_core", "reqtimeout", "setenvif", "proxy", "proxy_http")


class Httpd:
    def __init__(self, folder: Path, app_port: int) -> None:
        self.port, self.folder = free_port(), folder
        site = SITE.read_text()
        for old, new in {
            "*:80": f"127.0.0.1:{self.port}",
            "http://127.0.0.1:8000/": f"http://127.0.0.1:{app_port}/",
            "/var/log/apache2": str(folder),
        }.items():
            assert old in site
            site = site.replace(old, new)
        (folder / "site.conf").write_text(site)
        lines = [
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in MODULES
        ]
        lines += [
            f'ServerRoot "{folder}"',
            f'PidFile "{folder}/pid"',
            f'DefaultRuntimeDir "{folder}"',
            f"Listen 127.0.0.1:{self.port}",
            'LogFormat "%h %m %U %>s" combined',
            f'ErrorLog "{folder}/error.log"',
            'Include "site.conf"',
        ]
        (folder / "httpd.conf").write_text("\n".join(lines) + "\n")
        self.process = subprocess.Popen(
            ["apache2", "-D", "FOREGROUND", "-f", str(folder / "httpd.conf")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 120
        while not (folder / "pid").exists():
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def ask(
        self, path: str, method: str = "GET", data: bytes | None = None, **headers: str
    ) -> tuple[int, str, dict]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, headers, method=method
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), NoRedirect
        )
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture
def httpd(
    app_environment: Path, tmp_path: Path, serve: Callable[[object], int]
) -> Iterator[Httpd]:
    folder = tmp_path / "httpd"
    folder.mkdir()
    server = Httpd(folder, serve(insight.create_app()))
    yield server
    server.close()


def test_serves_the_page_of_the_application(httpd: Httpd, database: Machine) -> None:
    status, page, headers = httpd.ask("/")
    assert (status, "PostgreSQL" in page) == (200, True)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert httpd.ask("/static/style.css")[0] == 200
    assert httpd.ask("/healthz")[0] == 200


def test_a_note_goes_through(httpd: Httpd, database: Machine) -> None:
    origin = f"http://127.0.0.1:{httpd.port}"
    status, _, headers = httpd.ask(
        "/notes", "POST", b"text=through+httpd", Origin=origin
    )
    assert (status, headers["Location"]) == (303, "/")
    assert "<td>through httpd</td>" in httpd.ask("/")[1]
    assert (
        httpd.ask("/notes", "POST", b"text=x", Origin="https://evil.example")[0] == 403
    )


def test_a_database_that_is_away(httpd: Httpd, database: Machine) -> None:
    database.stop_postgres()
    status, page, _ = httpd.ask("/")
    assert (status, "does not answer" in page) == (503, True)
    assert httpd.ask("/healthz")[0] == 200


def test_says_little_of_itself_and_proxies_for_nobody(httpd: Httpd) -> None:
    assert httpd.ask("/", "TRACE")[0] == 405
    assert httpd.ask("/notes", "POST", b"text=" + b"x" * 70000)[0] == 413
    status, page, headers = httpd.ask("/nothing")
    assert status == 404 and "Apache/" not in page + str(headers)


def test_probes_stay_out_of_the_log(httpd: Httpd) -> None:
    httpd.ask("/healthz")
    httpd.ask("/seen")
    httpd.close()
    log = (httpd.folder / "insight-access.log").read_text()
    assert "/seen 404" in log and "healthz" not in log


def test_an_application_that_is_starting(tmp_path: Path) -> None:
    folder = tmp_path / "httpd"
    folder.mkdir()
    server = Httpd(folder, free_port())
    try:
        status, page, _ = server.ask("/")
        assert (status, page) == (
            503,
            "The application is starting. Reload in a moment.",
        )
    finally:
        server.close()
