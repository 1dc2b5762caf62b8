"""The optional push to a registry: its password stays off the command line and the disk."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import DASHBOARD

SCRIPT = DASHBOARD.parents[1] / "packer" / "dashboard" / "scripts" / "push-images.sh"
PASSWORD = "pass'word $HOME"
DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >>"$RECORD/argv"
case $1 in
  login)
    cat >"$RECORD/stdin"
    printf '%s' "$DOCKER_CONFIG" >"$RECORD/config"
    echo auth >"$DOCKER_CONFIG/config.json"
    ;;
  image) [ "$2" = rm ] || printf '%s\\n' dash-front:1.0.0 dash-back:1.0.0 ;;
  push) [ -z "${DOCKERHUB_PASS:-}" ] && [ ! -e "$RECORD/refuse" ] ;;
  tag) ;;
  *) exit 97 ;;
esac
"""


def push(tmp_path: Path, **credentials: str) -> subprocess.CompletedProcess:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "argv").touch()
    path = f"{tmp_path}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", SCRIPT],
        env={"PATH": path, "RECORD": str(tmp_path), **credentials},
        capture_output=True,
        encoding="utf-8",
    )


def test_pushes_each_image(tmp_path: Path) -> None:
    done = push(tmp_path, DOCKERHUB_USER="team", DOCKERHUB_PASS=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "stdin").read_text() == PASSWORD
    argv = (tmp_path / "argv").read_text().splitlines()
    assert argv[0] == "login --username team --password-stdin"
    assert [line for line in argv if line.startswith("push")] == [
        "push team/dash-front:1.0.0",
        "push team/dash-back:1.0.0",
    ]
    assert PASSWORD not in "".join(argv) + done.stdout + done.stderr
    # Docker writes the password down there when it logs in.
    assert not Path((tmp_path / "config").read_text()).exists()


def test_a_refused_push_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "refuse").touch()
    done = push(tmp_path, DOCKERHUB_USER="team", DOCKERHUB_PASS=PASSWORD)
    assert done.returncode != 0
    assert not Path((tmp_path / "config").read_text()).exists()


@pytest.mark.parametrize(
    "credentials", [{}, {"DOCKERHUB_USER": "team"}, {"DOCKERHUB_PASS": PASSWORD}]
)
def test_without_credentials_nothing_happens(
    tmp_path: Path, credentials: dict[str, str]
) -> None:
    done = push(tmp_path, **credentials)
    assert done.returncode == 0
    assert done.stdout.startswith("not pushing the images")
    assert (tmp_path / "argv").read_text() == ""
