"""Waits until a stack runs exactly what its services say, or says why it never will.

A deployment clears the update status of the services it touches. Whatever status a
service has after it therefore belongs to this deployment, and a service without one
is done as soon as all its tasks carry its own specification. A task counts as
running only once its health check has passed.
"""

import json
import subprocess
import sys
import time

FAILED_UPDATES = {"paused", "rollback_paused", "rollback_completed"}


def docker(*args: str) -> str:
    return subprocess.run(
        ["docker", *args], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


def inspect(kind: str, ids: list[str]) -> list[dict]:
    return json.loads(docker("inspect", "--type", kind, *ids)) if ids else []


def services_of(stack: str) -> list[dict]:
    label = f"label=com.docker.stack.namespace={stack}"
    return inspect("service", docker("service", "ls", "--quiet", "--filter", label).split())


def tasks_of(service: dict, *filters: str) -> list[dict]:
    listed = docker("service", "ps", "--quiet", "--no-trunc", *filters, service["ID"])
    return inspect("task", listed.split())


def update_state(service: dict) -> str:
    return (service.get("UpdateStatus") or {}).get("State", "")


def is_up(service: dict) -> bool:
    if update_state(service) not in ("", "completed"):
        return False
    tasks = tasks_of(service, "--filter", "desired-state=running")
    replicas = service["Spec"]["Mode"].get("Replicated", {}).get("Replicas", len(tasks))
    return len(tasks) == replicas and all(
        task["Status"]["State"] == "running" and task["Spec"] == service["Spec"]["TaskTemplate"]
        for task in tasks
    )


def complaints(service: dict) -> list[str]:
    """What the service's tasks died of, each cause once."""
    status = service.get("UpdateStatus") or {}
    causes = [status["Message"]] if status.get("Message") else []
    for task in tasks_of(service):
        if error := task["Status"].get("Err"):
            causes.append(f"{task['Spec']['ContainerSpec']['Image']}: {error}")
    return list(dict.fromkeys(causes))[:5]


def main(stack: str, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while True:
        try:
            services = services_of(stack)
            waiting = [service for service in services if not is_up(service)]
        except subprocess.CalledProcessError:
            # Tasks come and go between listing and inspecting them; docker has said
            # on standard error what else it may be.
            services, waiting = [], []
        if services and not waiting:
            return 0
        failed = [service for service in waiting if update_state(service) in FAILED_UPDATES]
        expired = time.monotonic() >= deadline
        if failed or expired:
            break
        time.sleep(1)
    for service in failed or waiting:
        name = service["Spec"]["Name"]
        state = update_state(service) or "not running"
        print(f"{name}: {state}", file=sys.stderr)
        for cause in complaints(service):
            print(f"{name}: {cause}", file=sys.stderr)
    if expired:
        print(f"the stack {stack} is not up after {seconds:g} seconds", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
