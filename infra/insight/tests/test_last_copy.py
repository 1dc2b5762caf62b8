"""The task that keeps a last copy of the data, against an emulated EC2."""

import os
import subprocess
from collections.abc import Callable

from machine import INSIGHT

TASK = INSIGHT.parent / "common" / "tasks" / "keep-last-copy"


def run(
    aws_environment: dict[str, str], environment: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [TASK, "insight", environment],
        env={
            "PATH": os.environ["PATH"],
            "AWS_DEFAULT_REGION": "us-east-1",
            **aws_environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def data_volume(ec2: object, environment: str, name: str) -> str:
    tags = {"Stack": "insight", "Environment": environment, "Name": name}
    return ec2.create_volume(
        AvailabilityZone="us-east-1a",
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
    volume = data_volume(ec2, "staging", "insight-staging-data")
    others = [
        data_volume(ec2, "prod", "insight-prod-data"),
        data_volume(ec2, "staging", "another"),
    ]
    done = run(aws_environment, "staging")
    assert done.returncode == 0, done.stdout
    (snapshot,) = copies(ec2, volume)
    assert f'data_snapshot_id = "{snapshot["SnapshotId"]}"' in done.stdout
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert tags == {
        "Name": "insight-staging-last",
        "Stack": "insight",
        "Environment": "staging",
    }
    assert [copies(ec2, other) for other in others] == [[], []]


def test_not_in_the_sandbox(
    aws_environment: dict[str, str], client: Callable[[str], object]
) -> None:
    ec2 = client("ec2")
    volume = data_volume(ec2, "sandbox", "insight-sandbox-data")
    done = run(aws_environment, "sandbox")
    assert (done.returncode, "the sandbox" in done.stdout) == (77, True)
    assert copies(ec2, volume) == []


def test_nothing_to_copy(aws_environment: dict[str, str]) -> None:
    done = run(aws_environment, "elsewhere")
    assert (done.returncode, "there is no data volume" in done.stdout) == (77, True)


def test_an_aws_that_does_not_answer_fails(aws_environment: dict[str, str]) -> None:
    broken = {**aws_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert run(broken, "prod").returncode != 0
