"""What the tests share: a network of their own, AWS's emulator in it, and machines."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import images
import kernel
import pytest
from machine import BRIDGE, GATEWAY, Machine, ip
from moto.server import ThreadedMotoServer


def pytest_report_header() -> str:
    mesh = "through the routing mesh" if kernel.has_ipvs() else "without IPVS: no mesh"
    network = "encrypted" if kernel.has_esp() else "without ESP: networks in clear"
    return f"kernel: {mesh}; {network}"


@pytest.fixture(scope="session")
def network() -> None:
    """The private network that tests/run has made for this process, with a bridge."""
    ip("link", "set", "lo", "up")
    # Without an address of its own a bridge takes over one of its ports, and changes it.
    ip("link", "add", BRIDGE, "address", "02:00:0a:63:00:01", "type", "bridge")
    ip("address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


@pytest.fixture(scope="session")
def aws(network: None) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address=GATEWAY, port=0)
    server.start()
    address, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{address}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    yield f"http://{address}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def secrets(aws: str) -> object:
    return boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def empty_secret(secrets: object) -> Callable[[], str]:
    """Makes secrets as Terraform does: without a value."""
    return lambda: secrets.create_secret(Name=os.urandom(8).hex())["ARN"]


@pytest.fixture(scope="session")
def image_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    images.make(folder)
    return folder


@pytest.fixture(scope="module")
def machines(
    aws: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Machine]]:
    """Starts machines, which end with the module's tests."""
    started: list[Machine] = []
    numbers = itertools.count(11)

    def start(name: str, address: str | None = None) -> Machine:
        folder = tmp_path_factory.mktemp(name)
        address = address or f"10.99.0.{next(numbers)}"
        machine = Machine(folder, name, address, aws)
        started.append(machine)
        return machine

    yield start
    for machine in started:
        machine.power_off()
