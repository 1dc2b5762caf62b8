"""The application's image, really built and run, where a Docker engine answers."""

import os
import re
import shutil
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


def try_app(stack: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [stack / "tasks" / "try-app"],
        env=env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def test_the_image_does_what_it_promises_and_is_built_once(tmp_path: Path) -> None:
    for part in ("app", "pipeline", "tasks"):
        shutil.copytree(FARGATE / part, tmp_path / part)
    # So that it is another image than that of others who are at work beside.
    (tmp_path / "app" / "other").write_text(os.urandom(8).hex())
    done = try_app(tmp_path)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout
    assert '"message": "Automation for the People"' in done.stdout
    assert "the container is healthy, and runs as user 10001" in done.stdout
    (image,) = re.findall(r"(amiable-fargate-try:\w+) does what it", done.stdout)
    try:
        assert "building the application's image" in done.stdout
        again = try_app(tmp_path)
        assert again.returncode == 0, again.stdout
        assert "has been built before" in again.stdout
        assert f"{image} does what it promises" in again.stdout
        assert image not in docker("ps", "--all", "--format", "{{.Image}}").split()
    finally:
        docker("image", "rm", "--force", image)


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
    image = f"amiable-fargate-wrong:wrong-{os.getpid()}"
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
