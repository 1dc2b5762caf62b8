"""Calls of AWS through its command line program, which people and CodeBuild have anyway."""

import json
import os
import re
import subprocess
import tempfile


class Refused(Exception):
    """AWS, or the way to it, said no. `code` is AWS's name of the error, or empty."""

    def __init__(self, what: str, said: str) -> None:
        found = re.search(r"An error occurred \(([^)]+)\)", said)
        self.code = found.group(1) if found else ""
        super().__init__(f"{what}: {said.strip()}")


def aws(service: str, action: str, /, **parameters: object) -> dict:
    """Makes one call, all pages of it, and returns the answer.

    Parameters are those of AWS's API. They go through a file: a thousand keys of a bucket are
    too many for arguments, and the program reads them twice, which a pipe does not allow.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(parameters, file)
        file.flush()
        command = ["aws", service, action, "--output", "json"]
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
