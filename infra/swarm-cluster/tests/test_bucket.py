"""make-state-bucket with the real aws command and the emulator's S3."""

import os
import subprocess

import boto3
import pytest
from botocore.exceptions import ClientError
from machine import CLUSTER


@pytest.fixture
def s3(aws: str) -> object:
    return boto3.client("s3", region_name="eu-west-2")


@pytest.fixture
def name() -> str:
    return f"state-{os.urandom(6).hex()}"


def make(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [CLUSTER / "make-state-bucket", *args],
        env=os.environ | {"AWS_DEFAULT_REGION": "eu-west-2"},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("region", ["eu-west-2", "us-east-1"])
def test_makes_a_bucket_for_states(s3: object, name: str, region: str) -> None:
    done = make(name, region)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"made {name} in {region}\ndeploy with SWARM_STATE_BUCKET={name}\n"
    )
    place = s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
    assert place == region
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    assert rules["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"
    }
    access = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(access.values()) == {True}
    policy = s3.get_bucket_policy(Bucket=name)["Policy"]
    assert f"arn:aws:s3:::{name}/*" in policy and "aws:SecureTransport" in policy


def test_repairs_a_bucket_that_is_there(s3: object, name: str) -> None:
    place = {"LocationConstraint": "eu-west-2"}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    s3.put_object(Bucket=name, Key="swarm-cluster/prod.tfstate", Body=b"state")
    done = make(name)
    assert done.returncode == 0, done.stderr
    assert f"{name} is there already" in done.stdout
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    # The emulator is asked in clear, which the bucket now refuses.
    with pytest.raises(ClientError, match="403"):
        s3.get_object(Bucket=name, Key="swarm-cluster/prod.tfstate")
    s3.delete_bucket_policy(Bucket=name)
    kept = s3.get_object(Bucket=name, Key="swarm-cluster/prod.tfstate")
    assert kept["Body"].read() == b"state"
    assert make(name).returncode == 0


def test_a_bucket_that_cannot_be_looked_at_is_not_made(
    name: str, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = make(name)
    assert done.returncode == 1
    assert f"{name} cannot be looked at" in done.stderr


def test_says_how_it_is_used() -> None:
    done = make()
    assert (done.returncode, done.stderr) == (
        2,
        "usage: make-state-bucket BUCKET [REGION]\n",
    )
