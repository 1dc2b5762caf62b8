"""A cluster of machines, told about itself as Terraform's user data does."""

import json
import os

import kernel
import yaml
from machine import CLUSTER, Machine

COMPOSE = CLUSTER / "app" / "docker-compose.yml"
GENERATION = "11111111-0000-4000-8000-000000000000"


class Cluster:
    def __init__(self, secrets: object, managers: int, replicas: int = 2) -> None:
        self._secrets = secrets
        self.managers = managers
        self.replicas = replicas
        self.generation = GENERATION
        self.join_secrets = {
            role: secrets.create_secret(Name=os.urandom(8).hex())["ARN"]
            for role in ("worker", "manager")
        }

    def published(self, role: str) -> dict:
        arn = self.join_secrets[role]
        return json.loads(self._secrets.get_secret_value(SecretId=arn)["SecretString"])

    def versions(self, role: str) -> int:
        arn = self.join_secrets[role]
        listed = self._secrets.list_secret_version_ids(
            SecretId=arn, IncludeDeprecated=True
        )
        return len(listed["Versions"])

    def tell_manager(self, machine: Machine, founder: bool = False) -> Machine:
        compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
        compose = kernel.adapt(compose, kernel.has_ipvs(), kernel.has_esp())
        (machine.folder / "docker-compose.yml").write_text(yaml.safe_dump(compose))
        self._tell(machine, "manager", self.join_secrets, founder)
        return machine

    def tell_worker(self, machine: Machine) -> Machine:
        own = {"worker": self.join_secrets["worker"]}
        self._tell(machine, "worker", own, founder=False)
        return machine

    def _tell(
        self, machine: Machine, role: str, secrets: dict[str, str], founder: bool
    ) -> None:
        machine.tell(
            role=role,
            founder=founder,
            managers=self.managers,
            generation=self.generation,
            join_secrets=secrets,
            address_pool="198.18.0.0/16",
            services={
                "WEB_IMAGE": "web:test",
                "WEB_REPLICAS": str(self.replicas),
                "VISUALIZER_IMAGE": "visualizer:test",
                "REDIS_IMAGE": "redis:test",
            },
        )
