"""The task that keeps a last copy of the data, against an emulated EC2."""

import os
import subprocess
from collections.abc import Callable

from machine import INSIGHT

TASK = INSIGHT / "tasks" / "keep-last-copy"


def run(
    aws_environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [TASK, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "AWS_DEFAULT_REGION": "us-east-1",
            **aws_environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def test_a_copy_is_taken(
    aws_environment: dict[str, str], client: Callable[[str], object]
) -> None:
    ec2 = client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    done = run(aws_environment, "staging", volume)
    assert done.returncode == 0, done.stdout
    (snapshot,) = ec2.describe_snapshots(
        Filters=[{"Name": "volume-id", "Values": [volume]}]
    )["Snapshots"]
    assert f'data_snapshot_id = "{snapshot["SnapshotId"]}"' in done.stdout
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert tags == {
        "Name": "insight-staging-last",
        "Stack": "insight",
        "Environment": "staging",
    }


def test_not_in_the_sandbox_and_not_for_rds(
    aws_environment: dict[str, str], client: Callable[[str], object]
) -> None:
    ec2 = client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    for arguments, word in (
        (("sandbox", volume), "the sandbox"),
        (("prod", ""), "RDS"),
        (("prod",), "RDS"),
    ):
        done = run(aws_environment, *arguments)
        assert (done.returncode, word in done.stdout) == (0, True)
    assert (
        ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [volume]}])[
            "Snapshots"
        ]
        == []
    )


def test_a_volume_that_is_gone_fails(aws_environment: dict[str, str]) -> None:
    done = run(aws_environment, "prod", "vol-00000000000000000")
    assert done.returncode != 0
    assert "InvalidVolume.NotFound" in done.stdout
