"""Python, units and what else has a checker passes it; scripts/check/shell has the shell scripts."""

import subprocess
import sys
from pathlib import Path

from conftest import DASHBOARD


def check(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


def test_black() -> None:
    files = [*DASHBOARD.rglob("*.py"), DASHBOARD / "tests" / "fakes" / "docker"]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_units(tmp_path: Path) -> None:
    """Beside stand-ins for what they need, as this machine may have none of it."""
    for unit in (DASHBOARD / "host" / "systemd").iterdir():
        text = unit.read_text().replace(
            "/usr/local/lib/dashboard", str(DASHBOARD / "host")
        )
        (tmp_path / unit.name).write_text(text)
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    units = [path for path in tmp_path.iterdir() if path.name.startswith("dashboard-")]
    check("systemd-analyze", "verify", "--man=no", *units)
