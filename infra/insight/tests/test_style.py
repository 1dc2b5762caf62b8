"""Python, units and what else has a checker passes it; scripts/check/shell has the shell scripts."""

import subprocess
import sys
from pathlib import Path

from machine import INSIGHT


def check(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


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
