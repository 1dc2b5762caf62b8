"""The stage Deploy, with a scripted ECS and CodeDeploy."""

import json
from pathlib import Path

import pytest
from conftest import environment, run
from scripted import Scripted

IMAGE = "registry/app@sha256:" + "a" * 64
OLD = "arn:aws:ecs:us-east-1:123456789012:task-definition/fargate-dev:7"
NEW = "arn:aws:ecs:us-east-1:123456789012:task-definition/fargate-dev:8"

DESCRIBED = {
    "taskDefinition": {
        "taskDefinitionArn": OLD,
        "family": "fargate-dev",
        "revision": 7,
        "status": "ACTIVE",
        "registeredBy": "somebody",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "executionRoleArn": "arn:aws:iam::123456789012:role/start",
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "app",
                "image": "registry/app:named-by-the-pipeline",
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                "readonlyRootFilesystem": True,
            }
        ],
    }
}


def service(state: str, running: int, desired: int = 2, **more: object) -> dict:
    mine = {
        "id": "ecs-svc/mine",
        "status": "PRIMARY",
        "taskDefinition": NEW,
        "rolloutState": state,
        "runningCount": running,
        "desiredCount": desired,
    }
    return {"desiredCount": desired, "deployments": [mine], "events": []} | more


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    file = tmp_path / "image.json"
    file.write_text(json.dumps({"image": IMAGE, "commit": "0123456789ab"}))
    return file


@pytest.fixture
def env(scripted: Scripted) -> dict[str, str]:
    scripted.answer("DescribeTaskDefinition", DESCRIBED)
    registered = {"taskDefinitionArn": NEW, "revision": 8}
    scripted.answer("RegisterTaskDefinition", {"taskDefinition": registered})
    return environment(
        scripted.url,
        DEPLOY_PAUSE="0.05",
        CLUSTER="fargate-dev",
        SERVICE="fargate-dev",
        TASK_FAMILY="fargate-dev",
        MIN_TASKS="2",
        DEPLOYMENT="rolling",
        CODEDEPLOY_APP="",
        CODEDEPLOY_GROUP="",
    )


def test_the_newest_task_definition_gets_the_image(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    scripted.answer("DescribeServices", {"services": [service("COMPLETED", 2)]})
    scripted.answer("UpdateService", {"service": service("IN_PROGRESS", 0)})
    done = run("pipeline/deploy-image", image_file, env=env)
    assert done.returncode == 0, done.stdout
    (registered,) = scripted.requests("RegisterTaskDefinition")
    before = DESCRIBED["taskDefinition"]
    kept = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities")
    kept += ("taskRoleArn", "executionRoleArn")
    container = before["containerDefinitions"][0] | {"image": IMAGE}
    assert registered == {name: before[name] for name in kept} | {
        "containerDefinitions": [container]
    }
    assert scripted.requests("DescribeTaskDefinition")[0] == {
        "taskDefinition": "fargate-dev"
    }


def test_rolling_waits_until_the_deployment_is_complete(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    old_event = {"id": "0", "message": "of yesterday"}
    event = {"id": "1", "message": "(service fargate-dev) has started 2 tasks"}
    scripted.answer(
        "DescribeServices",
        {"services": [service("COMPLETED", 0, 0)]},
        {"services": [service("IN_PROGRESS", 1, events=[event, old_event])]},
        {"services": [service("COMPLETED", 2, events=[event, old_event])]},
    )
    scripted.answer(
        "UpdateService", {"service": service("IN_PROGRESS", 0, events=[old_event])}
    )
    done = run("pipeline/deploy-image", image_file, env=env)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        f"registered fargate-dev:8 with {IMAGE}",
        "ECS: (service fargate-dev) has started 2 tasks",
        "rolling out: 1 of 2 tasks run",
        "rolling out: 2 of 2 tasks run",
        f"{IMAGE} is deployed",
    ]


@pytest.mark.parametrize(("now", "wanted"), [(0, 2), (1, 2), (2, 2), (5, 5)])
def test_the_first_deployment_starts_tasks_and_later_ones_keep_their_number(
    scripted: Scripted, env: dict[str, str], image_file: Path, now: int, wanted: int
) -> None:
    scripted.answer("DescribeServices", {"services": [service("COMPLETED", now, now)]})
    scripted.answer("UpdateService", {"service": service("IN_PROGRESS", 0)})
    assert run("pipeline/deploy-image", image_file, env=env).returncode == 0
    (update,) = scripted.requests("UpdateService")
    assert update == {
        "cluster": "fargate-dev",
        "service": "fargate-dev",
        "taskDefinition": NEW,
        "desiredCount": wanted,
    }


def test_a_broken_circuit_fails_with_its_reason(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    failed = service("FAILED", 0)
    reason = "ECS deployment circuit breaker: tasks failed to start."
    failed["deployments"][0]["rolloutStateReason"] = reason
    scripted.answer(
        "DescribeServices",
        {"services": [service("COMPLETED", 2)]},
        {"services": [service("IN_PROGRESS", 0)]},
        {"services": [failed]},
    )
    scripted.answer("UpdateService", {"service": service("IN_PROGRESS", 0)})
    done = run("pipeline/deploy-image", image_file, env=env)
    assert done.returncode == 1
    assert f"the deployment of {IMAGE} failed: {reason}" in done.stdout
    assert "is deployed" not in done.stdout


def test_a_deployment_that_was_taken_back_is_none(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    back = service("COMPLETED", 2)
    back["deployments"][0] |= {"id": "ecs-svc/other", "taskDefinition": OLD}
    scripted.answer(
        "DescribeServices",
        {"services": [service("COMPLETED", 2)]},
        {"services": [back]},
    )
    scripted.answer("UpdateService", {"service": service("IN_PROGRESS", 0)})
    done = run("pipeline/deploy-image", image_file, env=env)
    assert done.returncode == 1 and "has taken the place of this one" in done.stdout


def blue_green(env: dict[str, str]) -> dict[str, str]:
    return env | {
        "DEPLOYMENT": "blue-green",
        "CODEDEPLOY_APP": "fargate-dev",
        "CODEDEPLOY_GROUP": "fargate-dev",
    }


def codedeploy(status: str, **more: object) -> dict:
    return {"deploymentInfo": {"status": status} | more}


def test_blue_green_is_done_when_the_new_version_serves(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    """Not only when the version before has ended, minutes later."""
    scripted.answer("DescribeServices", {"services": [service("COMPLETED", 0, 0)]})
    scripted.answer("UpdateService", {"service": service("COMPLETED", 0)})
    scripted.answer("CreateDeployment", {"deploymentId": "d-ABCDEFGHI"})
    scripted.answer(
        "GetDeployment",
        codedeploy("InProgress"),
        codedeploy("InProgress", instanceTerminationWaitTimeStarted=True),
    )
    done = run("pipeline/deploy-image", image_file, env=blue_green(env))
    assert done.returncode == 0, done.stdout
    (update,) = scripted.requests("UpdateService")
    assert update["desiredCount"] == 2 and "taskDefinition" not in update
    (asked,) = scripted.requests("CreateDeployment")
    assert (asked["applicationName"], asked["deploymentGroupName"]) == (
        "fargate-dev",
    ) * 2
    content = json.loads(asked["revision"]["appSpecContent"]["content"])
    properties = content["Resources"][0]["TargetService"]["Properties"]
    assert properties == {
        "TaskDefinition": NEW,
        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080},
    }
    assert content["version"] == 0.0


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_blue_green_that_fails_says_why(
    scripted: Scripted, env: dict[str, str], image_file: Path, status: str
) -> None:
    scripted.answer("DescribeServices", {"services": [service("COMPLETED", 2)]})
    scripted.answer("CreateDeployment", {"deploymentId": "d-ABCDEFGHI"})
    error = {"code": "HEALTH_CONSTRAINTS", "message": "the tasks are not healthy"}
    scripted.answer("GetDeployment", codedeploy(status, errorInformation=error))
    done = run("pipeline/deploy-image", image_file, env=blue_green(env))
    assert done.returncode == 1
    assert f"failed: {status.lower()}: the tasks are not healthy" in done.stdout
    assert scripted.requests("UpdateService") == []


def test_a_service_that_is_not_there(
    scripted: Scripted, env: dict[str, str], image_file: Path
) -> None:
    scripted.answer("DescribeServices", {"services": []})
    done = run("pipeline/deploy-image", image_file, env=env)
    assert done.returncode == 1 and "there is no service fargate-dev" in done.stdout
