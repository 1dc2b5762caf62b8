"""Python, units and what else has a checker passes it; scripts/check/shell has the shell scripts."""

import subprocess
import sys
from pathlib import Path

from machine import CLUSTER


def check(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


def test_black() -> None:
    files = [*CLUSTER.rglob("*.py"), CLUSTER / "host" / "bin" / "swarm-node"]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_units(tmp_path: Path) -> None:
    """Beside stand-ins for what they need, as this machine may have none of it."""
    for unit in (CLUSTER / "host" / "systemd").iterdir():
        text = unit.read_text().replace(
            "/usr/local/lib/swarm-cluster", str(CLUSTER / "host")
        )
        (tmp_path / unit.name).write_text(text)
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    units = [path for path in tmp_path.iterdir() if path.name.startswith("swarm-node")]
    check("systemd-analyze", "verify", "--man=no", *units)
