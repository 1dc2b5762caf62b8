"""The join secrets in AWS Secrets Manager."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .record import Record, dump, parse


class SecretsError(Exception):
    """Secrets Manager cannot be reached or refuses; the text says which secret."""


class Secrets:
    def __init__(self, region: str) -> None:
        self._client = boto3.client(
            "secretsmanager",
            region_name=region,
            config=Config(
                connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}
            ),
        )

    def read(self, arn: str) -> Record | None:
        """None when nobody has published yet."""
        try:
            answer = self._client.get_secret_value(SecretId=arn)
        except ClientError as error:
            # Terraform makes the secret without a value.
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise SecretsError(f"cannot read {arn}: {error}") from error
        except BotoCoreError as error:
            raise SecretsError(f"cannot read {arn}: {error}") from error
        return parse(answer.get("SecretString", ""))

    def upsert(self, arn: str, record: Record) -> bool:
        """Makes the record the secret's value, whether it has one or not; False when
        it is that already, as Secrets Manager keeps a hundred versions a day."""
        if self.read(arn) == record:
            return False
        try:
            self._client.put_secret_value(SecretId=arn, SecretString=dump(record))
        except (BotoCoreError, ClientError) as error:
            raise SecretsError(f"cannot write {arn}: {error}") from error
        return True
