"""The boot programs with real PostgreSQL, aws, Secrets Manager and mesh configuration."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from machine import MESH_SECRET, PASSWORD, Machine

Secret = Callable[[str], str]


def spy(host: Machine, *names: str) -> None:
    """Records programs' arguments and then runs them."""
    for name in names:
        file = host.bin / name
        file.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{host.root}/argv"\nexec "{shutil.which(name)}" "$@"\n'
        )
        file.chmod(0o755)


@pytest.fixture
def database_host(
    machine: Callable[[str], Machine], secret: Secret, aws_environment: dict[str, str]
) -> Machine:
    host = machine("postgres")
    host.environment |= aws_environment
    host.settings(
        AWS_DEFAULT_REGION="us-east-1",
        CONSUL_DATACENTER="insight-test",
        CONSUL_ROLE="server",
        CONSUL_SERVER="",
        DATA_VOLUME="vol-0123456789abcdef0",
        DB_NAME="insight",
        DB_SECRET_ARN=secret(PASSWORD),
        DB_USER="insight",
        MESH_SECRET_ARN=secret(MESH_SECRET),
        WEB_CIDRS="10.30.0.0/20 127.0.0.1/32",
    )
    # Volumes have tests of their own.
    volume = host.library / "bin" / "insight-volume"
    volume.write_text(f'#!/bin/sh\necho "$@" >"{host.root}/volume"\nmkdir -p "$2"\n')
    spy(host, "aws", "psql", "python3")
    return host


def test_a_new_machine_has_a_database(database_host: Machine) -> None:
    output = database_host.succeed("insight-database-boot", WEB_CIDRS="")
    assert output.splitlines()[-1] == "the database is up"
    assert (
        database_host.root / "volume"
    ).read_text() == f"vol-0123456789abcdef0 {database_host.data}\n"
    with database_host.connect() as connection:
        connection.execute("CREATE TABLE notes AS SELECT 1 AS id")
    assert database_host.restarted() == ["insight-postgres.service", "consul.service"]


def test_booting_again_keeps_the_data_and_takes_another_password(
    database_host: Machine, secret: Secret
) -> None:
    database_host.succeed("insight-database-boot")
    with database_host.connect() as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'kept' AS text")
    settings = (database_host.etc / "instance.env").read_text()
    (database_host.etc / "instance.env").write_text(
        settings + f"DB_SECRET_ARN='{secret('another-password')}'\n"
    )
    database_host.succeed("insight-database-boot")
    with database_host.connect("another-password") as connection:
        assert connection.execute("SELECT text FROM notes").fetchone() == ("kept",)


def test_no_secret_is_in_an_argument_or_left_in_a_file(database_host: Machine) -> None:
    output = database_host.succeed("insight-database-boot")
    arguments = (database_host.root / "argv").read_text()
    assert "get-secret-value" in arguments and "accounts.sql" not in arguments
    for text in (arguments, output, database_host.postgres_log()):
        assert PASSWORD not in text and MESH_SECRET not in text
    assert list(database_host.run_dir.iterdir()) == []


def test_the_mesh_is_configured(database_host: Machine) -> None:
    database_host.succeed("insight-database-boot")
    file = database_host.root / "consul.d" / "insight.json"
    config = json.loads(file.read_text())
    assert (config["server"], config["datacenter"], config["node_name"]) == (
        True,
        "insight-test",
        socket.gethostname(),
    )
    assert file.stat().st_mode & 0o007 == 0
    assert MESH_SECRET not in file.read_text()


@pytest.mark.parametrize(
    "name", ["DB_NAME", "DATA_VOLUME", "WEB_CIDRS", "DB_SECRET_ARN"]
)
def test_a_missing_setting(database_host: Machine, name: str) -> None:
    with (database_host.etc / "instance.env").open("a") as file:
        file.write(f"{name}=\n")
    # Nothing of the caller's stands in for it.
    done = database_host.run("insight-database-boot", **{name: "x"})
    assert (done.returncode, done.stdout) == (
        1,
        f"{name} is missing in {database_host.etc}/instance.env\n",
    )
    assert database_host.restarted() == []


def test_no_settings_yet(database_host: Machine) -> None:
    (database_host.etc / "instance.env").unlink()
    done = database_host.run("insight-database-boot")
    assert (done.returncode, "the instance's user data writes it" in done.stdout) == (
        1,
        True,
    )


def test_a_volume_that_fails_stops_the_boot(database_host: Machine) -> None:
    (database_host.library / "bin" / "insight-volume").write_text(
        "#!/bin/sh\necho broken\nexit 1\n"
    )
    done = database_host.run("insight-database-boot")
    assert (done.returncode, done.stdout) == (1, "broken\n")
    assert not (database_host.data / "pgdata").exists()


def test_a_secret_that_cannot_be_read(database_host: Machine) -> None:
    with (database_host.etc / "instance.env").open("a") as file:
        file.write(
            "DB_SECRET_ARN=arn:aws:secretsmanager:us-east-1:123456789012:secret:none\n"
        )
    (database_host.bin / "sleep").write_text("#!/bin/sh\n")
    done = database_host.run("insight-database-boot")
    assert done.returncode == 1
    assert (
        "the instance profile has to allow secretsmanager:GetSecretValue on it"
        in done.stdout
    )


@pytest.fixture
def web_host(
    machine: Callable[[str], Machine], secret: Secret, aws_environment: dict[str, str]
) -> Machine:
    host = machine("httpd")
    host.environment |= aws_environment
    host.settings(
        AWS_DEFAULT_REGION="us-east-1",
        CONSUL_DATACENTER="insight-test",
        CONSUL_ROLE="client",
        CONSUL_SERVER="127.0.0.1",
        DB_CREATE="no",
        DB_HOST="postgres.service.consul",
        DB_NAME="insight",
        DB_PORT="5432",
        DB_SECRET_ARN=secret(PASSWORD),
        DB_USER="insight",
        MESH_SECRET_ARN=secret(MESH_SECRET),
    )
    spy(host, "aws", "psql", "python3")
    return host


def app_environment(host: Machine) -> dict[str, str]:
    lines = (host.etc / "app.env").read_text().splitlines()
    return {
        name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)
    }


def test_a_new_web_server(web_host: Machine) -> None:
    output = web_host.succeed("insight-web-boot")
    assert output.splitlines()[-1] == "the web server is up"
    assert web_host.restarted() == [
        "consul.service",
        "insight-app.service",
        "apache2.service",
    ]
    environment = app_environment(web_host)
    assert environment | {"DB_PASSWORD_FILE": ""} == {
        "DB_HOST": "postgres.service.consul",
        "DB_PORT": "5432",
        "DB_NAME": "insight",
        "DB_USER": "insight",
        "DB_PASSWORD_FILE": "",
    }
    password = Path(environment["DB_PASSWORD_FILE"])
    assert password.read_text() == PASSWORD + "\n"
    assert password.stat().st_mode & 0o077 == 0
    assert [path.name for path in web_host.run_dir.iterdir()] == ["db-password"]
    config = json.loads((web_host.root / "consul.d" / "insight.json").read_text())
    assert (config["server"], config["retry_join"]) == (False, ["127.0.0.1"])


def test_may_boot_again(web_host: Machine) -> None:
    web_host.succeed("insight-web-boot")
    web_host.succeed("insight-web-boot")
    assert (
        web_host.restarted()
        == ["consul.service", "insight-app.service", "apache2.service"] * 2
    )


def test_no_secret_is_in_an_argument_of_the_web_server(web_host: Machine) -> None:
    output = web_host.succeed("insight-web-boot")
    for text in (
        (web_host.root / "argv").read_text(),
        output,
        (web_host.etc / "app.env").read_text(),
    ):
        assert PASSWORD not in text and MESH_SECRET not in text


def test_with_rds_there_is_no_mesh_and_the_database_is_made(
    web_host: Machine, database: Machine, secret: Secret
) -> None:
    """A role that may create databases stands in for RDS's administrator."""
    database.administer("ALTER ROLE insight CREATEDB")
    hba = Path(database.etc / "pg_hba.conf")
    original = hba.read_text()
    hba.write_text(
        original.replace(
            "host     all      all      all  reject",
            "hostssl all insight 127.0.0.1/32 scram-sha-256",
        )
    )
    try:
        database.administer("SELECT pg_reload_conf()")
        with (web_host.etc / "instance.env").open("a") as file:
            file.write(
                f"CONSUL_ROLE=\nCONSUL_SERVER=\nMESH_SECRET_ARN=\nDB_CREATE=yes\nDB_HOST=127.0.0.1\nDB_PORT={database.port}\n"
            )
            file.write('DB_NAME="it\'s a \\"new\\" one"\n')
        for _ in range(2):
            output = web_host.succeed("insight-web-boot")
            assert "this deployment has no Consul" in output
        names = database.administer(
            "SELECT datname FROM pg_database WHERE datdba = 'insight'::regrole ORDER BY 1"
        )
        assert names.splitlines() == ["insight", 'it\'s a "new" one']
        assert not (web_host.root / "consul.d").exists()
        assert PASSWORD not in (web_host.root / "argv").read_text()
    finally:
        database.administer('DROP DATABASE IF EXISTS "it\'s a ""new"" one"')
        database.administer("ALTER ROLE insight NOCREATEDB")
        hba.write_text(original)
        database.administer("SELECT pg_reload_conf()")


def test_user_data_is_understood(web_host: Machine, tmp_path: Path) -> None:
    """What Terraform's template writes for nasty values is what the programs read."""
    nasty = 'it\'s $HOME `id` \\ "x"'
    quoted = nasty.replace("'", "'\\''")
    (web_host.etc / "instance.env").write_text(f"NASTY='{quoted}'\nEMPTY=''\n")
    script = tmp_path / "read"
    script.write_text(
        f'. "{web_host.library}/lib/common.sh"\nload_instance_env NASTY EMPTY\\?\nprintf "%s|%s" "$NASTY" "$EMPTY"\n'
    )
    import subprocess

    done = subprocess.run(
        ["sh", "-eu", script],
        env={**web_host.environment, "EMPTY": "from the caller"},
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.stdout, done.stderr) == (nasty + "|", "")
    assert os.environ.get("NASTY") is None
