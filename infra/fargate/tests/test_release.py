"""The task that starts the pipeline and waits, with a scripted CodePipeline."""

import os
import signal
import subprocess

import pytest
from conftest import FARGATE, SKIPPED, environment, run
from scripted import Scripted

ID = "11111111-1111-4111-8111-111111111111"
NEWER = "22222222-2222-4222-8222-222222222222"


def execution(status: str, identifier: str = ID) -> dict:
    return {
        "pipelineExecution": {
            "pipelineName": "fargate-dev",
            "pipelineExecutionId": identifier,
            "status": status,
        }
    }


def action(stage: str, status: str, at: int, **more: object) -> dict:
    return {
        "stageName": stage,
        "actionName": stage,
        "status": status,
        "startTime": at,
    } | more


def details(*actions: dict) -> dict:
    """As AWS gives them: the newest first."""
    return {"actionExecutionDetails": list(reversed(actions))}


SOURCE = action(
    "Source",
    "Succeeded",
    1,
    output={"executionResult": {"externalExecutionSummary": "Say what is new\n\nmore"}},
)
BUILD = {
    "input": {"configuration": {"ProjectName": "fargate-dev-test"}},
    "output": {
        "executionResult": {
            "externalExecutionId": "fargate-dev-test:0001",
            "externalExecutionUrl": "https://console.example/build/0001",
            "errorDetails": {"message": "Build terminated with state: FAILED"},
        }
    },
}


def definition(**configuration: str) -> dict:
    source = {"name": "Source", "configuration": configuration}
    kind = {"category": "Source", "owner": "ThirdParty", "provider": "GitHub"}
    source["actionTypeId"] = kind | {"version": "1"}
    return {
        "pipeline": {
            "name": "fargate-dev",
            "roleArn": "arn:aws:iam::123456789012:role/pipeline",
            "stages": [{"name": "Source", "actions": [source]}],
            "version": 1,
        }
    }


@pytest.fixture
def env(scripted: Scripted) -> dict[str, str]:
    scripted.answer("StartPipelineExecution", {"pipelineExecutionId": ID})
    scripted.answer("GetPipeline", definition(ConnectionArn="arn:connection"))
    return environment(scripted.url, RELEASE_PAUSE="0.05")


def test_progress_is_told_once_and_as_it_comes(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer(
        "GetPipelineExecution",
        execution("InProgress"),
        execution("InProgress"),
        execution("Succeeded"),
    )
    scripted.answer(
        "ListActionExecutions",
        details(action("Source", "InProgress", 1)),
        details(SOURCE, action("Test", "InProgress", 2)),
        details(SOURCE, action("Test", "Succeeded", 2), action("Lint", "Succeeded", 3)),
    )
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        f"started the pipeline fargate-dev: {ID}",
        "Source: running",
        "Source: Succeeded: Say what is new",
        "Test: running",
        "Test: Succeeded",
        "Lint: Succeeded",
        "the pipeline fargate-dev has deployed",
    ]
    assert scripted.requests("StartPipelineExecution")[0]["name"] == "fargate-dev"
    asked = scripted.requests("ListActionExecutions")[0]
    assert asked["filter"] == {"pipelineExecutionId": ID}


def test_a_pipeline_without_a_connection_gets_the_token(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer("GetPipeline", definition(Owner="team", OAuthToken="****"))
    scripted.answer("UpdatePipeline", {})
    scripted.answer("GetPipelineExecution", execution("Succeeded"))
    scripted.answer("ListActionExecutions", details(SOURCE))
    token = "ghp_0123456789"
    done = run("tasks/release", "dev", "fargate-dev", env=env | {"GITHUB_TOKEN": token})
    assert done.returncode == 0, done.stdout
    (asked,) = scripted.requests("UpdatePipeline")
    wanted = definition(Owner="team", OAuthToken=token)
    assert asked["pipeline"]["stages"] == wanted["pipeline"]["stages"]
    assert token not in done.stdout
    order = [operation for operation, _ in scripted.asked]
    assert order[:3] == ["GetPipeline", "UpdatePipeline", "StartPipelineExecution"]


def test_without_connection_and_token_nothing_is_started(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer("GetPipeline", definition(OAuthToken="****"))
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 1
    assert "give a connection (FARGATE_CONNECTION) or the credential" in done.stdout
    assert scripted.requests("StartPipelineExecution") == []


def test_a_connection_needs_no_token(scripted: Scripted, env: dict[str, str]) -> None:
    scripted.answer("GetPipelineExecution", execution("Succeeded"))
    scripted.answer("ListActionExecutions", details(SOURCE))
    env["GITHUB_TOKEN"] = "ghp_0123456789"
    assert run("tasks/release", "dev", "fargate-dev", env=env).returncode == 0
    assert scripted.requests("UpdatePipeline") == []


def test_a_failed_stage_says_why(scripted: Scripted, env: dict[str, str]) -> None:
    scripted.answer("GetPipelineExecution", execution("Failed"))
    scripted.answer(
        "ListActionExecutions", details(SOURCE, action("Test", "Failed", 2, **BUILD))
    )
    place = {"groupName": "/fargate-dev/pipeline", "streamName": "test/0001"}
    scripted.answer("BatchGetBuilds", {"builds": [{"logs": place}]})
    scripted.answer(
        "GetLogEvents",
        {
            "events": [
                {"message": "FAILED test_automation.py\n"},
                {"message": "1 failed\n"},
            ]
        },
    )
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-5:] == [
        "the pipeline has ended as Failed",
        "the stage Test failed: Build terminated with state: FAILED",
        "https://console.example/build/0001",
        "| FAILED test_automation.py",
        "| 1 failed",
    ]
    assert scripted.requests("GetLogEvents")[0]["logStreamName"] == "test/0001"


def test_a_log_that_cannot_be_read_hides_nothing(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer("GetPipelineExecution", execution("Failed"))
    scripted.answer(
        "ListActionExecutions", details(action("Test", "Failed", 2, **BUILD))
    )
    scripted.answer(
        "BatchGetBuilds", {"__type": "AccessDeniedException", "message": "no"}
    )
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 1
    assert "the stage Test failed: Build terminated" in done.stdout
    assert "its log cannot be read" in done.stdout


def test_a_newer_run_is_followed(scripted: Scripted, env: dict[str, str]) -> None:
    scripted.answer(
        "GetPipelineExecution", execution("Superseded"), execution("Succeeded", NEWER)
    )
    scripted.answer("ListActionExecutions", details(SOURCE))
    scripted.answer(
        "ListPipelineExecutions",
        {"pipelineExecutionSummaries": [{"pipelineExecutionId": NEWER}]},
    )
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 0, done.stdout
    assert f"a newer run has taken its place: {NEWER}" in done.stdout
    last = scripted.requests("GetPipelineExecution")[-1]
    assert last["pipelineExecutionId"] == NEWER


@pytest.mark.parametrize("status", ["Stopped", "Cancelled"])
def test_a_run_that_was_stopped_has_not_deployed(
    scripted: Scripted, env: dict[str, str], status: str
) -> None:
    scripted.answer("GetPipelineExecution", execution(status))
    scripted.answer("ListActionExecutions", details(SOURCE))
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 1
    assert f"the pipeline has ended as {status}" in done.stdout


def test_a_pipeline_that_does_not_start(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer(
        "StartPipelineExecution",
        {"__type": "PipelineNotFoundException", "message": "no such pipeline"},
    )
    done = run("tasks/release", "dev", "fargate-dev", env=env)
    assert done.returncode == 1 and "PipelineNotFoundException" in done.stdout


def test_who_stops_waiting_stops_no_pipeline(
    scripted: Scripted, env: dict[str, str]
) -> None:
    scripted.answer("GetPipelineExecution", execution("InProgress"))
    scripted.answer("ListActionExecutions", details(action("Source", "InProgress", 1)))
    command = [FARGATE / "tasks/release", "dev", "fargate-dev"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, encoding="utf-8"
    ) as release:
        assert release.stdout.readline().startswith("started the pipeline")
        release.send_signal(signal.SIGTERM)
        rest = release.stdout.read()
    assert release.returncode == 143
    assert rest.endswith("stopped waiting; the pipeline goes on in AWS\n")
    assert scripted.requests("StopPipelineExecution") == []


def test_in_the_sandbox_the_pipeline_is_skipped_and_says_so(
    scripted: Scripted, env: dict[str, str], tmp_path: object
) -> None:
    """On a machine without Docker not even the image is tried, which is said, too."""
    for name in ("python3", "sh", "env", "dirname", "timeout"):
        (tmp_path / name).symlink_to(find(name))
    done = run(
        "tasks/release", "sandbox", "fargate-sandbox", env=env | {"PATH": str(tmp_path)}
    )
    assert done.returncode == SKIPPED, done.stdout
    not_tried = "the application's image was not tried: there is no docker"
    assert done.stdout.splitlines() == [
        not_tried,
        f"the sandbox keeps pipelines and runs none; {not_tried}",
    ]
    assert scripted.asked == []


def find(program: str) -> str:
    places = (f"{folder}/{program}" for folder in os.environ["PATH"].split(":"))
    return next(place for place in places if os.access(place, os.X_OK))


def test_says_how_it_is_used(env: dict[str, str]) -> None:
    done = run("tasks/release", "dev", env=env)
    assert (done.returncode, done.stdout) == (
        2,
        "usage: release ENVIRONMENT PIPELINE\n",
    )
