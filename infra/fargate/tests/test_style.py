"""Every Python program passes its checkers; scripts/check/shell has the shell scripts."""

import subprocess
import sys

from conftest import FARGATE

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
    files = (
        file
        for folder in ("pipeline", "tasks")
        for file in (FARGATE / folder).iterdir()
        if file.is_file() and file.read_text().startswith("#!/usr/bin/env python3\n")
    )
    assert sorted(files) == PROGRAMS


def test_black() -> None:
    files = [*FARGATE.rglob("*.py"), *PROGRAMS]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_flake8() -> None:
    files = [*FARGATE.rglob("*.py"), *PROGRAMS]
    settings = FARGATE / "app" / ".flake8"
    check(sys.executable, "-m", "flake8", "--config", settings, *files)
