"""Calls of AWS through its command line program, which people and CodeBuild have anyway."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path


class Refused(Exception):
    """AWS, or the way to it, said no. `code` is AWS's name of the error, or empty."""

    def __init__(self, what: str, said: str) -> None:
        found = re.search(r"An error occurred \(([^)]+)\)", said)
        self.code = found.group(1) if found else ""
        super().__init__(f"{what}: {said.strip()}")


def program() -> str:
    """The `aws` on PATH, or the one that amiable has installed."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    home = Path(os.environ.get("AMIABLE_HOME") or data / "amiable")
    return shutil.which("aws") or shutil.which("aws", path=home / "venv/bin") or "aws"


def aws(service: str, action: str, /, **parameters: object) -> dict:
    """Makes one call, all pages of it, and returns the answer.

    Parameters are those of AWS's API. They go through a file: a thousand keys of a bucket are
    too many for arguments, and the program reads them twice, which a pipe does not allow.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(parameters, file)
        file.flush()
        command = [program(), service, action, "--output", "json"]
        command += ["--cli-input-json", f"file://{file.name}"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "AWS_PAGER": ""},
        )
    if done.returncode != 0:
        raise Refused(f"aws {service} {action}", done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {}
