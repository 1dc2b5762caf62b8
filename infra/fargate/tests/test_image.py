"""The application's image, really built and run, where a Docker engine answers."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import FARGATE, SKIPPED, environment, run


def engine() -> bool:
    command = ["docker", "version"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not engine(), reason="no Docker engine answers")


def docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.strip()


def env() -> dict[str, str]:
    network = ("_proxy", "_cert", "_bundle", "ssl_cert_file")
    passed = [name for name in os.environ if name.lower().endswith(network)]
    passed += [name for name in ("AMIABLE_HOME", "XDG_DATA_HOME") if name in os.environ]
    return environment("") | {name: os.environ[name] for name in passed}


def used(image: str) -> list[str]:
    """Images and containers of this name; others may be at work beside."""
    images = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
    containers = docker("ps", "--all", "--format", "{{.Image}}")
    return [one for one in (images + "\n" + containers).splitlines() if one == image]


def test_the_image_does_what_it_promises_and_leaves_nothing() -> None:
    with subprocess.Popen(
        [FARGATE / "tasks" / "try-app"],
        env=env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as task:
        said = task.stdout.read()
    if task.returncode == SKIPPED:
        pytest.skip(said.strip())
    assert task.returncode == 0, said
    assert '"message": "Automation for the People"' in said
    assert "the container is healthy, and runs as user 10001" in said
    image = f"amiable-fargate-try:{task.pid}"
    assert f"{image} does what it promises" in said
    assert used(image) == []


def test_an_image_that_is_not_there_is_no_promise_kept() -> None:
    done = run("pipeline/try-image", "amiable-fargate-try:none-such", env=env())
    assert done.returncode == 1 and "docker run" in done.stdout


def test_an_image_that_answers_otherwise_is_found_out(tmp_path: Path) -> None:
    """With the application's own file system, another message, and root as its user."""
    base = docker("image", "ls", "--quiet", "amiable-base:bookworm")
    if not base:
        pytest.skip("there is no amiable-base:bookworm to make a wrong image of")
    (tmp_path / "Dockerfile").write_text(
        'FROM amiable-base:bookworm\nCMD ["sleep", "60"]\n'
    )
    image = f"amiable-fargate-try:wrong-{os.getpid()}"
    docker("build", "--quiet", "--tag", image, str(tmp_path))
    try:
        done = run("pipeline/try-image", image, env=env())
    finally:
        docker("image", "rm", "--force", image)
    assert done.returncode == 1
    assert "the application runs as root" in done.stdout
    assert docker("ps", "--all", "--quiet", "--filter", f"ancestor={image}") == ""


def test_the_application_is_what_is_in_the_folder() -> None:
    """Nothing else of it gets into the image: no tests, no settings of this machine."""
    ignored = (FARGATE / "app" / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored[1:]} == {
        "requirements.txt",
        "host-ca.crt",
        "host-pip.conf",
        "automation.py",
        "gunicorn.conf.py",
    }
