"""Python, units and what else has a checker passes it; scripts/check/shell has the shell scripts."""

import subprocess
import sys
from pathlib import Path

from machine import STACK


def check(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


def test_black() -> None:
    files = [*STACK.rglob("*.py"), STACK / "host" / "bin" / "single-host"]
    check(sys.executable, "-m", "black", "--quiet", "--check", "--diff", *files)


def test_ruby_is_ruby() -> None:
    files = [
        *STACK.rglob("*.rb"),
        STACK / "app" / "Rakefile",
        STACK / "app" / "config.ru",
    ]
    assert len(files) > 6
    for file in files:
        check("ruby", "-wc", file)
        assert file.read_text().startswith("# frozen_string_literal: true\n")


def test_units(tmp_path: Path) -> None:
    """Beside stand-ins for what they need, as this machine may have none of it."""
    for unit in (STACK / "host" / "systemd").iterdir():
        text = unit.read_text().replace(
            "/usr/local/lib/single-host", str(STACK / "host")
        )
        (tmp_path / unit.name).write_text(text.replace("/usr/bin/docker", "/bin/true"))
    for needed in ("docker", "nginx"):
        stand_in = tmp_path / f"{needed}.service"
        stand_in.write_text("[Service]\nExecStart=/bin/true\n")
    units = [path for path in tmp_path.iterdir() if path.name.startswith("single-host")]
    assert len(units) == 3
    check("systemd-analyze", "verify", "--man=no", *units)
