"""The sample app's own tests, which any Ruby with its libraries runs."""

import re
import subprocess

from machine import STACK


def test_the_apps_tests() -> None:
    done = subprocess.run(
        ["rake", "test"],
        cwd=STACK / "app",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    counted = re.search(r"(\d+) runs, .* 0 failures, 0 errors, 0 skips", done.stdout)
    assert counted and int(counted[1]) >= 10, done.stdout
    print(counted[0])
