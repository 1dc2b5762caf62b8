"""What the tests share: the stack's programs, an emulated AWS, and a scripted one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from scripted import Scripted

FARGATE = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
# How a task ends that was skipped, and whose last line says why.
SKIPPED = 77


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address, port = server.get_host_and_port()
    yield f"http://{address}:{port}"
    server.stop()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()
    assert server.unknown == []


@pytest.fixture(scope="session")
def client(aws: str) -> Callable[[str], object]:
    return lambda service: boto3.client(
        service,
        endpoint_url=aws,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def environment(endpoint: str, **more: str) -> dict[str, str]:
    """What a program gets from amiable: little, and the way to AWS."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ},
        **more,
    }


def run(
    program: str, *arguments: object, env: dict[str, str]
) -> subprocess.CompletedProcess:
    """Runs one of the stack's programs; what it says is in one text."""
    return subprocess.run(
        [FARGATE / program, *[str(argument) for argument in arguments]],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
