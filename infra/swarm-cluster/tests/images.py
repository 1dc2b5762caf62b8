"""Small images that stand in for those that the compose file takes from a registry: a web page
that counts visits in Redis, something that answers on 8080, and Debian's own Redis."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from machine import Machine

ROOT = Path(os.environ["SWARM_TESTS_ROOT"])
APPLETS = ("sh", "wget", "nc", "hostname", "grep", "ls")

PAGE = """#!/bin/sh
visits=$(printf 'INCR visits\\r\\nQUIT\\r\\n' | nc -w 3 redis 6379 | grep : )
printf 'Content-Type: text/plain\\r\\n\\r\\nhost %s\\nvisits %s\\n' "$(hostname)" "$visits"
"""

# Name => (files, command).
IMAGES = {
    "web:test": ("web", ["httpd", "-f", "-p", "80", "-h", "/www"]),
    "visualizer:test": ("web", ["httpd", "-f", "-p", "8080", "-h", "/static"]),
    "redis:test": ("redis", ["redis-server"]),
}


def with_busybox(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "bin" / "busybox", folder / "bin" / "busybox")
    for applet in (*APPLETS, "httpd"):
        (folder / "bin" / applet).symlink_to("busybox")
    (folder / "tmp").mkdir()


def with_program(folder: Path, program: Path) -> None:
    """Copies a program with the libraries that it loads, at the places where it looks."""
    own = sorted({str(path.parent) for path in ROOT.rglob("*.so*")})
    listed = subprocess.run(
        ["ldd", program],
        env=os.environ | {"LD_LIBRARY_PATH": ":".join(own)},
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout
    (folder / "lib").mkdir(exist_ok=True)
    for found in re.findall(r"(/\S+) \(0x", listed):
        path = Path(found)
        if path.name.startswith("ld-linux"):
            loader = folder / str(path).lstrip("/")
            loader.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, loader)
        else:
            shutil.copy(path, folder / "lib" / path.name)
    shutil.copy(program, folder / "bin" / program.name)


def make(folder: Path) -> None:
    """Makes each image's files below the folder."""
    web = folder / "web"
    with_busybox(web)
    (web / "www" / "cgi-bin").mkdir(parents=True)
    page = web / "www" / "cgi-bin" / "index.cgi"
    page.write_text(PAGE)
    page.chmod(0o755)
    (web / "static").mkdir()
    (web / "static" / "index.html").write_text("visualizer\n")
    redis = folder / "redis"
    with_busybox(redis)
    for program in ("redis-server", "redis-cli"):
        with_program(redis, ROOT / "usr" / "bin" / program)
    (redis / "data").mkdir()


def load(folder: Path, machine: Machine) -> None:
    """Gives a machine's engine all the images."""
    for name, (files, command) in IMAGES.items():
        words = ", ".join(f'"{word}"' for word in command)
        changes = [
            *("--change", "ENV PATH=/bin LD_LIBRARY_PATH=/lib"),
            *("--change", "WORKDIR /data" if files == "redis" else "WORKDIR /"),
            *("--change", f"CMD [{words}]"),
        ]
        archive = folder / f"{files}.tar"
        if not archive.exists():
            subprocess.run(
                ["tar", "-c", "-f", archive, "-C", folder / files, "."], check=True
            )
        machine.docker("import", *changes, archive, name)
