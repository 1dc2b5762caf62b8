"""Waits until a stack runs exactly what its services say, or says why it never will.

A deployment clears the update status of the services it touches. Whatever status a
service has after it therefore belongs to this deployment. A service without one has
either nothing to update or has not begun: it must look done several times in a row,
with tasks that carry its own specification. A task counts as running only once its
health check has passed.
"""

import json
import subprocess
import sys
import time

LOOKS = 3
FAILED_UPDATES = {"paused", "rollback_paused", "rollback_completed"}

# Not "shutdown": that is how tasks end that a newer one replaces.
ENDED = {"complete", "failed", "rejected"}


def docker(*args: str) -> str:
    return subprocess.run(
        ["docker", *args], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


def inspect(kind: str, ids: list[str]) -> list[dict]:
    return json.loads(docker("inspect", "--type", kind, *ids)) if ids else []


def services_of(stack: str) -> list[dict]:
    label = f"label=com.docker.stack.namespace={stack}"
    return inspect(
        "service", docker("service", "ls", "--quiet", "--filter", label).split()
    )


def tasks_of(service: dict, *filters: str) -> list[dict]:
    listed = docker("service", "ps", "--quiet", "--no-trunc", *filters, service["ID"])
    return inspect("task", listed.split())


def carries(wanted: object, actual: object) -> bool:
    """Whether a task's specification is that of its service.

    Docker fills in defaults when it shows a service, and not when it shows a task.
    """
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return all(
            key in wanted and carries(wanted[key], actual[key]) for key in actual
        )
    return wanted == actual


def update_state(service: dict) -> str:
    return (service.get("UpdateStatus") or {}).get("State", "")


def is_up(service: dict) -> bool:
    if update_state(service) not in ("", "completed"):
        return False
    tasks = tasks_of(service, "--filter", "desired-state=running")
    replicas = service["Spec"]["Mode"].get("Replicated", {}).get("Replicas", len(tasks))
    return len(tasks) == replicas and all(
        task["Status"]["State"] == "running"
        and carries(service["Spec"]["TaskTemplate"], task["Spec"])
        for task in tasks
    )


def task_errors(services: list[dict], since: str) -> dict[str, str]:
    """Why tasks ended, by task: swarm forgets them soon.

    A server that ends well when it is told to leaves no error, even when it was told
    to because its health check failed.
    """
    return {
        task["ID"]: f"{task['Spec']['ContainerSpec']['Image']}: "
        + task["Status"].get(
            "Err", "ended by itself, or because its health check failed"
        )
        for service in services
        for task in tasks_of(service)
        if task["Status"]["State"] in ENDED and task["CreatedAt"] >= since
    }


def complain(services: list[dict], errors: dict[str, str]) -> None:
    for service in services:
        status = service.get("UpdateStatus") or {}
        state = status.get("State", "not running")
        print(f"{service['Spec']['Name']}: {state}", file=sys.stderr)
    for error in dict.fromkeys(errors.values()):
        print(error, file=sys.stderr)


def main(stack: str, since: str, seconds: float, pause: float) -> int:
    deadline = time.monotonic() + seconds
    looks = 0
    errors: dict[str, str] = {}
    while True:
        try:
            services = services_of(stack)
            waiting = [service for service in services if not is_up(service)]
            errors |= task_errors(waiting, since)
        except subprocess.CalledProcessError:
            # Tasks come and go between listing and inspecting them; docker has said
            # on standard error what else it may be.
            services, waiting = [], []
        looks = looks + 1 if services and not waiting else 0
        if looks == LOOKS:
            return 0
        failed = [
            service for service in waiting if update_state(service) in FAILED_UPDATES
        ]
        expired = time.monotonic() >= deadline
        if failed or expired:
            break
        time.sleep(pause)
    complain(failed or waiting, errors)
    if expired:
        print(f"the stack {stack} is not up after {seconds:g} seconds", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
