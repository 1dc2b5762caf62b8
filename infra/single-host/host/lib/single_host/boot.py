"""Brings this machine up: the volume with the data, the secrets, the database, and the release
that served before. It may run at each boot and after a failure."""

import subprocess
import time
from collections.abc import Callable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import engine
from .database import CONTAINER, PORT, USER, Database
from .problem import Problem
from .releases import Releases
from .settings import APP_ENV, DATA, LIBRARY, READY, Instance, write

# The instance profile's credentials may come a moment after the network.
SECRET_TRIES = 8


def boot(instance: Instance, say: Callable[[str], None]) -> None:
    READY.unlink(missing_ok=True)
    mount = [LIBRARY / "bin" / "mount-volume", instance.volume, DATA]
    if subprocess.run(mount).returncode != 0:
        raise Problem(f"the data volume {instance.volume} is not mounted")
    password = secret(instance.region, instance.mysql_secret)
    key = secret(instance.region, instance.key_secret)
    write(APP_ENV, app_env(instance.database, password, key))

    engine.provide_network()
    database = Database(instance.database)
    database.start()
    database.provide_account(password)
    say("the database is up")
    Releases(database, say).resume()
    write(READY, "ready\n", 0o644)
    say("this machine is up")


def app_env(database: str, password: str, key: str) -> str:
    """What the application is told, as docker's --env-file takes it: up to the line's end."""
    values = {
        "MYSQL_HOST": CONTAINER,
        "MYSQL_PORT": str(PORT),
        "MYSQL_USER": USER,
        "MYSQL_PASSWORD": password,
        "MYSQL_DATABASE": database,
        "SECRET_KEY_BASE": key,
    }
    for name, value in values.items():
        if not value or "\n" in value or "\r" in value:
            raise Problem(f"{name} must be one line that is not empty")
    return "".join(f"{name}={value}\n" for name, value in values.items())


def secret(region: str, arn: str) -> str:
    client = boto3.client(
        "secretsmanager",
        region_name=region,
        config=Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}),
    )
    for left in reversed(range(SECRET_TRIES)):
        try:
            return client.get_secret_value(SecretId=arn).get("SecretString", "")
        except (BotoCoreError, ClientError) as error:
            if left == 0:
                raise Problem(
                    f"cannot read {arn}: {error}; the instance profile has to allow"
                    " secretsmanager:GetSecretValue on it"
                ) from error
            time.sleep(min(15, 2 ** (SECRET_TRIES - 1 - left)))
    raise AssertionError("the last try returns or raises")
