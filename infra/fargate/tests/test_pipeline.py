"""The pipeline's definition: what the builds' files say, and whether it works."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import FARGATE

ROOT = FARGATE.parents[1]
TERRAFORM = ROOT / "terraform" / "stacks" / "fargate"
STAGES = ("test", "lint", "build", "deploy")
# What a build specification may have (CodeBuild's manual, "Build specification reference").
PHASES = {"install", "pre_build", "build", "post_build"}
PARTS = {
    "version",
    "run-as",
    "env",
    "proxy",
    "batch",
    "phases",
    "reports",
    "artifacts",
    "cache",
}


def specification(stage: str) -> dict:
    return yaml.safe_load((FARGATE / "pipeline" / f"{stage}.yml").read_text())


def commands(stage: str, phase: str | None = None) -> list[str]:
    phases = specification(stage)["phases"]
    chosen = phases.values() if phase is None else [phases[phase]]
    return [command for one in chosen for command in one["commands"]]


def test_there_is_a_file_for_each_build_of_the_pipeline() -> None:
    files = {file.stem for file in (FARGATE / "pipeline").glob("*.yml")}
    assert files == set(STAGES)
    text = (TERRAFORM / "variables-pipeline.tf").read_text()
    (folder,) = re.findall(r'default\s+= "(infra/[^"]+)"', text)
    assert ROOT / folder == FARGATE / "pipeline"


@pytest.mark.parametrize("stage", STAGES)
def test_a_file_is_a_build_specification(stage: str) -> None:
    found = specification(stage)
    assert found["version"] == 0.2
    assert set(found) <= PARTS and set(found["phases"]) <= PHASES
    assert commands(stage, "build")
    assert all(isinstance(command, str) for command in commands(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_commands_are_shell_and_name_what_is_there(stage: str) -> None:
    for command in commands(stage):
        subprocess.run(["sh", "-n", "-c", command], check=True)
        for path in re.findall(r"infra/[\w./-]+", command):
            assert (ROOT / path).exists(), path
            if "pipeline/" in path:
                assert os.access(ROOT / path, os.X_OK), path


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_build_reads_it_is_told(stage: str) -> None:
    """By Terraform, or by CodeBuild itself."""
    programs = {"build": ["push-image"], "deploy": ["deploy-image"]}.get(stage, [])
    text = "\n".join(commands(stage))
    text += "".join((FARGATE / "pipeline" / name).read_text() for name in programs)
    read = set(re.findall(r"\$\{?([A-Z][A-Z_a-z]+)", text))
    read |= set(re.findall(r'settings\["(\w+)"\]', text))
    read = {name for name in read if not name.startswith("CODEBUILD_")}
    told = (TERRAFORM / "builds.tf").read_text()
    block = told[told.index(f"    {stage} = {{") :]
    block = block[: block.index("\n    }\n")]
    assert read <= set(re.findall(r"^\s+([A-Z_]+)\s+=", block, re.M)), read


def test_what_build_makes_is_what_deploy_takes() -> None:
    (made,) = specification("build")["artifacts"]["files"]
    assert f"$CODEBUILD_SRC_DIR_Image/{made}" in commands("deploy")[0]
    assert '"Image"' in (TERRAFORM / "pipeline.tf").read_text()
    assert commands("build", "build")[0].endswith(f"push-image {made}")


@pytest.mark.parametrize("stage", ["test", "lint"])
def test_the_stage_passes_on_this_tree(stage: str, tmp_path: Path) -> None:
    """Its own commands, but for the installation."""
    assert build(stage, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("stage", "before", "after"),
    [
        ("test", "int(now())", "now()"),
        ("lint", "import time\n", "import time\nimport os\n"),
        ("lint", "app = Flask(__name__)", "app = Flask( __name__ )"),
    ],
)
def test_the_stage_fails_on_a_broken_one(
    stage: str, before: str, after: str, tmp_path: Path
) -> None:
    app = tmp_path / "infra/fargate/app/automation.py"
    done = build(stage, tmp_path, lambda: spoil(app, before, after))
    assert done.returncode != 0, done.stdout


def spoil(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def build(
    stage: str, folder: Path, change: object = lambda: None
) -> subprocess.CompletedProcess:
    shutil.copytree(FARGATE / "app", folder / "infra/fargate/app")
    change()
    script = "set -e\n" + "\n".join(commands(stage, "build"))
    return subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A stand-in for docker that says what it was called with; its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(FAKE_DOCKER)
    program.chmod(0o755)
    return folder


FAKE_DOCKER = """#!/bin/sh
echo "$*" >>"$DOCKER_CALLS"
case $1 in
  run) [ -z "${DOCKER_RUN_FAILS:-}" ] || { echo "no such image" >&2; exit 125; } ;;
esac
case "$1 $2" in
  "image inspect") echo "elsewhere/app@sha256:1"; echo "registry/app@sha256:2" ;;
esac
"""


def push(
    docker: Path, folder: Path = FARGATE / "pipeline", **more: str
) -> tuple[subprocess.CompletedProcess, list[str], Path]:
    calls, result = docker.parent / "calls", docker.parent / "image.json"
    env = {
        "PATH": f"{docker}:{os.environ['PATH']}",
        "DOCKER_CALLS": str(calls),
        "REPOSITORY_URI": "registry/app",
        "BASE_IMAGE": "gallery/debian",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef",
        "CODEBUILD_BUILD_NUMBER": "7",
    }
    done = subprocess.run(
        [folder / "push-image", result],
        env=env | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done, calls.read_text().splitlines(), result


def test_an_image_that_breaks_its_promise_is_not_pushed(docker: Path) -> None:
    done, calls, result = push(docker, DOCKER_RUN_FAILS="yes")
    assert done.returncode != 0 and not result.exists()
    assert not any(call.startswith("push") for call in calls)
    assert calls[0].startswith(
        "build --pull --build-arg BASE_IMAGE=gallery/debian --tag registry/app:0123456789ab-7 "
    )
    assert calls[1].startswith("run --detach --read-only")


def test_what_is_deployed_is_this_repository_s_digest(docker: Path) -> None:
    """Once the image has kept its promise, which is seen elsewhere."""
    folder = docker.parent / "pipeline"
    shutil.copytree(FARGATE / "pipeline", folder)
    (folder / "try-image").write_text('#!/bin/sh\necho "tried $1" >>"$DOCKER_CALLS"\n')
    done, calls, result = push(docker, folder)
    assert done.returncode == 0, done.stdout
    assert json.loads(result.read_text()) == {
        "image": "registry/app@sha256:2",
        "commit": "0123456789ab",
    }
    image = "registry/app:0123456789ab-7"
    assert calls[1:3] == [f"tried {image}", f"push {image}"]
