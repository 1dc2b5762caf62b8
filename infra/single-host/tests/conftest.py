"""What the tests share: a network of their own with AWS's emulator in it, and a machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from machine import BRIDGE, GATEWAY, Machine, ip
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="session")
def network() -> None:
    """The private network that tests/run has made for this process, with a bridge."""
    ip("link", "set", "lo", "up")
    # Without an address of its own a bridge takes over one of its ports, and changes it.
    ip("link", "add", BRIDGE, "address", "02:00:0a:61:00:01", "type", "bridge")
    ip("address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


@pytest.fixture(scope="session")
def aws_environment(network: None) -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address=GATEWAY, port=0)
    server.start()
    address, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{address}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.stop()


@pytest.fixture(scope="session")
def client(aws_environment: dict[str, str]) -> Callable[[str], object]:
    return lambda service: boto3.client(
        service,
        endpoint_url=aws_environment["AWS_ENDPOINT_URL"],
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def secret(client: Callable[[str], object]) -> Callable[[str], str]:
    """Keeps a text in Secrets Manager and returns its ARN."""
    manager = client("secretsmanager")
    return lambda text: manager.create_secret(
        Name=os.urandom(8).hex(), SecretString=text
    )["ARN"]


@pytest.fixture(scope="module")
def start_machine(
    aws_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Machine]]:
    """Starts machines, which end with the module's tests."""
    started: list[Machine] = []

    def start(disk: Path) -> Machine:
        folder = tmp_path_factory.mktemp("machine")
        address = f"10.97.0.{11 + len(started)}"
        machine = Machine(folder, disk, address, aws_environment)
        started.append(machine)
        return machine

    yield start
    for machine in started:
        machine.power_off()
