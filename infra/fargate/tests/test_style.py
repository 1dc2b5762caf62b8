"""Every program passes its checker."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FARGATE

SCRIPTS = [
    FARGATE / "pipeline" / "push-image",
    FARGATE / "tasks" / "try-app",
    FARGATE / "tests" / "run",
]
PROGRAMS = [
    FARGATE / "pipeline" / "deploy-image",
    FARGATE / "pipeline" / "try-image",
    FARGATE / "tasks" / "empty",
    FARGATE / "tasks" / "release",
]


def check(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


def test_every_program_is_checked() -> None:
    found = {
        file
        for folder in ("pipeline", "tasks")
        for file in (FARGATE / folder).iterdir()
        if file.stat().st_mode & 0o111
    }
    assert found == {*SCRIPTS[:2], *PROGRAMS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts(script: Path) -> None:
    check("shellcheck", script)
    assert script.read_text().startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script.read_text()
    assert script.stat().st_mode & 0o111


def test_black() -> None:
    files = [*FARGATE.rglob("*.py"), *PROGRAMS]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_flake8() -> None:
    files = [*FARGATE.rglob("*.py"), *PROGRAMS]
    settings = FARGATE / "app" / ".flake8"
    check(sys.executable, "-m", "flake8", "--config", settings, *files)
