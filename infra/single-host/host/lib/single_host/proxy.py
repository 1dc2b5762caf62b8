"""nginx in front of the application: which container it passes requests to."""

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .problem import Problem
from .settings import write

ROUTE = Path("/etc/nginx/single-host/route.conf")
PID = Path("/run/nginx.pid")
STATUS = "http://127.0.0.1/.host/release"
# Seconds until nginx answers with a new configuration.
RELOAD_SECONDS = 30
# nginx.conf lets workers of an old configuration go on for a minute.
DRAIN_SECONDS = 70

NO_RELEASE = """# Written by single-host.
location = /.host/release { allow 127.0.0.1; deny all; return 200 "none\\n"; }
location / { return 503 "no version is released yet\\n"; }
"""


def route(version: int, port: int) -> str:
    return f"""# Written by single-host at each release.
location = /.host/release {{ allow 127.0.0.1; deny all; return 200 "{version} {port}\\n"; }}
location / {{
  proxy_pass http://app-on-{port};
  include /etc/nginx/single-host/proxy.conf;
}}
"""


def answered(url: str, seconds: float = 5) -> tuple[int, str]:
    """Status and text of an answer; status 0 when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, answer.read(200).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def workers() -> set[int]:
    """Processes that serve, of every configuration."""
    try:
        master = int(PID.read_text())
        children = Path(f"/proc/{master}/task/{master}/children").read_text()
    except (OSError, ValueError):
        raise Problem("nginx does not run: see journalctl -u nginx")
    return {int(pid) for pid in children.split()}


def switch(version: int, port: int) -> set[int]:
    """Has every new request go to the port; returns the workers that still serve older ones.
    nginx goes on as before when this fails."""
    before = ROUTE.read_text(encoding="utf-8")
    old = workers()
    write(ROUTE, route(version, port), 0o644)
    try:
        reload()
        deadline = time.monotonic() + RELOAD_SECONDS
        while answered(STATUS) != (200, f"{version} {port}\n"):
            if time.monotonic() > deadline:
                raise Problem("nginx does not take its new configuration")
            time.sleep(0.1)
    except BaseException:
        write(ROUTE, before, 0o644)
        reload()
        raise
    return old


def close() -> None:
    """Passes requests to nobody."""
    write(ROUTE, NO_RELEASE, 0o644)
    reload()


def reload() -> None:
    for words in (["nginx", "-t", "-q"], ["nginx", "-s", "reload"]):
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        if done.returncode != 0:
            raise Problem(f"{' '.join(words)} fails: {done.stdout.strip()}")


def drain(old: set[int]) -> None:
    """Waits until workers of before a switch have answered what they had begun."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while old & workers() and time.monotonic() < deadline:
        time.sleep(0.1)
