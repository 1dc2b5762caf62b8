"""The tasks, as far as they need no machine: the list of copies against an emulated EC2, and what
is said where nothing can be done."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from machine import STACK

TASKS = STACK / "tasks"


def run(task: str, *words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [TASKS / task, *words],
        env={"PATH": os.environ["PATH"]} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def test_copies_are_those_of_the_environment(
    aws_environment: dict[str, str], client: Callable[[str], object]
) -> None:
    ec2 = client("ec2")
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    tags = {"Stack": "single-host", "Environment": "staging"}
    snapshot = ec2.create_snapshot(
        VolumeId=volume,
        TagSpecifications=[
            {
                "ResourceType": "snapshot",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )["SnapshotId"]
    listed = run("snapshots", "staging", **aws_environment)
    assert (listed.returncode, snapshot in listed.stdout) == (0, True)
    assert "there is no copy" in run("snapshots", "prod", **aws_environment).stdout


def test_an_aws_that_does_not_answer_fails(aws_environment: dict[str, str]) -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    broken = {**aws_environment, **nobody}
    assert run("snapshots", "prod", **broken).returncode != 0


def test_the_sandbox_has_no_machine() -> None:
    words = ("ubuntu@192.0.2.1", "i-0123456789abcdef0", "eu-west-1", "status")
    done = run("on-host", *words, AMIABLE_ENVIRONMENT="sandbox")
    assert (done.returncode, "a record in the emulator" in done.stdout) == (1, True)


def test_an_app_needs_a_dockerfile(tmp_path: Path) -> None:
    words = ("ubuntu@192.0.2.1", "i-0123456789abcdef0", "eu-west-1", str(tmp_path))
    done = run("release", *words, "--version", "1")
    assert (done.returncode, "has no Dockerfile" in done.stdout) == (1, True)


def test_session_manager_carries_ssh_where_no_port_is_open(tmp_path: Path) -> None:
    for name in ("ssh", "session-manager-plugin"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        program.chmod(0o755)
    words = ("ubuntu@i-0123456789abcdef0", "i-0123456789abcdef0", "eu-west-1")
    done = run("on-host", *words, "status", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout
    said = done.stdout.splitlines()
    assert said[-2:] == ["ubuntu@i-0123456789abcdef0", "single-host 'status'"]
    assert any("--document-name AWS-StartSSHSession" in line for line in said)
