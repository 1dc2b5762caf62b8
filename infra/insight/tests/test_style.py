"""Every script and unit passes its checker."""

import subprocess
import sys
from pathlib import Path

import pytest
from machine import INSIGHT

PACKER = INSIGHT.parents[1] / "packer" / "insight" / "scripts"
LIBRARIES = sorted(INSIGHT.glob("host/*/lib/*.sh"))
PROGRAMS = [
    *sorted(INSIGHT.glob("host/*/bin/*")),
    *sorted((INSIGHT / "tasks").iterdir()),
    INSIGHT / "pipeline" / "smoke",
    INSIGHT / "tests" / "run",
    INSIGHT / "tests" / "fakes" / "systemctl",
    *sorted(PACKER.rglob("*.sh")),
]


def check(*command: object, **options: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        **options,
    )
    assert done.returncode == 0, done.stdout


def test_there_are_scripts() -> None:
    assert len(PROGRAMS) > 25 and len(LIBRARIES) == 2


@pytest.mark.parametrize(
    "script", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_programs(script: Path) -> None:
    check("shellcheck", script)
    assert script.read_text().startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script.read_text()
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("script", LIBRARIES, ids=lambda path: path.name)
def test_libraries(script: Path) -> None:
    check("shellcheck", script)


def test_black() -> None:
    files = [*INSIGHT.rglob("*.py"), INSIGHT / "stand-in" / "consul"]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_units(tmp_path: Path) -> None:
    """Beside stand-ins for what they need, as this machine may have none of it."""
    units = sorted(INSIGHT.glob("host/*/systemd/*"))
    assert len(units) == 5
    for unit in units:
        text = unit.read_text()
        for folder in (
            "/usr/local/lib/insight/bin/",
            "/usr/local/bin/",
            "/opt/insight/venv/bin/",
        ):
            text = text.replace(f"ExecStart={folder}", "ExecStart=/bin/true ")
        (tmp_path / unit.name).write_text(text)
    check(
        "systemd-analyze",
        "verify",
        "--man=no",
        *[tmp_path / unit.name for unit in units],
    )
