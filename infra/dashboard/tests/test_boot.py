"""dashboard-boot with real PostgreSQL, psql, aws and Secrets Manager: only docker is a fake."""

import os
import shutil
from collections.abc import Iterator

import boto3
import pytest
from conftest import PASSWORD, Postgres, free_port
from machine import Machine
from moto.server import ThreadedMotoServer

ROWS = [(1, "Amazon", "c5"), (2, "Azure", "H16mr")]
SPIED = ("aws", "psql", "pg_isready", "docker")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address, port = server.get_host_and_port()
    yield f"http://{address}:{port}"
    server.stop()


@pytest.fixture
def secrets(aws: str) -> object:
    return boto3.client(
        "secretsmanager",
        endpoint_url=aws,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def spy(host: Machine, name: str) -> None:
    """Records a program's arguments and then runs it."""
    real = host.bin / name
    target = real.readlink() if real.is_symlink() else shutil.which(name)
    real.unlink(missing_ok=True)
    real.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{host.root}/argv"\nexec "{target}" "$@"\n'
    )
    real.chmod(0o755)


@pytest.fixture
def instance(host: Machine, postgres: Postgres, aws: str, secrets: object) -> Machine:
    arn = secrets.create_secret(Name=os.urandom(8).hex(), SecretString=PASSWORD)["ARN"]
    host.set_docker(images={"dash-front:1.0.0": {}, "dash-back:1.0.0": {}})
    host.write_settings(
        DB_HOST="127.0.0.1", DB_PORT=str(postgres.port), DB_SECRET_ARN=arn
    )
    host.environment = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in SPIED:
        spy(host, name)
    return host


def boot(host: Machine) -> tuple[int, str]:
    done = host.run("dashboard-boot")
    output = done.stdout + done.stderr
    assert PASSWORD not in output
    assert "SWMTKN" not in output
    argv = host.root / "argv"
    assert not argv.exists() or PASSWORD not in argv.read_text()
    return done.returncode, output


def test_brings_everything_up(instance: Machine, postgres: Postgres) -> None:
    code, output = boot(instance)
    assert code == 0, output
    assert output.endswith("the dashboard is up\n")
    assert postgres.rows() == ROWS
    docker = instance.docker
    assert docker["swarm"] == "active"
    assert list(docker["secrets"].values()) == [PASSWORD]
    assert instance.running() == {
        "dash-front": ["dash-front:1.0.0"] * 2,
        "dash-back": ["dash-back:1.0.0"] * 2,
    }
    back = docker["services"]["dash-back"]["tasks"][0]["Spec"]["ContainerSpec"]
    assert back["Secrets"] == list(docker["secrets"])
    assert back["Env"] == [
        "DB_HOST=127.0.0.1",
        "DB_NAME=dashboard",
        f"DB_PORT={postgres.port}",
        "DB_USER=postgres",
    ]


def test_nothing_readable_holds_the_password(instance: Machine) -> None:
    assert boot(instance)[0] == 0
    written = [path for path in instance.state.rglob("*") if path.is_file()]
    assert instance.state / "secret" in written
    for path in written:
        assert PASSWORD not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0


def test_a_reboot_changes_nothing(instance: Machine, postgres: Postgres) -> None:
    assert boot(instance)[0] == 0
    before = instance.docker
    code, output = boot(instance)
    assert code == 0, output
    assert len(instance.calls("swarm", "init")) == 1
    assert len(instance.calls("secret", "create")) == 1
    assert instance.docker == before
    assert postgres.rows() == ROWS


def test_a_rotated_password(
    instance: Machine, postgres: Postgres, secrets: object
) -> None:
    assert boot(instance)[0] == 0
    (old,) = instance.docker["secrets"]
    secrets.put_secret_value(
        SecretId=instance.settings["DB_SECRET_ARN"], SecretString="rotated"
    )
    with postgres.connect() as connection:
        connection.execute("ALTER ROLE postgres PASSWORD 'rotated'")
        try:
            code, output = boot(instance)
        finally:
            # Other tests know it by its first one.
            literal = PASSWORD.replace("'", "''")
            connection.execute(f"ALTER ROLE postgres PASSWORD '{literal}'")
    assert code == 0, output
    ((name, value),) = instance.docker["secrets"].items()
    assert (name != old, value) == (True, "rotated")
    for service, expected in (("dash-back", [name]), ("dash-front", [])):
        for task in instance.docker["services"][service]["tasks"]:
            assert task["Spec"]["ContainerSpec"]["Secrets"] == expected


def test_waits_for_a_database_that_comes_late(
    instance: Machine, postgres: Postgres
) -> None:
    path = instance.bin / "pg_isready"
    real = path.read_text().splitlines()[-1]
    count = instance.root / "asked"
    path.write_text(
        f'#!/bin/sh\necho x >>"{count}"\n[ "$(wc -l <"{count}")" -gt 5 ] || exit 2\n{real}\n'
    )
    code, output = boot(instance)
    assert code == 0, output
    assert count.read_text() == "x\n" * 6
    assert postgres.rows() == ROWS


def test_a_database_that_never_comes(instance: Machine) -> None:
    port = str(free_port())
    instance.write_settings(DB_PORT=port)
    code, output = boot(instance)
    assert code == 1
    assert f"the database at 127.0.0.1:{port} does not answer" in output
    assert instance.calls() == []


def test_a_database_that_refuses_the_password(
    instance: Machine, secrets: object
) -> None:
    secrets.put_secret_value(
        SecretId=instance.settings["DB_SECRET_ARN"], SecretString="wrong"
    )
    code, output = boot(instance)
    assert code == 1
    assert "password authentication failed" in output
    assert "cannot apply" in output
    assert instance.calls() == []


def test_a_secret_that_cannot_be_read(instance: Machine) -> None:
    instance.write_settings(DB_SECRET_ARN=instance.settings["DB_SECRET_ARN"] + "x")
    code, output = boot(instance)
    assert code == 1
    assert "ResourceNotFoundException" in output
    assert "instance profile has to allow secretsmanager:GetSecretValue" in output


def test_a_secret_without_text(instance: Machine, secrets: object) -> None:
    arn = secrets.create_secret(Name=os.urandom(8).hex(), SecretBinary=b"binary")["ARN"]
    instance.write_settings(DB_SECRET_ARN=arn)
    code, output = boot(instance)
    assert code == 1
    assert f"{arn} holds no text" in output


def test_a_missing_setting(instance: Machine) -> None:
    instance.write_settings(DB_USER="")
    code, output = boot(instance)
    assert (code, output) == (1, f"DB_USER is missing in {instance.env_file}\n")


def test_no_settings_yet(instance: Machine) -> None:
    instance.env_file.unlink()
    code, output = boot(instance)
    assert code == 1
    assert f"cannot read {instance.env_file}" in output


def test_settings_in_the_shells_quoting(instance: Machine, postgres: Postgres) -> None:
    instance.write_settings(DB_NAME="it's $HOME `id`")
    code, output = boot(instance)
    assert code == 0, output
    assert postgres.rows("it's $HOME `id`") == ROWS


def test_a_broken_swarm(instance: Machine) -> None:
    instance.set_docker(swarm="error")
    code, output = boot(instance)
    assert code == 1
    assert "docker swarm leave --force" in output


def test_images_that_are_gone_are_built_again(instance: Machine) -> None:
    instance.set_docker(images={})
    code, output = boot(instance)
    assert code == 0, output
    assert set(instance.docker["images"]) == {"dash-front:1.0.0", "dash-back:1.0.0"}


def test_a_stack_that_does_not_come_up(instance: Machine) -> None:
    instance.set_docker(unhealthy=["dash-back:1.0.0"])
    instance.environment["DASHBOARD_CONVERGE_SECONDS"] = "1"
    code, output = boot(instance)
    assert code == 1
    assert "dashboard_dash-back: not running" in output
    # It is repaired, and systemd starts it again.
    del instance.environment["DASHBOARD_CONVERGE_SECONDS"]
    instance.set_docker(unhealthy=[], services={})
    assert boot(instance)[0] == 0
