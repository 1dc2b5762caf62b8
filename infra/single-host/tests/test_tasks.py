"""The tasks, as far as they need no machine: copies of the volume against an emulated EC2, and
what is said where nothing can be done."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from machine import STACK

TASKS = STACK / "tasks"
LAST_COPY = STACK.parent / "common" / "tasks" / "keep-last-copy"


def run(
    task: str | Path, *words: str, **environment: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [TASKS / task, *words],
        env={"PATH": os.environ["PATH"]} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def data_volume(ec2: object, environment: str, name: str) -> str:
    tags = {"Stack": "single-host", "Environment": environment, "Name": name}
    return ec2.create_volume(
        AvailabilityZone="eu-west-1a",
        Size=1,
        TagSpecifications=[
            {
                "ResourceType": "volume",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )["VolumeId"]


def copies(ec2: object, volume: str) -> list[dict]:
    filters = [{"Name": "volume-id", "Values": [volume]}]
    return ec2.describe_snapshots(Filters=filters)["Snapshots"]


def test_a_copy_of_the_data_is_taken_and_of_nothing_else(
    aws_environment: dict[str, str], client: Callable[[str], object]
) -> None:
    ec2 = client("ec2")
    volume = data_volume(ec2, "staging", "single-host-staging-data")
    other = data_volume(ec2, "prod", "single-host-prod-data")
    done = run(LAST_COPY, "single-host", "staging", **aws_environment)
    assert done.returncode == 0, done.stdout
    (snapshot,) = copies(ec2, volume)
    assert f'data_snapshot_id = "{snapshot["SnapshotId"]}"' in done.stdout
    assert copies(ec2, other) == []
    listed = run("snapshots", "staging", **aws_environment)
    assert (listed.returncode, snapshot["SnapshotId"] in listed.stdout) == (0, True)
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
