"""A throw-away checkout with a chosen PATH, for tests of the shell scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What the scripts themselves call; everything else is there only if a test puts it there.
COREUTILS = """
    awk cat chmod chown cksum cp cut date dirname env find flock grep head id kill ln ls mkdir
    mktemp mv printf readlink rm sed sh sha256sum sleep sort stat tail tar touch tr uname wc
""".split()


class ScriptCase(unittest.TestCase):
    """Each test has a folder with a checkout, a home and a `bin` that is all of PATH."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="amiable scripts ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.checkout = self.folder / "checkout"
        self.home = self.folder / "home"
        self.bin = self.folder / "bin"
        self.calls = self.folder / "calls"
        self.checkout.mkdir()
        self.bin.mkdir()
        self.calls.touch()
        shutil.copy(ROOT / "run", self.checkout / "run")
        shutil.copytree(ROOT / "scripts", self.checkout / "scripts")
        for name in COREUTILS:
            self.link(name)
        self.env = {
            "PATH": str(self.bin),
            "HOME": str(self.folder),
            "AMIABLE_HOME": str(self.home),
            "CALLS": str(self.calls),
            "LC_ALL": "C.UTF-8",
        }

    def link(self, name: str) -> None:
        """Puts a program of this machine on PATH."""
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            self.fail(f"{name} is not on this machine")
        (self.bin / name).symlink_to(program)

    def fake(self, name: str, body: str = "", version: str = "") -> Path:
        """Puts a program on PATH that records its call and then does `body`."""
        lines = ["#!/bin/sh", f'printf \'%s\\n\' "{name} $*" >>"$CALLS"']
        if version:
            lines.append(f"echo '{version}'")
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text("\n".join([*lines, body, ""]))
        path.chmod(0o755)
        return path

    def called(self) -> list[str]:
        """The recorded calls since the last time this was asked."""
        lines = self.calls.read_text().splitlines()
        self.calls.write_text("")
        return lines

    def run_script(self, *command: str, **options) -> subprocess.CompletedProcess[str]:
        """Runs a script of the checkout without a terminal."""
        program = self.checkout / command[0]
        return subprocess.run(
            [str(program), *command[1:]],
            cwd=options.pop("cwd", self.checkout),
            env={**self.env, **options.pop("env", {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces text that has to be there in a file of the checkout."""
        file = self.checkout / path
        text = file.read_text()
        self.assertIn(old, text)
        file.write_text(text.replace(old, new))

    def files(self, folder: Path) -> list[str]:
        """Every file and link below a folder, by its path in it."""
        return sorted(
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_symlink() or not path.is_dir()
        )
